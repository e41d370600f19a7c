"""HTTP probes and hooks against servers on loopback that answer word for word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

import pod_cases
from podrunner.agent import checks, http_get, tcp_socket
from podrunner.engine import client
from podrunner.objects.container import HTTPGetAction, HTTPHeader, TCPSocketAction

pytestmark = pytest.mark.anyio

ENGINE = cast(client.Client, None)
"""None is asked: what names a host is reached from here."""
SANDBOX = pod_cases.sandbox()
HOST = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def serving(*answers: bytes, pause: float = 0.0) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that gives these answers, one a connection, the last again and again: its port, and what it is asked."""
    left, asked = list(answers), []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        await asyncio.sleep(pause)
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


async def check(port: int, *, seconds: float = 2.0, **fields: Any) -> checks.Result:
    return await http_get.check(
        ENGINE, SANDBOX, HTTPGetAction(host=HOST, path="/health?full=1", **fields), port, seconds
    )


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, "ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "short"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20000, "x" * 10240),
        (b"HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n", "Probe terminated redirects, Response body: "),
    ],
    ids=["length", "no body", "HTTP/1.0", "chunked", "too short", "too long", "399"],
)
async def test_a_status_from_200_to_399_is_a_success(answer: bytes, body: str) -> None:
    async with serving(answer) as (port, _):
        result = await check(port)
    assert result.output == body
    assert result.verdict is not checks.Verdict.FAILURE


@pytest.mark.parametrize("status", [199 + 201, 404, 500, 503])
async def test_any_other_status_is_a_failure_that_does_not_repeat_the_body(status: int) -> None:
    async with serving(f"HTTP/1.1 {status} No\r\nContent-Length: 6\r\n\r\nsecret".encode()) as (port, _):
        assert await check(port) == checks.failure(f"HTTP probe failed with statuscode: {status}")


async def test_the_request_is_the_kubelets() -> None:
    async with serving(OK) as (port, asked):
        await check(port)
    (request,) = asked
    assert request == (
        f"GET /health?full=1 HTTP/1.1\r\nHost: {HOST}:{port}\r\nUser-Agent: kube-probe/1.37\r\nAccept: */*\r\n"
        "Connection: close\r\n\r\n"
    )


async def test_headers_are_sent_as_given_and_none_that_is_empty_in_place_of_a_usual_one() -> None:
    given = [("Host", "shop.example"), ("X-Twice", "1"), ("X-Twice", "2"), ("Accept", ""), ("User-Agent", "mine")]
    headers = tuple(HTTPHeader(name=name, value=value) for name, value in given)
    async with serving(OK) as (port, asked):
        await check(port, http_headers=headers)
    (request,) = asked
    assert request == (
        "GET /health?full=1 HTTP/1.1\r\nHost: shop.example\r\nX-Twice: 1\r\nX-Twice: 2\r\nUser-Agent: mine\r\n"
        "Connection: close\r\n\r\n"
    )


async def test_a_header_that_can_not_be_sent_is_a_failure() -> None:
    async with serving(OK) as (port, _):
        result = await check(port, http_headers=(HTTPHeader(name="X", value="a\r\nb"),))
    assert "net/http: invalid request" in result.output


def redirect(target: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 4\r\n\r\nthis".encode()


async def test_a_redirect_within_the_host_is_followed_with_the_same_host_header() -> None:
    async with serving(redirect("/end"), OK) as (port, asked):
        result = await check(port, http_headers=(HTTPHeader(name="Host", value="shop.example"),))
    assert result == checks.success("ok")
    assert asked[1].startswith("GET /end HTTP/1.1\r\nHost: shop.example\r\n")


async def test_a_redirect_to_another_host_is_a_warning() -> None:
    async with serving(redirect("http://elsewhere.example/")) as (port, asked):
        result = await check(port)
    assert result == checks.Result(checks.Verdict.WARNING, "Probe terminated redirects, Response body: this")
    assert len(asked) == 1


async def test_ten_redirects_are_enough() -> None:
    async with serving(redirect("/round")) as (port, asked):
        result = await check(port)
    assert result.output == f'Get "http://{HOST}:{port}/round": stopped after 10 redirects'
    assert len(asked) == 10


async def test_a_redirect_to_no_address_is_a_failure() -> None:
    async with serving(redirect("http://x:port/")) as (port, _):
        assert "failed to parse Location header" in (await check(port)).output


async def test_what_does_not_answer_in_time_has_failed() -> None:
    async with serving(OK, pause=5) as (port, _):
        result = await check(port, seconds=0.2)
    assert result.output == (
        f'Get "http://{HOST}:{port}/health?full=1": context deadline exceeded '
        "(Client.Timeout exceeded while awaiting headers)"
    )


@pytest.mark.parametrize(
    ("answer", "told"), [(b"", "EOF"), (b"SSH-2.0-OpenSSH\r\n\r\n", "net/http: HTTP/1.x transport connection broken")]
)
async def test_what_is_no_answer_is_a_failure(answer: bytes, told: str) -> None:
    async with serving(answer) as (port, _):
        assert told in (await check(port)).output


async def test_plain_http_where_tls_was_expected_fails_a_probe_and_is_good_enough_for_a_hook() -> None:
    async with serving(OK) as (port, _):
        assert (await check(port, scheme="HTTPS", seconds=2)).verdict is checks.Verdict.FAILURE


async def test_a_hook_takes_any_answer() -> None:
    async with serving(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") as (port, asked):
        result = await http_get.run_hook(ENGINE, SANDBOX, HTTPGetAction(host=HOST, path="/bye"), port)
    assert result == checks.success()
    assert "User-Agent: kube-lifecycle/1.37" in asked[0]


async def test_a_port_that_nothing_listens_at_is_named_in_gos_words() -> None:
    async with serving(OK) as (port, _):
        pass
    refused = f"dial tcp {HOST}:{port}: connect: connection refused"
    assert (await check(port)).output == f'Get "http://{HOST}:{port}/health?full=1": {refused}'
    connected = await tcp_socket.check(ENGINE, SANDBOX, TCPSocketAction(host=HOST), port, 1)
    assert connected == checks.failure(refused)
    hook = await http_get.run_hook(ENGINE, SANDBOX, HTTPGetAction(host=HOST, path="/"), port)
    assert hook == checks.failure(f'Get "http://{HOST}:{port}/": {refused}')
