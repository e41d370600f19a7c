"""`pods/{name}/log`: a container's output as text.

Source of the options' rules: kubernetes `pkg/apis/core/validation/validation.go`, ValidatePodLogOptions.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from podrunner.api import context, log_socket, query, streams, upgrades
from podrunner.objects import fielderrors, meta
from podrunner.objects.pod import Pod
from podrunner.store import pods, problems

PROMPT_SECONDS = 0.5
"""How long the answer's head waits for the first lines, so that a refusal can still be told by its status."""


class Options(NamedTuple):
    """What of a container's output is asked for, and how it is to look."""

    container: str
    follow: bool
    previous: bool
    since: datetime | None
    tail: int | None
    timestamps: bool
    limit_bytes: int | None


async def read(request: Request) -> Response:
    """Answers once there are lines, or an error, or neither after a moment."""
    parts, path = context.of(request), request.path_params
    pod: Pod = parts.registry.get(pods.POD, path["namespace"], path["name"])
    options = _options(request, parts.registry.clock.now())
    agreed = log_socket.agree(request) if upgrades.wants_websocket(request) else None
    batches = parts.node.logs(
        pod,
        options.container,
        follow=options.follow,
        previous=options.previous,
        since=options.since,
        tail=options.tail,
    )
    chunks = streams.paced(_text(batches, options), PROMPT_SECONDS)
    first = await anext(chunks, None)
    if agreed is not None:
        return log_socket.upgrade(agreed, chunks, first)
    return streams.Stream(chunks, media_type="text/plain", first=first)


def _options(request: Request, now: datetime) -> Options:
    query.one_of(request, "stream", ("All",))
    tail, seconds = query.integer(request, "tailLines"), query.integer(request, "sinceSeconds")
    limit, since = query.integer(request, "limitBytes"), query.time(request, "sinceTime")
    found = fielderrors.Errors()
    if tail is not None and tail < 0:
        found.invalid("tailLines", tail, "must be greater than or equal to 0")
    if limit is not None and limit < 1:
        found.invalid("limitBytes", limit, "must be greater than 0")
    if seconds is not None and since is not None:
        found.forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified")
    elif seconds is not None and seconds < 1:
        found.invalid("sinceSeconds", seconds, "must be greater than 0")
    if found:
        raise problems.invalid("PodLogOptions", request.path_params["name"], found)
    return Options(
        container=request.query_params.get("container", ""),
        follow=query.flag(request, "follow"),
        previous=query.flag(request, "previous"),
        since=since if seconds is None else now - meta.duration(seconds),
        tail=tail,
        timestamps=query.flag(request, "timestamps"),
        limit_bytes=limit,
    )


async def _text(batches: AsyncIterator[Sequence[context.Line]], options: Options) -> AsyncGenerator[bytes, None]:
    """The lines as they are to look, a chunk for each batch, cut off after `limit_bytes`."""
    left = options.limit_bytes
    async with streams.closing(batches):
        async for batch in batches:
            text = _joined(batch, timestamps=options.timestamps)
            if left is not None and len(text) >= left:
                yield text[:left]
                return
            yield text
            left = None if left is None else left - len(text)


def _joined(lines: Sequence[context.Line], *, timestamps: bool) -> bytes:
    parts: list[bytes] = []
    for line in lines:
        if timestamps:
            parts += (line.time.encode(), b" ")
        parts.append(line.text)
        if line.complete:
            parts.append(b"\n")
    return b"".join(parts)
