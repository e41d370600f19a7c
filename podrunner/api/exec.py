"""`pods/{name}/exec` and `pods/{name}/attach`: over WebSockets, and over SPDY for older clients.

Source: k8s.io/cri-streaming `pkg/streaming/remotecommand`; of v5.channel.k8s.io, k8s.io/apiserver
`pkg/util/proxy/websocket.go`.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import connection, console, context, multiplexer, query, upgrades
from podrunner.objects.pod import Pod
from podrunner.store import pods

if TYPE_CHECKING:
    from podrunner.api.channels import Channels

STREAMS_WITHIN = 30.0
"""Seconds a SPDY client has to open its streams: the kubelet's DefaultStreamCreationTimeout."""

_V5, _V4, _V3, _V2, _V1 = (f"{version}channel.k8s.io" for version in ("v5.", "v4.", "v3.", "v2.", ""))
_BASE64_V4, _BASE64_V1 = "v4.base64.channel.k8s.io", "base64.channel.k8s.io"

_OVER_SPDY = (_V4, _V3, _V2, _V1)
_OVER_WEBSOCKET = ("", _V1, _BASE64_V1, _V4, _BASE64_V4)
"""The kubelet's. A client that knows v5 as well gets that: it is the API server's own."""

_WITH_STATUS = (_V5, _V4, _BASE64_V4)
"""What tells the outcome as a Status, and so the exit code; the others tell failures only, as text."""

_STDIN, _STDOUT, _STDERR, _ERROR, _SIZES = range(5)

log = logging.getLogger(__name__)


class Options(NamedTuple):
    """Which of the streams are wanted. A terminal has no stderr of its own."""

    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


class _Job(NamedTuple):
    """What is served once the connection is ours."""

    session: context.Session
    options: Options
    protocol: str
    failing: str


async def exec_(request: Request) -> Response:
    """Runs a command in a container."""
    pod, container, options = _asked(request)
    command = request.query_params.getlist("command")
    if not command:
        raise errors.BadRequest("you must specify at least 1 command")
    node = context.of(request).node
    return await _upgrade(
        request,
        options,
        lambda: node.exec(pod, container, command, **options._asdict()),
        "error executing command in container",
    )


async def attach(request: Request) -> Response:
    """Joins a container's own stdin, stdout and stderr."""
    pod, container, options = _asked(request)
    node = context.of(request).node
    return await _upgrade(
        request,
        options,
        lambda: node.attach(pod, container, **options._asdict()),
        "error attaching to container",
    )


def _asked(request: Request) -> tuple[Pod, str, Options]:
    path, params = request.path_params, request.query_params
    pod: Pod = context.of(request).registry.get(pods.POD, path["namespace"], path["name"])
    upgrades.require(request)
    stdin, stdout, stderr, tty = (query.flag(request, name) for name in ("stdin", "stdout", "stderr", "tty"))
    if not (stdin or stdout or (stderr and not tty)):
        raise errors.BadRequest("you must specify at least 1 of stdin, stdout, stderr")
    return pod, params.get("container", ""), Options(stdin, stdout, stderr and not tty, tty)


async def _upgrade(
    request: Request, options: Options, start: Callable[[], Coroutine[Any, Any, context.Session]], failing: str
) -> Response:
    """Starts the session when all else is agreed: what it refuses is told before the upgrade, as any error is."""
    serve: Callable[[connection.Wire, _Job], Coroutine[Any, Any, None]]
    if upgrades.wants_websocket(request):
        from podrunner.api import websocket

        supported = (_V5,) if _V5 in websocket.offered(request) else _OVER_WEBSOCKET
        agreed, serve = websocket.handshake(request, supported), _over_websocket
    else:
        agreed, serve = upgrades.to_spdy(request, _OVER_SPDY), _over_spdy
    job = _Job(await start(), options, agreed.protocol, failing)
    return upgrades.Upgrade(agreed.headers, lambda wire: serve(wire, job), job.session.close)


async def _over_spdy(wire: connection.Wire, job: _Job) -> None:
    wanted = {"error", *(name for name in ("stdin", "stdout", "stderr") if getattr(job.options, name))}
    if job.options.tty and job.protocol in (_V4, _V3):
        wanted.add("resize")
    streams = multiplexer.Multiplexer(wire, lambda headers: headers.get("streamtype") in wanted, patience=None)
    await upgrades.first_of(streams.run(), _use_streams(streams, wanted, job))


async def _use_streams(streams: multiplexer.Multiplexer, wanted: Collection[str], job: _Job) -> None:
    opened: dict[str, multiplexer.Stream] = {}
    try:
        async with asyncio.timeout(STREAMS_WITHIN):
            while len(opened) < len(wanted):
                stream = await streams.opened()
                if opened.setdefault(stream.headers["streamtype"], stream) is not stream:
                    await stream.reset()
    except TimeoutError:
        log.warning("timed out waiting for client to create streams")
        return
    stdin, stdout, stderr, sizes = map(opened.get, ("stdin", "stdout", "stderr", "resize"))
    await _attend(console.Console(opened["error"], stdin, stdout, stderr, sizes), job)
    await asyncio.sleep(console.FINISH_SECONDS)


async def _over_websocket(wire: connection.Wire, job: _Job) -> None:
    from podrunner.api import channels, websocket

    readable = [number for number, wanted in ((_STDIN, job.options.stdin), (_SIZES, job.options.tty)) if wanted]
    streams = channels.Channels(
        websocket.Socket(wire), 5, readable, text="base64" in job.protocol, half_close=job.protocol == _V5
    )
    await upgrades.first_of(streams.run(), _use_channels(streams, job))


async def _use_channels(streams: "Channels", job: _Job) -> None:
    each, options = streams.channels, job.options
    desk = console.Console(
        error=each[_ERROR],
        stdin=each[_STDIN] if options.stdin else None,
        stdout=each[_STDOUT] if options.stdout else None,
        stderr=each[_STDERR] if options.stderr else None,
        sizes=each[_SIZES] if options.tty else None,
    )
    await (desk.stdout or desk.stderr or desk.error).write(b"")  # tells that the connection is established
    await _attend(desk, job)
    await streams.close()
    await asyncio.sleep(console.FINISH_SECONDS)


async def _attend(desk: console.Console, job: _Job) -> None:
    outcome = await console.attend(job.session, desk, job.failing)
    await console.finish(desk, outcome, as_status=job.protocol in _WITH_STATUS)
