"""Who gets in from the network, and who does not; and a port that stays."""

import itertools
import json
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from api_world import PODS, manifest
from commandline import eventually
from front_world import FrontWorld, read_to_the_end
from podrunner import clock, errors, paths
from podrunner.api import answers, front, https
from podrunner.credentials import keyring

UNAUTHORIZED = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}
OWNER = {"name": "podrunner", "groups": ["system:masters", "system:authenticated"]}
ANONYMOUS = {"name": "system:anonymous", "groups": ["system:unauthenticated"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontWorld]:
    """One for all tests that leave it as it is."""
    with FrontWorld(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def who(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontWorld]:
    """Answers everything with the user who asks."""
    with FrontWorld(tmp_path_factory.mktemp("state"), tell_user) as running:
        yield running


async def tell_user(scope: Scope, receive: Receive, send: Send) -> None:
    await answers.json(scope["state"]["user"])(scope, receive, send)


def test_the_token_lets_in(world: FrontWorld) -> None:
    assert world.ask("POST", PODS, manifest("let-in")).status == 201
    assert world.ask("GET", f"{PODS}/let-in").data["metadata"]["name"] == "let-in"


PATHS = [PODS, "/", "/nothing/here", "/apis/podrunner.dev/v1/server", "/api/v1/../../version"]
NO_TOKENS = ["Bearer", "Bearer {token}x", "Bearer {token} {token}", "Basic {token}", "{token}", "Bearer \xe4"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [*itertools.product(PATHS, ["", "Bearer wrong"]), *((PODS, shown) for shown in NO_TOKENS)],
)
def test_without_the_token_nothing_is_told(path: str, shown: str, world: FrontWorld) -> None:
    answer = world.ask("GET", path, headers={"Authorization": shown.format(token=world.token)})
    assert (answer.status, answer.data) == (401, UNAUTHORIZED)


def test_a_token_elsewhere_than_in_its_header_is_none(world: FrontWorld) -> None:
    upgrade = {
        "Authorization": "",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Protocol": f"base64url.bearer.authorization.k8s.io.{world.token}, v5.channel.k8s.io",
    }
    assert world.ask("GET", f"{PODS}?access_token={world.token}", headers=upgrade).status == 401


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version"])
def test_health_and_version_are_told_to_everybody_but_not_to_a_wrong_token(path: str, world: FrontWorld) -> None:
    assert world.ask("GET", path, headers={"Authorization": ""}).status == 200
    assert world.ask("GET", path, headers={"Authorization": "Bearer wrong"}).status == 401


@pytest.mark.parametrize("host", ["evil.example:{port}", "127.0.0.1.evil.example", "127.0.0.2", "[::1", "localhost."])
def test_a_host_that_is_not_ours_is_refused_though_the_token_is_right(host: str, world: FrontWorld) -> None:
    answer = world.ask("GET", "/healthz", headers={"Host": host.format(port=world.front.port)})
    assert (answer.status, answer.data["reason"]) == (403, "Forbidden")


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:8443", "[::1]:8443", "kubernetes.default.svc"])
def test_the_names_of_the_certificate_are_ours_with_any_port(host: str, world: FrontWorld) -> None:
    assert world.ask("GET", PODS, headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:{port}",
        "https://127.0.0.1",
        "https://localhost:{port}",
        "https://127.0.0.1:{port}.evil.example",
    ],
)
def test_a_page_of_another_origin_can_do_nothing(origin: str, world: FrontWorld) -> None:
    page = {"Origin": origin.format(port=world.front.port)}
    simple = {**page, "Content-Type": "text/plain"}
    preflight = {**page, "Authorization": "", "Access-Control-Request-Method": "POST"}
    web_socket = {**page, "Connection": "Upgrade", "Upgrade": "websocket"}
    refused = [
        world.ask("GET", PODS, headers=page),
        world.ask("POST", PODS, manifest("of-a-page"), simple),
        world.ask("OPTIONS", PODS, headers=preflight),
        world.ask("GET", f"{PODS}/kubia/exec?command=id", headers=web_socket),
    ]
    assert [answer.status for answer in refused] == [403] * 4
    assert not any("access-control" in name.lower() for answer in refused for name in answer.headers)
    assert world.ask("GET", f"{PODS}/of-a-page").status == 404


def test_our_own_origin_is_none_of_the_others(world: FrontWorld) -> None:
    assert world.ask("GET", PODS, headers={"Origin": f"https://127.0.0.1:{world.front.port}"}).status == 200


def test_the_user_is_told_to_the_api(who: FrontWorld) -> None:
    assert who.ask("GET", "/").data == OWNER
    assert who.ask("GET", "/healthz").data == OWNER
    assert who.ask("GET", "/healthz", headers={"Authorization": ""}).data == ANONYMOUS


@pytest.mark.parametrize("token", ["", "Bearer wrong"])
def test_a_certificate_lets_in_without_a_token(token: str, who: FrontWorld, tmp_path: Path) -> None:
    own = keyring.client_certificate(who.ring, "marko", ("readers",), datetime.now(UTC))
    (tmp_path / "client.pem").write_bytes(own.certificate + own.key)
    context = who.client_context()
    context.load_cert_chain(tmp_path / "client.pem")
    with who.connect(context) as sock:
        head = f"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {token}\r\n\r\n"
        sock.sendall(head.encode())
        assert json.loads(read_to_the_end(sock).partition(b"\r\n\r\n")[2]) == {
            "name": "marko",
            "groups": ["readers", "system:authenticated"],
        }


def test_no_token_is_ever_logged(world: FrontWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = world.token
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Protocol": token}
    asked: list[tuple[str, str, Mapping[str, str]]] = [
        ("GET", f"{PODS}?access_token={token}", {}),
        ("GET", f"{PODS}?access_token={token}", {"Authorization": ""}),
        ("GET", f"{PODS}/{token}", {"Authorization": f"Bearer {token}x"}),
        ("GET", PODS, {"Host": token}),
        ("GET", PODS, {"Origin": token}),
        ("GET", f"{PODS}/kubia/exec?access_token={token}", upgrade),
        ("GET", f"{PODS}/kubia/log?access_token={token}", upgrade),
        ("BREW", f"/{token}", {}),
        ("POST", PODS, {"Content-Type": token}),
    ]
    for method, path, headers in asked:
        world.ask(method, path, headers=headers)
    with world.connect() as sock:
        sock.sendall(f"nonsense {token}\r\n\r\n".encode())
        assert sock.recv(9) == b"HTTP/1.1 "
    assert token not in caplog.text


def test_answers_are_sent_at_once(tmp_path: Path) -> None:
    """Else each would wait 40 ms for the client's delayed acknowledgement of its first half."""
    no_delay = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        sock = scope["state"]["transport"].get_extra_info("socket")
        no_delay.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await tell_user(scope, receive, send)

    with FrontWorld(tmp_path, note) as world:
        world.ask("GET", "/")
    assert no_delay == [1]


def test_a_client_that_does_not_shake_hands_is_left(world: FrontWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "HANDSHAKE_SECONDS", 0.05)
    with world.connect_tcp() as sock:
        assert read_to_the_end(sock) == b""


def test_a_client_that_brings_no_credentials_is_left(world: FrontWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "CREDENTIALS_SECONDS", 0.05)
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    with world.connect() as known, world.connect() as slow, world.connect() as unknown:
        known.sendall(head + f"Authorization: Bearer {world.token}\r\n\r\n".encode())
        slow.sendall(head)
        unknown.sendall(head + b"\r\n")
        assert read_to_the_end(slow) == b""
        assert read_to_the_end(unknown).startswith(b"HTTP/1.1 200 ")
        known.sendall(head + b"Connection: close\r\n\r\n")
        assert read_to_the_end(known).count(b"HTTP/1.1 200 ") == 2


def test_the_number_of_connections_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(https, "_BREATH_SECONDS", 0.01)
    with FrontWorld(tmp_path) as world, world.connect(), world.connect() as second:
        with world.connect_tcp() as third:
            third.settimeout(0.05)
            with pytest.raises(TimeoutError):
                world.client_context().wrap_socket(third, server_hostname="localhost")
        second.close()
        assert world.ask("GET", PODS).status == 200


def test_a_server_that_stops_ends_its_watches_properly(tmp_path: Path) -> None:
    with FrontWorld(tmp_path) as world, closing(world.open("GET", f"{PODS}?watch=1")) as watch:
        stopping = threading.Thread(target=world.stop)
        stopping.start()
        assert watch.read() == b""
        watch.close()
        stopping.join()


def test_the_port_stays_the_same(tmp_path: Path) -> None:
    ports = []
    for _ in range(2):
        with FrontWorld(tmp_path) as world:
            ports.append(world.front.port)
    assert ports[0] == ports[1]
    assert ports[0] in range(20000, 30000)
    assert (tmp_path / "server.port").read_text() == f"{ports[0]}\n"
    assert (tmp_path / "server.port").stat().st_mode & 0o777 == 0o600


def test_a_port_that_is_taken_is_not_exchanged_but_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(front, "_AGAIN_SECONDS", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (tmp_path / "server.port").write_text(f"{port}\n")
        with FrontWorld(tmp_path) as world:
            problem = f"cannot listen at https://127.0.0.1:{port}: Address already in use"
            assert world.front.problem.startswith(problem)
            assert not world.front.ready
            other.close()
            eventually(lambda: world.front.ready)
            assert world.front.problem == ""
            assert world.ask("GET", PODS).status == 200
    assert caplog.text.count(problem) == 1


def test_a_port_that_was_asked_for_is_kept_from_then_on_or_refused(tmp_path: Path) -> None:
    files = paths.Files(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(errors.ServerError, match=f"^cannot listen at https://127.0.0.1:{port}: "):
            front.Front(files, clock.SystemClock()).open(port)
        assert not files.port.exists()
    asked = front.Front(files, clock.SystemClock())
    asked.open(port)
    asked.close()
    assert files.port.read_text() == f"{port}\n"
