"""A run's connection: held while it is open, and told of pulls."""

import time

import pytest

from api_world import Report, World
from podrunner.api import runs

RUN = "/apis/podrunner.dev/v1/runs/a1"


def held(world: World) -> list[str]:
    return world.do(lambda: list(world.leases.held))


def wait_for_nobody(world: World) -> float:
    """Seconds until no lease is held any more."""
    started = time.monotonic()
    while held(world):
        assert time.monotonic() - started < 1
        time.sleep(0.001)
    return time.monotonic() - started


def test_a_lease_is_held_as_soon_as_it_is_said_to_be(world: World) -> None:
    with world.lines(f"{RUN}?lease=true") as lines:
        assert lines.next() == {"type": "HELD"}
        assert held(world) == ["a1"]
        assert world.leases.networks == [False]


def test_a_lease_ends_when_its_connection_does(world: World) -> None:
    with world.lines(f"{RUN}?lease=true") as lines:
        lines.next()
    assert wait_for_nobody(world) < 0.1


def test_a_lease_ends_when_the_client_is_gone_without_having_read_anything(world: World) -> None:
    with world.connect() as sock:
        sock.sendall(f"GET {RUN}?lease=true HTTP/1.1\r\nHost: podrunner\r\n\r\n".encode())
        while not held(world):
            time.sleep(0.001)
    assert wait_for_nobody(world) < 0.1


def test_a_run_can_announce_that_it_needs_the_network(world: World) -> None:
    with world.lines(f"{RUN}?lease=true&network=true") as lines:
        lines.next()
        assert world.leases.networks == [True]


def test_a_run_without_a_lease_only_listens(world: World) -> None:
    with world.lines(f"{RUN}?lease=false") as lines:
        assert lines.next() == {"type": "HELD"}
        assert held(world) == []


def test_a_run_is_told_of_pulls(world: World) -> None:
    with world.lines(RUN) as lines:
        lines.next()
        world.do(world.node.pulls.put_nowait, Report())
        assert lines.next() == {
            "type": "PULL",
            "namespace": "default",
            "pod": "kubia",
            "container": "kubia",
            "reference": "luksa/kubia:1.0",
            "layer": "5f70bf18a086",
            "status": "Downloading",
            "current": 10,
            "total": 100,
        }


def test_a_quiet_run_is_pinged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PING_SECONDS", 0.01)
    with world.lines(RUN) as lines:
        assert [lines.next()["type"] for _ in range(3)] == ["HELD", "PING", "PING"]


def test_a_server_that_stops_ends_its_leases(world: World) -> None:
    with world.lines(f"{RUN}?lease=true") as lines:
        lines.next()
        world.stop()
        assert list(lines) == [], "the stream ends properly, it does not break"
    assert world.leases.held == []
