"""Who still reads the log of a container, so that it is not removed under a reader that is catching up."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 1.0
"""Seconds without progress after which a reader no longer holds up a removal: it has stalled."""

LONGEST = 10.0
"""Seconds that readers who do progress may hold up a removal altogether."""

FORCED = 1.0
"""The same for a removal without a grace period."""


class Follower:
    """One reader of one log."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def progressed(self) -> None:
        """The reader took something."""
        self._last = time.monotonic()

    def patience_left(self) -> float:
        """Seconds until this reader counts as stalled."""
        return self._last + PATIENCE - time.monotonic()


class Followers:
    """All readers of logs, by engine id."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[Follower]] = defaultdict(set)
        self._left: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    @contextmanager
    def reading(self, engine_id: str) -> Iterator[Follower]:
        """A reader, for as long as it reads."""
        follower = Follower()
        self._open[engine_id].add(follower)
        try:
            yield follower
        finally:
            self._open[engine_id].discard(follower)
            if not self._open[engine_id]:
                del self._open[engine_id]
                self._left.pop(engine_id, asyncio.Event()).set()

    async def drained(self, engine_id: str, *, forced: bool) -> None:
        """Returns when everyone has read to the end or has stalled; at the latest after LONGEST, or FORCED, seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FORCED if forced else LONGEST):
                await self._drained(engine_id)

    async def _drained(self, engine_id: str) -> None:
        while readers := self._open.get(engine_id):
            patience = max(follower.patience_left() for follower in readers)
            if patience <= 0:
                return
            try:
                async with asyncio.timeout(patience):
                    await self._left[engine_id].wait()
            except TimeoutError:
                continue
