"""A server at a Unix socket that answers with literal bytes, whatever it is asked."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from podrunner.client import http

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class LiteralServer:
    """Answers each connection with the next of the texts given to `answers`, and closes it."""

    def __init__(self, path: Path) -> None:
        self.client = http.Server(path)
        self.asked: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._open = [self._listener]

    def answers(self, *texts: bytes, keep: bool = False) -> http.Server:
        """The server as its client sees it; with `keep` the connections stay open."""
        threading.Thread(target=self._serve, args=(texts, keep), daemon=True).start()
        return self.client

    def close(self) -> None:
        for sock in self._open:
            sock.close()

    def _serve(self, texts: tuple[bytes, ...], keep: bool) -> None:
        for text in texts:
            connection, _ = self._listener.accept()
            self.asked.append(_request(connection))
            connection.sendall(text)
            if keep:
                self._open.append(connection)
            else:
                connection.close()


def _request(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        head = list(iter(stream.readline, b"\r\n"))
        length = next((int(line[15:]) for line in head if line.lower().startswith(b"content-length:")), 0)
        return b"".join(head) + b"\r\n" + stream.read(length)


@contextlib.contextmanager
def literal_server(path: Path) -> Iterator[LiteralServer]:
    with contextlib.closing(LiteralServer(path)) as server:
        yield server


def whole(body: bytes, code: int = 200, *headers: bytes) -> bytes:
    """An answer of known length."""
    head = [b"HTTP/1.1 %d X" % code, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*head, b"", body])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def status(code: int, reason: str, message: str, details: str = "null") -> bytes:
    return whole(f'{{"kind":"Status","reason":"{reason}","message":"{message}","details":{details}}}'.encode(), code)
