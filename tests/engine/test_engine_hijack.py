"""Sessions with an engine, and connections to it, that are not over a Unix socket."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import tls_relay
from engine_world import World
from podrunner import errors
from podrunner.engine import address, client, exec, frames, hijack

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

MIB = os.urandom(1 << 20)

SSH = """#!{python}
import shutil, socket, sys, threading
assert sys.argv[1:] == ["-l", "me", "-p", "2222", "--", "far-away", "docker system dial-stdio"]
engine = socket.socket(socket.AF_UNIX)
engine.connect("{target}")
def upward():
    shutil.copyfileobj(open(0, "rb", 0), engine.makefile("wb", 0))
    engine.shutdown(socket.SHUT_WR)
threading.Thread(target=upward, daemon=True).start()
shutil.copyfileobj(engine.makefile("rb", 0), open(1, "wb", 0))
"""


@pytest.fixture
def target() -> str:
    return address.resolve(os.environ).url.removeprefix("unix://")


@pytest.fixture
async def behind_tls(tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[client.Client]:
    # The engine's own authority counts, not those that other programs are told to trust.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.devnull)
    with tls_relay.serving(tmp_path, target) as port:
        environ = {
            "DOCKER_HOST": f"tcp://127.0.0.1:{port}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(tmp_path),
        }
        connected = await client.Client.connect(environ)
        yield connected
        await connected.close()


async def test_over_tls_the_end_of_the_input_ends_the_command_and_its_output_still_comes(
    world: World, behind_tls: client.Client
) -> None:
    container_id = await world.run("exec sleep 1000")
    async with asyncio.timeout(30):
        command = await exec.start(behind_tls, container_id, ["sh", "-c", "md5sum; yes | head -c 8000000"], stdin=True)
        for _ in range(8):
            await command.write(MIB)
        await command.close_stdin()
        size = 0
        while (chunk := await command.read()) is not None:
            size += len(chunk[1])
        assert size == 8_000_000 + len(f"{'':32}  -\n")
        assert await command.exit_code() == 0
        await command.close()


async def test_over_tls_a_session_is_let_go_while_it_writes(world: World, behind_tls: client.Client) -> None:
    container_id = await world.run("exec sleep 1000")
    async with asyncio.timeout(30):
        command = await exec.start(behind_tls, container_id, ["sleep", "1000"], stdin=True)
        writing = asyncio.create_task(command.write(MIB * 64))
        await asyncio.wait({writing}, timeout=0.3)
        assert not writing.done()
        await command.close()
        await writing


async def test_a_followed_answer_over_tcp_notices_that_the_engine_is_gone_without_a_word(
    behind_tls: client.Client,
) -> None:
    answer = await behind_tls.call(behind_tls.open_stream, "GET", "/events")
    with answer, socket.socket(fileno=os.dup(answer.raw.fileno())) as below:
        assert below.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert below.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


async def test_over_ssh_the_far_engine_is_asked(
    world: World, engine: client.Client, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH.format(python=sys.executable, target=target))
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(engine, "address", address.Address(url="ssh://me@far-away:2222", source="the test"))
    container_id = await world.run("exec sleep 1000")
    made = await engine.call(engine.api.exec_create, container_id, ["cat"], stdin=True)
    async with asyncio.timeout(30):
        connection = await hijack.open(engine, f"/exec/{made['Id']}/start", {"Detach": False})
        await connection.write(b"hello")
        await connection.write_eof()
        assert frames.Frames().feed(await connection.read()) == [(frames.STDOUT, b"hello")]
        assert await connection.read() == b""
        await connection.close()


async def test_an_engine_that_hangs_up_is_an_engine_that_cant_be_reached(
    engine: client.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    path = tmp_path / "engine.sock"
    server = await asyncio.start_unix_server(hang_up, path)
    monkeypatch.setattr(engine, "address", address.Address(url=f"unix://{path}", source="the test"))
    with pytest.raises(errors.EngineUnreachable):
        await hijack.open(engine, "/exec/1/start")
    server.close()
