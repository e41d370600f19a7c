"""Builds of images, for `podrunner run --build`: asked for by whoever shares a file system with the server."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import context, negotiation, runs, streams


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of the image, and an absolute path."""

    reference: str
    directory: str


async def build(request: Request) -> Response:
    """JSON lines: PULL for each step of a layer's way, OUTPUT for what the build writes, BUILT or FAILED at the end.

    The build ends with the connection.
    """
    try:
        asked = msgspec.json.decode(await request.body(), type=Asked)
    except msgspec.MsgspecError as error:
        raise errors.BadRequest(str(error)) from error
    if not Path(asked.directory).is_absolute():
        raise errors.BadRequest(f"{asked.directory} is no absolute path")
    try:
        steps = context.of(request).node.build(asked.reference, Path(asked.directory))
    except errors.PodrunnerError as error:
        raise errors.BadRequest(str(error)) from error
    return streams.Stream(_lines(steps), media_type=negotiation.JSON)


async def _lines(steps: AsyncGenerator[str | context.PullProgress, None]) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(steps):
            async for step in steps:
                yield _line(type="OUTPUT", text=step) if isinstance(step, str) else runs.pull_line(step)
    except errors.PodrunnerError as error:
        yield _line(type="FAILED", text=str(error))
    else:
        yield _line(type="BUILT")


def _line(**content: str) -> bytes:
    return msgspec.json.encode(content) + b"\n"
