"""Answers that go on: chunk by chunk, until the source ends, the client leaves or stalls, or the server stops.

Whatever ends one, its source is closed at once: leases end by that, and readers let containers go.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, NamedTuple, TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from podrunner import errors

STALL_SECONDS = 30.0
"""How long a client may leave what was sent to it unread before it is disconnected."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class Stream(StreamingResponse):
    """An answer made of the chunks of `source`, after `first` if that was read already; None and b"" say nothing.

    A PodrunnerError of the source breaks the connection off, so that the client can tell it from an end.
    """

    def __init__(
        self,
        source: AsyncGenerator[bytes | None, None],
        *,
        media_type: str | None = None,
        first: bytes | None = None,
        status: int = 200,
    ) -> None:
        super().__init__((), status, media_type=media_type)
        self._source = source
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope.get("state", {})
        writing = asyncio.create_task(self._write(send))
        ends = [asyncio.create_task(_disconnected(receive))]
        if "stopping" in connection:
            ends.append(asyncio.create_task(connection["stopping"].wait()))
        try:
            await asyncio.wait([writing, *ends], return_when=asyncio.FIRST_COMPLETED)
            await _cancelled(writing)
            if not writing.cancelled():
                writing.result()
            await _send(send, _body(b"", more=False))
        except (TimeoutError, errors.PodrunnerError) as error:
            log.warning("breaking off %s: %s", scope["path"], str(error) or "the client does not read")
            if "transport" in connection:
                connection["transport"].abort()
        finally:
            await _cancelled(writing, *ends)
            await self._source.aclose()

    async def _write(self, send: Send) -> None:
        await _send(send, {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if self._first:
            await _send(send, _body(self._first))
        async for chunk in self._source:
            if chunk:
                await _send(send, _body(chunk))


async def paced(items: AsyncIterator[T], seconds: float) -> AsyncGenerator[T | None, None]:
    """The items, and None whenever none came for so many seconds.

    A task reads `items`, one ahead, and closes them at the end: when they end or this is closed.
    """
    queue: asyncio.Queue[T | _End] = asyncio.Queue(1)
    reading = asyncio.create_task(_read(items, queue))
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    item = await queue.get()
            except TimeoutError:
                yield None
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        await _cancelled(reading)


@contextlib.asynccontextmanager
async def closing(items: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Closes the iterator at the end, if it is a generator."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


class _End(NamedTuple):
    """There are no more items, perhaps because of an error."""

    error: Exception | None


async def _read(items: AsyncIterator[T], queue: asyncio.Queue[T | _End]) -> None:
    error = None
    try:
        async with closing(items):
            async for item in items:
                await queue.put(item)
    except Exception as failure:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise  # while it was closed: nobody reads the queue any more
        error = failure
    await queue.put(_End(error))


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancels the tasks and waits until they have ended; how they end is not asked for."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _body(chunk: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": more}


async def _send(send: Send, message: Message) -> None:
    async with asyncio.timeout(STALL_SECONDS):
        await send(message)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
