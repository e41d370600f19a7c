"""Long answers: read by a thread that neither runs away from its reader nor waits for it in vain."""

import asyncio
import functools

import pytest
import requests

import engine_world
from podrunner.engine import streams

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

LINES = 8000
LINE = "x" * 1000
PRINT_LINES = f"yes {LINE} | head -n {LINES}"


def log_of(world: engine_world.World, container_id: str) -> "functools.partial[requests.Response]":
    path = f"/containers/{container_id}/logs"
    return functools.partial(world.engine.open_stream, "GET", path, params={"stdout": "1"})


async def test_an_answer_of_which_nothing_is_kept_is_read_to_its_end(world: engine_world.World) -> None:
    container_id = await world.run(PRINT_LINES)
    await world.output(container_id)
    forgotten: list[bytes] = []
    parser: streams.JSONLines[str] = streams.JSONLines(forgotten.append)
    async with asyncio.timeout(10):
        reading = streams.read(world.engine, log_of(world, container_id), parser, name="test")
        assert [batch async for batch in reading] == []
    assert len(forgotten) == LINES


async def test_the_thread_waits_for_a_reader_that_is_behind(world: engine_world.World) -> None:
    container_id = await world.run(PRINT_LINES)
    await world.output(container_id)
    read: list[bytes] = []

    def note(line: bytes) -> bytes:
        read.append(line)
        return line

    reading = streams.read(world.engine, log_of(world, container_id), streams.JSONLines(note), name="test")
    first = await anext(reading)
    await asyncio.sleep(0.5)
    assert len(read) <= len(first) + streams.AHEAD_BYTES / len(LINE) + 100
    assert first + [line async for batch in reading for line in batch] == read
    assert len(read) == LINES
