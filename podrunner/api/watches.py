"""Watches as streams of JSON lines: {"type": …, "object": …}."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

import msgspec

from podrunner import errors
from podrunner.api import errors as statuses, presenting, query
from podrunner.store.watch import Change, Watch

BOOKMARK_SECONDS = 60.0
"""How often a client that asked for bookmarks gets one while nothing happens: the API server's frequency."""

CHUNK_BYTES = 256 * 1024
"""What is sent to a client at a time, but for the line that exceeds it: it reads this before more is made for it."""

INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}
"""The annotation of the bookmark that ends what was there when a watch with `sendInitialEvents` began."""


async def lines(watch: Watch, presenter: presenting.Presenter, asked: query.Watching) -> AsyncGenerator[bytes, None]:
    """A chunk of lines for each batch of changes, for as long as was asked for.

    When the history is lost, an ERROR with the Status is the last line. Closes the watch.
    """
    loop = asyncio.get_running_loop()
    end = None if asked.seconds is None else loop.time() + asked.seconds
    with watch:
        if asked.initial_end:
            for chunk in _chunks(watch.initial(), presenter):
                yield chunk
            yield _line("BOOKMARK", presenter.bookmark(watch.resource_version, INITIAL_EVENTS_END))
        while not watch.closed and (end is None or loop.time() < end):
            pause = BOOKMARK_SECONDS if end is None else min(BOOKMARK_SECONDS, end - loop.time())
            try:
                changes = await watch.batch(pause)
            except errors.Expired as error:
                yield failure(error)
                return
            for chunk in _chunks(changes, presenter):
                yield chunk
            if not changes and asked.bookmarks:
                yield _line("BOOKMARK", presenter.bookmark(watch.resource_version, {}))


def _chunks(changes: Sequence[Change], presenter: presenting.Presenter) -> Iterator[bytes]:
    """Lines of some changes, in pieces that a slow client may leave in the server's memory."""
    lines: list[bytes] = []
    size = 0
    for change in changes:
        lines.append(_line(change.type, presenter.change(change)))
        size += len(lines[-1])
        if size >= CHUNK_BYTES:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)


async def refusal(error: errors.Expired) -> AsyncGenerator[bytes, None]:
    """The stream of a watch that can't begin where it was asked to."""
    yield failure(error)


def failure(error: Exception) -> bytes:
    """The line that ends a watch which can't go on."""
    return _line("ERROR", _encoder.encode(statuses.status(error)))


def _line(type_: str, obj: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (type_.encode(), obj)


_encoder = msgspec.json.Encoder()
