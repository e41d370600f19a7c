"""exec over SPDY/3.1, as kubectl before 1.31 and client-go use it."""

import json
import socket
from collections.abc import Iterator

import pytest

from podrunner.api import exec, spdy
from stream_clients import FAILURE_3, SUCCESS, Spdy, query, read_head, request, upgrade
from stream_world import POD, StreamWorld

V4, V3, V2, V1 = "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"
OURS = "server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]"


@pytest.fixture(scope="module")
def world() -> Iterator[StreamWorld]:
    with StreamWorld() as running:
        yield running


def connected(world: StreamWorld, path: str, *versions: str) -> Spdy:
    return Spdy(socket.create_connection(("127.0.0.1", world.port), 5), path, *versions)


def test_the_upgrade_is_answered_as_the_api_server_does(world: StreamWorld) -> None:
    versions = ("v5.channel.k8s.io", V4, V3, V2, V1)
    with connected(world, query("exec", "talk", stdout="true"), *versions) as client:
        assert client.head.status == 101
        assert client.head.headers.keys() == {"connection", "upgrade", "x-stream-protocol-version", "date"}
        assert client.head.headers["connection"] == "Upgrade"
        assert client.head.headers["upgrade"] == "SPDY/3.1"
        assert client.head.headers["x-stream-protocol-version"] == V4


def test_output_errors_and_exit_code_come_on_streams(world: StreamWorld) -> None:
    with connected(world, query("exec", "talk", stdout="true", stderr="true"), V4) as client:
        error, stdout, stderr = map(client.stream, ("error", "stdout", "stderr"))
        client.until_ended(error, stdout, stderr)
        assert client.received == {error: FAILURE_3, stdout: b"out\n", stderr: b"err\n"}
        assert client.frames[:3] == [spdy.SynReply(number, {}) for number in (error, stdout, stderr)]
        assert sorted(client.ended) == [error, stdout, stderr]


@pytest.mark.parametrize("version", [V3, V2, V1])
def test_older_versions_tell_failures_as_text(world: StreamWorld, version: str) -> None:
    with connected(world, query("exec", "exit", "3", stdout="true"), version) as client:
        error, stdout = client.stream("error"), client.stream("stdout")
        client.until_ended(error, stdout)
        assert client.received == {error: json.loads(FAILURE_3)["message"].encode(), stdout: b""}


def test_older_versions_tell_nothing_of_success(world: StreamWorld) -> None:
    with connected(world, query("exec", "exit", "0", stdout="true"), V2) as client:
        error, stdout = client.stream("error"), client.stream("stdout")
        client.until_ended(error, stdout)
        assert client.received == {error: b"", stdout: b""}


def test_stdin_ends_when_the_client_ends_it(world: StreamWorld) -> None:
    with connected(world, query("exec", "cat", stdin="true", stdout="true"), V4) as client:
        error, stdin, stdout = map(client.stream, ("error", "stdin", "stdout"))
        client.send(spdy.Data(stdin, b"one "), spdy.Data(stdin, b"two", fin=True))
        client.until_ended(error, stdout)
        assert (client.received[stdout], client.received[error]) == (b"one two", SUCCESS)


def test_input_that_nobody_reads_any_more_is_dropped(world: StreamWorld) -> None:
    with connected(world, query("exec", "exit", "0", stdin="true", stdout="true"), V4) as client:
        error, stdin, stdout = map(client.stream, ("error", "stdin", "stdout"))
        client.until_ended(error, stdout)
        assert client.broken == [stdin]
        client.send(*[spdy.Data(stdin, bytes(65536))] * 20, spdy.Ping(1))
        while spdy.Ping(1) not in client.frames:
            assert client.read()


def test_a_terminal_has_sizes_from_v3_on(world: StreamWorld) -> None:
    with connected(world, query("exec", "measure", stdin="true", stdout="true", tty="true"), V4) as client:
        error, stdin, stdout, sizes = map(client.stream, ("error", "stdin", "stdout", "resize"))
        client.send(spdy.Data(sizes, b'{"Width":80,"Height":24}{"Width":132,"Height":43}'))
        client.until_ended(error, stdout)
        assert client.received[stdout] == b"80x24\n132x43\n"
        assert client.broken == [stdin, sizes]


def test_a_terminal_of_v2_has_no_sizes(world: StreamWorld) -> None:
    with connected(world, query("exec", "talk", stdout="true", stderr="true", tty="true"), V2) as client:
        error, stdout = client.stream("error"), client.stream("stdout")
        client.until_ended(error, stdout)
        assert client.received[stdout] == b"out\n"


def test_streams_of_other_types_are_of_no_use(world: StreamWorld) -> None:
    with connected(world, query("exec", "talk", stdout="true"), V4) as client:
        other = client.stream("data")
        client.send(spdy.Data(other, bytes(1_000_000)))
        error, stdout = client.stream("error"), client.stream("stdout")
        client.until_ended(error, stdout)
        assert client.received[stdout] == b"out\n"
        assert client.broken == [other]


def test_a_second_stream_of_a_type_is_refused(world: StreamWorld) -> None:
    with connected(world, query("exec", "cat", stdin="true", stdout="true"), V4) as client:
        error, stdin, second, stdout = map(client.stream, ("error", "stdin", "stdin", "stdout"))
        client.send(spdy.Data(second, bytes(1_000_000)), spdy.Data(stdin, b"first", fin=True))
        client.until_ended(error, stdout)
        assert client.received[stdout] == b"first"
        assert client.broken == [second, stdin]


def test_nothing_that_was_sent_with_the_request_is_lost(world: StreamWorld) -> None:
    with connected(world, "") as client:
        first = client.encode(spdy.SynStream(1, {"streamtype": "error"}), spdy.SynStream(3, {"streamtype": "stdin"}))
        client.sock.sendall(request(query("exec", "cat", stdin="true", stdout="true"), upgrade([V4])) + first)
        assert read_head(client.sock).status == 101
        client.send(spdy.SynStream(5, {"streamtype": "stdout"}), spdy.Data(3, b"all", fin=True))
        client.until_ended(5)
        assert client.received[5] == b"all"


def test_the_client_reads_all_at_its_pace_and_leaves_first(world: StreamWorld) -> None:
    """Who closes first, while the other still sends, makes the kernel throw away what is under way."""
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", world.port))
        client = Spdy(slow, query("exec", "flood", "1", stdout="true"), V4)
        error, stdout = client.stream("error"), client.stream("stdout")
        for number in range(1, 20, 2):
            client.send(spdy.Ping(number))
            client.read()
        client.until_ended(error, stdout)
        assert len(client.received[stdout]) == 1024 * 1024
        assert client.received[error] == SUCCESS
        assert world.do(lambda: len(world.state.connections)) == 1
        client.send(spdy.GoAway(0))
        client.until_gone()
    world.eventually(lambda: not world.state.connections)


def test_a_client_that_opens_no_streams_is_not_waited_for(world: StreamWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exec, "STREAMS_WITHIN", 0.02)
    with connected(world, query("exec", "sleep", stdin="true", stdout="true"), V4) as client:
        client.stream("error")
        client.until_gone()
    world.eventually(world.node.sessions[-1].closed.is_set)


def test_a_client_that_speaks_something_else_is_left(world: StreamWorld) -> None:
    with connected(world, query("exec", "sleep", stdout="true"), V4) as client:
        client.stream("error")
        client.sock.sendall(b"\x80\x02 this is SPDY/2")
        client.until_gone()
    world.eventually(world.node.sessions[-1].closed.is_set)


def test_a_client_that_leaves_lets_go_of_its_command(world: StreamWorld) -> None:
    with connected(world, query("exec", "sleep", stdout="true"), V4) as client:
        client.stream("error"), client.stream("stdout")
        client.read()
    world.eventually(world.node.sessions[-1].closed.is_set)


@pytest.mark.parametrize(
    ("headers", "code", "message"),
    [
        ({}, 400, "Upgrade request required"),
        ({"Connection": "keep-alive", "Upgrade": "SPDY/3.1"}, 400, "Upgrade request required"),
        (
            {"Connection": "Upgrade", "Upgrade": "h2c"},
            400,
            "unable to upgrade: missing upgrade headers in request: SPDY/3.1 or websocket",
        ),
        (
            {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"},
            400,
            "unable to upgrade: X-Stream-Protocol-Version is required",
        ),
        (
            upgrade(["v9.k8s.io", "v8.k8s.io"]),
            403,
            f"unable to upgrade: unable to negotiate protocol: client supports [v9.k8s.io v8.k8s.io], {OURS}",
        ),
        (
            {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Protocol": V4},
            400,
            "Failed to open a WebSocket connection: missing Sec-WebSocket-Key header.",
        ),
    ],
)
def test_requests_that_are_no_proper_upgrade_are_refused(
    world: StreamWorld, headers: dict[str, str], code: int, message: str
) -> None:
    with socket.create_connection(("127.0.0.1", world.port), 5) as sock:
        sock.sendall(request(query("exec", "talk", stdout="true"), {**headers, "Content-Length": "0"}))
        head = read_head(sock)
        assert head.status == code
        assert json.loads(sock.recv(int(head.headers["content-length"])))["message"] == message


def test_an_upgrade_with_a_body_to_come_is_refused(world: StreamWorld) -> None:
    headers = {**upgrade([V4]), "Content-Length": "5"}
    with socket.create_connection(("127.0.0.1", world.port), 5) as sock:
        sock.sendall(request(query("exec", "sleep", stdout="true"), headers))
        assert read_head(sock).status == 400
    world.eventually(world.node.sessions[-1].closed.is_set)


def test_there_is_a_host_before_there_are_commands(world: StreamWorld) -> None:
    with socket.create_connection(("127.0.0.1", world.port), 5) as sock:
        sock.sendall(request(f"{POD}x/exec?command=talk&stdout=1", upgrade([V4])))
        assert read_head(sock).status == 404
