"""Building images from a directory of this machine; the engine may be on another one, for the context travels as a tar.

The engine's own builder does it, without BuildKit: what only that understands (`RUN --mount`) it refuses.
"""

import asyncio
import contextlib
import functools
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import IO

import docker.utils.build
import requests

from podrunner import errors
from podrunner.engine import client as engine, credentials, pulls, references, work
from podrunner.engine.pulls import PullProgress

DOCKERFILE = "Dockerfile"
IGNORED = ".dockerignore"

_PULLING = "Pulling from "


def check(reference: str, directory: Path) -> references.Reference:
    """The name in full. Raises InvalidReference, or UsageError for what can't be a name or an image's directory."""
    wanted = references.parse(reference)
    if wanted.digest:
        raise errors.UsageError(f"an image can't be built as {reference}: only its content decides on its digest")
    if not directory.is_dir():
        raise errors.UsageError(f"{directory} is no directory, so no image {reference} can be built from it")
    if not (directory / DOCKERFILE).is_file():
        raise errors.UsageError(f"{directory} has no {DOCKERFILE}, so no image {reference} can be built from it")
    return wanted


async def build(
    client: engine.Client, wanted: references.Reference, directory: Path
) -> AsyncGenerator[str | PullProgress, None]:
    """Builds the image and names it; yields what the build writes, and how far the images are that it builds upon.

    Closing the generator ends the build. Raises UsageError for a context that can't be read, EngineError, and
    EngineRefused with the engine's words.
    """
    registries = await asyncio.to_thread(credentials.headers, client.config_dir)
    with await asyncio.to_thread(context, directory) as archive:
        request = functools.partial(_request, client, f"{wanted.repository}:{wanted.tag}", archive, registries)
        base = ""
        async with contextlib.aclosing(work.messages(client, request, "engine-build")) as messages:
            async for message in messages:
                if message.status.startswith(_PULLING):
                    base = f"{message.status.removeprefix(_PULLING)}:{message.id}"
                if message.status:
                    yield pulls.progress(base, message)
                elif message.stream:
                    yield message.stream


def context(directory: Path) -> IO[bytes]:
    """The directory's files as a tar, without what its .dockerignore names. Raises UsageError."""
    archive = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    try:
        patterns = _ignored(directory)
        docker.utils.build.tar(directory, exclude=patterns, dockerfile=(DOCKERFILE, None), fileobj=archive)
    except (OSError, ValueError) as error:
        archive.close()
        raise errors.UsageError(f"the files of {directory} can't be sent to the engine: {error}") from error
    return archive


def _ignored(directory: Path) -> list[str]:
    try:
        lines = (directory / IGNORED).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [pattern for line in lines if (pattern := line.strip()) and not pattern.startswith("#")]


def _request(client: engine.Client, name: str, archive: IO[bytes], registries: str | None) -> requests.Response:
    # The engine (20.10) does not notice that a client is gone who had announced to close the connection.
    headers = {"Content-Type": "application/x-tar", "Connection": "keep-alive"} | (
        {"X-Registry-Config": registries} if registries else {}
    )
    return client.open_stream(
        "POST", "/build", params={"t": name, "rm": "1", "forcerm": "1"}, headers=headers, data=archive
    )
