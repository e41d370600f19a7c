"""Followers of a container's output: complete and in order whatever their pace, and in nobody's way when they stall."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from commandline import PODRUNNER, container, eventually, manifest
from podrunner import paths
from podrunner.client import api, http
from podrunner.client.actions import PodRef
from scenario_world import World

pytestmark = pytest.mark.engine

LINES = 300_000
WEB = PodRef("default", "web")
CHATTY = "trap 'exit 0' TERM; while :; do seq 1 1000; done"


def everything() -> bytes:
    return b"".join(b"%d\n" % number for number in range(1, LINES + 1))


def follow(world: World) -> http.Stream:
    return api.follow_log(world.server, WEB, "main", previous=False)


def slowly(stream: http.Stream) -> Iterator[bytes]:
    """Behind from the beginning: the container has long ended when this has read a tenth."""
    for block in stream:
        yield block
        time.sleep(0.001)


@contextlib.contextmanager
def unread_run(world: World, main: dict[str, Any]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A run, and the file descriptor that its output can be read from."""
    environ = {**os.environ, paths.STATE_DIR_VARIABLE: str(world.state_dir)}
    reading, writing = os.pipe()
    command = [PODRUNNER, "run", "--quiet", "-"]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writing, env=environ)
    os.close(writing)
    try:
        assert run.stdin
        with run.stdin:
            run.stdin.write(manifest(main).encode())
        yield run, reading
    finally:
        run.kill()
        run.wait()
        os.close(reading)


def test_every_follower_gets_every_line_of_a_container_that_writes_at_full_speed(world: World) -> None:
    world.serve()
    world.create(manifest(container(f"sleep 0.3; seq 1 {LINES}")))
    world.becomes("Running")
    received: list[bytes] = []
    followers = [
        threading.Thread(target=lambda blocks: received.append(b"".join(blocks)), args=(blocks,))
        for blocks in (follow(world), follow(world), slowly(follow(world)))
    ]
    for follower in followers:
        follower.start()
    for follower in followers:
        follower.join(60)
    assert received == [everything()] * 3


def test_a_reader_that_is_slower_than_the_container_gets_every_line_of_a_run(world: World) -> None:
    received = []
    with unread_run(world, container(f"seq 1 {LINES}")) as (run, output):
        while block := os.read(output, 16384):
            received.append(block)
            time.sleep(0.005)
        assert run.wait(10) == 0
    assert b"".join(received) == b"".join(b"[main] %d\n" % number for number in range(1, LINES + 1))
    assert world.left() == []


def test_a_client_that_does_not_read_does_not_hold_up_the_deletion(world: World) -> None:
    world.serve()
    world.create(manifest(container(CHATTY)))
    world.becomes("Running")
    with contextlib.closing(follow(world)):
        # Long enough for every buffer on the way to be full.
        time.sleep(1)
        world.delete()
        eventually(world.is_gone, within=5)


def test_a_run_whose_output_nobody_reads_does_not_hold_up_the_deletion(world: World) -> None:
    world.serve()
    with unread_run(world, container(CHATTY)):
        eventually(lambda: "main#0" in world.containers())
        world.becomes("Running")
        time.sleep(1)
        world.delete()
        eventually(world.is_gone, within=5)


def test_a_follower_that_leaves_frees_what_it_took(world: World) -> None:
    world.serve()
    world.create(manifest(container(CHATTY)))
    world.becomes("Running")
    before = threads(world)
    streams = [follow(world) for _ in range(10)]
    for stream in streams:
        next(iter(stream))
    assert threads(world) >= before + 10
    for stream in streams:
        stream.close()
    eventually(lambda: threads(world) <= before, within=3)


def threads(world: World) -> int:
    """How many threads the server has."""
    return len(list((world.proc_of_server() / "task").iterdir()))
