"""`pods/{name}/proxy`: a request goes to the pod as it was written, and ends when either side does."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from stream_clients import read_head
from stream_world import POD, StreamWorld


@pytest.fixture(scope="module")
def world() -> Iterator[StreamWorld]:
    with StreamWorld() as running:
        yield running


@contextlib.contextmanager
def web_server(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A port in the pod, to whose one client `answer` says something to the head of its request, and waits then."""

    def serve() -> None:
        with listener.accept()[0] as sock, sock.makefile("rb") as received:
            sock.sendall(answer(b"".join(iter(received.readline, b"\r\n"))))
            over.wait(5)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"{POD}:{listener.getsockname()[1]}/proxy"
        over.set()


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def test_the_pod_gets_path_and_query_with_their_escapes(world: StreamWorld) -> None:
    with web_server(lambda head: ok(head.partition(b"\r\n")[0])) as path:
        client = http.client.HTTPConnection("127.0.0.1", world.port, timeout=5)
        client.request("GET", f"{path}/a%20b%3Fc/?d=%26")
        assert client.getresponse().read() == b"GET /a%20b%3Fc/?d=%26 HTTP/1.1"


def test_the_pod_may_answer_before_it_was_sent_everything(world: StreamWorld) -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
    with web_server(lambda _: refusal) as path, socket.create_connection(("127.0.0.1", world.port), 5) as client:
        client.sendall(f"POST {path}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nbegin".encode())
        assert read_head(client).status == 413


@pytest.mark.parametrize("length", [0, 1000])
def test_a_client_that_leaves_is_not_waited_for(world: StreamWorld, length: int) -> None:
    with web_server(lambda _: b"") as path:
        with socket.create_connection(("127.0.0.1", world.port), 5) as client:
            known = len(world.node.tunnels)
            client.sendall(f"POST {path}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n".encode())
            world.eventually(lambda: len(world.node.tunnels) > known)
        world.eventually(world.node.tunnels[-1].closed.is_set)
