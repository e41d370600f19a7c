"""Watches as streams of JSON lines: {"type": …, "object": …}."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from podrunner import errors
from podrunner.api import errors as statuses
from podrunner.objects import codec, kinds
from podrunner.store.watch import Change, Watch

BOOKMARK_SECONDS = 60.0
"""How often a client that asked for bookmarks gets one while nothing happens: the API server's frequency."""


async def lines(
    watch: Watch, kind: kinds.Kind, *, bookmarks: bool, seconds: float | None
) -> AsyncGenerator[bytes, None]:
    """A chunk of lines for each batch of changes, for at most so many `seconds` (None: no limit).

    When the history is lost, an ERROR with the Status is the last line. Closes the watch.
    """
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    with watch:
        while not watch.closed and (end is None or loop.time() < end):
            pause = BOOKMARK_SECONDS if end is None else min(BOOKMARK_SECONDS, end - loop.time())
            try:
                changes = await watch.batch(pause)
            except errors.Expired as error:
                yield failure(error)
                return
            if changes:
                yield b"".join(map(_line, changes))
            elif bookmarks:
                yield _bookmark(kind, watch.resource_version)


async def refusal(error: errors.Expired) -> AsyncGenerator[bytes, None]:
    """The stream of a watch that can't begin where it was asked to."""
    yield failure(error)


def failure(error: Exception) -> bytes:
    return msgspec.json.encode({"type": "ERROR", "object": statuses.status(error)}) + b"\n"


def _line(change: Change) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (change.type.encode(), codec.encode(change.object))


def _bookmark(kind: kinds.Kind, resource_version: str) -> bytes:
    marked = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": {"resourceVersion": resource_version}}
    return msgspec.json.encode({"type": "BOOKMARK", "object": marked}) + b"\n"
