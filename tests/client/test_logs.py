"""Which logs are followed, and which of their lines are shown."""

from typing import Any

import pytest

from podrunner.client.actions import Follow, LogStream, PodRef
from podrunner.client.logs import Logs, Transcript
from podrunner.objects import codec
from podrunner.objects.pod import Pod

REF = PodRef("default", "web")
FIRST = LogStream(REF, "main", "docker://1")
SECOND = LogStream(REF, "main", "docker://2")


def pod(container_id: str, *, state: str = "running", last: str = "") -> Pod:
    status: dict[str, Any] = {"name": "main", "containerID": container_id, "state": {state: {}}}
    if last:
        status["lastState"] = {"terminated": {"containerID": last, "exitCode": 1}}
    metadata = {"namespace": "default", "name": "web"}
    return codec.decode({"metadata": metadata, "status": {"containerStatuses": [status]}}, Pod)


def test_a_line_cut_by_blocks_is_one_line() -> None:
    transcript = Transcript()
    assert list(transcript.received(b"on")) == []
    assert list(transcript.received(b"e\ntwo\nth")) == [b"one", b"two"]
    assert list(transcript.received(b"ree\n")) == [b"three"]


def test_a_last_line_without_an_end_is_shown_when_the_log_ends() -> None:
    transcript = Transcript()
    assert list(transcript.received(b"one\ntwo")) == [b"one"]
    assert list(transcript.ended()) == [b"two"]
    assert list(transcript.ended()) == []


def test_empty_lines_and_bytes_that_are_no_text_are_kept() -> None:
    assert list(Transcript().received(b"\n\n\xff\x00\r\n")) == [b"", b"", b"\xff\x00\r"]


def test_a_log_read_again_shows_only_what_was_not_shown() -> None:
    transcript = Transcript()
    transcript.received(b"one\ntwo\nthr")
    transcript.broken()
    assert list(transcript.received(b"o")) == []
    assert list(transcript.received(b"ne\ntwo\nthree\nfour\n")) == [b"three", b"four"]


def test_a_log_that_breaks_twice_is_not_repeated() -> None:
    transcript = Transcript()
    transcript.received(b"one\ntwo\n")
    transcript.broken()
    assert list(transcript.received(b"one\n")) == []
    transcript.broken()
    assert list(transcript.received(b"one\ntwo\nthree\n")) == [b"three"]


MIB = 1024 * 1024


def test_a_line_that_never_ends_is_shown_in_pieces_as_it_comes() -> None:
    transcript = Transcript()
    shown = [len(line) for _ in range(40) for line in transcript.received(b"x" * 65536)]
    assert shown == [MIB, MIB]
    assert [len(line) for line in transcript.ended()] == [MIB // 2]


def test_a_line_of_a_pieces_length_is_one_line() -> None:
    transcript = Transcript()
    assert [len(line) for line in transcript.received(b"x" * MIB)] == []
    assert [len(line) for line in transcript.received(b"\ny\n")] == [MIB, 1]


@pytest.mark.parametrize("cut", [1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB])
def test_a_long_line_is_cut_alike_however_it_comes(cut: int) -> None:
    line = b"a" * MIB + b"b" * MIB + b"c\n"
    transcript = Transcript()
    shown = [*transcript.received(line[:cut]), *transcript.received(line[cut:])]
    assert [(piece[:1], len(piece)) for piece in shown] == [(b"a", MIB), (b"b", MIB), (b"c", 1)]
    transcript.broken()
    assert transcript.received(line + b"d\n") == [b"d"]


def test_the_last_twenty_lines_are_remembered() -> None:
    transcript = Transcript()
    transcript.received(b"".join(b"%d\n" % number for number in range(100)))
    assert list(transcript.tail) == [b"%d" % number for number in range(80, 100)]


def test_a_container_is_followed_from_when_it_runs() -> None:
    assert Logs().pod_changed(pod("", state="waiting")) == []
    assert Logs().pod_changed(pod("docker://1")) == [Follow(FIRST)]


def test_a_container_that_ended_before_it_was_seen_running_is_read_too() -> None:
    assert Logs().pod_changed(pod("docker://1", state="terminated")) == [Follow(FIRST)]


def test_an_instance_is_followed_once() -> None:
    logs = Logs()
    logs.pod_changed(pod("docker://1"))
    assert logs.pod_changed(pod("docker://1", state="terminated")) == []
    assert logs.ended(FIRST) == ((), [])
    assert logs.pod_changed(pod("docker://1", state="waiting", last="docker://1")) == []


def test_the_next_instance_is_read_when_the_one_before_has_ended() -> None:
    logs = Logs()
    logs.pod_changed(pod("docker://1"))
    assert logs.pod_changed(pod("docker://2", last="docker://1")) == []
    assert list(logs.received(FIRST, b"partial")) == []
    assert logs.ended(FIRST) == ([b"partial"], [Follow(SECOND)])


def test_an_instance_that_was_never_seen_as_the_current_one_is_read_as_the_previous() -> None:
    logs = Logs()
    assert logs.pod_changed(pod("docker://2", last="docker://1")) == [Follow(FIRST, previous=True)]
    assert logs.ended(FIRST) == ((), [Follow(SECOND)])


def test_logs_are_pending_until_every_instance_was_read() -> None:
    logs = Logs()
    assert not logs.pending()
    logs.pod_changed(pod("docker://1"))
    logs.pod_changed(pod("docker://2", last="docker://1"))
    logs.ended(FIRST)
    assert logs.pending()
    assert logs.pending("main")
    assert not logs.pending("other")
    logs.ended(SECOND)
    assert not logs.pending()
    assert not logs.pending("main")
