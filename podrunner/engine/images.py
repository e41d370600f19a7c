"""The engine's images: what one of them says, and podrunner's own pause image."""

import functools
import importlib.resources
from typing import Any

import msgspec

from podrunner import errors
from podrunner.engine import archives, client as engine, references, work

PAUSE = "podrunner/pause:1.4"
SERVICES_DNS = "podrunner/services-dns:1.0"
SERVICES_PROXY = "podrunner/services-proxy:1.0"

InvalidReference = references.InvalidReference


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
            data=archives.pack({"Dockerfile": dockerfile}),
        )
        try:
            async for _ in work.messages(client, build, "engine-build"):
                pass
        except errors.EngineRefused as refusal:
            raise errors.EngineRefused(f"cannot build the {name} image {own}: {refusal}") from refusal
    return own
