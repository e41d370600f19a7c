"""The API's streams as clients use them: kubectl over WebSockets and over SPDY, a kubectl of 2021, the Python client.

They need no engine; they are run with those that do because they take their time.
"""

import concurrent.futures
import contextlib
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl

import pytest

import kubectl_clients
from kubectl_clients import Kubectl
from stream_world import StreamWorld

pytestmark = pytest.mark.engine

MUCH = os.urandom(1 << 20) * 64


@pytest.fixture(scope="module")
def world() -> Iterator[StreamWorld]:
    with StreamWorld() as running:
        yield running


@pytest.fixture(params=kubectl_clients.KINDS)
def kubectl(request: pytest.FixtureRequest, world: StreamWorld, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    home = tmp_path_factory.getbasetemp() / request.param
    return kubectl_clients.client(request.param, f"http://127.0.0.1:{world.port}", home)


def test_exec_passes_output_errors_and_the_exit_code_on(kubectl: Kubectl) -> None:
    ended = kubectl.run("exec", "kubia", "--", "talk")
    assert (ended.returncode, ended.stdout) == (3, b"out\n")
    assert ended.stderr == b"err\ncommand terminated with exit code 3\n"


def test_exec_takes_64_mb_through_cat_unchanged(kubectl: Kubectl) -> None:
    ended = kubectl.run("exec", "-i", "kubia", "--", "cat", stdin=MUCH)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout == MUCH


def test_a_reader_that_takes_its_time_misses_nothing(kubectl: Kubectl) -> None:
    command = kubectl.command("exec", "kubia", "--", "flood", "32")
    with subprocess.Popen(command, env=kubectl.environment, stdout=subprocess.PIPE) as running:
        assert running.stdout
        read = 0
        while chunk := running.stdout.read(1 << 20):
            read += len(chunk)
            time.sleep(0.01)
    assert (running.returncode, read) == (0, 32 << 20)


def test_attach_gives_a_container_input_and_shows_its_output(kubectl: Kubectl) -> None:
    ended = kubectl.run("attach", "-i", "kubia", stdin=b"kubectl")
    assert (ended.returncode, ended.stdout) == (0, b"hello kubectl")


def test_a_command_that_can_not_be_started_is_told(kubectl: Kubectl) -> None:
    ended = kubectl.run("exec", "kubia", "--", "nothing")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"container kubia has no nothing\n" in ended.stderr


def test_a_command_that_is_lost_is_told(kubectl: Kubectl) -> None:
    ended = kubectl.run("exec", "kubia", "--", "lose")
    assert (ended.returncode, ended.stdout) == (1, b"out\n")
    assert b"error executing command in container: the engine is gone\n" in ended.stderr


def test_a_terminal_has_the_size_of_the_user_s(kubectl: Kubectl) -> None:
    ours, theirs = pty.openpty()
    resize(theirs, 80, 24)
    command = kubectl.command("exec", "-it", "kubia", "--", "measure")
    with subprocess.Popen(command, env=kubectl.environment, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        shown = read_until(ours, b"80x24")
        resize(theirs, 132, 43)
        running.send_signal(28)  # SIGWINCH: it has no controlling terminal that would
        shown += read_until(ours, b"132x43")
        assert running.wait(10) == 0
    os.close(ours)
    os.close(theirs)
    assert shown.replace(b"\r", b"").split(b"\n")[-3:-1] == [b"80x24", b"132x43"]


def resize(terminal: int, width: int, height: int) -> None:
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def read_until(terminal: int, sign: bytes) -> bytes:
    """What is shown up to the line with the sign."""
    shown = b""
    while not re.search(re.escape(sign) + rb"\r?\n", shown):
        assert select.select([terminal], [], [], 10)[0], shown
        shown += os.read(terminal, 4096)
    return shown


def test_much_is_downloaded_through_a_forwarded_port(kubectl: Kubectl) -> None:
    with forwarded(kubectl, lambda sock: sock.sendall(MUCH)) as port:
        assert exchange(port) == MUCH


def test_much_is_uploaded_through_a_forwarded_port_and_answered_at_its_end(kubectl: Kubectl) -> None:
    def count(sock: socket.socket) -> None:
        total = 0
        while data := sock.recv(1 << 20):
            total += len(data)
        sock.sendall(str(total).encode())

    with forwarded(kubectl, count) as port:
        assert exchange(port, MUCH) == str(len(MUCH)).encode()


def test_ten_connections_at_once_go_through_a_forwarded_port(kubectl: Kubectl) -> None:
    def echo(sock: socket.socket) -> None:
        while data := sock.recv(65536):
            sock.sendall(data)

    texts = [b"%d" % number * 100_000 for number in range(10)]
    with forwarded(kubectl, echo) as port, concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert list(pool.map(lambda text: exchange(port, text), texts)) == texts


def exchange(port: int, text: bytes = b"") -> bytes:
    """What a connection answers to the text."""

    def send() -> None:
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)

    with socket.create_connection(("127.0.0.1", port), 30) as sock:
        sending = threading.Thread(target=send)
        sending.start()
        parts = []
        while data := sock.recv(1 << 20):
            parts.append(data)
        sending.join()
        return b"".join(parts)


@contextlib.contextmanager
def forwarded(kubectl: Kubectl, serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of this machine that is forwarded to one in the pod that serves its connections so."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

    def handle(sock: socket.socket) -> None:
        with sock:
            serve(sock)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        command = kubectl.command("port-forward", "kubia", f":{listener.getsockname()[1]}")
        with subprocess.Popen(command, env=kubectl.environment, stdout=subprocess.PIPE, text=True) as running:
            try:
                assert running.stdout
                found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) -> ", running.stdout.readline())
                assert found
                yield int(found[1])
            finally:
                running.terminate()
        listener.shutdown(socket.SHUT_RDWR)


def test_the_official_python_client_execs_and_forwards(world: StreamWorld) -> None:
    from kubernetes import client, stream

    def greet(sock: socket.socket) -> None:
        sock.sendall(b"hello " + sock.recv(100))

    api = client.CoreV1Api(client.ApiClient(client.Configuration(host=f"http://127.0.0.1:{world.port}")))
    pod = {"name": "kubia", "namespace": "default"}
    exec_ = stream.stream(
        api.connect_get_namespaced_pod_exec,
        **pod,
        command=["talk"],
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    exec_.run_forever(timeout=10)
    assert (exec_.read_stdout(), exec_.read_stderr(), exec_.returncode) == ("out\n", "err\n", 3)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=lambda: greet(listener.accept()[0]), daemon=True).start()
        forward = stream.portforward(api.connect_get_namespaced_pod_portforward, **pod, ports=str(port))
        sock = forward.socket(port)
        sock.settimeout(10)
        sock.sendall(b"python")
        assert sock.recv(100) == b"hello python"
        sock.close()
        assert forward.error(port) is None
