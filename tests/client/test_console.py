"""A session's streams and its end, over a real WebSocket on a Unix socket and a node that plays the commands."""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import stream_world
from podrunner import errors
from podrunner.client import console, http

TARGET = console.Target("default", "kubia", "main")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[http.Server]:
    path = tmp_path_factory.mktemp("s") / "s"
    with stream_world.StreamWorld(path=path):
        yield http.Server(path)


class Session:
    """What a command wrote, and how it ended."""

    def __init__(self, server: http.Server, command: Sequence[str], stdin: int | None = None) -> None:
        self.out, self.err = bytearray(), bytearray()
        outputs = {console.STDOUT: self.out.extend, console.STDERR: self.err.extend}
        self.status = console.execute(server, TARGET, command, console.Streams(outputs, stdin))


def test_both_outputs_and_the_exit_status_arrive(server: http.Server) -> None:
    session = Session(server, ["talk"])
    assert (session.status, bytes(session.out), bytes(session.err)) == (3, b"out\n", b"err\n")


def test_what_is_sent_comes_back_whole_though_both_ways_are_full(server: http.Server) -> None:
    reading, writing = os.pipe()
    sent = os.urandom(1 << 16) * 64

    def feed() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(sent)

    threading.Thread(target=feed).start()
    assert bytes(Session(server, ["cat"], reading).out) == sent
    os.close(reading)


def test_a_refusal_is_the_server_s(server: http.Server) -> None:
    with pytest.raises(errors.BadRequest, match="container main has no nothing"):
        Session(server, ["nothing"])


def test_what_goes_wrong_on_the_way_is_told(server: http.Server) -> None:
    with pytest.raises(errors.PodrunnerError, match="the engine is gone"):
        Session(server, ["lose"])


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(http.Disconnected, match="no podrunner server answers"):
        Session(http.Server(tmp_path / "none"), ["talk"])


def test_a_server_that_leaves_ends_the_session(tmp_path: Path) -> None:
    with stream_world.StreamWorld(path=tmp_path / "s") as world:
        threading.Timer(0.1, world.stop).start()
        with pytest.raises(http.Disconnected, match="broke"):
            Session(http.Server(tmp_path / "s"), ["sleep"])
