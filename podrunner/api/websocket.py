"""A WebSocket on a connection that was taken over: messages in and out. The protocol itself is the library's."""

import collections
import logging
from collections.abc import Sequence

from starlette.requests import Request
from websockets import datastructures, frames, http11
from websockets.frames import CloseCode, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from podrunner import errors
from podrunner.api import connection, upgrades

LONGEST_MESSAGE = 32 * 1024 * 1024
"""Bytes. Source: golang.org/x/net/websocket, DefaultMaxPayloadBytes, which is the API server's limit."""

_SUBPROTOCOL = "sec-websocket-protocol"

_quiet = logging.getLogger(f"{__name__}.protocol")
_quiet.setLevel(logging.WARNING)  # the library tells of every connection


def offered(request: Request) -> list[str]:
    """The subprotocols the client can speak, in its order of preference."""
    return upgrades.listed(request, _SUBPROTOCOL)


def handshake(request: Request, supported: Sequence[str]) -> upgrades.Agreed:
    """Agrees on the first subprotocol of the client's that is supported, "" if it names none and that is.

    Raises errors.Forbidden when there is no such, errors.BadRequest when it is no proper handshake.
    Source: k8s.io/streaming `pkg/httpstream/wsstream/conn.go`, handshake.
    """
    wanted = offered(request)
    subprotocol = next((name for name in wanted or [""] if name in supported), None)
    if subprotocol is None:
        names = f"[{' '.join(wanted)}]; supports [{' '.join(supported)}]"
        raise errors.Forbidden(f"requested protocol(s) are not supported: {names}")
    # The library would refuse the name of a tunnel, SPDY/3.1+portforward.k8s.io, as no token of HTTP.
    headers = [(name, value) for name, value in request.headers.items() if name != _SUBPROTOCOL]
    response = ServerProtocol(logger=_quiet).accept(http11.Request(request.url.path, datastructures.Headers(headers)))
    if response.status_code != 101 or request.method != "GET":
        raise errors.BadRequest((response.body or b"a WebSocket is asked for with GET").decode().strip())
    chosen = [("Sec-WebSocket-Protocol", subprotocol)] if subprotocol else []
    return upgrades.Agreed([*response.headers.raw_items(), *chosen], subprotocol)


class Socket:
    """Messages over a connection. Pings are answered, and the client's close is, while `receive` is waited for."""

    def __init__(self, wire: connection.Wire) -> None:
        self._wire = wire
        self._protocol = ServerProtocol(state=State.OPEN, max_size=LONGEST_MESSAGE, logger=_quiet)
        self._begun = bytearray()
        self._messages: collections.deque[bytes] = collections.deque()
        self._over = False

    async def receive(self) -> bytes | None:
        """The next message, text in UTF-8; None when the client has closed, gone or spoken no WebSocket."""
        while not self._messages:
            data = b"" if self._over else await self._wire.read()
            if not data:
                return None
            self._protocol.receive_data(data)
            for frame in self._protocol.events_received():
                self._collect(frame)
            await self._flush()
        return self._messages.popleft()

    async def send(self, data: bytes, *, text: bool = False) -> None:
        """Sends a message; waits while the client does not read. Dropped after the close. Raises OSError."""
        if self._protocol.state is State.OPEN:
            if text:
                self._protocol.send_text(data)
            else:
                self._protocol.send_binary(data)
            await self._flush()

    async def close(self) -> None:
        """Says that there is no more. The client answers, which `receive` waits for."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            await self._flush()

    def _collect(self, frame: object) -> None:
        if isinstance(frame, frames.Frame) and frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._begun += frame.data
            if frame.fin:
                self._messages.append(bytes(self._begun))
                self._begun.clear()

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                await self._wire.write(data)
            else:  # the protocol's sign that there is nothing more to say to each other
                self._over = True


class Tunnel:
    """The bytes inside the messages of a socket, however they are cut into messages."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    async def read(self) -> bytes:
        """What came next, b"" at the end."""
        while (message := await self._socket.receive()) is not None:
            if message:
                return message
        return b""

    async def write(self, data: bytes) -> None:
        """Sends; waits while the client does not read. Raises OSError when it has gone."""
        await self._socket.send(data)
