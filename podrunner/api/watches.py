"""Watches as streams of JSON lines: {"type": …, "object": …}."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from podrunner import errors
from podrunner.api import errors as statuses, presenting, query
from podrunner.store.watch import Watch

BOOKMARK_SECONDS = 60.0
"""How often a client that asked for bookmarks gets one while nothing happens: the API server's frequency."""

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
            yield b"".join(_line(change.type, presenter.change(change)) for change in watch.initial())
            yield _line("BOOKMARK", presenter.bookmark(watch.resource_version, INITIAL_EVENTS_END))
        while not watch.closed and (end is None or loop.time() < end):
            pause = BOOKMARK_SECONDS if end is None else min(BOOKMARK_SECONDS, end - loop.time())
            try:
                changes = await watch.batch(pause)
            except errors.Expired as error:
                yield failure(error)
                return
            if changes:
                yield b"".join(_line(change.type, presenter.change(change)) for change in changes)
            elif asked.bookmarks:
                yield _line("BOOKMARK", presenter.bookmark(watch.resource_version, {}))


async def refusal(error: errors.Expired) -> AsyncGenerator[bytes, None]:
    """The stream of a watch that can't begin where it was asked to."""
    yield failure(error)


def failure(error: Exception) -> bytes:
    """The line that ends a watch which can't go on."""
    return _line("ERROR", _encoder.encode(statuses.status(error)))


def _line(type_: str, obj: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (type_.encode(), obj)


_encoder = msgspec.json.Encoder()
