"""Clients of the API's streams, in so many words: SPDY/3.1 and WebSockets over a socket that blocks."""

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame
from websockets.protocol import CLIENT, Protocol
from websockets.sync.client import ClientConnection, connect

from podrunner.api import spdy
from stream_world import POD

SUCCESS = b'{"metadata":{},"status":"Success"}'
FAILURE_3 = (
    b'{"metadata":{},"status":"Failure",'
    b'"message":"command terminated with non-zero exit code: command terminated with exit code 3",'
    b'"reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}'
)


class Head(NamedTuple):
    """The head of an HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]


def request(path: str, headers: Mapping[str, str], *, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def upgrade(versions: Sequence[str]) -> dict[str, str]:
    return {
        "Connection": "Upgrade",
        "Upgrade": "SPDY/3.1",
        "X-Stream-Protocol-Version": ", ".join(versions),
        "Content-Length": "0",
    }


def read_head(sock: "socket.socket | Tunnelled") -> Head:
    """Reads not one byte more."""
    text = b""
    while not text.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        assert byte, text
        text += byte
    first, *lines = text.decode().split("\r\n")[:-2]
    return Head(int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)})


class Tunnelled:
    """A socket whose bytes travel in the messages of a WebSocket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._protocol = Protocol(CLIENT)
        self._bytes = b""

    def settimeout(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        for start in range(0, len(data), 50_000):
            self._protocol.send_binary(data[start : start + 50_000])
        self._socket.sendall(b"".join(self._protocol.data_to_send()))

    def recv(self, size: int) -> bytes:
        while not self._bytes:
            data = self._socket.recv(size)
            if not data:
                return b""
            self._protocol.receive_data(data)
            for frame in self._protocol.events_received():
                assert isinstance(frame, Frame)
                self._bytes += frame.data
        taken, self._bytes = self._bytes[:size], self._bytes[size:]
        return taken

    def close(self) -> None:
        self._socket.close()


class Spdy:
    """A SPDY/3.1 connection. What the server sends is collected by stream while `until` reads."""

    def __init__(self, sock: socket.socket | Tunnelled, path: str = "", *versions: str) -> None:
        self.sock: Any = sock
        self.sock.settimeout(5)
        self._encoder, self._decoder = spdy.Encoder(), spdy.Decoder()
        self._next = 1
        self.frames: list[spdy.Frame] = []
        self.received: dict[int, bytes] = {}
        self.ended: list[int] = []
        self.broken: list[int] = []
        self.gone = False
        if versions:
            self.sock.sendall(request(path, upgrade(versions)))
            self.head = read_head(self.sock)

    def __enter__(self) -> "Spdy":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def encode(self, *frames: spdy.Frame) -> bytes:
        return b"".join(map(self._encoder.encode, frames))

    def send(self, *frames: spdy.Frame) -> None:
        self.sock.sendall(self.encode(*frames))

    def stream(self, kind: str, **headers: str) -> int:
        """Opens a stream."""
        number, self._next = self._next, self._next + 2
        self.send(spdy.SynStream(number, {"streamtype": kind, **headers}))
        return number

    def read(self) -> bool:
        """Takes what comes next; False when the server has closed the connection."""
        data = b""
        with contextlib.suppress(ConnectionError):
            data = self.sock.recv(65536)
        for frame in self._decoder.feed(data):
            self.frames.append(frame)
            if isinstance(frame, spdy.Data):
                self.received[frame.stream] = self.received.get(frame.stream, b"") + frame.data
                self.ended += [frame.stream] * frame.fin
            elif isinstance(frame, spdy.RstStream):
                self.broken.append(frame.stream)
        self.gone = not data
        return bool(data)

    def until_ended(self, *streams: int) -> None:
        """Reads until the server has ended or broken off these streams, or closed the connection."""
        while not {*streams} <= {*self.ended, *self.broken} and self.read():
            pass

    def until_gone(self) -> None:
        """Reads until the server has closed the connection."""
        while self.read():
            pass


@contextlib.contextmanager
def websocket(port: int, path: str, *subprotocols: Any) -> Iterator[ClientConnection]:
    with connect(
        f"ws://127.0.0.1:{port}{path}",
        subprotocols=list(subprotocols) or None,
        compression=None,
        open_timeout=5,
        close_timeout=1,
        max_size=None,
        proxy=None,
    ) as client:
        yield client


def messages(client: ClientConnection) -> list[bytes | str]:
    """All there are, until the server closes."""
    found: list[bytes | str] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            found.append(client.recv(timeout=5))
    return found


def query(operation: str, *command: str, **options: str) -> str:
    """The path of an operation on the pod."""
    words = [f"command={word}" for word in command] + [f"{name}={value}" for name, value in options.items()]
    return f"{POD}/{operation}?{'&'.join(words)}"
