"""The engine's images: what one of them says, pulling, and podrunner's own pause image."""

import asyncio
import contextlib
import functools
import importlib.resources
import io
import logging
import re
import tarfile
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
import requests
import tenacity

from podrunner import errors
from podrunner.engine import client as engine, credentials, references, streams

_log = logging.getLogger(__name__)

PAUSE = "podrunner/pause:1.3"
SERVICES_DNS = "podrunner/services-dns:1.0"
SERVICES_PROXY = "podrunner/services-proxy:1.0"

PULL_ATTEMPTS = 3

InvalidReference = references.InvalidReference

# What registries and the way to them recover from in a moment; the engine has no error codes for these.
_TRANSIENT = re.compile(
    r"TLS handshake timeout|i/o timeout|Client\.Timeout|context deadline exceeded|connection reset|broken pipe|EOF\b"
    r"|HTTP status: 5\d\d|\b50[0234] [A-Z]"
)
_ABSENT = re.compile(r"manifest unknown|not found|does not exist")


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an image brings along.

    `id` is `sha256:…`; `user` is as in the Dockerfile (a name, `uid`, `uid:gid`, or empty).
    """

    id: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    stop_signal: str = ""
    volumes: tuple[str, ...] = ()
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    size_bytes: int = 0


class PullProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pull stands: one layer, or the whole where `layer` is empty. Bytes; `total` 0 where it isn't known.

    `status` is the engine's word: "Pulling fs layer", "Downloading", "Extracting", "Pull complete", "Already exists" …
    """

    reference: str
    layer: str
    status: str
    current: int
    total: int


async def inspect(client: engine.Client, reference: str) -> ImageFacts | None:
    """The image on the engine; None if it isn't there. Raises InvalidReference, EngineError."""
    references.parse(reference)
    try:
        answer: dict[str, Any] = await client.call(client.api.inspect_image, reference)
    except errors.EngineNotFound:
        return None
    config = answer.get("Config") or {}
    return ImageFacts(
        id=answer["Id"],
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        user=config.get("User") or "",
        working_dir=config.get("WorkingDir") or "",
        stop_signal=config.get("StopSignal") or "",
        volumes=tuple(config.get("Volumes") or ()),
        repo_tags=tuple(answer.get("RepoTags") or ()),
        repo_digests=tuple(answer.get("RepoDigests") or ()),
        size_bytes=answer.get("Size") or 0,
    )


async def pull(client: engine.Client, reference: str, progress: Callable[[PullProgress], None]) -> ImageFacts:
    """Pulls the image with the user's credentials, telling `progress` in the loop's thread. Cancelling stops the pull.

    Tries again, twice, where the registry or the way to it failed for the moment. Raises InvalidReference; else
    EngineNotFound or EngineRefused with the engine's own message, and why there were no credentials if so.
    """
    wanted = references.parse(reference)
    authorization, complaint = await _authorization(client, wanted.domain)
    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_is_transient),
        wait=tenacity.wait_exponential(multiplier=0.5, max=2),
        stop=tenacity.stop_after_attempt(PULL_ATTEMPTS),
        reraise=True,
    )
    try:
        async with client.pulls:
            await retrying(_pull, client, wanted, authorization, lambda m: progress(_progress(reference, m)))
    except errors.EngineRefused as refusal:
        kind = errors.EngineNotFound if _ABSENT.search(str(refusal)) else type(refusal)
        raise kind(f"{refusal} ({complaint})" if complaint else str(refusal)) from refusal
    facts = await inspect(client, reference)
    if facts is None:
        raise errors.EngineNotFound(f"No such image: {reference} (it was pulled and is gone again)")
    return facts


async def ensure_pause(client: engine.Client) -> str:
    """The reference of the pause image; built where the engine has none, which needs `busybox` there or in a registry.

    Raises EngineRefused with the engine's words if it can't be built.
    """
    return await _ensure(client, PAUSE, "pause")


async def ensure_own(client: engine.Client, own: str) -> str:
    """The same for any of podrunner's own images, each of which is its Dockerfile and has a base of its own."""
    names = {SERVICES_DNS: "services-dns", SERVICES_PROXY: "services-proxy"}
    return await _ensure(client, own, names.get(own, "pause"))


async def _ensure(client: engine.Client, own: str, name: str) -> str:
    if await inspect(client, own) is None:
        dockerfile = importlib.resources.files("podrunner.engine").joinpath(f"{name}.Dockerfile").read_bytes()
        build = functools.partial(
            client.open_stream,
            "POST",
            "/build",
            params={"t": own, "rm": "1"},
            headers={"Content-Type": "application/x-tar"},
            data=_context(dockerfile),
        )
        try:
            async for _ in _messages(client, build, "engine-build"):
                pass
        except errors.EngineRefused as refusal:
            raise errors.EngineRefused(f"cannot build the {name} image {own}: {refusal}") from refusal
    return own


class _Detail(msgspec.Struct, frozen=True):
    current: int = 0
    total: int = 0


class _Message(msgspec.Struct, frozen=True, rename={"detail": "progressDetail"}):
    """A document of the engine's answer to a pull or build."""

    status: str = ""
    id: str = ""
    detail: _Detail = _Detail()
    error: str = ""


async def _authorization(client: engine.Client, domain: str) -> tuple[str | None, str]:
    """The credentials, and what kept us from reading them: many images can be pulled without."""
    try:
        return await asyncio.to_thread(credentials.header, domain, client.config_dir), ""
    except credentials.UnreadableCredentials as error:
        _log.warning("pulling without credentials: %s", error)
        return None, str(error)


async def _pull(
    client: engine.Client, wanted: references.Reference, authorization: str | None, tell: Callable[[_Message], None]
) -> None:
    # Without a tag the engine would pull all of them.
    request = functools.partial(
        client.open_stream,
        "POST",
        "/images/create",
        params={"fromImage": wanted.repository, "tag": wanted.digest or wanted.tag},
        headers={"X-Registry-Auth": authorization} if authorization else {},
    )
    async with contextlib.aclosing(_messages(client, request, "engine-pull")) as messages:
        async for message in messages:
            tell(message)


async def _messages(
    client: engine.Client, request: Callable[[], requests.Response], name: str
) -> AsyncGenerator[_Message, None]:
    """The engine's documents on work under way. Raises EngineRefused for one that says it failed."""
    parser = streams.JSONLines(functools.partial(msgspec.json.decode, type=_Message))
    async with contextlib.aclosing(streams.read(client, request, parser, name=name)) as batches:
        async for batch in batches:
            for message in batch:
                if message.error:
                    raise errors.EngineRefused(message.error)
                yield message


def _progress(reference: str, message: _Message) -> PullProgress:
    is_layer = not message.status.startswith("Pulling from ")
    return PullProgress(
        reference=reference,
        layer=message.id if is_layer else "",
        status=message.status,
        current=message.detail.current,
        total=message.detail.total,
    )


def _is_transient(error: BaseException) -> bool:
    return type(error) is errors.EngineRefused and _TRANSIENT.search(str(error)) is not None


def _context(dockerfile: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as context:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        context.addfile(entry, io.BytesIO(dockerfile))
    return archive.getvalue()
