"""A run's connection: its pods live as long as it is open, and it brings the progress of image pulls."""

import contextlib
from collections.abc import AsyncGenerator

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podrunner.api import context, negotiation, query, streams

PING_SECONDS = 5.0


async def attend(request: Request) -> Response:
    """JSON lines: HELD at once, a PULL for each step of a layer's way, a PING when there was nothing for a while.

    With `lease=true` the run's pods are deleted when the connection closes, for whatever reason. `network=true` says
    that the run is going to need podrunner's own network.
    """
    parts, lease, network = context.of(request), query.flag(request, "lease"), query.flag(request, "network")
    held = parts.leases.hold(request.path_params["run"], network=network) if lease else contextlib.nullcontext()
    return streams.Stream(_lines(held, parts.node), media_type=negotiation.JSON)


async def _lines(held: contextlib.AbstractAsyncContextManager[None], node: context.Node) -> AsyncGenerator[bytes, None]:
    async with held, contextlib.aclosing(streams.paced(node.progress(), PING_SECONDS)) as reports:
        yield b'{"type":"HELD"}\n'
        async for report in reports:
            yield b'{"type":"PING"}\n' if report is None else _pull(report)


def _pull(report: context.Report) -> bytes:
    return pull_line(report.progress, namespace=report.namespace, pod=report.pod, container=report.container)


def pull_line(progress: context.PullProgress, **about: str) -> bytes:
    """How far a layer is, and what it is for."""
    line = {
        "type": "PULL",
        **about,
        "reference": progress.reference,
        "layer": progress.layer,
        "status": progress.status,
        "current": progress.current,
        "total": progress.total,
    }
    return msgspec.json.encode(line) + b"\n"
