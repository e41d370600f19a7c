"""`podrunner port-forward`: what it says, and what goes through it."""

import concurrent.futures
import contextlib
import hashlib
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator

import pytest

import commandline
import kubectl_session
import twins

pytestmark = pytest.mark.engine

MEGABYTE = bytes(range(256)) * 4096
SERVE = (
    "mkdir /www && echo hello > /www/index.html && yes 0123456789abcde | head -c 67108864 > /www/large;"
    " httpd -p 8080 -h /www; nc -ll -p 7000 -e wc -c & trap exit TERM; while :; do sleep 0.1; done"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    """With a pod `web` that serves files at 8080, and at 7000 says how many bytes it was sent."""
    with kubectl_session.opened(tmp_path_factory.mktemp("forward")) as world:
        main = commandline.container(SERVE, ports=[{"name": "http", "containerPort": 8080}])
        world.create(commandline.manifest(main))
        world.becomes("Running")
        commandline.eventually(lambda: "www/large" in world.execute("main#0", "find", "/www/large", "-size", "131072"))
        world.create(commandline.manifest(commandline.container("true"), name="done"))
        world.becomes("Completed", "done")
        yield world


@contextlib.contextmanager
def forwarding(world: kubectl_session.KubectlWorld, remote: str) -> Iterator[tuple[commandline.Running, int]]:
    """The command under way, and the port here."""
    running = world.start("port-forward", "web", f":{remote}", "--address=127.0.0.1")
    running.until("Forwarding from")
    found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) -> \d+\n", running.out)
    assert found, running.out
    yield running, int(found[1])
    running.signal(signal.SIGINT)
    running.ends(0)


def fetched(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=60) as answer:
        data: bytes = answer.read()
    return data


def test_a_named_port_is_forwarded_and_connections_are_told(world: kubectl_session.KubectlWorld) -> None:
    with forwarding(world, "http") as (running, port):
        assert fetched(port, "index.html") == b"hello\n"
    assert running.out == f"Forwarding from 127.0.0.1:{port} -> 8080\nHandling connection for {port}\n"
    assert running.err == ""


def test_localhost_is_listened_at_in_both_families(world: kubectl_session.KubectlWorld) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = []
    for command in (world.start, world.start_kubectl):
        running = command("port-forward", "pod/web", f"{port}:8080")
        running.until(f"Forwarding from [::1]:{port}")
        running.signal(signal.SIGINT)
        running.ends(0)
        said.append(running.out)
    assert said[0] == f"Forwarding from 127.0.0.1:{port} -> 8080\nForwarding from [::1]:{port} -> 8080\n"
    assert said[1] == said[0]


def test_64_megabytes_come_through_ten_connections_at_once_included(world: kubectl_session.KubectlWorld) -> None:
    with forwarding(world, "8080") as (_, port), concurrent.futures.ThreadPoolExecutor(11) as threads:
        large = threads.submit(fetched, port, "large")
        small = [threads.submit(fetched, port, "index.html") for _ in range(10)]
        assert [each.result() for each in small] == [b"hello\n"] * 10
        expected = hashlib.sha256(b"0123456789abcde\n" * (1 << 22)).digest()
        assert hashlib.sha256(large.result()).digest() == expected


def test_what_is_sent_may_end_before_the_answer_comes(world: kubectl_session.KubectlWorld) -> None:
    with forwarding(world, "7000") as (_, port), socket.create_connection(("127.0.0.1", port), 20) as connection:
        for _ in range(8):
            connection.sendall(MEGABYTE)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b"8388608\n"
        assert connection.recv(100) == b""


def test_a_port_that_nobody_listens_at_is_told_and_others_go_on(world: kubectl_session.KubectlWorld) -> None:
    with forwarding(world, "99") as (running, port):
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", port), 20) as connection:
                assert connection.recv(1) == b""
        running.until("connection refused")
    assert running.err.startswith("error: error forwarding port 99 to pod web, uid ")
    assert running.err.count("connect: connection refused") == 2


@pytest.mark.parametrize(
    ("command", "err"),
    [
        ("absent 80", 'Error from server (NotFound): pods "absent" not found\n'),
        ("web :nothing", "error: Pod 'web' does not have a named port 'nothing'\n"),
        ("done 80", "error: unable to forward port because pod is not running. Current status=Succeeded\n"),
        ("web 0", "error: remote port must be > 0\n"),
        ("web 80 --address=here", "error: here is not a valid IP\n"),
    ],
)
def test_what_can_not_be_forwarded_is_refused(world: kubectl_session.KubectlWorld, command: str, err: str) -> None:
    ours = twins.podrunner(world, "port-forward", *command.split())
    assert ours.err == err
    assert ours.status != 0
    assert twins.kubectl(world, "port-forward", *command.split()).err.endswith(err.removeprefix("error: "))


def test_a_port_that_is_taken_is_told(world: kubectl_session.KubectlWorld) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = twins.same(world, "port-forward", "web", f"{port}:8080", "--address=127.0.0.1")
    assert said.err == (
        f"Unable to listen on port {port}: Listeners failed to create with the following errors: [unable to create"
        f" listener: Error listen tcp4 127.0.0.1:{port}: bind: address already in use]\n"
        f"error: unable to listen on any of the requested ports: [{{{port} 8080}}]\n"
    )


def test_it_ends_with_the_pod(world: kubectl_session.KubectlWorld) -> None:
    world.create(commandline.manifest(commandline.container("exec sleep 60"), name="brief"))
    world.becomes("Running", "brief")
    running = world.start("port-forward", "brief", ":80", "--address=127.0.0.1")
    running.until("Forwarding from")
    port = int(running.out.split(":")[1].split()[0])
    world.delete("brief", grace_seconds=0)
    commandline.eventually(lambda: "brief" not in twins.podrunner(world, "get", "pods").out)
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.recv(1)
    running.ends(1)
    assert running.err.endswith("error: lost connection to pod\n")
