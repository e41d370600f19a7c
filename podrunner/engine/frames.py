"""What a process writes, as the engine sends it: frames that name their stream, or a terminal's bytes. Pure.

A frame is a header (stream number, three zero bytes, length) and a payload. The transport may cut it anywhere; what has
come of it is handed on at once.
"""

from typing import Protocol

STDOUT, STDERR = 1, 2

_HEADER_BYTES = 8

Chunk = tuple[int, bytes]
"""STDOUT or STDERR, and some bytes that are never empty."""


class Parser(Protocol):
    """Turns what the engine sends, cut anywhere, into chunks."""

    def feed(self, data: bytes) -> list[Chunk]:
        """The chunks in `data`."""


class Terminal:
    """A terminal has one stream, without frames."""

    def feed(self, data: bytes) -> list[Chunk]:
        return [(STDOUT, data)]


class Frames:
    """Takes the frames apart."""

    def __init__(self) -> None:
        self._header = b""
        self._stream = STDOUT
        self._left = 0

    def feed(self, data: bytes) -> list[Chunk]:
        chunks: list[Chunk] = []
        at, end = 0, len(data)
        while at < end:
            if not self._left:
                at += self._take_header(data, at)
                continue
            payload = data[at : at + self._left]
            chunks.append((self._stream, payload))
            at += len(payload)
            self._left -= len(payload)
        return chunks

    def _take_header(self, data: bytes, at: int) -> int:
        """How many bytes at `at` belong to the header that is being read."""
        taken = data[at : at + _HEADER_BYTES - len(self._header)]
        self._header += taken
        if len(self._header) == _HEADER_BYTES:
            self._stream, self._left = self._header[0], int.from_bytes(self._header[4:], "big")
            self._header = b""
        return len(taken)
