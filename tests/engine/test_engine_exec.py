"""Commands in running containers: their streams to the last byte, their ends, and that they hold up nobody."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator

import pytest

from engine_world import World, eventually, shown
from podrunner import errors
from podrunner.engine import client, containers, exec, session

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

MIB = os.urandom(1 << 20)


@pytest.fixture
async def container_id(world: World) -> str:
    return await world.run("exec sleep 1000")


@contextlib.asynccontextmanager
async def running(
    engine: client.Client, container_id: str, *command: str, stdin: bool = False, tty: bool = False
) -> AsyncIterator[exec.Exec]:
    async with asyncio.timeout(30):
        started = await exec.start(engine, container_id, command, stdin=stdin, tty=tty)
        try:
            yield started
        finally:
            await started.close()


async def everything(of: session.Session) -> tuple[bytes, bytes]:
    """All output and all errors."""
    parts: dict[int, list[bytes]] = {1: [], 2: []}
    while (chunk := await of.read()) is not None:
        parts[chunk[0]].append(chunk[1])
    return b"".join(parts[1]), b"".join(parts[2])


async def test_output_and_errors_are_told_apart_and_the_exit_code_is_the_commands(
    engine: client.Client, container_id: str
) -> None:
    async with running(engine, container_id, "sh", "-c", "echo good; echo bad >&2; exit 3") as command:
        assert await everything(command) == (b"good\n", b"bad\n")
        assert await command.exit_code() == 3


async def test_the_exit_code_waits_for_a_command_that_has_closed_its_output(
    engine: client.Client, container_id: str
) -> None:
    script = "exec >&- 2>&-; sleep 0.3; exit 4"
    async with running(engine, container_id, "sh", "-c", script) as command:
        assert await everything(command) == (b"", b"")
        assert await command.exit_code() == 4


async def test_a_command_that_is_not_there_is_told_in_its_output(engine: client.Client, container_id: str) -> None:
    async with running(engine, container_id, "no-such-command") as command:
        output, _ = await everything(command)
        assert b'exec: "no-such-command": executable file not found in $PATH' in output
        assert await command.exit_code() in (126, 127)


async def test_input_of_any_size_comes_back_unchanged_and_its_end_ends_the_command(
    engine: client.Client, container_id: str
) -> None:
    async with running(engine, container_id, "cat", stdin=True) as command:
        writing = asyncio.create_task(_give(command, times=64))
        digest = hashlib.sha256()
        while (chunk := await command.read()) is not None:
            digest.update(chunk[1])
        await writing
        assert digest.hexdigest() == hashlib.sha256(MIB * 64).hexdigest()
        assert await command.exit_code() == 0


async def _give(command: session.Session, *, times: int) -> None:
    for _ in range(times):
        await command.write(MIB)
    await command.close_stdin()


async def test_input_that_nobody_reads_any_more_is_dropped(engine: client.Client, container_id: str) -> None:
    async with running(engine, container_id, "head", "-c", "10", stdin=True) as command:
        writing = asyncio.create_task(_give(command, times=64))
        assert await everything(command) == (MIB[:10], b"")
        assert await command.exit_code() == 0
        async with asyncio.timeout(1):
            await writing


async def test_a_writer_waits_for_a_command_that_does_not_read_until_the_session_is_closed(
    engine: client.Client, container_id: str
) -> None:
    async with running(engine, container_id, "sleep", "100", stdin=True) as command:
        writing = asyncio.create_task(_give(command, times=64))
        await asyncio.wait({writing}, timeout=0.5)
        assert not writing.done()
        await command.close()
        async with asyncio.timeout(1):
            await writing


async def test_a_terminal_has_the_size_it_is_given(engine: client.Client, container_id: str) -> None:
    async with running(engine, container_id, "sh", stdin=True, tty=True) as shell:
        await shell.resize(101, 37)
        await shell.write(b"stty size\n")
        await shown(shell, b"37 101\r\n")
        await shell.write(b"exit 5\n")
        await everything(shell)
        assert await shell.exit_code() == 5


async def test_every_key_reaches_a_terminal_at_once(engine: client.Client, container_id: str) -> None:
    async with running(
        engine, container_id, "sh", "-c", "stty raw -echo; echo go; dd bs=1 count=1 | od -c", stdin=True, tty=True
    ) as shell:
        await shown(shell, b"go")
        await shell.write(b"\x10")
        await shown(shell, b"020")


async def test_small_writes_are_read_to_the_end(
    engine: client.Client, container_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "AHEAD_BYTES", 1000)
    script = "while [ $((count += 1)) -le 2000 ]; do echo $count; done"
    async with running(engine, container_id, "sh", "-c", script) as command:
        output, _ = await everything(command)
        assert output.split() == [b"%d" % number for number in range(1, 2001)]


async def test_a_reader_that_pauses_loses_nothing(
    engine: client.Client, container_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "STALLED_SECONDS", 0.05)
    async with running(engine, container_id, "head", "-c", str(8 << 20), "/dev/zero") as command:
        await asyncio.sleep(0.5)
        assert await command.read() is not None
        await asyncio.sleep(0.5)
        rest, _ = await everything(command)
        assert (8 << 20) - (64 << 10) <= len(rest) < 8 << 20
        assert await command.exit_code() == 0


async def test_a_reader_that_pauses_does_not_hide_the_containers_end(
    world: World, engine: client.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "STALLED_SECONDS", 0.1)
    container_id = await world.run("sleep 1")
    async with running(engine, container_id, "yes"):
        await eventually(lambda: _has_ended(engine, container_id), within=5)


async def test_a_session_that_is_closed_early_holds_up_nobody(engine: client.Client, container_id: str) -> None:
    for tty in (False, True):
        async with running(engine, container_id, "yes", stdin=True, tty=tty) as command:
            await command.read()
    async with asyncio.timeout(3):
        await containers.kill(engine, container_id, "SIGKILL")
        await containers.remove(engine, container_id)


async def test_a_command_ends_with_its_container(engine: client.Client, container_id: str) -> None:
    async with running(engine, container_id, "sh", stdin=True, tty=True) as shell:
        await shown(shell, b"#")
        await containers.kill(engine, container_id, "SIGKILL")
        await everything(shell)
        assert await shell.exit_code() == 137


async def test_a_container_that_does_not_run_is_refused(world: World, engine: client.Client) -> None:
    container_id = await world.run("true")
    await eventually(lambda: _has_ended(engine, container_id))
    with pytest.raises(errors.EngineConflict, match="is not running"):
        await exec.start(engine, container_id, ["true"])
    with pytest.raises(errors.EngineNotFound, match="No such container"):
        await exec.start(engine, "0" * 64, ["true"])


async def _has_ended(engine: client.Client, container_id: str) -> bool:
    facts = await engine.call(engine.api.inspect_container, container_id)
    return not facts["State"]["Running"]
