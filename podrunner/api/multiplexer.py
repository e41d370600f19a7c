"""The streams of one SPDY/3.1 connection, to be read and written by tasks of their own."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from podrunner.api import inbox, spdy, spdy_session

log = logging.getLogger(__name__)


class Bytes(Protocol):
    """What SPDY is spoken over."""

    async def read(self) -> bytes:
        """What came next, b"" at the end."""

    async def write(self, data: bytes) -> None:
        """Sends; waits while the client does not read. Raises OSError when it has gone."""


class Stream:
    """One stream that the client has opened."""

    def __init__(self, owner: "Multiplexer", number: int, headers: Mapping[str, str]) -> None:
        self.number = number
        self.headers = headers
        self.inbox = inbox.Inbox()
        self.broken = asyncio.Event()
        """Set when either side has broken the stream off."""
        self._owner = owner

    async def read(self) -> bytes:
        """What came next, b"" when the client has ended the stream or broken it off."""
        return await self.inbox.read()

    async def write(self, data: bytes) -> None:
        """Sends; waits while the client does not read. Dropped when the stream is not open any more."""
        self._owner.session.send(self.number, data)
        await self._owner.flush()

    async def close(self) -> None:
        """Sends no more; the client still may."""
        self._owner.session.end(self.number)
        await self._owner.flush()

    async def reset(self) -> None:
        """Breaks the stream off."""
        self._owner.session.reset(self.number)
        self.abandon()
        await self._owner.flush()

    def abandon(self) -> None:
        """Has nothing more to give or to take."""
        self.broken.set()
        self.inbox.discard()


class Multiplexer:
    """All streams of a connection. Those that clients open and `wants` agrees to come out of `opened`.

    `patience`: seconds that a stream may hold up the others, None for ever.
    """

    def __init__(self, wire: Bytes, wants: Callable[[Mapping[str, str]], bool], patience: float | None) -> None:
        self.session = spdy_session.Session()
        self._wire = wire
        self._wants = wants
        self._patience = patience
        self._streams: dict[int, Stream] = {}
        self._opened: asyncio.Queue[Stream] = asyncio.Queue(spdy_session.MOST_STREAMS)

    async def opened(self) -> Stream:
        """The next stream."""
        return await self._opened.get()

    async def run(self) -> None:
        """Reads the connection until the client leaves. Raises OSError when that shows while we write."""
        try:
            while data := await self._wire.read():
                events = self.session.receive(data)
                for event in events:
                    self._handle(event)
                await self.flush()
                if spdy_session.GoneAway() in events:
                    return
                await asyncio.gather(*map(self._room, self._full()))
        except spdy.Malformed as error:
            log.warning("breaking a SPDY connection off: %s", error)
        finally:
            for stream in self._streams.values():
                stream.inbox.end()

    async def flush(self) -> None:
        """Sends what the session has to send, and forgets the streams that are over."""
        for number in [number for number in self._streams if not self.session.knows(number)]:
            del self._streams[number]
        if data := self.session.outgoing():
            await self._wire.write(data)

    def _handle(self, event: spdy_session.Event) -> None:
        if isinstance(event, spdy_session.Opened):
            self._open(event.stream, event.headers)
        elif not isinstance(event, spdy_session.GoneAway) and (stream := self._streams.get(event.stream)):
            match event:
                case spdy_session.Received():
                    stream.inbox.put(event.data)
                case spdy_session.Ended():
                    stream.inbox.end()
                case spdy_session.Broken():
                    stream.abandon()

    def _open(self, number: int, headers: Mapping[str, str]) -> None:
        if self._opened.full() or not self._wants(headers):
            self.session.reset(number)
            return
        self.session.accept(number)
        stream = self._streams[number] = Stream(self, number, headers)
        self._opened.put_nowait(stream)

    def _full(self) -> list[Stream]:
        return [stream for stream in self._streams.values() if stream.inbox.full]

    async def _room(self, stream: Stream) -> None:
        """Waits until the stream can take more; breaks it off when it stalls."""
        try:
            await stream.inbox.room(self._patience)
        except TimeoutError:
            log.warning("breaking a stream off: nothing of it was read for %g s", self._patience)
            await stream.reset()
