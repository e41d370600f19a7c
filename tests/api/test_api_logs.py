"""Logs over HTTP: what is asked of the node, how lines look, refusals, and readers that leave or stall."""

import http.client
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from api_world import PODS, Line, World
from podrunner import errors
from podrunner.api import logs, streams

LOG = f"{PODS}/kubia/log"


@pytest.fixture(autouse=True)
def kubia(world: World) -> None:
    world.create_pod()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 2
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_lines_come_as_the_container_wrote_them(world: World) -> None:
    world.node.batches = [
        [Line(b"first"), Line(b"")],
        [Line("s\u00e9cond".encode()), Line(b"\xff no end", complete=False)],
    ]
    answer = world.ask("GET", LOG)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.body == "first\n\ns\u00e9cond\n".encode() + b"\xff no end"


def test_timestamps_are_the_engine_s(world: World) -> None:
    world.node.batches = [[Line(b"first", time="2024-03-01T12:15:00.123456789Z")]]
    assert world.ask("GET", f"{LOG}?timestamps=true").body == b"2024-03-01T12:15:00.123456789Z first\n"


@pytest.mark.parametrize(
    ("limit", "text"),
    [(1, b"f"), (6, b"first\n"), (9, b"first\nsec"), (13, b"first\nsecond\n"), (99, b"first\nsecond\n")],
)
def test_a_limit_cuts_the_output_off(world: World, limit: int, text: bytes) -> None:
    world.node.batches = [[Line(b"first")], [Line(b"second")]]
    follow = limit <= len(b"first\nsecond\n")
    assert world.ask("GET", f"{LOG}?limitBytes={limit}&follow={follow}").body == text
    assert world.do(lambda: world.node.readers) == 0


def test_the_node_is_asked_for_what_the_client_asks_for(world: World) -> None:
    world.ask("GET", f"{LOG}?container=kubia&previous=true&tailLines=0&sinceTime=2024-03-01T12:15:00Z")
    assert world.node.asked[0] == ("kubia", False, True, datetime(2024, 3, 1, 12, 15, tzinfo=UTC), 0)
    world.ask("GET", f"{LOG}?sinceSeconds=60")
    (container, follow, previous, since, tail) = world.node.asked[1]
    assert (container, follow, previous, tail) == ("", False, False, None)
    assert since is not None
    assert abs(datetime.now(UTC) - since - timedelta(seconds=60)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("tailLines=-1", "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ("limitBytes=0", "limitBytes: Invalid value: 0: must be greater than 0"),
        ("sinceSeconds=0", "sinceSeconds: Invalid value: 0: must be greater than 0"),
        (
            "sinceSeconds=1&sinceTime=2024-03-01T12:15:00Z",
            "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
    ],
)
def test_options_that_make_no_sense_are_invalid(world: World, query: str, refusal: str) -> None:
    answer = world.ask("GET", f"{LOG}?{query}")
    assert (answer.status, answer.data["message"]) == (422, f'PodLogOptions "kubia" is invalid: {refusal}')


@pytest.mark.parametrize("query", ["tailLines=a", "sinceTime=yesterday", "follow=perhaps", "stream=Stdout"])
def test_options_that_can_not_be_read_are_a_bad_request(world: World, query: str) -> None:
    assert world.ask("GET", f"{LOG}?{query}").status == 400


def test_what_the_node_refuses_is_told_by_status(world: World) -> None:
    world.node.refusal = errors.BadRequest('container "kubia" in pod "kubia" is waiting to start: PodInitializing')
    for query in ("", "?follow=true"):
        answer = world.ask("GET", LOG + query)
        assert (answer.status, answer.data["message"]) == (
            400,
            'container "kubia" in pod "kubia" is waiting to start: PodInitializing',
        )


def test_an_engine_that_is_gone_is_told_by_status(world: World) -> None:
    world.node.refusal = errors.EngineUnreachable("no engine answers at unix:///var/run/docker.sock")
    answer = world.ask("GET", LOG)
    assert (answer.status, answer.data["reason"]) == (503, "ServiceUnavailable")
    assert answer.data["message"] == "no engine answers at unix:///var/run/docker.sock"


def test_the_logs_of_an_unknown_pod_are_not_found(world: World) -> None:
    answer = world.ask("GET", f"{PODS}/other/log")
    assert (answer.status, answer.data["message"]) == (404, 'pods "other" not found')


def test_output_that_breaks_off_can_be_told_from_output_that_ends(world: World) -> None:
    world.node.failure = errors.EngineUnreachable("the engine went away")
    with closing(world.open("GET", LOG)) as response:
        assert response.read(6) == b"hello\n"
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()


def test_a_follower_of_a_silent_container_is_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PROMPT_SECONDS", 0.02)
    world.node.batches = []
    with closing(world.open("GET", f"{LOG}?follow=1")) as response:
        assert response.status == 200


def test_a_follower_that_leaves_lets_the_container_go_at_once(world: World) -> None:
    response = world.open("GET", f"{LOG}?follow=1")
    assert response.readline() == b"hello\n"
    assert world.do(lambda: world.node.readers) == 1
    response.close()
    eventually(lambda: world.do(lambda: world.node.readers) == 0)


def test_a_follower_that_does_not_read_is_disconnected(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(streams, "STALL_SECONDS", 0.05)
    world.node.batches = [[Line(b"x" * 65536)]] * 100
    with world.connect() as sock:
        sock.sendall(f"GET {LOG}?follow=1 HTTP/1.1\r\nHost: podrunner\r\n\r\n".encode())
        eventually(lambda: len(world.do(lambda: world.node.given)) == 1)
        eventually(lambda: world.do(lambda: world.node.readers) == 0)
        with pytest.raises(BrokenPipeError):
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: podrunner\r\n\r\n")
    world.stop()
    assert f"breaking off {LOG}: the client does not read" in caplog.text


def test_a_slow_reader_gets_every_line(world: World) -> None:
    lines = [Line(b"%06d" % number) for number in range(20_000)]
    world.node.batches = [lines[start : start + 500] for start in range(0, len(lines), 500)]
    with closing(world.open("GET", LOG)) as response:
        time.sleep(0.05)
        assert response.read() == b"".join(b"%06d\n" % number for number in range(20_000))
