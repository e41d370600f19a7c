"""Logs of real containers: every line, in order, whoever else reads or does not."""

import asyncio
import threading
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

import engine_world
from podrunner import errors
from podrunner.engine import containers, logs

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

MANY = 300_000


async def read(
    world: engine_world.World,
    container_id: str,
    *,
    follow: bool = False,
    since: datetime | None = None,
    tail: int | None = None,
) -> list[logs.Line]:
    batches = logs.read(world.engine, container_id, follow=follow, since=since, tail=tail)
    return [line async for batch in batches for line in batch]


def texts(lines: list[logs.Line]) -> list[str]:
    return [line.text.decode() for line in lines]


def reading_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "engine-log"]


@pytest.mark.parametrize("tty", [False, True])
async def test_a_follower_gets_every_line_of_a_container_at_full_speed(world: engine_world.World, tty: bool) -> None:
    container_id = await world.run(f"seq {MANY}", tty=tty)
    ending = "\r" if tty else ""
    expected = [f"{n}{ending}" for n in range(1, MANY + 1)]
    assert texts(await read(world, container_id, follow=True)) == expected
    assert texts(await read(world, container_id)) == expected


@pytest.mark.parametrize("tty", [False, True])
async def test_a_follower_gets_the_last_line_of_a_short_container(world: engine_world.World, tty: bool) -> None:
    ids = [await world.run("sleep 0.1; echo one; printf end", tty=tty) for _ in range(8)]
    read_by = await asyncio.gather(*(read(world, container_id, follow=True) for container_id in ids))
    ending = "\r" if tty else ""
    assert [texts(lines) for lines in read_by] == [[f"one{ending}", "end"]] * 8
    assert [lines[-1].complete for lines in read_by] == [False] * 8


@pytest.mark.parametrize("tty", [False, True])
async def test_long_lines_arrive_whole(world: engine_world.World, tty: bool) -> None:
    script = """awk 'BEGIN { for (i = 0; i < 50000; i++) printf "%d,", i; print ""
                            for (i = 0; i < 16384; i++) printf "x"; print ""
                            for (i = 0; i < 20000; i++) printf "é"; print "" }'"""
    ending = "\r" if tty else ""
    expected = ["".join(f"{n}," for n in range(50000)) + ending, "x" * 16384 + ending, "é" * 20000 + ending]
    container_id = await world.run(script, tty=tty)
    assert texts(await read(world, container_id, follow=True)) == expected
    assert texts(await read(world, container_id)) == expected


async def test_both_streams_are_read_and_times_are_the_engines(world: engine_world.World) -> None:
    before = datetime.now(UTC)
    lines = await read(world, await world.run("echo out; sleep 0.05; echo err >&2"), follow=True)
    assert texts(lines) == ["out", "err"]
    times = [datetime.fromisoformat(line.time) for line in lines]
    assert before - timedelta(seconds=1) < times[0] < times[1] < datetime.now(UTC) + timedelta(seconds=1)
    assert [(len(line.time), line.time[-1]) for line in lines] == [(30, "Z")] * 2


async def test_a_log_can_be_read_from_its_end_or_from_a_time(world: engine_world.World) -> None:
    container_id = await world.run("seq 3; sleep 0.05; seq 4 6")
    lines = await read(world, container_id, follow=True)
    assert texts(await read(world, container_id, tail=2)) == ["5", "6"]
    assert texts(await read(world, container_id, tail=2, follow=True)) == ["5", "6"]
    assert texts(await read(world, container_id, tail=0)) == []
    assert texts(await read(world, container_id, tail=100)) == ["1", "2", "3", "4", "5", "6"]
    fourth = datetime.fromisoformat(lines[3].time)
    assert texts(await read(world, container_id, since=fourth)) == ["4", "5", "6"]
    assert texts(await read(world, container_id, since=fourth, tail=1)) == ["6"]
    assert texts(await read(world, container_id, since=datetime.now(UTC) + timedelta(hours=1))) == []


@pytest.mark.parametrize("follow", [False, True])
async def test_the_end_of_a_log_is_counted_in_lines_however_long_they_are(
    world: engine_world.World, follow: bool
) -> None:
    long = 'awk \'BEGIN { for (i = 0; i < 60000; i++) printf "x"; print "" }\''
    container_id = await world.run(f"echo one; {long}; echo three; {long}")
    lines = texts(await read(world, container_id, follow=True))
    assert lines == ["one", "x" * 60000, "three", "x" * 60000]
    for tail in range(6):
        assert texts(await read(world, container_id, tail=tail, follow=follow)) == lines[max(0, 4 - tail) :]


async def test_lines_come_as_they_are_printed(world: engine_world.World) -> None:
    container_id = await world.run("echo first; sleep 100")
    async with asyncio.timeout(5), aclosing(logs.read(world.engine, container_id, follow=True)) as batches:
        assert texts(await anext(batches)) == ["first"]


async def test_a_closed_follower_leaves_nothing_behind(world: engine_world.World) -> None:
    container_id = await world.run("echo first; sleep 100")
    for _ in range(3):
        async with aclosing(logs.read(world.engine, container_id, follow=True)) as batches:
            await anext(batches)
    following = asyncio.create_task(read(world, container_id, follow=True))
    await asyncio.sleep(0.2)
    assert reading_threads() == ["engine-log"]
    following.cancel()

    async def look() -> bool:
        return reading_threads() == []

    await engine_world.eventually(look, within=1.0)


async def test_a_stalled_follower_holds_up_neither_others_nor_the_removal(world: engine_world.World) -> None:
    container_id = await world.run(f"seq {MANY}; sleep 100")
    async with aclosing(logs.read(world.engine, container_id, follow=True)) as stalled:
        await anext(stalled)
        other = await world.run(f"seq {MANY}")
        async with asyncio.timeout(60):
            assert len(await read(world, other, follow=True)) == MANY
        async with asyncio.timeout(5):
            await containers.kill(world.engine, container_id, "SIGKILL")
            await containers.remove(world.engine, container_id)


async def test_a_hundred_followers_get_every_line_and_calls_go_on(world: engine_world.World) -> None:
    container_id = await world.run("for i in $(seq 50); do echo $i; sleep 0.02; done")
    following = [asyncio.create_task(read(world, container_id, follow=True)) for _ in range(100)]
    async with asyncio.timeout(5):
        await asyncio.gather(*(world.engine.ping() for _ in range(50)))
    for lines in await asyncio.gather(*following):
        assert texts(lines) == [str(n) for n in range(1, 51)]


async def test_a_container_removed_under_its_follower_ends_the_log(world: engine_world.World) -> None:
    container_id = await world.run("echo first; sleep 100")
    following = asyncio.create_task(read(world, container_id, follow=True))
    await asyncio.sleep(0.2)
    await containers.remove(world.engine, container_id)
    async with asyncio.timeout(5):
        assert texts(await following) == ["first"]


async def test_a_container_that_is_not_there_has_no_log(world: engine_world.World) -> None:
    with pytest.raises(errors.EngineNotFound, match=r"^No such container: absent$"):
        await read(world, "absent", follow=True)
