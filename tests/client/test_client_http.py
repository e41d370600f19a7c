"""The client's HTTP, against a socket that answers with literal bytes."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podrunner import errors
from podrunner.client import api, http
from podrunner.client.actions import PodRef
from podrunner.objects.pod import Pod

Answer = Callable[..., http.Server]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def answer(tmp_path: Path) -> Iterator[Answer]:
    """A server that answers each connection with the next of the given texts, and closes it."""
    path = tmp_path / "s"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    leave_open: list[socket.socket] = []

    def serve(texts: tuple[bytes, ...], keep: bool) -> None:
        for text in texts:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(text)
            if keep:
                leave_open.append(connection)
            else:
                connection.close()

    def start(*texts: bytes, keep: bool = False) -> http.Server:
        threading.Thread(target=serve, args=(texts, keep), daemon=True).start()
        return http.Server(path)

    yield start
    for sock in (listener, *leave_open):
        sock.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def status(code: int, reason: str, message: str) -> bytes:
    body = b'{"kind":"Status","reason":"%s","message":"%s"}' % (reason.encode(), message.encode())
    return b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n%s" % (code, len(body), body)


def test_a_request_gives_the_body(answer: Answer) -> None:
    server = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    assert server.request("POST", "/x", query={"a": "b c"}, body=b"{}") == b"{}"


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (404, "NotFound", errors.NotFound),
        (409, "AlreadyExists", errors.AlreadyExists),
        (409, "Conflict", errors.Conflict),
        (422, "Invalid", errors.Invalid),
        (410, "Expired", errors.Expired),
        (400, "BadRequest", errors.BadRequest),
        (500, "InternalError", http.Failed),
    ],
)
def test_a_status_is_raised_as_the_error_it_names(
    answer: Answer, code: int, reason: str, error: type[errors.PodrunnerError]
) -> None:
    with pytest.raises(error) as caught:
        answer(status(code, reason, "told so")).request("GET", "/x")
    assert (type(caught.value), str(caught.value)) == (error, "told so")


def test_an_error_that_is_no_status_is_the_servers(answer: Answer) -> None:
    server = answer(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nnope")
    with pytest.raises(errors.ServerError, match="nope"):
        server.request("GET", "/x")


def test_no_server_at_the_socket_is_said_with_its_path(tmp_path: Path) -> None:
    server = http.Server(tmp_path / "none")
    assert not server.answers()
    with pytest.raises(http.Disconnected, match="none: No such file"):
        server.request("GET", "/x")


def test_an_answer_broken_off_is_told_from_one_that_ended(answer: Answer) -> None:
    ended = answer(CHUNKED + chunk(b"one\n") + chunk(b"two\n") + chunk(b""))
    assert b"".join(ended.stream("/x")) == b"one\ntwo\n"


@pytest.mark.parametrize("rest", [b"", b"5", b"5\r\nab"])
def test_a_stream_that_breaks_raises_after_what_arrived(answer: Answer, rest: bytes) -> None:
    blocks = iter(answer(CHUNKED + chunk(b"one\n") + rest).stream("/x"))
    assert next(blocks) == b"one\n"
    with pytest.raises(http.Disconnected):
        list(blocks)


def test_closing_a_stream_ends_the_thread_that_reads_it(answer: Answer) -> None:
    stream = answer(CHUNKED + chunk(b"one\n"), keep=True).stream("/x")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.extend(stream))
    reader.start()
    stream.close()
    reader.join(5)
    assert not reader.is_alive()


def test_lines_are_cut_wherever_the_blocks_are() -> None:
    assert list(http.lines([b"on", b"e\ntw", b"o\n\nthree"])) == [b"one", b"two", b"", b"three"]


def test_a_watch_gives_changes_without_bookmarks(answer: Answer) -> None:
    added = b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"web"}}}\n'
    bookmark = b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7"}}}\n'
    server = answer(CHUNKED + chunk(added + bookmark) + chunk(b""))
    watched = list(api.changes(api.watch_pod(server, PodRef("default", "web"), "1"), Pod))
    assert [(type_, pod.metadata.name) for type_, pod in watched] == [("ADDED", "web")]


def test_a_watch_raises_the_error_it_is_told(answer: Answer) -> None:
    error = b'{"type":"ERROR","object":{"kind":"Status","reason":"Expired","message":"too old"}}\n'
    server = answer(CHUNKED + chunk(error) + chunk(b""))
    with pytest.raises(errors.Expired, match="too old"):
        list(api.changes(api.watch_pod(server, PodRef("default", "web"), "1"), Pod))


def test_an_answer_nobody_understands_is_the_servers_error(answer: Answer) -> None:
    server = answer(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"new":true}')
    with pytest.raises(errors.ServerError, match="of another version"):
        api.get_pod(server, PodRef("default", "web"))
