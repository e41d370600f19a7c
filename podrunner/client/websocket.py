"""A WebSocket to the server, for a loop that waits until it can be read or written.

The protocol itself is the library's, without its own I/O: its client for threads holds a lock while it sends, and so
does not read then; where both sides have much to say, each would wait for the other.
"""

import contextlib
import logging
import socket
from collections.abc import Sequence
from urllib.parse import urlencode

from websockets import exceptions, frames
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from podrunner import errors
from podrunner.client import http

_ANSWER_SECONDS = 30.0
"""Before it agrees, the server has the engine start what the stream is about."""

_BLOCK_BYTES = 256 * 1024

_quiet = logging.getLogger(f"{__name__}.protocol")
_quiet.setLevel(logging.CRITICAL)  # what goes wrong is told by our errors


class Socket:
    """Messages over a connection of its own. Made by `opened`."""

    def __init__(self, sock: socket.socket, protocol: ClientProtocol) -> None:
        self._socket = sock
        self._protocol = protocol
        self._unsent = bytearray()
        self._begun = bytearray()
        self.early = self._messages()
        """What came together with the server's agreement."""
        self.over = False
        """The server has sent all it is going to send."""

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def unsent(self) -> int:
        """How many bytes wait until the server reads."""
        return len(self._unsent)

    def receive(self) -> list[bytes]:
        """The messages that have come, maybe none yet. Raises Disconnected where the connection broke."""
        try:
            data = self._socket.recv(_BLOCK_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise http.Disconnected(f"the connection to podrunner's server broke: {error.strerror}") from error
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
            self.over = True
        messages = self._messages()
        self._collect()
        return messages

    def send(self, data: bytes) -> None:
        """Has the message sent by `flush`; dropped once the server has closed."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_binary(data)
            self._collect()

    def flush(self) -> None:
        """Sends what the server takes at the moment. What it does not take any more is dropped: it has told why."""
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._unsent)
        del self._unsent[:sent]

    def close(self) -> None:
        """Leaves."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._collect()
        self.flush()
        self._socket.close()

    def _messages(self) -> list[bytes]:
        messages: list[bytes] = []
        for frame in self._protocol.events_received():
            if isinstance(frame, frames.Frame) and frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._begun += frame.data
                if frame.fin:
                    messages.append(bytes(self._begun))
                    self._begun.clear()
        return messages

    def _collect(self) -> None:
        for data in self._protocol.data_to_send():
            self._unsent += data


def opened(server: http.Server, path: str, query: Sequence[tuple[str, str]], subprotocols: Sequence[str]) -> Socket:
    """The socket, once the server agrees. Raises the `ObjectError` with which it does not."""
    uri = parse_uri(f"ws://podrunner{path}?{urlencode(query)}")
    protocol = ClientProtocol(
        uri, subprotocols=[Subprotocol(name) for name in subprotocols], max_size=None, logger=_quiet
    )
    protocol.send_request(protocol.connect())
    sock = server.connect()
    try:
        sock.settimeout(_ANSWER_SECONDS)
        sock.sendall(b"".join(protocol.data_to_send()))
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            data = sock.recv(_BLOCK_BYTES)
            protocol.receive_data(data) if data else protocol.receive_eof()
        _check(protocol)
    except BaseException as error:
        with contextlib.suppress(OSError):
            sock.close()
        if isinstance(error, OSError):
            raise http.Disconnected(f"podrunner's server gave no answer: {error!r}") from error
        raise
    sock.setblocking(False)
    return Socket(sock, protocol)


def _check(protocol: ClientProtocol) -> None:
    problem = protocol.handshake_exc
    if isinstance(problem, exceptions.InvalidStatus):
        raise http.status_error(bytes(problem.response.body or b""))
    if problem is not None:
        raise errors.ServerError(f"podrunner's server answered something unexpected: {problem}")
