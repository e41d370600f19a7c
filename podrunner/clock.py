"""The time of day and the passing of time, in one place so that tests can replace both.

Nothing else in podrunner reads a clock: the pure core is given `now`, the moving parts take it from here.
"""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the moving parts ask of time."""

    def now(self) -> datetime:
        """The time of day, in UTC, with microseconds."""

    async def sleep(self, seconds: float) -> None:
        """Returns after `seconds` (zero or less: at the next turn of the loop)."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
