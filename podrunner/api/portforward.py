"""`pods/{name}/portforward`: over SPDY, over SPDY inside a WebSocket (kubectl), or over channels of a WebSocket.

Source: k8s.io/cri-streaming `pkg/streaming/portforward`: httpstream.go, websocket.go.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import connection, console, context, forwarding, inbox, multiplexer, upgrades
from podrunner.objects import fielderrors
from podrunner.objects.pod import Pod
from podrunner.store import pods

STREAMS_WITHIN = 30.0
"""Seconds between the two streams of a forwarded connection: the kubelet's DefaultStreamCreationTimeout."""

_PROTOCOL = "portforward.k8s.io"
_TUNNEL = f"{upgrades.SPDY}+"
_CHANNELS = ("", "v4.channel.k8s.io", "v4.base64.channel.k8s.io")

To = Callable[[int], forwarding.Target]
"""The pod that a request is for, at one of its ports."""

log = logging.getLogger(__name__)


async def forward(request: Request) -> Response:
    """Forwards connections to ports of a pod for as long as the client stays."""
    parts, path = context.of(request), request.path_params
    pod: Pod = parts.registry.get(pods.POD, path["namespace"], path["name"])
    if not pod.spec.node_name:
        raise errors.BadRequest(f"pod {pod.metadata.name} does not have a host assigned")
    upgrades.require(request)

    def to(port: int) -> forwarding.Target:
        return forwarding.Target(parts.node, pod, port)

    if upgrades.wants_websocket(request):
        return _over_websocket(request, to)
    agreed = upgrades.to_spdy(request, (_PROTOCOL,))
    return upgrades.Upgrade(agreed.headers, lambda wire: _serve(wire, to))


def _over_websocket(request: Request, to: To) -> Response:
    from podrunner.api import websocket

    if any(name.startswith(_TUNNEL) for name in websocket.offered(request)):
        agreed = websocket.handshake(request, (_TUNNEL + _PROTOCOL,))
        return upgrades.Upgrade(agreed.headers, lambda wire: _serve(websocket.Tunnel(websocket.Socket(wire)), to))
    ports = [_port(text) for value in request.query_params.getlist("ports") for text in value.split(",")]
    if not ports:
        raise errors.BadRequest('query parameter "port" is required')
    agreed = websocket.handshake(request, _CHANNELS)
    return upgrades.Upgrade(
        agreed.headers, lambda wire: _serve_channels(wire, to, ports, text="base64" in agreed.protocol)
    )


def _port(text: str) -> int:
    """The number of a port. Raises errors.BadRequest."""
    quoted = fielderrors.quote(text)
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 1 << 16):
        raise errors.BadRequest(f"unable to parse {quoted} as a port")
    if int(text) < 1:
        raise errors.BadRequest(f"port {quoted} must be > 0")
    return int(text)


async def _serve(wire: multiplexer.Bytes, to: To) -> None:
    streams = multiplexer.Multiplexer(wire, _is_sound, inbox.STALL_SECONDS)
    await upgrades.first_of(streams.run(), _Pairs(to).forward(streams))


def _is_sound(headers: Mapping[str, str]) -> bool:
    try:
        _port(headers.get("port", ""))
    except errors.BadRequest:
        return False
    return headers.get("streamtype") in ("data", "error")


class _Pair:
    """The two streams of a connection that is to be forwarded."""

    def __init__(self) -> None:
        self.streams: dict[str, multiplexer.Stream] = {}
        self.complete = asyncio.Event()

    def add(self, kind: str, stream: multiplexer.Stream) -> bool:
        """False if there is one of that kind already."""
        if kind in self.streams:
            return False
        self.streams[kind] = stream
        if len(self.streams) == 2:
            self.complete.set()
        return True


class _Pairs:
    """Finds the streams that belong together, and forwards them."""

    def __init__(self, to: To) -> None:
        self._to = to
        self._waiting: dict[str, _Pair] = {}

    async def forward(self, streams: multiplexer.Multiplexer) -> None:
        """For ever, every connection in a task of its own."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                stream = await streams.opened()
                request, kind = _request(stream), stream.headers["streamtype"]
                pair = self._waiting.get(request)
                if pair is None:
                    pair = self._waiting[request] = _Pair()
                    tasks.create_task(self._forward(request, pair))
                if not pair.add(kind, stream):
                    await _complain(
                        pair, f"error processing stream for request {request}: {kind} stream already assigned"
                    )

    async def _forward(self, request: str, pair: _Pair) -> None:
        try:
            async with asyncio.timeout(STREAMS_WITHIN):
                await pair.complete.wait()
        except TimeoutError:
            await _complain(pair, f"(request={request}) timed out waiting for streams")
            return
        finally:
            del self._waiting[request]
        data, error = pair.streams["data"], pair.streams["error"]
        await forwarding.join(self._to(_port(data.headers["port"])), data, error)


def _request(stream: multiplexer.Stream) -> str:
    """What the two streams of a connection have in common. Clients of Kubernetes before 1.2 tell by the order alone."""
    fallback = stream.number if stream.headers["streamtype"] == "error" else stream.number - 2
    return stream.headers.get("requestid") or str(fallback)


async def _complain(pair: _Pair, message: str) -> None:
    log.warning("%s", message)
    if error := pair.streams.get("error"):
        await error.write(message.encode())


async def _serve_channels(wire: connection.Wire, to: To, ports: list[int], *, text: bool) -> None:
    """Two channels for each port, data and errors, on both of which the port's number comes first."""
    from podrunner.api import channels, websocket

    streams = channels.Channels(
        websocket.Socket(wire),
        2 * len(ports),
        range(0, 2 * len(ports), 2),
        text=text,
        patience=inbox.STALL_SECONDS,
    )
    each = streams.channels

    async def forward() -> None:
        for number, channel in enumerate(each):
            await channel.write(ports[number // 2].to_bytes(2, "little"))
        async with asyncio.TaskGroup() as tasks:
            for port, data, error in zip(ports, each[::2], each[1::2], strict=True):
                tasks.create_task(forwarding.join(to(port), data, error))
        await streams.close()
        await asyncio.sleep(console.FINISH_SECONDS)

    await upgrades.first_of(streams.run(), forward())
