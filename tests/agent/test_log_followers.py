"""A container is not removed under a reader that is catching up, and not kept for one that has stalled."""

import asyncio

import pytest

from podrunner.agent import followers

pytestmark = pytest.mark.anyio

PATIENCE = 0.1


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "PATIENCE", PATIENCE)


async def seconds_until_drained(readers: followers.Followers, *, forced: bool = False) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await readers.drained("main", forced=forced)
    return loop.time() - began


async def read(readers: followers.Followers, times: int) -> None:
    """Takes something again and again, never so late that patience would be lost."""
    with readers.reading("main") as reader:
        for _ in range(times):
            await asyncio.sleep(PATIENCE / 3)
            reader.progressed()


@pytest.mark.usefixtures("patience")
async def test_nobody_is_waited_for_where_nobody_reads() -> None:
    readers = followers.Followers()
    with readers.reading("another"):
        assert await seconds_until_drained(readers) < PATIENCE / 2


@pytest.mark.usefixtures("patience")
async def test_a_reader_that_takes_nothing_is_waited_for_as_long_as_patience_lasts() -> None:
    readers = followers.Followers()
    with readers.reading("main"):
        assert PATIENCE * 0.9 < await seconds_until_drained(readers) < 3 * PATIENCE


@pytest.mark.usefixtures("patience")
async def test_a_reader_that_gets_on_is_waited_for_to_its_end() -> None:
    readers = followers.Followers()
    reading = asyncio.create_task(read(readers, 10))
    await asyncio.sleep(0)
    assert await seconds_until_drained(readers) > 3 * PATIENCE
    await asyncio.wait_for(reading, PATIENCE / 3)


@pytest.mark.usefixtures("patience")
async def test_one_lively_reader_among_several_is_enough_to_be_waited_for() -> None:
    readers = followers.Followers()
    with readers.reading("main"):
        reading = asyncio.create_task(read(readers, 6))
        await asyncio.sleep(0)
        assert await seconds_until_drained(readers) > 1.9 * PATIENCE
        await reading


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize(("limit", "forced"), [("LONGEST", False), ("FORCED", True)])
async def test_nobody_is_waited_for_forever(limit: str, forced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, limit, 2 * PATIENCE)
    readers = followers.Followers()
    reading = asyncio.create_task(read(readers, 100))
    await asyncio.sleep(0)
    assert 1.9 * PATIENCE < await seconds_until_drained(readers, forced=forced) < 4 * PATIENCE
    reading.cancel()
    await asyncio.wait({reading})
