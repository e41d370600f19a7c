"""Containers for a moment, which are never started: the engine has their files and mounts all the same.

One that was left when podrunner was killed is found by its label.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from podrunner import errors
from podrunner.engine import client as engine, labels


@contextlib.asynccontextmanager
async def container(client: engine.Client, image: str, instance: str, *mounts: dict[str, Any]) -> AsyncIterator[str]:
    """The engine id of a container of that image with these mounts, which is removed afterwards.

    Raises EngineNotFound without the image, EngineError.
    """
    body = {
        "Image": image,
        "Cmd": ["never started"],
        "Labels": {labels.INSTANCE: instance, labels.PASSING: "true"},
        "HostConfig": {"Mounts": list(mounts), "NetworkMode": "none"},
    }
    made = str((await client.call(client.api.create_container_from_config, body))["Id"])
    try:
        yield made
    finally:
        await _remove(client, made)


async def remove_left(client: engine.Client, instance: str) -> None:
    """Removes those that an earlier server of this instance left behind. Raises EngineError."""
    wanted = {"label": [f"{labels.INSTANCE}={instance}", labels.PASSING]}
    for left in await client.call(client.api.containers, all=True, filters=wanted):
        await _remove(client, str(left["Id"]))


async def _remove(client: engine.Client, container_id: str) -> None:
    with contextlib.suppress(errors.EngineNotFound, errors.EngineConflict):
        await client.call(client.api.remove_container, container_id, v=True, force=True)
