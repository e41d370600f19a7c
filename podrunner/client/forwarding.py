"""Connections to ports of this machine, forwarded to a pod: each over a SPDY connection of its own to the server.

So none waits for another, and either side may end what it sends before the other does, which WebSockets' channels
can't tell. Source: k8s.io/client-go tools/portforward/portforward.go.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

from podrunner import errors
from podrunner.api import spdy
from podrunner.client import http, podcontainers, resources

_BLOCK_BYTES = 64 * 1024
_ERROR, _DATA = 1, 3
_SWITCHING = b"HTTP/1.1 101 "


class Target(NamedTuple):
    """A port of a pod."""

    namespace: str
    pod: str
    port: int


class Local(NamedTuple):
    """Somebody's connection to this machine."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def forward(server: http.Server, target: Target, local: Local) -> None:
    """Forwards one connection until both sides have ended it, or either breaks it off.

    Raises the `ObjectError` with which the pod is refused, `Failed` with what is wrong with the port, `Disconnected`.
    """
    try:
        remote = await _upgraded(server, target)
    except (OSError, EOFError) as error:
        raise http.Disconnected(f"no podrunner server answers at {server.socket_path}: {error}") from error
    try:
        await _Connection(local, remote).run(target.port)
    finally:
        remote.writer.close()


async def _upgraded(server: http.Server, target: Target) -> Local:
    reader, writer = await asyncio.open_unix_connection(server.socket_path)
    path = resources.path(podcontainers.POD, target.namespace, target.pod, "portforward")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: podrunner\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        "X-Stream-Protocol-Version: portforward.k8s.io\r\nContent-Length: 0\r\n\r\n"
    )
    writer.write(head.encode())
    try:
        answer = await reader.readuntil(b"\r\n\r\n")
        if answer.startswith(_SWITCHING):
            return Local(reader, writer)
        length = next(
            (line.partition(b":")[2] for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")),
            b"0",
        )
        raise http.status_error(await reader.readexactly(int(length)))
    except BaseException:
        writer.close()
        raise


class _Connection:
    """The two streams of a forwarded connection, and the bytes on both sides."""

    def __init__(self, local: Local, remote: Local) -> None:
        self._local = local
        self._remote = remote
        self._encoder = spdy.Encoder()
        self._problem = bytearray()

    async def run(self, port: int) -> None:
        for number, kind in ((_ERROR, "error"), (_DATA, "data")):
            headers = {"streamtype": kind, "port": str(port), "requestid": "0"}
            self._remote.writer.write(self._encoder.encode(spdy.SynStream(number, headers)))
        self._remote.writer.write(self._encoder.encode(spdy.Data(_ERROR, b"", fin=True)))
        sending = asyncio.create_task(self._send())
        try:
            if await self._receive():
                await sending
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if self._problem:
            raise http.Failed(self._problem.decode(errors="replace"))

    async def _send(self) -> None:
        """What comes from this side, to its end."""
        with contextlib.suppress(ConnectionError):
            while data := await self._local.reader.read(_BLOCK_BYTES):
                self._remote.writer.write(self._encoder.encode(spdy.Data(_DATA, data)))
                await self._remote.writer.drain()
        self._remote.writer.write(self._encoder.encode(spdy.Data(_DATA, b"", fin=True)))

    async def _receive(self) -> bool:
        """What comes from the pod. Whether it was ended properly, so that this side may go on."""
        async for frame in self._frames():
            match frame:
                case spdy.Data(stream=number) if number == _ERROR:
                    self._problem += frame.data
                case spdy.Data():
                    if not await self._pass_on(frame):
                        return False
                    if frame.fin:
                        return not self._problem
                case spdy.RstStream():
                    return False
        return False

    async def _frames(self) -> AsyncIterator[spdy.Frame]:
        decoder = spdy.Decoder()
        while data := await self._remote.reader.read(_BLOCK_BYTES):
            for frame in decoder.feed(data):
                yield frame

    async def _pass_on(self, frame: spdy.Data) -> bool:
        """Whether this side still takes what comes."""
        writer = self._local.writer
        try:
            if frame.data:
                writer.write(frame.data)
                await writer.drain()
            if frame.fin:
                writer.write_eof()
        except OSError:
            return False
        return True


def lost(error: errors.PodrunnerError) -> bool:
    """Whether no other connection is going to fare better: the pod or the server is gone."""
    return isinstance(error, http.Disconnected | errors.NotFound)
