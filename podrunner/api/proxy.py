"""`pods/{name}/proxy`: HTTP to a port of a pod, through the API.

The name may say how and where: `[http:|https:]NAME[:PORT]`. Without a port it is the first that a container declares.
Source: kubernetes `pkg/registry/core/pod/strategy.go`, ResourceLocation; apimachinery `pkg/util/proxy`.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterable
from typing import NamedTuple, Protocol

import h11
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import context, streams
from podrunner.objects.pod import Pod
from podrunner.store import pods

_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
_NOT_PASSED_ON = {*_HOP_BY_HOP, b"authorization", b"host"}
"""What concerns this connection only; and the client's credentials, which are the API's, not the pod's."""


_PARTS_OF_PREFIX = 8
"""Of /api/v1/namespaces/NAMESPACE/pods/NAME/proxy, with the nothing before its first slash."""


async def answer(request: Request) -> Response:
    """What the pod answers. Raises errors.ServiceUnavailable when nothing there does."""
    path = request.path_params
    where = _target(path["name"])
    pod: Pod = context.of(request).registry.get(pods.POD, path["namespace"], where.pod)
    connection = await _connect(request, pod, where)
    exchange = _Exchange(connection)
    try:
        head = await exchange.ask(request, where)
    except BaseException:
        await connection.close()
        raise
    stream = streams.Stream(exchange.body(), status=head.status_code)
    headers = [(name, value) for name, value in head.headers if name not in _HOP_BY_HOP]
    stream.raw_headers = _relocated(headers, request)
    return stream


class _Target(NamedTuple):
    scheme: str
    pod: str
    port: int | None


class _Connection(Protocol):
    async def read(self) -> bytes: ...
    async def write(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


def _target(name: str) -> _Target:
    parts = name.split(":")
    scheme = parts.pop(0) if len(parts) > 1 and parts[0] in ("http", "https", "") else "http"
    pod, port = (*parts, "")[:2]
    if not pod or len(parts) > 2 or (port and not (port.isascii() and port.isdigit())):
        raise errors.BadRequest(f'invalid pod request "{name}"')
    return _Target(scheme or "http", pod, int(port) if port else None)


async def _connect(request: Request, pod: Pod, where: _Target) -> _Connection:
    port = where.port or next((port.container_port for each in pod.spec.containers for port in each.ports), None)
    tunnel = await context.of(request).node.port_forward(pod, port or (443 if where.scheme == "https" else 80))
    if where.scheme == "http":
        return tunnel
    secured = _Secured(tunnel)
    try:
        await secured.shake_hands()
    except BaseException:
        await tunnel.close()
        raise
    return secured


class _Exchange:
    """One request over one connection, which is closed at the end of the answer."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, request: Request, where: _Target) -> h11.Response:
        """Sends the client's request; returns the head of the pod's answer, which may come before all is sent.

        Raises ClientDisconnect when the client goes before.
        """
        host = f"{where.pod}:{where.port}" if where.port else where.pod
        headers = [(name, value) for name, value in request.headers.raw if name not in _NOT_PASSED_ON]
        await self._send(
            h11.Request(
                method=request.method,
                target=_target_of(request),
                headers=[(b"host", host.encode()), *headers, *_framing(request), (b"connection", b"close")],
            )
        )
        sending, reading = asyncio.create_task(self._send_body(request)), asyncio.create_task(self._head())
        try:
            done, _ = await asyncio.wait((sending, reading), return_when=asyncio.FIRST_COMPLETED)
            if reading not in done:
                sending.result()
            return await reading
        finally:
            sending.cancel()
            reading.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)

    async def _send_body(self, request: Request) -> None:
        """Does not return; raises ClientDisconnect."""
        async for chunk in request.stream():
            if chunk:
                await self._send(h11.Data(data=chunk))
        await self._send(h11.EndOfMessage())
        while (await request.receive())["type"] != "http.disconnect":
            pass
        raise ClientDisconnect

    async def _head(self) -> h11.Response:
        while not isinstance(event := await self._next(), h11.Response):
            pass
        return event

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The answer's body, as it comes."""
        try:
            while isinstance(event := await self._next(), h11.Data):
                yield bytes(event.data)
        finally:
            await self._connection.close()

    async def _send(self, event: h11.Event) -> None:
        await self._connection.write(self._http.send(event) or b"")

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._connection.read())
        except h11.RemoteProtocolError as error:
            raise errors.ServiceUnavailable(f"error trying to reach service: {error}") from error
        if isinstance(event, h11.ConnectionClosed):
            raise errors.ServiceUnavailable("error trying to reach service: EOF")
        return event  # type: ignore[return-value]


class _Secured:
    """TLS over a connection; the certificate is not checked, as the API server does not check a pod's."""

    def __init__(self, inner: _Connection) -> None:
        context_ = ssl.create_default_context()
        context_.check_hostname, context_.verify_mode = False, ssl.CERT_NONE
        self._inner = inner
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context_.wrap_bio(self._received, self._to_send)

    async def shake_hands(self) -> None:
        """Raises errors.ServiceUnavailable when the other side speaks no TLS."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError as error:
                raise errors.ServiceUnavailable(f"error trying to reach service: {error}") from error
            else:
                await self._flush()
                return

    async def read(self) -> bytes:
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        self._tls.write(data)
        await self._flush()

    async def close(self) -> None:
        await self._inner.close()

    async def _fill(self) -> None:
        if data := await self._inner.read():
            self._received.write(data)
        else:
            self._received.write_eof()

    async def _flush(self) -> None:
        if data := self._to_send.read():
            await self._inner.write(data)


def _parted(request: Request) -> tuple[bytes, bytes]:
    """The request's path up to `proxy`, and what of it is the pod's: as the client wrote them, with their escapes."""
    parts: list[bytes] = request.scope["raw_path"].split(b"/", _PARTS_OF_PREFIX)
    return b"/".join(parts[:_PARTS_OF_PREFIX]), b"/" + b"".join(parts[_PARTS_OF_PREFIX:])


def _target_of(request: Request) -> bytes:
    path, query = _parted(request)[1], request.scope["query_string"]
    return path + b"?" + query if query else path


def _framing(request: Request) -> Iterable[tuple[bytes, bytes]]:
    """A body of a length that the client did not tell comes in chunks."""
    return [(b"transfer-encoding", b"chunked")] if "transfer-encoding" in request.headers else []


def _relocated(headers: Iterable[tuple[bytes, bytes]], request: Request) -> list[tuple[bytes, bytes]]:
    """A redirection to another path of the pod leads there through the API."""
    prefix, _ = _parted(request)
    return [
        (name, prefix + value if name == b"location" and value.startswith(b"/") else value) for name, value in headers
    ]
