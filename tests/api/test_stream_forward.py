"""Port-forward: over SPDY, over SPDY in a WebSocket's messages, over channels of a WebSocket."""

import base64
import contextlib
import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import InvalidStatus

from podrunner.api import inbox, portforward, spdy
from stream_clients import Spdy, Tunnelled, messages, read_head, request, websocket
from stream_world import POD, StreamWorld

PATH, PROTOCOL, V4 = f"{POD}/portforward", "portforward.k8s.io", "v4.channel.k8s.io"
OURS = "supports [ v4.channel.k8s.io v4.base64.channel.k8s.io]"


@pytest.fixture(scope="module")
def world() -> Iterator[StreamWorld]:
    with StreamWorld() as running:
        yield running


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A port in the pod that serves each of its connections so, in a thread, and closes it then."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

    def handle(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            serve(sock)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield str(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def echo(sock: socket.socket) -> None:
    while data := sock.recv(65536):
        sock.sendall(data)


def count(sock: socket.socket) -> None:
    """Says how much it was sent once that has ended."""
    total = 0
    while data := sock.recv(65536):
        total += len(data)
    sock.sendall(str(total).encode())


def greet(sock: socket.socket) -> None:
    sock.sendall(b"hello")


def never_read(sock: socket.socket) -> None:
    threading.Event().wait()


def connected(world: StreamWorld) -> Spdy:
    return Spdy(socket.create_connection(("127.0.0.1", world.port), 5), PATH, PROTOCOL)


def pair(client: Spdy, port: str, request: str = "0") -> tuple[int, int]:
    """The error and the data stream of a connection, opened as kubectl does."""
    error = client.stream("error", port=port, requestid=request)
    client.send(spdy.Data(error, b"", fin=True))
    return error, client.stream("data", port=port, requestid=request)


def test_the_client_may_end_before_the_pod_has_answered(world: StreamWorld) -> None:
    with listening(count) as port, connected(world) as client:
        assert client.head.headers["x-stream-protocol-version"] == PROTOCOL
        error, data = pair(client, port)
        client.send(*[spdy.Data(data, bytes(65536))] * 32, spdy.Data(data, b"!", fin=True))
        client.until_ended(error, data)
        assert client.received == {data: b"2097153", error: b""}
        assert client.broken == []


def test_the_pod_may_end_before_the_client_has(world: StreamWorld) -> None:
    heard: queue.Queue[bytes] = queue.Queue()

    def greet_and_listen(sock: socket.socket) -> None:
        sock.sendall(b"hello")
        sock.shutdown(socket.SHUT_WR)
        heard.put(sock.recv(10))

    with listening(greet_and_listen) as port, connected(world) as client:
        error, data = pair(client, port)
        client.until_ended(error, data)
        assert client.received[data] == b"hello"
        client.send(spdy.Data(data, b"thanks", fin=True))
        assert heard.get(timeout=5) == b"thanks"
        world.eventually(world.node.tunnels[-1].closed.is_set)


def test_ten_connections_at_once_do_not_mix(world: StreamWorld) -> None:
    with listening(echo) as port, connected(world) as client:
        pairs = [pair(client, port, str(number)) for number in range(10)]
        for number, (_, data) in enumerate(pairs):
            client.send(spdy.Data(data, b"%d" % number * 50_000, fin=True))
        client.until_ended(*[stream for both in pairs for stream in both])
        assert [client.received[data] for _, data in pairs] == [b"%d" % number * 50_000 for number in range(10)]


def test_a_client_that_breaks_its_stream_off_closes_the_connection_to_the_pod(world: StreamWorld) -> None:
    with listening(echo) as port, connected(world) as client:
        error, data = pair(client, port)
        client.send(spdy.Data(data, b"a"))
        while not client.received.get(data):
            client.read()
        client.send(spdy.RstStream(data, 5))
        client.until_ended(error)
        world.eventually(world.node.tunnels[-1].closed.is_set)


def test_a_connection_that_takes_nothing_is_broken_off_for_the_others_sake(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "STALL_SECONDS", 0.1)
    with listening(never_read) as deaf, listening(echo) as port, connected(world) as client:
        error, stalled = pair(client, deaf)
        client.send(*[spdy.Data(stalled, bytes(65536))] * 200)
        _, data = pair(client, port, "1")
        client.send(spdy.Data(data, b"and now", fin=True))
        client.until_ended(error, data)
        assert client.received[data] == b"and now"
        assert client.broken == [stalled]


@pytest.mark.parametrize(("port", "why"), [("1", 'pod not found ("kubia_default")'), ("closed", "connection refused")])
def test_a_port_out_of_reach_is_told_on_the_error_stream(world: StreamWorld, port: str, why: str) -> None:
    if port == "closed":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = str(listener.getsockname()[1])
        why = f"failed to connect to localhost:{port}: {why}"
    with connected(world) as client:
        error, data = pair(client, port)
        client.until_ended(error, data)
        uid = world.do(lambda: world.pod.metadata.uid)
        assert client.received[error].decode() == f"error forwarding port {port} to pod kubia, uid {uid}: {why}"
        assert client.broken == [data]


def test_streams_of_clients_without_request_ids_belong_together_by_their_order(world: StreamWorld) -> None:
    with listening(echo) as port, connected(world) as client:
        error, data = client.stream("error", port=port), client.stream("data", port=port)
        client.send(spdy.Data(data, b"old", fin=True))
        client.until_ended(error, data)
        assert client.received[data] == b"old"


def test_a_second_stream_of_a_kind_is_complained_about(world: StreamWorld) -> None:
    with connected(world) as client:
        error = client.stream("error", port="80", requestid="7")
        client.stream("error", port="80", requestid="7")
        while not client.received.get(error):
            client.read()
        assert client.received[error] == b"error processing stream for request 7: error stream already assigned"


def test_a_stream_that_stays_alone_is_complained_about(world: StreamWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portforward, "STREAMS_WITHIN", 0.02)
    with connected(world) as client:
        error = client.stream("error", port="80", requestid="7")
        while not client.received.get(error):
            client.read()
        assert client.received[error] == b"(request=7) timed out waiting for streams"


@pytest.mark.parametrize(
    "headers", [{}, {"port": "0"}, {"port": "65536"}, {"port": "-1"}, {"port": "http"}, {"port": "9" * 5000}]
)
def test_streams_without_a_port_are_refused(world: StreamWorld, headers: dict[str, str]) -> None:
    with connected(world) as client:
        stream = client.stream("data", **headers)
        client.until_ended(stream)
        assert client.frames == [spdy.RstStream(stream, 5)]


def test_streams_of_other_kinds_are_refused(world: StreamWorld) -> None:
    with connected(world) as client:
        stream = client.stream("stdin", port="80")
        client.until_ended(stream)
        assert client.broken == [stream]


def test_a_client_that_leaves_closes_its_connections_to_the_pod(world: StreamWorld) -> None:
    with listening(echo) as port:
        with connected(world) as client:
            _, data = pair(client, port)
            client.send(spdy.Data(data, b"a"))
            while not client.received.get(data):
                client.read()
            tunnel = world.node.tunnels[-1]
        world.eventually(tunnel.closed.is_set)


def test_spdy_can_travel_in_the_messages_of_a_websocket(world: StreamWorld) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "SPDY/3.1+portforward.k8s.io",
    }
    with listening(echo) as port, socket.create_connection(("127.0.0.1", world.port), 5) as sock:
        sock.sendall(request(PATH, headers, method="GET"))
        head = read_head(sock)
        assert head.headers["sec-websocket-protocol"] == "SPDY/3.1+portforward.k8s.io"
        assert head.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        with Spdy(Tunnelled(sock)) as client:
            error, data = pair(client, port)
            client.send(spdy.Data(data, bytes(200_000), fin=True))
            client.until_ended(error, data)
            assert client.received[data] == bytes(200_000)
            client.send(spdy.GoAway(0))
            client.until_gone()


@pytest.mark.parametrize("text", [False, True])
def test_ports_can_have_channels_of_a_websocket(world: StreamWorld, text: bool) -> None:
    """What the official Python client does. The number of its port comes first on each channel."""
    subprotocol = "v4.base64.channel.k8s.io" if text else V4

    def written(channel: int, data: bytes) -> bytes | str:
        return str(channel) + base64.b64encode(data).decode() if text else bytes((channel,)) + data

    with listening(greet) as one, listening(greet) as two:
        numbers = [int(port).to_bytes(2, "little") for port in (one, one, two, two)]
        with websocket(world.port, f"{PATH}?ports={one},{two}", subprotocol) as client:
            assert [client.recv(5) for _ in range(4)] == [written(*item) for item in enumerate(numbers)]
            assert {client.recv(5), client.recv(5)} == {written(0, b"hello"), written(2, b"hello")}
            assert messages(client) == []
            assert client.close_code == 1000


def test_a_port_out_of_reach_is_told_on_its_error_channel(world: StreamWorld) -> None:
    with websocket(world.port, f"{PATH}?ports=1", V4) as client:
        *_, last = messages(client)
    assert isinstance(last, bytes)
    assert last.startswith(b"\x01error forwarding port 1 to pod kubia, uid ")


@pytest.mark.parametrize(
    ("query", "subprotocol", "code", "message"),
    [
        ("", V4, 400, 'query parameter "port" is required'),
        ("?ports=0", V4, 400, 'port "0" must be > 0'),
        ("?ports=80,x", V4, 400, 'unable to parse "x" as a port'),
        ("?ports=80", PROTOCOL, 403, f"requested protocol(s) are not supported: [{PROTOCOL}]; {OURS}"),
    ],
)
def test_channels_need_ports_and_a_subprotocol(
    world: StreamWorld, query: str, subprotocol: str, code: int, message: str
) -> None:
    with pytest.raises(InvalidStatus) as refused, websocket(world.port, PATH + query, subprotocol):
        pass
    answer = refused.value.response
    assert (answer.status_code, json.loads(answer.body or b"{}")["message"]) == (code, message)


@pytest.mark.parametrize(
    ("pod", "code", "message"),
    [
        ("kubia", 400, "Upgrade request required"),
        ("nobody", 404, 'pods "nobody" not found'),
        ("waiting", 400, "pod waiting does not have a host assigned"),
    ],
)
def test_what_can_not_be_forwarded_to_is_told(world: StreamWorld, pod: str, code: int, message: str) -> None:
    with socket.create_connection(("127.0.0.1", world.port), 5) as sock:
        path = f"/api/v1/namespaces/default/pods/{pod}/portforward"
        sock.sendall(request(path, {"Content-Length": "0"}))
        head = read_head(sock)
        assert head.status == code
        assert json.loads(sock.recv(int(head.headers["content-length"])))["message"] == message
