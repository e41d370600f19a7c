"""Long answers of the engine (logs, events, progress): read by one thread each, handed to the loop in batches.

The thread runs ahead of its reader by `AHEAD_BYTES` at most, then it stops reading, and the engine with it. Closing the
async iterator, or cancelling the task in it, shuts the socket down, so that the thread ends at once.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Generic, Protocol, TypeVar

import requests

from podrunner.engine import client as engine

T = TypeVar("T")
Item = TypeVar("Item")

AHEAD_BYTES = 1 << 20


class Parser(Protocol[Item]):
    """Turns a byte stream, cut anywhere, into items."""

    def begin(self) -> list[Item]:
        """The items that say that the engine has taken the request; mostly none."""

    def feed(self, data: bytes) -> list[Item]:
        """The items that `data` completes."""

    def end(self) -> list[Item]:
        """The items that only the end of the stream completes."""


async def read(
    client: engine.Client, request: Callable[[], requests.Response], parser: Parser[T], *, name: str
) -> AsyncGenerator[list[T], None]:
    """Sends the blocking `request` and yields what `parser` makes of the answer, in batches that are never empty.

    Raises EngineError, also when the answer breaks off.
    """
    handover: _Handover[T] = _Handover(asyncio.get_running_loop())
    thread = threading.Thread(target=_pump, args=(client, request, parser, handover), name=name, daemon=True)
    thread.start()
    try:
        while batch := await handover.take():
            yield batch
    finally:
        handover.close()


def _pump(
    client: engine.Client, request: Callable[[], requests.Response], parser: Parser[T], handover: "_Handover[T]"
) -> None:
    """The thread: reads until the answer ends or the reader has gone."""
    try:
        with client.translated(), request() as response:
            handover.attach(response)
            handover.put(parser.begin(), 0)
            for data in response.raw.stream(decode_content=False):
                handover.put(parser.feed(data), len(data))
            handover.put(parser.end(), 0)
    except _ReaderGone:
        pass
    except Exception as error:  # noqa: BLE001 - it belongs to the reader, whatever it is
        handover.end(error)
    else:
        handover.end(None)


class JSONLines(Generic[T]):
    """Parses one JSON document a line into what `decode` makes of it, leaving out what it makes None of."""

    def __init__(self, decode: Callable[[bytes], T | None], first: Callable[[], list[T]] = list) -> None:
        self._decode = decode
        self._first = first
        self._rest = b""

    def begin(self) -> list[T]:
        return self._first()

    def feed(self, data: bytes) -> list[T]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        decoded = (self._decode(line) for line in lines if line.strip())
        return [item for item in decoded if item is not None]

    def end(self) -> list[T]:
        return self.feed(b"\n")


class _ReaderGone(Exception):
    """Nobody takes the items any more."""


class _Handover(Generic[T]):
    """Items on their way from one thread to one coroutine."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = asyncio.Event()
        self._room = threading.Condition()
        self._items: list[T] = []
        self._bytes = 0
        self._closed = False
        self._ended = False
        self._error: Exception | None = None
        self._response: requests.Response | None = None

    def attach(self, response: requests.Response) -> None:
        """From the thread: what to shut down when the reader leaves."""
        with self._room:
            self._response = response
            if self._closed:
                raise _ReaderGone

    def put(self, items: list[T], size: int) -> None:
        """From the thread: waits while the reader is too far behind."""
        with self._room:
            self._room.wait_for(lambda: self._closed or self._bytes < AHEAD_BYTES)
            if self._closed:
                raise _ReaderGone
            if not items:
                return  # not counted: the reader, who has nothing to take, would not make room again
            wake = not self._items
            self._items += items
            self._bytes += size
        if wake:
            self._wake()

    def end(self, error: Exception | None) -> None:
        """From the thread: nothing more will come."""
        with self._room:
            self._ended, self._error = True, error
        self._wake()

    async def take(self) -> list[T]:
        """From the coroutine: all there is, as soon as there is any; empty at the end. Raises the thread's error."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            with self._room:
                items, self._items, self._bytes = self._items, [], 0
                ended, error = self._ended, self._error
                self._room.notify()
            if ended:
                self._changed.set()
            if items:
                return items
            if error:
                raise error
            if ended:
                return []

    def close(self) -> None:
        """From the coroutine: lets the thread end, wherever it waits."""
        with self._room:
            self._closed = True
            response = self._response
            self._room.notify()
        if response is not None:
            # The thread may have closed it already.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                response.raw.shutdown()

    def _wake(self) -> None:
        # The loop may have been closed while the thread still read.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._changed.set)
