"""The engine networks that pods join."""

import contextlib
from typing import Any

from podrunner import errors
from podrunner.engine import client as engine, labels


async def exists(client: engine.Client, name: str) -> bool:
    """Whether the engine has a network of that name or id. Raises EngineError."""
    try:
        await client.call(client.api.inspect_network, name)
    except errors.EngineNotFound:
        return False
    return True


def default_name(instance: str) -> str:
    """podrunner's own network. Each instance has its own, so that none removes another's while a sandbox starts."""
    return f"podrunner-{instance[:8]}"


async def ensure_default(client: engine.Client, instance: str) -> str:
    """The id of this instance's own bridge network, made on first use. Raises EngineError.

    The id and not the name: engines before API 1.44 can be brought to have two networks of one name, and refuse the
    name as ambiguous from then on.
    """
    found = await _ids(client, instance)
    if found:
        return found[0]
    answer: dict[str, Any] = await client.call(
        client.api.create_network,
        default_name(instance),
        driver="bridge",
        check_duplicate=True,
        labels={labels.DEFAULT_NETWORK: "true", labels.INSTANCE: instance},
    )
    return str(answer["Id"])


async def remove_default(client: engine.Client, instance: str) -> None:
    """Removes this instance's own network; gone, or joined by a container that is not ours, is no error."""
    for network_id in await _ids(client, instance):
        with contextlib.suppress(errors.EngineRefused):
            await client.call(client.api.remove_network, network_id)


async def id_of(client: engine.Client, name: str) -> str:
    """The id of the network of that name or id. Raises EngineNotFound, EngineError."""
    facts: dict[str, Any] = await client.call(client.api.inspect_network, name)
    return str(facts["Id"])


async def internal(client: engine.Client) -> set[str]:
    """The ids of the networks that lead nowhere else. Raises EngineError."""
    listed: list[dict[str, Any]] = await client.call(client.api.networks, filters={"driver": "bridge"})
    return {str(network["Id"]) for network in listed if network["Internal"]}


async def connect(client: engine.Client, network: str, container_id: str) -> None:
    """Puts the container on the network, too. Raises EngineError."""
    await client.call(client.api.connect_container_to_network, container_id, network)


async def disconnect(client: engine.Client, network: str, container_id: str) -> None:
    """Takes the container off the network; a network that is gone is no error. Raises EngineError."""
    with contextlib.suppress(errors.EngineNotFound):
        await client.call(client.api.disconnect_container_from_network, container_id, network, force=True)


async def _ids(client: engine.Client, instance: str) -> list[str]:
    filters = {"label": [f"{labels.INSTANCE}={instance}"]}
    listed: list[dict[str, Any]] = await client.call(client.api.networks, filters=filters)
    return [str(network["Id"]) for network in listed]
