from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from podrunner.clock import Clock
from podrunner.store.registry import Registry


class StandingClock:
    """Shows a quarter past noon until a test moves it on."""

    def __init__(self) -> None:
        self.time = datetime(2024, 3, 1, 12, 15, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def advance(clock: StandingClock) -> Callable[[float], None]:
    def by(seconds: float) -> None:
        clock.time += timedelta(seconds=seconds)

    return by


@pytest.fixture
def registry(clock: Clock) -> Iterator[Registry]:
    registry = Registry(None, clock)
    yield registry
    registry.close()
