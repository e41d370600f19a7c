"""Making, starting, signalling and removing a pod's containers: one HTTP call each."""

import contextlib
import logging
import posixpath
import stat
from collections.abc import Mapping, Sequence
from typing import Any

from podrunner import errors
from podrunner.engine import (
    archives,
    client as engine,
    images,
    labels,
    messages,
    mounts,
    ports,
    sandbox_files,
    translate,
)
from podrunner.objects import container as containers, pod as pods
from podrunner.pods import messages as pod_messages, observed
from podrunner.pods.configuration import Configuration

log = logging.getLogger(__name__)

_NO_VARIABLES: Mapping[str, str] = {}
_ORDINARY = translate.Surroundings()
_NOTHING = Configuration()


async def create_sandbox(
    client: engine.Client,
    pod: pods.Pod,
    *,
    instance: str,
    attempt: int,
    network: str,
    publish: Sequence[ports.Published] = (),
    messages_of: Sequence[str] = (),
    runtime: str = "",
    has: Configuration = _NOTHING,
) -> str:
    """Creates (and does not start) the pod's pause container on `network`; returns its engine id.

    The instances `messages_of` (`pods.messages.instance`) find a file for their termination message in it. What the pod
    `has` beyond itself tells of the volumes of its claims. `runtime` is the engine's. Makes the pause image first where
    the engine has none. Raises SandboxRefused, EngineError.
    """
    config = translate.sandbox_config(
        pod,
        instance=instance,
        attempt=attempt,
        network=network,
        pause_image=images.PAUSE,
        publish=publish,
        messages_of=messages_of,
        runtime=runtime,
        has=has,
    )
    name = labels.name_of_sandbox(pod, attempt)
    try:
        return await _create(client, config, name)
    except errors.EngineNotFound:
        await images.ensure_pause(client)
        return await _create(client, config, name)


async def create_container(
    client: engine.Client,
    pod: pods.Pod,
    container: containers.Container,
    *,
    instance: str,
    attempt: int,
    sandbox_id: str,
    environment: Mapping[str, str] = _NO_VARIABLES,
    joins: str = "",
    message_files: observed.MessageFiles | None = None,
    volume_mounts: Sequence[dict[str, Any]] = (),
    surroundings: translate.Surroundings = _ORDINARY,
) -> str:
    """Creates (and does not start) a container in the sandbox; returns its engine id.

    It has the variables `environment`, sees the processes of the container with the engine id `joins`, if one is given,
    leaves its termination message in a file of its own among the sandbox's `message_files`, where it finds its
    /etc/hosts too, and mounts volumes as `volume_mounts` say (`mounts.of_container`).
    Raises EngineNotFound if the engine lacks the image, EngineConflict if the attempt exists already, EngineError.
    """
    if message_files is not None and container.termination_message_path:
        owner = pod_messages.instance(container.name, attempt)
        await messages.ensure_file(client, sandbox_id, message_files, owner)
    by_path = not client.speaks(mounts.SUBPATH_API)
    config = translate.container_config(
        pod,
        container,
        instance=instance,
        attempt=attempt,
        sandbox_id=sandbox_id,
        environment=environment,
        joins=joins,
        sandbox_mounts=sandbox_files.mounts(pod, container, attempt, message_files, by_path=by_path),
        volume_mounts=volume_mounts,
        surroundings=surroundings,
    )
    return await _create(client, config, labels.name_of_container(pod, container.name, attempt))


async def start(client: engine.Client, container_id: str) -> None:
    """Starts the container. Raises EngineRefused with the engine's words if its command or namespaces fail."""
    await client.call(client.api.start, container_id)


async def has_written_files(client: engine.Client, sandbox_id: str) -> bool:
    """Whether the sandbox's start command is done with the files that depend on its network; also if it is gone, or has
    no such files. Raises EngineError.
    """
    hosts = await archives.look(client, sandbox_id, posixpath.join(sandbox_files.DIRECTORY, sandbox_files.HOSTS))
    return hosts is None or bool(hosts.permissions & stat.S_IROTH)


async def kill(client: engine.Client, container_id: str, signal: str) -> None:
    """Sends `signal` ("SIGTERM", "9") to the container's first process; not running or gone is no error."""
    with contextlib.suppress(errors.EngineNotFound, errors.EngineConflict):
        await client.call(client.api.kill, container_id, signal)


async def remove(client: engine.Client, container_id: str) -> None:
    """Kills and removes the container with its anonymous volumes; gone, or going already, is no error."""
    with contextlib.suppress(errors.EngineNotFound, errors.EngineConflict):
        await client.call(client.api.remove_container, container_id, v=True, force=True)


async def _create(client: engine.Client, config: dict[str, Any], name: str) -> str:
    answer: dict[str, Any] = await client.call(client.api.create_container_from_config, config, name)
    for warning in answer.get("Warnings") or ():
        log.warning("%s: %s", name, warning)
    return str(answer["Id"])
