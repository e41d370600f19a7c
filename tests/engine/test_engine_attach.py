"""A container's own streams, and that whoever does not read them holds up nobody."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

import engine_world
from engine_world import World, eventually
from podrunner import errors
from podrunner.engine import attach, client, containers, hijack, session

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


@contextlib.asynccontextmanager
async def attached(
    engine: client.Client, container_id: str, *, stdin: bool = False, tty: bool = False
) -> AsyncIterator[attach.Attached]:
    async with asyncio.timeout(30):
        found = await attach.attach(engine, container_id, stdin=stdin, stdout=True, stderr=True, tty=tty)
        try:
            yield found
        finally:
            await found.close()


async def reading(world: World, script: str, *, stdin_once: bool = False, tty: bool = False) -> str:
    """A started container with standard input that runs `script`."""
    member = msgspec.structs.replace(engine_world.shell(script), stdin=True, stdin_once=stdin_once, tty=tty)
    subject = engine_world.a_pod(member)
    return await world.start(subject, member, await world.sandbox(subject))


async def everything(of: session.Session) -> bytes:
    read = b""
    while (chunk := await of.read()) is not None:
        read += chunk[1]
    return read


async def test_what_is_typed_reaches_the_container_and_its_answer_comes_back(
    world: World, engine: client.Client
) -> None:
    container_id = await reading(world, "read line; echo got $line; read line; echo and $line >&2")
    async with attached(engine, container_id, stdin=True) as first:
        await first.write(b"one\n")
        assert await first.read() == (1, b"got one\n")
    async with attached(engine, container_id, stdin=True) as second:
        await second.write(b"two\n")
        assert await second.read() == (2, b"and two\n")
        assert await second.read() is None
        assert await second.exit_code() is None


async def test_stdin_that_is_given_once_ends_with_the_first_who_gave_it(world: World, engine: client.Client) -> None:
    container_id = await reading(world, "cat; echo end", stdin_once=True)
    async with attached(engine, container_id, stdin=True) as once:
        await once.write(b"one\n")
        await once.close_stdin()
        assert await everything(once) == b"one\nend\n"


async def test_a_terminal_has_the_size_it_is_given(world: World, engine: client.Client) -> None:
    container_id = await reading(world, "read line; stty size", tty=True)
    async with attached(engine, container_id, stdin=True, tty=True) as terminal:
        await terminal.resize(101, 37)
        await terminal.write(b"x\n")
        assert await everything(terminal) == b"x\r\n37 101\r\n"


async def test_who_does_not_read_is_cut_off_and_holds_up_nobody(
    world: World, engine: client.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "STALLED_SECONDS", 0.2)
    container_id = await world.run("while :; do echo $((count += 1)); done")
    async with attached(engine, container_id) as unread:
        await eventually(lambda: _has_printed(world, container_id, 400_000), within=20)
        with pytest.raises(errors.TooManyRequests, match="holding up the container"):
            await everything(unread)
        async with asyncio.timeout(3):
            await containers.kill(engine, container_id, "SIGKILL")
            await containers.remove(engine, container_id)


async def test_who_reads_slowly_gets_everything(
    world: World, engine: client.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "STALLED_SECONDS", 0.5)
    container_id = await reading(world, f"read go; head -c {4 << 20} /dev/zero")
    async with attached(engine, container_id, stdin=True) as slow:
        await slow.write(b"go\n")
        read = 0
        while (chunk := await slow.read()) is not None:
            read += len(chunk[1])
            await asyncio.sleep(0.01)
        assert read == 4 << 20


async def test_who_comes_when_the_container_has_ended_does_not_wait(world: World, engine: client.Client) -> None:
    container_id = await world.run("true")
    await eventually(lambda: _has_ended(world, container_id))
    with pytest.raises(errors.EngineConflict, match="the container has ended"):
        async with attached(engine, container_id, stdin=True):
            pass


async def test_who_comes_while_the_container_ends_does_not_wait_for_long(world: World, engine: client.Client) -> None:
    container_id = await world.run("true")
    await eventually(lambda: _has_ended(world, container_id))
    connection = await hijack.open(engine, f"/containers/{container_id}/attach?stream=1&stdout=1&stdin=1")
    late = attach.Attached(engine, container_id, connection, tty=False)
    async with asyncio.timeout(10):
        assert await late.read() is None
        await late.close()


async def _has_ended(world: World, container_id: str) -> bool:
    facts = await world.engine.call(world.engine.api.inspect_container, container_id)
    return not facts["State"]["Running"]


async def _has_printed(world: World, container_id: str, number: int) -> bool:
    answer = await world.engine.call(world.engine.api.logs, container_id, tail=1)
    return int(answer or 0) >= number
