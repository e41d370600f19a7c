"""HTTP requests of probes and hooks.

Sources: kubernetes pkg/probe/http/http.go and request.go; `runHTTPHandler`, pkg/kubelet/lifecycle/handlers.go. Texts of
errors are those of Go's net/http.
"""

import asyncio
import ssl
import urllib.parse
from typing import NamedTuple

import h11

from podrunner import errors
from podrunner.agent import checks
from podrunner.engine import client, reaching
from podrunner.objects import release
from podrunner.objects.container import HTTPGetAction
from podrunner.pods import observed, wording

LONGEST_BODY = 10 * 1024
MOST_REDIRECTS = 10
_CHUNK = 1 << 14
_REDIRECTS = (301, 302, 303, 307, 308)
_PLAIN_ANSWER = "http: server gave HTTP response to HTTPS client"


class _Answer(NamedTuple):
    status: int
    location: str
    body: str


class _Request(NamedTuple):
    """What is asked of where; `headers` without Host, `host` what Host says instead of the URL's own."""

    url: urllib.parse.SplitResult
    headers: list[tuple[str, str]]
    host: str

    @property
    def port(self) -> int:
        return self.url.port or (443 if self.url.scheme == "https" else 80)

    @property
    def target(self) -> str:
        path = urllib.parse.quote(self.url.path or "/", safe="/:@!$&'()*+,;=~%-._")
        return f"{path}?{self.url.query}" if self.url.query else path


async def check(
    engine: client.Client, sandbox: observed.Sandbox, action: HTTPGetAction, port: int, seconds: float
) -> checks.Result:
    """Success is a status from 200 to 399; a redirect that leads to another host is a warning. Raises EngineError."""
    request = first = _request(sandbox, action, port, "kube-probe")
    try:
        async with asyncio.timeout(seconds):
            for _ in range(MOST_REDIRECTS):
                answer = await _ask(engine, sandbox, request)
                following = _redirected(request, answer)
                if following is None or following.url.hostname != first.url.hostname:
                    return _judged(answer)
                request = following
    except TimeoutError:
        problem = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    except (errors.Unreachable, OSError) as error:
        problem = str(error)
    else:
        problem = f"stopped after {MOST_REDIRECTS} redirects"
    return checks.failure(f"Get {wording.quoted(request.url.geturl())}: {problem}")


async def run_hook(engine: client.Client, sandbox: observed.Sandbox, action: HTTPGetAction, port: int) -> checks.Result:
    """Any answer is a success; where TLS is answered without, the request is made again without. Raises EngineError."""
    request = _request(sandbox, action, port, "kube-lifecycle")
    try:
        try:
            await _ask(engine, sandbox, request)
        except errors.Unreachable as problem:
            if str(problem) != _PLAIN_ANSWER:
                raise
            headers = [(name, value) for name, value in request.headers if name.lower() != "authorization"]
            await _ask(engine, sandbox, _Request(request.url._replace(scheme="http"), headers, request.host))
    except (errors.Unreachable, OSError) as problem:
        return checks.failure(f"Get {wording.quoted(request.url.geturl())}: {problem}")
    return checks.success()


def _request(sandbox: observed.Sandbox, action: HTTPGetAction, port: int, agent: str) -> _Request:
    host = reaching.address(action.host or reaching.first_address(sandbox), port)
    path = urllib.parse.urlsplit(action.path or "/")
    url = path._replace(scheme=(action.scheme or "HTTP").lower(), netloc=host)
    given = [(header.name, header.value) for header in action.http_headers]
    names = {name.lower(): value for name, value in given}
    headers = [(name, value) for name, value in given if name.lower() != "host"]
    if "user-agent" not in names:
        headers.append(("User-Agent", f"{agent}/{release.MAJOR}.{release.MINOR}"))
    if "accept" not in names:
        headers.append(("Accept", "*/*"))
    # What is set to nothing is not sent.
    sent = [(name, value) for name, value in headers if value or name.lower() not in ("accept", "user-agent")]
    return _Request(url, sent, names.get("host") or host)


def _judged(answer: _Answer) -> checks.Result:
    if not 200 <= answer.status < 400:
        return checks.failure(f"HTTP probe failed with statuscode: {answer.status}")
    if answer.status >= 300:
        text = f"Probe terminated redirects, Response body: {answer.body}"
        return checks.Result(checks.Verdict.WARNING, text)
    return checks.success(answer.body)


def _redirected(request: _Request, answer: _Answer) -> _Request | None:
    """The request that the answer leads to, if to any; a Host of one's own goes along within the same place."""
    if answer.status not in _REDIRECTS or not answer.location:
        return None
    try:
        place = urllib.parse.urlsplit(urllib.parse.urljoin(request.url.geturl(), answer.location))
        following = _Request(place, request.headers, place.netloc)
        following.port  # noqa: B018 it is parsed only when it is asked for
    except ValueError as error:
        told = wording.quoted(answer.location)
        raise errors.Unreachable(f"failed to parse Location header {told}: {error}") from error
    relative = not urllib.parse.urlsplit(answer.location).scheme
    return following._replace(host=request.host) if relative else following


async def _ask(engine: client.Client, sandbox: observed.Sandbox, request: _Request) -> _Answer:
    """Raises Unreachable, OSError, EngineError."""
    tls = reaching.insecure() if request.url.scheme == "https" else None
    host = request.url.hostname or ""
    try:
        async with reaching.connected(engine, sandbox, host, request.port, tls=tls) as stream:
            return await _exchange(stream, request)
    except ssl.SSLError as error:
        plain = error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
        raise errors.Unreachable(_PLAIN_ANSWER if plain else f"tls: {error.reason}") from error
    except ConnectionResetError as error:
        raise errors.Unreachable("read: connection reset by peer") from error


async def _exchange(stream: reaching.Stream, request: _Request) -> _Answer:
    connection = h11.Connection(h11.CLIENT)
    stream.writer.write(_head(connection, request))
    await stream.writer.drain()
    head: h11.Response | None = None
    body = b""
    try:
        while len(body) < LONGEST_BODY:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = await stream.reader.read(_CHUNK)
                if not data and head is None:
                    raise errors.Unreachable("EOF")
                connection.receive_data(data)
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                break
    except h11.RemoteProtocolError as error:
        # A body that ends too early is read as far as it goes.
        if head is None:
            raise errors.Unreachable(f"net/http: HTTP/1.x transport connection broken: {error}") from error
    if head is None:
        raise errors.Unreachable("EOF")
    location = next((value.decode("latin-1") for name, value in head.headers if name == b"location"), "")
    return _Answer(head.status_code, location, body[:LONGEST_BODY].decode(errors="replace"))


def _head(connection: h11.Connection, request: _Request) -> bytes:
    """The whole request; it has no body. Raises Unreachable for what can't be sent, a line break in a header, say."""
    headers = [("Host", request.host), *request.headers, ("Connection", "close")]
    try:
        asked = h11.Request(method="GET", target=request.target, headers=headers)
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise errors.Unreachable(f"net/http: invalid request: {error}") from error
    return (connection.send(asked) or b"") + (connection.send(h11.EndOfMessage()) or b"")
