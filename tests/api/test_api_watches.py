"""Watches over HTTP: JSON lines, resumed, bookmarked, ended, and quick."""

import asyncio
import json
import statistics
import time
from typing import Any

import pytest

from api_world import EVENTS, PODS, World
from podrunner.api import negotiation, presenting, query, watches
from podrunner.objects.pod_status import PodStatus
from podrunner.store import database, events, pods


def told(line: dict[str, Any]) -> str:
    return f"{line['type']} {line['object']['metadata']['name']}"


def write_phase(world: World, uid: str, phase: str) -> None:
    world.do(pods.write_status, world.registry, "default", "kubia", uid, PodStatus(phase=phase))


def test_a_watch_from_a_list_brings_what_happens_after_it(world: World) -> None:
    pod = world.create_pod()
    since = world.ask("GET", PODS).data["metadata"]["resourceVersion"]
    with world.lines(f"{PODS}?watch=1&resourceVersion={since}") as lines:
        write_phase(world, pod.metadata.uid, "Running")
        change = lines.next()
        assert (told(change), change["object"]["status"]["phase"]) == ("MODIFIED kubia", "Running")
        assert int(change["object"]["metadata"]["resourceVersion"]) == int(since) + 1
        world.do(pods.remove, world.registry, "default", "kubia", pod.metadata.uid)
        assert told(lines.next()) == "DELETED kubia"


def test_a_watch_without_a_version_begins_with_what_is_there(world: World) -> None:
    world.create_pod("a")
    world.create_pod("b")
    with world.lines("/api/v1/pods?watch=true") as lines:
        assert [told(lines.next()), told(lines.next())] == ["ADDED a", "ADDED b"]


def test_many_changes_come_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "CHUNK_BYTES", 1)
    for name in ("a", "b", "c"):
        world.create_pod(name)

    view = presenting.View(pods.POD, pods.POD)
    presenter = presenting.Presenter(view, negotiation.Accepted(), world.registry.clock.now)

    async def pieces() -> list[bytes]:
        watch = world.registry.watch(pods.POD, since=None)
        return [piece async for piece in watches.lines(watch, presenter, query.Watching(None, False, False, 0.02))]

    each = asyncio.run_coroutine_threadsafe(pieces(), world.loop).result(5)
    assert [told(json.loads(piece)) for piece in each] == ["ADDED a", "ADDED b", "ADDED c"]


def test_a_watch_of_events_follows_one_pod(world: World) -> None:
    kubia, other = world.create_pod(), world.create_pod("other")
    with world.lines(f"{EVENTS}?watch=1&fieldSelector=involvedObject.uid%3D{kubia.metadata.uid}") as lines:
        recorder = events.Recorder(world.registry, host="vm")
        world.do(recorder.record, other, "Normal", "Started", "Started container kubia")
        world.do(recorder.record, kubia, "Normal", "Pulled", "Container image already present on machine")
        assert lines.next()["object"]["reason"] == "Pulled"


def test_a_watch_ends_after_its_time(world: World) -> None:
    world.create_pod()

    async def collected() -> list[bytes]:
        watch = world.registry.watch(pods.POD, since=None)
        asked = query.Watching(since=None, bookmarks=False, initial_end=False, seconds=0.02)
        presenter = presenting.Presenter(
            presenting.View(pods.POD, pods.POD), negotiation.Accepted(), world.registry.clock.now
        )
        return [chunk async for chunk in watches.lines(watch, presenter, asked)]

    started = time.monotonic()
    (chunk,) = asyncio.run_coroutine_threadsafe(collected(), world.loop).result(5)
    assert told(json.loads(chunk)) == "ADDED kubia"
    assert 0.02 <= time.monotonic() - started < 1
    assert world.do(lambda: world.registry.watches) == 0


def test_bookmarks_tell_how_far_a_quiet_watch_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "BOOKMARK_SECONDS", 0.01)
    asked = "watch=1&resourceVersion=1&labelSelector=app%3Dnone&allowWatchBookmarks=true"
    with world.lines(f"{PODS}?{asked}") as lines:
        newest = world.create_pod().metadata.resource_version
        bookmarks = [lines.next()]
        while bookmarks[-1]["object"]["metadata"]["resourceVersion"] != newest:
            bookmarks.append(lines.next())
    assert {line["type"] for line in bookmarks} == {"BOOKMARK"}
    assert bookmarks[-1]["object"] == {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": newest}}


def test_who_asks_for_lost_history_is_told_in_the_stream(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "HISTORY_CHANGES", 1)
    monkeypatch.setattr(database, "COMPACTION_INTERVAL", 1)
    world.create_pod()
    with world.lines(f"{PODS}?watch=1&resourceVersion=1") as lines:
        (line,) = lines
    assert (line["type"], line["object"]["kind"]) == ("ERROR", "Status")
    assert (line["object"]["code"], line["object"]["reason"]) == (410, "Expired")
    assert line["object"]["message"].startswith("too old resource version: 1 (")


def test_initial_events_end_with_a_bookmark_that_says_so(world: World) -> None:
    newest = world.create_pod().metadata.resource_version
    asked = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    with world.lines(f"{PODS}?{asked}") as lines:
        assert told(lines.next()) == "ADDED kubia"
        assert lines.next() == {
            "type": "BOOKMARK",
            "object": {
                "kind": "Pod",
                "apiVersion": "v1",
                "metadata": {
                    "resourceVersion": newest,
                    "annotations": {"k8s.io/initial-events-end": "true"},
                },
            },
        }


def test_initial_events_need_a_match(world: World) -> None:
    answer = world.ask("GET", f"{PODS}?watch=1&sendInitialEvents=true")
    assert (answer.status, answer.data["message"]) == (
        422,
        (
            'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting'
            " resourceVersionMatch to NotOlderThan"
        ),
    )


def test_a_watch_whose_client_has_left_is_closed_at_once(world: World) -> None:
    lines = world.lines(f"{PODS}?watch=1")
    assert world.do(lambda: world.registry.watches) == 1
    lines.close()
    deadline = time.monotonic() + 1
    while world.do(lambda: world.registry.watches):
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_change_reaches_its_watchers_within_milliseconds(world: World) -> None:
    uid = world.create_pod().metadata.uid
    delays = []
    with world.lines(f"{PODS}?watch=1") as lines:
        lines.next()
        for number in range(20):
            before = time.monotonic()
            write_phase(world, uid, ("Running", "Pending")[number % 2])
            lines.next()
            delays.append(time.monotonic() - before)
    assert statistics.median(delays) < 0.01
