"""Brings what several watches of one store tell back into the order in which it was stored. Pure; performs no I/O.

A pod's changes and its events come over two connections, in any order. The store numbers all changes in one sequence,
so a change is passed on when the one before it has been, or when that has not come for a moment: not every change is
this run's.
"""

import heapq
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 0.03
"""How long the change before is waited for."""


class _Held(NamedTuple, Generic[T]):
    """Compared by version, then by arrival, which no two have in common."""

    version: int
    arrival: int
    until: float
    item: T


class Ordering(Generic[T]):
    """Holds what came too early. Versions are the integers of resourceVersions, `now` is seconds on a steady clock."""

    def __init__(self, version: int) -> None:
        """`version`: the newest change that is known already."""
        self._passed = version
        self._arrivals = 0
        self._held: list[_Held[T]] = []

    def add(self, version: int, item: T, now: float) -> None:
        """Takes what came just now."""
        self._arrivals += 1
        heapq.heappush(self._held, _Held(version, self._arrivals, now + PATIENCE_SECONDS, item))

    def due(self, now: float) -> list[T]:
        """What is to be passed on, in order."""
        passed = []
        while self._held and (self._held[0].version <= self._passed + 1 or now >= self._impatient_at()):
            first = heapq.heappop(self._held)
            self._passed = max(self._passed, first.version)
            passed.append(first.item)
        return passed

    @property
    def wake_at(self) -> float | None:
        """When `due` has to be asked again at the latest."""
        return self._impatient_at() if self._held else None

    def _impatient_at(self) -> float:
        return min(held.until for held in self._held)
