"""A container is not removed under a reader that is catching up, and not kept for one that has stalled."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

import virtual_time
from podrunner.agent import followers
from podrunner.agent.followers import FORCED, LONGEST, PATIENCE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("virtually")]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return virtual_time.BACKEND


@pytest.fixture
def virtually(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "time", SimpleNamespace(monotonic=virtual_time.now))


async def seconds_until_drained(readers: followers.Followers, *, forced: bool = False) -> float:
    began = virtual_time.now()
    await readers.drained("main", forced=forced)
    return virtual_time.now() - began


async def read(readers: followers.Followers, times: int) -> None:
    """Takes something again and again, never so late that patience would be lost."""
    with readers.reading("main") as reader:
        for _ in range(times):
            await asyncio.sleep(PATIENCE / 2)
            reader.progressed()


async def test_nobody_is_waited_for_where_nobody_reads() -> None:
    readers = followers.Followers()
    with readers.reading("another"):
        assert await seconds_until_drained(readers) == 0


async def test_a_reader_that_takes_nothing_is_waited_for_as_long_as_patience_lasts() -> None:
    readers = followers.Followers()
    with readers.reading("main"):
        assert await seconds_until_drained(readers) == pytest.approx(PATIENCE)


async def test_a_reader_that_gets_on_is_waited_for_to_its_end() -> None:
    readers = followers.Followers()
    reading = asyncio.create_task(read(readers, 10))
    await asyncio.sleep(0)
    assert await seconds_until_drained(readers) == pytest.approx(5 * PATIENCE)
    await reading


async def test_one_lively_reader_among_several_is_enough_to_be_waited_for() -> None:
    readers = followers.Followers()
    with readers.reading("main"):
        reading = asyncio.create_task(read(readers, 6))
        await asyncio.sleep(0)
        assert 3 * PATIENCE <= await seconds_until_drained(readers) <= 4 * PATIENCE
        await reading


@pytest.mark.parametrize(("limit", "forced"), [(LONGEST, False), (FORCED, True)])
async def test_nobody_is_waited_for_forever(limit: float, forced: bool) -> None:
    readers = followers.Followers()
    reading = asyncio.create_task(read(readers, 100))
    await asyncio.sleep(0)
    assert await seconds_until_drained(readers, forced=forced) == pytest.approx(limit)
    reading.cancel()
    await asyncio.wait({reading})
