"""SPDY/3.1 frames and the bytes they are on the wire. Pure; performs no I/O.

Source: SPDY Protocol, Draft 3.1, section 2; and what moby/spdystream makes of it, which every Kubernetes client has.
"""

import enum
import struct
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from podrunner.api import spdy_dictionary

LONGEST_CONTROL = 64 * 1024
"""Bytes of a control frame, and of the headers in it once inflated. Kubernetes' headers are a few dozen bytes."""

LONGEST_DATA = 0xFFFFFF
"""Bytes of a DATA frame: its length has 24 bits."""

MOST_HEADERS = 100

_VERSION = 3
_CONTROL_BIT = 0x80000000
_FIN = 0x01
_UNIDIRECTIONAL = 0x02


class Malformed(ValueError):
    """Bytes that are no SPDY/3.1, or more than is taken. Nothing after them can be understood."""


class Reset(enum.IntEnum):
    """Why a stream is broken off."""

    PROTOCOL_ERROR = 1
    REFUSED_STREAM = 3
    CANCEL = 5
    STREAM_ALREADY_CLOSED = 9


class SynStream(NamedTuple):
    """Opens a stream; `unidirectional`: the other side sends nothing on it."""

    stream: int
    headers: Mapping[str, str]
    fin: bool = False
    unidirectional: bool = False


class SynReply(NamedTuple):
    """Accepts a stream."""

    stream: int
    headers: Mapping[str, str]
    fin: bool = False


class RstStream(NamedTuple):
    """Breaks a stream off, both ways."""

    stream: int
    status: int


class Settings(NamedTuple):
    """Wishes: (flags and id, value) each."""

    entries: tuple[tuple[int, int], ...]


class Ping(NamedTuple):
    """Is sent back by who did not begin it: clients' ids are odd, servers' even."""

    id: int


class GoAway(NamedTuple):
    """No more streams are taken; `last_stream` is the last that was."""

    last_stream: int
    status: int = 0


class Headers(NamedTuple):
    """More headers of a stream."""

    stream: int
    headers: Mapping[str, str]
    fin: bool = False


class WindowUpdate(NamedTuple):
    """The receiver takes `delta` bytes more. spdystream sends none and waits for none."""

    stream: int
    delta: int


class Data(NamedTuple):
    """Bytes of a stream; `fin`: the last that this side sends on it."""

    stream: int
    data: bytes
    fin: bool = False


Frame = SynStream | SynReply | RstStream | Settings | Ping | GoAway | Headers | WindowUpdate | Data


class _Kind(enum.IntEnum):
    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


class Decoder:
    """Frames out of bytes that arrive in any pieces.

    A DATA frame (up to 16 MB: some clients send all they have in one) is not collected: it comes as several, `fin`
    with the last. Header names are in lower case; several values of one name have a NUL between them, as on the wire.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._unfinished: _Unfinished | None = None
        self._inflater = zlib.decompressobj(zdict=spdy_dictionary.DICTIONARY)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that can be told now. Raises Malformed; the decoder is of no use any more then."""
        self._buffer += data
        frames: list[Frame] = []
        while self._unfinished or len(self._buffer) >= 8:
            before = len(self._buffer)
            frame = self._rest_of_data(self._unfinished) if self._unfinished else self._next()
            if frame is not None:
                frames.append(frame)
            elif len(self._buffer) == before:
                break
        return frames

    def _next(self) -> Frame | None:
        """A frame from the beginning of the buffer; None: it is not complete, or of a kind nobody knows."""
        first, second = struct.unpack_from(">II", self._buffer)
        flags, length = second >> 24, second & 0xFFFFFF
        if not first & _CONTROL_BIT:
            del self._buffer[:8]
            return self._data(first, length, fin=bool(flags & _FIN))
        if length > LONGEST_CONTROL:
            raise Malformed(f"a control frame of {length} bytes")
        if len(self._buffer) < 8 + length:
            return None
        body = bytes(self._buffer[8 : 8 + length])
        del self._buffer[: 8 + length]
        return self._control(first, flags, body)

    def _data(self, stream: int, length: int, *, fin: bool) -> Data | None:
        if stream == 0:
            raise Malformed("data of stream 0")
        if length == 0:
            return Data(stream, b"", fin)
        return self._rest_of_data(_Unfinished(stream, length, fin))

    def _rest_of_data(self, frame: "_Unfinished") -> Data | None:
        piece = bytes(self._buffer[: frame.left])
        del self._buffer[: frame.left]
        left = frame.left - len(piece)
        self._unfinished = frame._replace(left=left) if left else None
        return Data(frame.stream, piece, frame.fin and not left) if piece else None

    def _control(self, first: int, flags: int, body: bytes) -> Frame | None:
        version, kind = first >> 16 & 0x7FFF, first & 0xFFFF
        if version != _VERSION:
            raise Malformed(f"a frame of SPDY version {version}")
        try:
            return self._of_kind(kind, flags, body)
        except struct.error:
            raise Malformed(f"a frame of type {kind} with {len(body)} bytes") from None

    def _of_kind(self, kind: int, flags: int, body: bytes) -> Frame | None:
        fin = bool(flags & _FIN)
        match kind:
            case _Kind.SYN_STREAM:
                stream, _associated, _priority, _slot = struct.unpack_from(">IIBB", body)
                return SynStream(stream, self._headers(body[10:]), fin, bool(flags & _UNIDIRECTIONAL))
            case _Kind.SYN_REPLY:
                (stream,) = struct.unpack_from(">I", body)
                return SynReply(stream, self._headers(body[4:]), fin)
            case _Kind.RST_STREAM:
                return RstStream(*struct.unpack(">II", body))
            case _Kind.SETTINGS:
                (count,) = struct.unpack_from(">I", body)
                numbers = struct.unpack(f">{2 * count}I", body[4:])
                return Settings(tuple(zip(numbers[::2], numbers[1::2], strict=True)))
            case _Kind.PING:
                return Ping(*struct.unpack(">I", body))
            case _Kind.GOAWAY:
                return GoAway(*struct.unpack(">II", body))
            case _Kind.HEADERS:
                (stream,) = struct.unpack_from(">I", body)
                return Headers(stream, self._headers(body[4:]), fin)
            case _Kind.WINDOW_UPDATE:
                return WindowUpdate(*struct.unpack(">II", body))
            case _:
                return None  # "frames of unknown type MUST be ignored": section 2.2.1

    def _headers(self, deflated: bytes) -> dict[str, str]:
        try:
            block = self._inflater.decompress(deflated, LONGEST_CONTROL)
        except zlib.error as error:
            raise Malformed(f"headers that can't be inflated: {error}") from None
        if self._inflater.unconsumed_tail:
            raise Malformed(f"headers of more than {LONGEST_CONTROL} bytes")
        return _parse_headers(block)


class Encoder:
    """The bytes of frames. One per direction of a connection: its headers' compression goes on from frame to frame."""

    def __init__(self) -> None:
        self._deflater = zlib.compressobj(zdict=spdy_dictionary.DICTIONARY)

    def encode(self, frame: Frame) -> bytes:
        match frame:
            case Data():
                return struct.pack(">II", frame.stream, frame.fin << 24 | len(frame.data)) + frame.data
            case SynStream():
                flags = frame.fin * _FIN | frame.unidirectional * _UNIDIRECTIONAL
                body = struct.pack(">IIH", frame.stream, 0, 0) + self._headers(frame.headers)
                return _control(_Kind.SYN_STREAM, body, flags)
            case SynReply():
                body = struct.pack(">I", frame.stream) + self._headers(frame.headers)
                return _control(_Kind.SYN_REPLY, body, frame.fin * _FIN)
            case Headers():
                body = struct.pack(">I", frame.stream) + self._headers(frame.headers)
                return _control(_Kind.HEADERS, body, frame.fin * _FIN)
            case RstStream():
                return _control(_Kind.RST_STREAM, struct.pack(">II", *frame))
            case Settings():
                entries = b"".join(struct.pack(">II", *entry) for entry in frame.entries)
                return _control(_Kind.SETTINGS, struct.pack(">I", len(frame.entries)) + entries)
            case Ping():
                return _control(_Kind.PING, struct.pack(">I", *frame))
            case GoAway():
                return _control(_Kind.GOAWAY, struct.pack(">II", *frame))
            case WindowUpdate():
                return _control(_Kind.WINDOW_UPDATE, struct.pack(">II", *frame))

    def _headers(self, headers: Mapping[str, str]) -> bytes:
        parts = [struct.pack(">I", len(headers))]
        for text in (text for item in headers.items() for text in item):
            data = text.encode("latin-1")
            parts += struct.pack(">I", len(data)), data
        return self._deflater.compress(b"".join(parts)) + self._deflater.flush(zlib.Z_SYNC_FLUSH)


class _Unfinished(NamedTuple):
    """A DATA frame of which `left` bytes are still to come."""

    stream: int
    left: int
    fin: bool


def _control(kind: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack(">HHI", 0x8000 | _VERSION, kind, flags << 24 | len(body)) + body


def _parse_headers(block: bytes) -> dict[str, str]:
    (count,) = struct.unpack_from(">I", block)
    if count > MOST_HEADERS:
        raise Malformed(f"{count} headers")
    headers: dict[str, str] = {}
    at = 4
    for _ in range(count):
        name, at = _parse_text(block, at)
        value, at = _parse_text(block, at)
        if not name or name != name.lower() or name in headers:
            raise Malformed(f"a header of the name {name!r}")
        headers[name] = value
    if at != len(block):
        raise Malformed("bytes after the headers")
    return headers


def _parse_text(block: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">I", block, at)
    end = at + 4 + length
    if end > len(block):
        raise Malformed("headers that are cut off")
    return block[at + 4 : end].decode("latin-1"), end
