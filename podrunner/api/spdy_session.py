"""The server's side of a SPDY/3.1 connection: which streams there are, and which way each is still open.

Pure; performs no I/O: bytes go in, what they mean and the bytes to answer come out. As moby/spdystream, it keeps no
windows and sends no WINDOW_UPDATE: whoever reads the connection holds senders back by not reading it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from podrunner.api import spdy

MOST_STREAMS = 512
"""Streams open at once. A forwarded connection takes two."""


class Opened(NamedTuple):
    """The client wants a stream; it waits for `accept` or `reset`."""

    stream: int
    headers: Mapping[str, str]


class Received(NamedTuple):
    stream: int
    data: bytes


class Ended(NamedTuple):
    """The client sends no more on this stream."""

    stream: int


class Broken(NamedTuple):
    """The stream is gone, both ways."""

    stream: int


class GoneAway(NamedTuple):
    """The client is about to leave."""


Event = Opened | Received | Ended | Broken | GoneAway


class Session:
    """The streams of one connection. A stream is forgotten when both sides have ended it, or one broke it off."""

    def __init__(self) -> None:
        self._decoder = spdy.Decoder()
        self._encoder = spdy.Encoder()
        self._open: dict[int, _Directions] = {}
        self._last_stream = 0
        self._outgoing = bytearray()

    def receive(self, data: bytes) -> list[Event]:
        """What the bytes mean. Answers to them may be in `outgoing` then. Raises spdy.Malformed."""
        return [event for frame in self._decoder.feed(data) for event in self._understood(frame)]

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def knows(self, stream: int) -> bool:
        """Whether one side or the other can still send on the stream."""
        return stream in self._open

    def is_open(self, stream: int) -> bool:
        """Whether the stream can still be written to."""
        return stream in self._open and self._open[stream].ours

    def accept(self, stream: int) -> None:
        """Answers an Opened; data may follow."""
        if stream in self._open:
            self._put(spdy.SynReply(stream, {}))

    def send(self, stream: int, data: bytes) -> None:
        """Sends on a stream; on one that is not open any more it is dropped."""
        if self.is_open(stream):
            for start in range(0, len(data), spdy.LONGEST_DATA):
                self._put(spdy.Data(stream, data[start : start + spdy.LONGEST_DATA]))

    def end(self, stream: int) -> None:
        """Sends no more on a stream; the client still may."""
        if self.is_open(stream):
            self._put(spdy.Data(stream, b"", fin=True))
            self._keep(stream, self._open[stream]._replace(ours=False))

    def reset(self, stream: int, status: spdy.Reset = spdy.Reset.CANCEL) -> None:
        """Breaks a stream off; what the client still sends on it is ignored."""
        if self._open.pop(stream, None):
            self._put(spdy.RstStream(stream, status))

    def _understood(self, frame: spdy.Frame) -> tuple[Event, ...]:
        match frame:
            case spdy.SynStream():
                return self._opened(frame)
            case spdy.Data():
                return self._received(frame)
            case spdy.Headers(fin=True):
                return self._ended(frame.stream)
            case spdy.RstStream():
                return (Broken(frame.stream),) if self._open.pop(frame.stream, None) else ()
            case spdy.Ping() if frame.id % 2:
                self._put(frame)
            case spdy.GoAway():
                return (GoneAway(),)
        return ()

    def _opened(self, frame: spdy.SynStream) -> tuple[Event, ...]:
        if frame.stream % 2 == 0 or frame.stream <= self._last_stream:
            self._open.pop(frame.stream, None)
            self._put(spdy.RstStream(frame.stream, spdy.Reset.PROTOCOL_ERROR))
            return (Broken(frame.stream),)
        self._last_stream = frame.stream
        if len(self._open) >= MOST_STREAMS:
            self._put(spdy.RstStream(frame.stream, spdy.Reset.REFUSED_STREAM))
            return ()
        self._open[frame.stream] = _Directions(ours=not frame.unidirectional, theirs=True)
        ended = self._ended(frame.stream) if frame.fin else ()
        return (Opened(frame.stream, frame.headers), *ended)

    def _received(self, frame: spdy.Data) -> tuple[Event, ...]:
        stream = self._open.get(frame.stream)
        if stream is None:
            return ()  # it was on its way when the stream was broken off
        if not stream.theirs:
            self.reset(frame.stream, spdy.Reset.STREAM_ALREADY_CLOSED)
            return (Broken(frame.stream),)
        received = (Received(frame.stream, frame.data),) if frame.data else ()
        return (*received, *(self._ended(frame.stream) if frame.fin else ()))

    def _ended(self, stream: int) -> tuple[Event, ...]:
        if stream not in self._open:
            return ()
        self._keep(stream, self._open[stream]._replace(theirs=False))
        return (Ended(stream),)

    def _keep(self, stream: int, directions: "_Directions") -> None:
        if any(directions):
            self._open[stream] = directions
        else:
            del self._open[stream]

    def _put(self, frame: spdy.Frame) -> None:
        self._outgoing += self._encoder.encode(frame)


class _Directions(NamedTuple):
    """Which side may still send."""

    ours: bool
    theirs: bool
