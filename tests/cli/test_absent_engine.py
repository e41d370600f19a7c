"""A run whose engine goes away: for a moment, and for good."""

import pytest

from commandline import Podrunner, container, eventually, manifest
from engine_way import Way

pytestmark = pytest.mark.engine

COUNTS = "trap exit TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done"


def last_number(out: str) -> int:
    return int(out.split()[-1]) if out else 0


def test_a_run_outlives_a_short_absence_of_the_engine_but_not_a_long_one(fresh_podrunner: Podrunner) -> None:
    way = Way(fresh_podrunner.directory / "engine.sock")
    there = {"DOCKER_HOST": f"unix://{way.path}"}
    with way.open():
        running = fresh_podrunner.start("run", "-", manifests=manifest(container(COUNTS)), environ=there)
        running.until("[main] 10\n")
    running.until("NodeNotReady")
    with way.open():
        missed = last_number(running.out)
        eventually(lambda: last_number(running.out) > missed + 30)
    running.ends(125)
    assert running.out.splitlines() == [f"[main] {number}" for number in range(1, last_number(running.out) + 1)]
    assert "what was started is removed when the engine answers again" in running.err
    with way.open():
        eventually(lambda: not fresh_podrunner.left_on_engine())
        fresh_podrunner.start("server", "stop", environ=there).ends(0)
