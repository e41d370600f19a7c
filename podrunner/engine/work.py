"""The engine's documents on work under way: how far a pull or a build is, what it writes, and that it failed."""

import contextlib
import functools
from collections.abc import AsyncGenerator, Callable

import msgspec
import requests

from podrunner import errors
from podrunner.engine import client as engine, streams


class Detail(msgspec.Struct, frozen=True):
    current: int = 0
    total: int = 0


class Message(msgspec.Struct, frozen=True, rename={"detail": "progressDetail"}):
    """A document of the engine's answer: a layer's `status` with its `id`, or some of a build's output (`stream`)."""

    status: str = ""
    id: str = ""
    detail: Detail = Detail()
    stream: str = ""
    error: str = ""


async def messages(
    client: engine.Client, request: Callable[[], requests.Response], name: str
) -> AsyncGenerator[Message, None]:
    """What the engine says of what the blocking `request` asks for. Raises EngineRefused when it says it failed."""
    parser = streams.JSONLines(functools.partial(msgspec.json.decode, type=Message))
    async with contextlib.aclosing(streams.read(client, request, parser, name=name)) as batches:
        async for batch in batches:
            for message in batch:
                if message.error:
                    raise errors.EngineRefused(message.error)
                yield message
