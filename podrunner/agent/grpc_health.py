"""Health checks of gRPC servers, by the protocol grpc.health.v1.

Sources: kubernetes pkg/probe/grpc/grpc.go; the gRPC health checking protocol and gRPC over HTTP/2.
"""

import asyncio
import ssl
import urllib.parse
from typing import NamedTuple

from podrunner import errors
from podrunner.agent import checks
from podrunner.engine import client, reaching
from podrunner.objects import release
from podrunner.objects.container import GRPCAction
from podrunner.pods import observed, wording

_CHUNK = 1 << 14
_LONGEST_ANSWER = 1 << 16
_OK, _UNIMPLEMENTED = "0", "12"
_SERVING = "SERVING"
_STATUSES = {0: "UNKNOWN", 1: _SERVING, 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_CODES = (
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
)
_HTTP_STATUSES = {"200": _OK, "404": _UNIMPLEMENTED}


class _Answer(NamedTuple):
    """The call's status code and message, and the bytes that were answered."""

    code: str
    message: str
    data: bytes


async def check(engine: client.Client, sandbox: observed.Sandbox, action: GRPCAction, seconds: float) -> checks.Result:
    """Success is the answer that the service is serving, within so many seconds. Raises EngineError."""
    host = reaching.first_address(sandbox)
    place = reaching.address(host, action.port)
    connected = False
    try:
        async with asyncio.timeout(seconds):
            tls = _http2_over_tls() if action.mode == "TLS" else None
            async with reaching.connected(engine, sandbox, host, action.port, tls=tls) as stream:
                connected = True
                return _judged(await _call(stream, place, action))
    except (TimeoutError, OSError, errors.Unreachable) as problem:
        if connected and isinstance(problem, TimeoutError):
            return checks.failure(f"timeout: health rpc did not complete within {seconds:g}s")
        # The kubelet tries to connect until the time is over; what keeps it from that is told at once here.
        told = (
            f"timeout: failed to connect service {wording.quoted(place)} within {seconds:g}s: context deadline exceeded"
        )
        return checks.failure(told)


def _http2_over_tls() -> ssl.SSLContext:
    context = reaching.insecure()
    context.set_alpn_protocols(["h2"])
    return context


def _judged(answer: _Answer) -> checks.Result:
    if answer.code == _UNIMPLEMENTED:
        about = "this server does not implement the grpc health protocol (grpc.health.v1.Health)"
        return checks.failure(f"error: {about}: {answer.message}")
    if answer.code != _OK:
        code = _CODES[int(answer.code)] if answer.code.isdecimal() and int(answer.code) < len(_CODES) else answer.code
        return checks.failure(f"error: health rpc probe failed: rpc error: code = {code} desc = {answer.message}")
    status = _STATUSES.get(_status(answer.data), "UNKNOWN")
    if status != _SERVING:
        return checks.failure(f'service unhealthy (responded with "{status}")')
    return checks.success("service healthy")


def _status(data: bytes) -> int:
    """The field `status` of a HealthCheckResponse, after the five bytes that frame a message; 0 if it is not set."""
    message = data[5:]
    return message[1] if len(message) > 1 and message[0] == 0x08 else 0


async def _call(stream: reaching.Stream, authority: str, action: GRPCAction) -> _Answer:
    """One call. Raises OSError, Unreachable."""
    # Imported here: few pods have such probes.
    import h2.config
    import h2.connection
    import h2.exceptions

    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    connection.initiate_connection()
    call = connection.get_next_available_stream_id()
    connection.send_headers(call, _headers(authority, "https" if action.mode == "TLS" else "http"))
    connection.send_data(call, _request(action.service or ""), end_stream=True)
    received = _Received()
    try:
        while not received.ended:
            stream.writer.write(connection.data_to_send())
            await stream.writer.drain()
            data = await stream.reader.read(_CHUNK)
            if not data:
                raise errors.Unreachable("the server ended the connection")
            for event in connection.receive_data(data):
                received.take(event)
    except h2.exceptions.ProtocolError as error:
        raise errors.Unreachable(f"it does not speak HTTP/2: {error}") from error
    return received.answer


class _Received:
    """What has come of an answer."""

    def __init__(self) -> None:
        self.ended = False
        self._fields: dict[str, str] = {}
        self._data = b""

    def take(self, event: object) -> None:
        """One of h2's events."""
        import h2.events

        if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
            self._fields.update((str(name), str(value)) for name, value in event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self._data = (self._data + event.data)[:_LONGEST_ANSWER]
        elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset | h2.events.ConnectionTerminated):
            self.ended = True

    @property
    def answer(self) -> _Answer:
        """Without a status of gRPC, HTTP's counts, as gRPC maps it."""
        http = self._fields.get(":status", "")
        code = self._fields.get("grpc-status", _HTTP_STATUSES.get(http, "2"))
        message = self._fields.get("grpc-message", "" if code == _OK else f"unexpected HTTP status code {http}")
        return _Answer(code, urllib.parse.unquote(message), self._data)


def _headers(authority: str, scheme: str) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", scheme),
        (":path", "/grpc.health.v1.Health/Check"),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", f"kube-probe/{release.MAJOR}.{release.MINOR}"),
    ]


def _request(service: str) -> bytes:
    """A HealthCheckRequest: its field 1 is the service's name. Before it: that it is not compressed, and its length."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\x00" + len(message).to_bytes(4, "big") + message


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
