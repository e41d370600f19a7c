"""The client's HTTP, against a socket that answers with literal bytes."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from literal_server import CHUNKED, LiteralServer, chunk, literal_server, status, whole
from podrunner import errors
from podrunner.client import api, http
from podrunner.client.actions import PodRef
from podrunner.objects.pod import Pod


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiteralServer]:
    with literal_server(tmp_path / "s") as started:
        yield started


def test_a_request_gives_status_headers_and_body(server: LiteralServer) -> None:
    answer = server.answers(whole(b"{}", 201, b"Audit-Id: 7")).request("POST", "/x", body=b"{}")
    assert (answer.status, answer.headers["Audit-Id"], answer.body) == (201, "7", b"{}")


def test_a_request_carries_its_query_and_the_forms_of_bodies_it_speaks(server: LiteralServer) -> None:
    server.answers(whole(b"{}"), whole(b"{}"), whole(b"{}"))
    server.client.request(
        "PATCH", "/x", query={"command": ["ls", "a b"], "stdin": "true"}, body=b"[]",
        content_type="application/json-patch+json", accept="application/json;as=Table",
    )  # fmt: skip
    server.client.request("PUT", "/x", body=b"{}")
    server.client.stream("GET", "/log").close()
    patched, put, streamed = (asked.decode().split("\r\n") for asked in server.asked)
    assert patched[0] == "PATCH /x?command=ls&command=a+b&stdin=true HTTP/1.1"
    assert {"Accept: application/json;as=Table", "Content-Type: application/json-patch+json"} < set(patched)
    assert {"Accept: application/json, */*", "Content-Type: application/json"} < set(put)
    assert "Accept: application/json, */*" in streamed
    assert not any(line.startswith("Content-Type") for line in streamed)


def test_warnings_of_an_answer_are_read_as_kubectl_reads_them(server: LiteralServer) -> None:
    several = 'Warning: 299 - "one, \\"quoted\\"", 299 - "zwei ü"'.encode()
    answer = server.answers(whole(b"", 200, several, b'Warning: 199 - "other"', b'Warning: 299 - "three"'))
    assert answer.request("GET", "/x").warnings == ['one, "quoted"', "zwei ü", "three"]


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
    server: LiteralServer, code: int, reason: str, error: type[errors.PodrunnerError]
) -> None:
    with pytest.raises(error) as caught:
        server.answers(status(code, reason, "told so")).request("GET", "/x")
    assert (type(caught.value), str(caught.value)) == (error, "told so")


def test_an_error_that_is_no_status_is_the_servers(server: LiteralServer) -> None:
    with pytest.raises(errors.ServerError, match="nope"):
        server.answers(whole(b"nope", 502)).request("GET", "/x")


def test_no_server_at_the_socket_is_said_with_its_path(tmp_path: Path) -> None:
    absent = http.Server(tmp_path / "none")
    assert not absent.answers()
    with pytest.raises(http.Disconnected, match="none: No such file"):
        absent.request("GET", "/x")


@pytest.mark.parametrize("text", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", b"HTTP/1.1 500 X\r\n\r\n"])
def test_a_server_that_hangs_is_waited_for_only_so_long(
    server: LiteralServer, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.02)
    with pytest.raises(http.Unresponsive, match=r"/s does not answer: nothing came for 0\.02 s"):
        server.answers(text, keep=True).request("GET", "/x")


def test_a_server_that_accepts_nothing_is_waited_for_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.02)
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as waiting:
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        first = waiting.enter_context(socket.socket(socket.AF_UNIX))
        first.connect(str(tmp_path / "s"))
        full = http.Server(tmp_path / "s")
        assert full.answers()
        with pytest.raises(http.Unresponsive):
            full.request("GET", "/x")


def test_a_stream_may_pause_for_as_long_as_it_likes(server: LiteralServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.02)
    stream = server.answers(CHUNKED + chunk(b"one\n"), keep=True).stream("GET", "/x")
    timer = threading.Timer(0.05, stream.close)
    timer.start()
    assert list(stream) == [b"one\n"]


def test_an_answer_broken_off_is_told_from_one_that_ended(server: LiteralServer) -> None:
    ended = server.answers(CHUNKED + chunk(b"one\n") + chunk(b"two\n") + chunk(b""))
    assert b"".join(ended.stream("GET", "/x")) == b"one\ntwo\n"


@pytest.mark.parametrize("rest", [b"", b"5", b"5\r\nab"])
def test_a_stream_that_breaks_raises_after_what_arrived(server: LiteralServer, rest: bytes) -> None:
    blocks = iter(server.answers(CHUNKED + chunk(b"one\n") + rest).stream("GET", "/x"))
    assert next(blocks) == b"one\n"
    with pytest.raises(http.Disconnected):
        list(blocks)


def test_closing_a_stream_ends_the_thread_that_reads_it(server: LiteralServer) -> None:
    stream = server.answers(CHUNKED + chunk(b"one\n"), keep=True).stream("GET", "/x")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.extend(stream))
    reader.start()
    stream.close()
    reader.join(5)
    assert not reader.is_alive()


def test_lines_are_cut_wherever_the_blocks_are() -> None:
    assert list(http.lines([b"on", b"e\ntw", b"o\n\nthree"])) == [b"one", b"two", b"", b"three"]


def test_a_watch_gives_changes_without_bookmarks(server: LiteralServer) -> None:
    added = b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"web"}}}\n'
    bookmark = b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7"}}}\n'
    client = server.answers(CHUNKED + chunk(added + bookmark) + chunk(b""))
    watched = list(api.changes(api.watch_pod(client, PodRef("default", "web"), "1"), Pod))
    assert [(type_, pod.metadata.name) for type_, pod in watched] == [("ADDED", "web")]


def test_a_watch_raises_the_error_it_is_told(server: LiteralServer) -> None:
    error = b'{"type":"ERROR","object":{"kind":"Status","reason":"Expired","message":"too old"}}\n'
    client = server.answers(CHUNKED + chunk(error) + chunk(b""))
    with pytest.raises(errors.Expired, match="too old"):
        list(api.changes(api.watch_pod(client, PodRef("default", "web"), "1"), Pod))


def test_an_answer_nobody_understands_is_the_servers_error(server: LiteralServer) -> None:
    client = server.answers(whole(b'{"new":true}'))
    with pytest.raises(errors.ServerError, match="of another version"):
        api.get_pod(client, PodRef("default", "web"))
