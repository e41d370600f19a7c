"""The API's streams on real sockets, in a thread, over a node that plays a few commands in-process.

Ports of "the pod" are this machine's: a tunnel is a connection to 127.0.0.1.
"""

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from msgspec import structs
from uvicorn.server import ServerState

import api_world
from podrunner import clock, errors
from podrunner.api import app, connection, context, listen
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import PodStatus
from podrunner.store import pods, system
from podrunner.store.registry import Registry

T = TypeVar("T")

POD = "/api/v1/namespaces/default/pods/kubia"


class Command:
    """A session. What it plays is a function of its arguments; it has room for a few chunks each way."""

    def __init__(self, play: "Play", arguments: Sequence[str]) -> None:
        self.sizes: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.said = 0
        self._stdin: asyncio.Queue[bytes] = asyncio.Queue(2)
        self._output: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue(2)
        self._playing = asyncio.create_task(self._play(play, arguments))

    async def _play(self, play: "Play", arguments: Sequence[str]) -> int | None:
        try:
            return await play(self, *arguments)
        finally:
            await self._output.put(None)

    async def take(self) -> bytes:
        """What came on stdin, b"" at its end."""
        return await self._stdin.get()

    async def say(self, data: bytes, stream: int = 1) -> None:
        await self._output.put((stream, data))
        self.said += len(data)

    async def read(self) -> tuple[int, bytes] | None:
        chunk = await self._output.get()
        if chunk is None and self._playing.done() and isinstance(self._playing.exception(), errors.PodrunnerError):
            await self._playing
        return chunk

    async def write(self, data: bytes) -> None:
        if not self._playing.done():
            await self._stdin.put(data)

    async def close_stdin(self) -> None:
        await self.write(b"")

    async def resize(self, width: int, height: int) -> None:
        self.sizes.put_nowait((width, height))

    async def exit_code(self) -> int | None:
        return await self._playing

    async def close(self) -> None:
        self._playing.cancel()
        self.closed.set()


Play = Callable[..., Awaitable[int | None]]


async def cat(command: Command) -> int:
    while data := await command.take():
        await command.say(data)
    return 0


async def leave(_command: Command, code: str) -> int:
    return int(code)


async def talk(command: Command) -> int:
    await command.say(b"out\n")
    await command.say(b"err\n", 2)
    return 3


async def flood(command: Command, megabytes: str) -> int:
    for _ in range(16 * int(megabytes)):
        await command.say(bytes(65536))
    return 0


async def measure(command: Command) -> int:
    """Says the first two sizes of the terminal."""
    for _ in range(2):
        width, height = await command.sizes.get()
        await command.say(f"{width}x{height}\n".encode())
    return 0


async def sleep(_command: Command) -> int:
    await asyncio.Event().wait()
    return 0


async def lose(command: Command) -> int:
    await command.say(b"out\n")
    raise errors.EngineUnreachable("the engine is gone")


async def greet(command: Command) -> None:
    """What the container that is attached to does: says what it is told, once."""
    await command.say(b"hello " + await command.take())


PLAYS: dict[str, Play] = {
    "cat": cat,
    "exit": leave,
    "flood": flood,
    "lose": lose,
    "measure": measure,
    "sleep": sleep,
    "talk": talk,
}


class Tunnel:
    """A connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self.closed = asyncio.Event()
        self._port = port
        self._reader: asyncio.StreamReader | None = None

    async def begin(self) -> "Tunnel":
        with contextlib.suppress(ConnectionRefusedError):
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=65536)
        return self

    async def read(self) -> bytes:
        if self._reader is None:
            raise errors.ObjectError(f"failed to connect to localhost:{self._port}: connection refused")
        try:
            return await self._reader.read(65536)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        if self._reader is not None:
            self._writer.write(data)
            await self._writer.drain()

    async def write_eof(self) -> None:
        if self._reader is not None:
            self._writer.write_eof()

    async def close(self) -> None:
        self.closed.set()
        if self._reader is not None:
            self._writer.close()


class Node:
    """A node whose commands are PLAYS."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.sessions: list[Command] = []
        self.tunnels: list[Tunnel] = []
        self.log_readers = 0

    async def usage(self, pods: Iterable[Pod]) -> Sequence[context.PodUsage]:
        return []

    async def exec(
        self, pod: Pod, container: str, command: Sequence[str], *, stdin: bool, stdout: bool, stderr: bool, tty: bool
    ) -> Command:
        self.asked.append((container, tuple(command), stdin, stdout, stderr, tty))
        if command[0] not in PLAYS:
            raise errors.BadRequest(f"container {container} has no {command[0]}")
        return self._session(PLAYS[command[0]], command[1:])

    async def attach(self, pod: Pod, container: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> Command:
        self.asked.append((container, stdin, stdout, stderr, tty))
        return self._session(greet, ())

    def _session(self, play: Play, arguments: Sequence[str]) -> Command:
        self.sessions.append(Command(play, arguments))
        return self.sessions[-1]

    async def port_forward(self, pod: Pod, port: int) -> Tunnel:
        if port == 1:
            raise errors.ObjectError('pod not found ("kubia_default")')
        self.tunnels.append(Tunnel(port))
        return await self.tunnels[-1].begin()

    async def logs(
        self, pod: Pod, container: str, *, follow: bool, previous: bool, since: datetime | None, tail: int | None
    ) -> AsyncIterator[Sequence[context.Line]]:
        self.log_readers += 1
        try:
            yield [api_world.Line(b"hello")]
            if container == "lost":
                raise errors.EngineUnreachable("the engine is gone")
            yield [api_world.Line(b"again", complete=False)]
            if follow:
                await asyncio.Event().wait()
        finally:
            self.log_readers -= 1

    def build(self, *_: Any) -> AsyncGenerator[str | context.PullProgress, None]:
        raise AssertionError("see api_world")

    async def progress(self) -> AsyncIterator[context.Report]:
        await asyncio.Event().wait()
        yield api_world.Report()


class StreamWorld:
    """A running API on a port of this machine, with TLS if it is given a context; or on a Unix socket at `path`.

    Its pods: `kubia`, which runs, and `waiting`, which no node has.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, path: Path | None = None) -> None:
        self._tls = tls
        self._path = path
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def __enter__(self) -> "StreamWorld":
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Tells the server to stop and waits until it has."""
        if self._thread.is_alive():
            self.do(self._stopping.set)
            self._thread.join(5)
        assert not self._thread.is_alive()

    async def _main(self) -> None:
        self.registry, self.node = Registry(None, clock.SystemClock()), Node()
        system.ensure(self.registry)
        pods.create(self.registry, api_world.pod("waiting"))
        bound = pods.bind(self.registry, pods.create(self.registry, api_world.pod()), "vm")
        self.pod = self.registry.update(structs.replace(bound, status=PodStatus(phase="Running")))
        self.loop, self._stopping, self.state = asyncio.get_running_loop(), asyncio.Event(), ServerState()
        api = app.create(self.registry, self.node, api_world.Leases(), api_world.Control())
        settings = listen.config(api)

        def connected() -> connection.Connection:
            return connection.Connection(settings, self.state, self._stopping)

        if self._path:
            server: asyncio.Server = await self.loop.create_unix_server(connected, self._path)
        else:
            server = await self.loop.create_server(connected, "127.0.0.1", 0, ssl=self._tls)
            self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await listen.finish(self.state)
        self.registry.close()

    def do(self, function: Callable[..., T], *args: Any) -> T:
        """What `function` returns when the server's thread calls it."""

        async def call() -> T:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(5)

    def eventually(self, condition: Callable[[], object]) -> None:
        """Waits until it holds, in the server's thread."""
        for _ in range(500):
            if self.do(condition):
                return
            time.sleep(0.01)
        raise AssertionError("it does not come true")
