"""`streams.paced`: items with a word in the pauses, and an end that is never missed."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from podrunner.api import streams


async def numbers(pause: float = 0.0) -> AsyncGenerator[int, None]:
    for number in range(3):
        yield number
        await asyncio.sleep(pause)


async def collected(items: AsyncGenerator[int, None], seconds: float) -> list[int | None]:
    return [item async for item in streams.paced(items, seconds)]


def test_every_item_comes_and_a_pause_is_told() -> None:
    assert asyncio.run(collected(numbers(), 1)) == [0, 1, 2]
    paced = asyncio.run(collected(numbers(0.015), 0.01))
    assert [item for item in paced if item is not None] == [0, 1, 2]
    assert None in paced


def test_an_error_comes_after_the_items_before_it() -> None:
    async def broken() -> AsyncGenerator[int, None]:
        yield 1
        raise LookupError("lost")

    seen: list[int | None] = []

    async def read() -> None:
        async for item in streams.paced(broken(), 1):
            seen.append(item)

    with pytest.raises(LookupError, match="lost"):
        asyncio.run(read())
    assert seen == [1]


def test_a_source_that_can_not_be_closed_well_does_not_hold_anybody_up() -> None:
    async def stubborn() -> AsyncGenerator[int, None]:
        try:
            while True:
                yield 1
        finally:
            raise LookupError("lost")

    async def main() -> None:
        paced = streams.paced(stubborn(), 1)
        await anext(paced)
        await asyncio.sleep(0)
        await asyncio.wait_for(paced.aclose(), 1)

    asyncio.run(main())
