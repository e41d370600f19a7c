"""A connection that is taken over: on every kind of transport, with back-pressure, and until the server stops."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

import api_world
from podrunner.api import connection, spdy
from podrunner.credentials import keyring
from podrunner.store import pods
from stream_clients import SUCCESS, Spdy, query, read_head, request, upgrade
from stream_world import StreamWorld

V4 = "v4.channel.k8s.io"
CAT = query("exec", "cat", stdin="true", stdout="true")


class Place:
    """A running API, and how to reach it."""

    def __init__(self, world: StreamWorld, trust: ssl.SSLContext | None, path: Path | None) -> None:
        self.world = world
        self._trust = trust
        self._path = path

    def connect(self) -> socket.socket:
        if self._path:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(self._path))
        else:
            sock = socket.create_connection(("127.0.0.1", self.world.port))
        sock.settimeout(5)
        return self._trust.wrap_socket(sock, server_hostname="127.0.0.1") if self._trust else sock


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server gives clients that do not read less time than it would."""
    monkeypatch.setattr(connection, "CLOSE_SECONDS", 0.05)


@pytest.fixture(params=["tcp", "tls", "unix"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "unix":
        with StreamWorld(path=tmp_path / "socket") as world:
            yield Place(world, None, tmp_path / "socket")
    elif request.param == "tls":
        ring = keyring.Keyring(tmp_path / "ring")
        opened = keyring.open_for_server(ring, datetime.now(UTC))
        with StreamWorld(opened.context) as world:
            yield Place(world, ssl.create_default_context(cadata=opened.authority), None)
    else:
        with StreamWorld() as world:
            yield Place(world, None, None)


@pytest.fixture
def world() -> Iterator[StreamWorld]:
    with StreamWorld() as running:
        yield running


def streams(client: Spdy, *kinds: str) -> tuple[int, ...]:
    return tuple(map(client.stream, kinds))


def test_much_goes_both_ways_on_any_transport(place: Place) -> None:
    with Spdy(place.connect(), CAT, V4) as client:
        error, stdin, stdout = streams(client, "error", "stdin", "stdout")
        sent = bytes(range(256)) * 4096
        for start in range(0, len(sent), 65536):
            client.send(spdy.Data(stdin, sent[start : start + 65536]))
        client.send(spdy.Data(stdin, b"", fin=True))
        client.until_ended(error, stdout)
        assert client.received[stdout] == sent
        assert client.received[error] == SUCCESS
        client.send(spdy.GoAway(0))
        client.until_gone()


def test_an_answer_that_is_still_being_read_is_no_obstacle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It leaves by the same transport, whose buffer is full of it when the connection is taken over."""
    with StreamWorld(path=tmp_path / "socket") as world, socket.socket(socket.AF_UNIX) as sock:
        for number in range(3):
            large = api_world.pod(f"large-{number}")
            metadata = structs.replace(large.metadata, annotations={"text": "x" * 250_000})
            world.do(pods.create, world.registry, structs.replace(large, metadata=metadata))
        sock.connect(str(tmp_path / "socket"))
        client = Spdy(sock)
        listed = request("/api/v1/namespaces/default/pods", {}, method="GET")
        client.sock.sendall(listed + request(CAT, upgrade([V4])))
        world.eventually(lambda: world.node.sessions)
        left = int(read_head(client.sock).headers["content-length"])
        assert left > 750_000
        while left:
            left -= len(client.sock.recv(left))
        assert read_head(client.sock).status == 101
        error, stdin, stdout = streams(client, "error", "stdin", "stdout")
        client.send(spdy.Data(stdin, b"after", fin=True))
        client.until_ended(error, stdout)
        assert client.received[stdout] == b"after"
    assert caplog.records == []


def test_a_server_that_stops_ends_streams_at_once(place: Place) -> None:
    with Spdy(place.connect(), query("exec", "sleep", stdout="true"), V4) as client:
        streams(client, "error", "stdout")
        client.read()
        session = place.world.node.sessions[-1]
        started = time.monotonic()
        place.world.stop()
        assert time.monotonic() - started < 0.5
        client.until_gone()
        assert session.closed.is_set()


def test_a_client_that_does_not_read_stops_the_command_and_not_the_server(world: StreamWorld) -> None:
    with Spdy(
        socket.create_connection(("127.0.0.1", world.port)), query("exec", "flood", "64", stdout="1"), V4
    ) as client:
        streams(client, "error", "stdout")
        world.eventually(lambda: world.node.sessions[-1].said > 1_000_000)
        time.sleep(0.02)
        said = world.do(lambda: world.node.sessions[-1].said)
        time.sleep(0.02)
        assert world.do(lambda: world.node.sessions[-1].said) == said < 16_000_000
        started = time.monotonic()
        world.stop()
        assert time.monotonic() - started < 0.5


def test_a_command_that_does_not_read_stops_the_client(world: StreamWorld) -> None:
    with Spdy(socket.create_connection(("127.0.0.1", world.port)), query("exec", "sleep", stdin="1"), V4) as client:
        _, stdin = streams(client, "error", "stdin")
        client.sock.settimeout(0.05)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 64_000_000:
                client.send(spdy.Data(stdin, bytes(65536)))
                sent += 65536
        assert sent < 32_000_000


def test_nothing_is_left_of_a_connection_that_ended(world: StreamWorld, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        with Spdy(socket.create_connection(("127.0.0.1", world.port), 5), CAT, V4) as client:
            streams(client, "error", "stdin", "stdout")
            client.read()
    world.eventually(lambda: not world.state.connections and not world.state.tasks)
    assert all(world.do(session.closed.is_set) for session in world.node.sessions)
    assert caplog.records == []
