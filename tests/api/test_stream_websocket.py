"""exec and attach over WebSockets, as kubectl and as the clients of other languages use them."""

import base64
import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from stream_clients import FAILURE_3, SUCCESS, messages, query, websocket
from stream_world import POD, StreamWorld

V5, V4, V1 = "v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"
STDIN, STDOUT, STDERR, ERROR, SIZES = (bytes((number,)) for number in range(5))
END_OF_STDIN = b"\xff\x00"
OURS = "channel.k8s.io base64.channel.k8s.io v4.channel.k8s.io v4.base64.channel.k8s.io"
UNKNOWN = f"[v6.k8s.io]; supports [ {OURS}]"


@pytest.fixture(scope="module")
def world() -> Iterator[StreamWorld]:
    with StreamWorld() as running:
        yield running


def refusal(world: StreamWorld, path: str, *subprotocols: str) -> tuple[int, str]:
    """Status code and message of an answer that is no upgrade."""
    with pytest.raises(InvalidStatus) as refused, websocket(world.port, path, *subprotocols):
        pass
    answer = refused.value.response
    return answer.status_code, json.loads(answer.body or b"{}")["message"]


@pytest.mark.parametrize("version", [V5, V4])
def test_output_errors_and_exit_code_come_on_channels(world: StreamWorld, version: str) -> None:
    with websocket(world.port, query("exec", "talk", stdout="true", stderr="true"), version) as client:
        assert client.subprotocol == version
        assert messages(client) == [STDOUT, STDOUT + b"out\n", STDERR + b"err\n", ERROR + FAILURE_3]
        assert client.close_code == 1000


def test_what_was_not_asked_for_does_not_come(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "talk", stderr="1"), V5) as client:
        assert messages(client) == [STDERR, STDERR + b"err\n", ERROR + FAILURE_3]


def test_the_end_of_stdin_can_be_told_in_v5(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "cat", stdin="true", stdout="true"), V5) as client:
        client.send(STDIN + b"one ")
        client.send([STDIN, b"two ", b"three"])  # one message in several frames
        client.send(END_OF_STDIN)
        received = messages(client)
    assert b"".join(message[1:] for message in received[:-1] if isinstance(message, bytes)) == b"one two three"
    assert received[-1] == ERROR + SUCCESS


def test_before_v5_255_is_a_channel_like_any_that_there_is_not(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "cat", stdin="true", stdout="true"), V4) as client:
        client.send(END_OF_STDIN)
        client.send(STDIN + b"still")
        assert [client.recv(timeout=5) for _ in range(2)] == [STDOUT, STDOUT + b"still"]


@pytest.mark.parametrize("message", [b"\xff", b"\xff\x00\x01", b"\xff\x05"])
def test_the_end_of_no_channel_ends_the_connection(world: StreamWorld, message: bytes) -> None:
    with websocket(world.port, query("exec", "sleep", stdin="true"), V5) as client:
        assert client.recv(timeout=5) == ERROR
        client.send(message)
        assert messages(client) == []


def test_channels_that_are_not_the_client_s_are_ignored(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "cat", stdin="true", stdout="true"), V5) as client:
        for message in (b"", STDOUT + b"a", STDERR + b"b", ERROR + b"c", SIZES + b"d", b"\x05e", STDIN + b"f"):
            client.send(message)
        assert [client.recv(timeout=5) for _ in range(2)] == [STDOUT, STDOUT + b"f"]


@pytest.mark.parametrize(
    ("subprotocols", "agreed", "status"),
    [
        (("v4.base64.channel.k8s.io",), "v4.base64.channel.k8s.io", True),
        (("base64.channel.k8s.io",), "base64.channel.k8s.io", False),
        (("unknown", V1, V4), V1, False),
        ((V4, V1, V5), V5, True),
        ((), None, False),
    ],
)
def test_older_subprotocols_are_spoken(
    world: StreamWorld, subprotocols: tuple[str, ...], agreed: str | None, status: bool
) -> None:
    text = agreed is not None and "base64" in agreed
    with websocket(world.port, query("exec", "exit", "3", stdout="true"), *subprotocols) as client:
        assert client.subprotocol == agreed
        first, last = messages(client)
    outcome = FAILURE_3 if status else json.loads(FAILURE_3)["message"].encode()
    if not text:
        assert (first, last) == (STDOUT, ERROR + outcome)
    else:
        assert isinstance(last, str)
        assert (first, last[0], base64.b64decode(last[1:])) == ("1", "3", outcome)


def test_text_channels_are_base64_both_ways(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "cat", stdin="true", stdout="true"), "v4.base64.channel.k8s.io") as client:
        client.send("0no base64")
        client.send("0aGVsbG8=")
        assert [client.recv(timeout=5) for _ in range(2)] == ["1", "1aGVsbG8="]


def test_success_is_not_told_by_the_oldest_subprotocols(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "exit", "0", stdout="true"), V1) as client:
        assert messages(client) == [STDOUT]


def test_a_terminal_has_sizes_and_no_stderr_of_its_own(world: StreamWorld) -> None:
    path = query("exec", "measure", stdin="true", stdout="true", stderr="true", tty="true", container="kubia")
    with websocket(world.port, path, V5) as client:
        client.send(SIZES + b'{"Width":80,"Height":24}\n{"Width"')
        client.send(SIZES + b':132,"Height":43}')
        assert messages(client) == [STDOUT, STDOUT + b"80x24\n", STDOUT + b"132x43\n", ERROR + SUCCESS]
    assert world.do(lambda: world.node.asked[-1]) == ("kubia", ("measure",), True, True, False, True)


def test_what_is_no_size_ends_the_sizes_alone(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "cat", stdin="true", stdout="true", tty="true"), V5) as client:
        client.send(SIZES + b'{"Width":"wide"}')
        client.send(SIZES + b'{"Width":1,"Height":2}' * 20_000)
        client.send(STDIN + b"a")
        assert [client.recv(timeout=5) for _ in range(2)] == [STDOUT, STDOUT + b"a"]
    assert world.do(world.node.sessions[-1].sizes.qsize) == 0


def test_a_container_can_be_attached_to(world: StreamWorld) -> None:
    with websocket(world.port, query("attach", stdin="true", stdout="true", container="kubia"), V5) as client:
        client.send(STDIN + b"world")
        assert messages(client) == [STDOUT, STDOUT + b"hello world", ERROR + SUCCESS]
    assert world.do(lambda: world.node.asked[-1]) == ("kubia", True, True, False, False)


def test_a_command_that_is_lost_is_told_as_an_internal_error(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "lose", stdout="true"), V5) as client:
        *_, last = messages(client)
    why = "error executing command in container: the engine is gone"
    assert isinstance(last, bytes)
    assert json.loads(last[1:]) == {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {why}",
        "reason": "InternalError",
        "details": {"causes": [{"message": why}]},
        "code": 500,
    }


def test_pings_are_answered_while_a_command_runs(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "sleep", stdout="true"), V5) as client:
        assert client.ping().wait(5)


def leave(client: ClientConnection) -> None:
    client.close()


def break_off(client: ClientConnection) -> None:
    client.socket.close()


@pytest.mark.parametrize("end", [leave, break_off])
def test_a_client_that_leaves_lets_go_of_its_command(world: StreamWorld, end: object) -> None:
    with websocket(world.port, query("exec", "sleep", stdin="true", stdout="true"), V5) as client:
        client.recv(timeout=5)
        assert callable(end)
        end(client)
    world.eventually(lambda: world.node.sessions[-1].closed.is_set() and not world.state.tasks)


def test_a_message_that_is_too_long_is_not_waited_for(world: StreamWorld) -> None:
    with websocket(world.port, query("exec", "sleep", stdin="true"), V5) as client:
        assert client.recv(timeout=5) == ERROR
        client.socket.sendall(b"\x82\xff" + (32 * 1024 * 1024 + 1).to_bytes(8, "big") + bytes(4))
        assert messages(client) == []
        assert client.close_code == 1009


@pytest.mark.parametrize(
    ("path", "subprotocol", "code", "message"),
    [
        (query("exec", "talk", stdout="true"), "v6.k8s.io", 403, f"requested protocol(s) are not supported: {UNKNOWN}"),
        (query("exec", stdout="true"), V5, 400, "you must specify at least 1 command"),
        (query("exec", "talk"), V5, 400, "you must specify at least 1 of stdin, stdout, stderr"),
        (query("attach", stderr="true", tty="true"), V5, 400, "you must specify at least 1 of stdin, stdout, stderr"),
        (query("exec", "nothing", stdout="true", container="c"), V5, 400, "container c has no nothing"),
        (f"{POD}x/exec?command=talk&stdout=1", V5, 404, 'pods "kubiax" not found'),
    ],
)
def test_what_can_not_be_is_refused_before_the_upgrade(
    world: StreamWorld, path: str, subprotocol: str, code: int, message: str
) -> None:
    assert refusal(world, path, subprotocol) == (code, message)
