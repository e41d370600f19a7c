"""What the engine has, as the pure core's `pods.observed` snapshots. Looks and changes nothing."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from podrunner import errors
from podrunner.engine import client as engine, confinement, labels, sandbox_files
from podrunner.pods import observed, volumes

_RUNNING = ("running", "paused", "restarting")
_NEVER = "0001-01-01T00:00:00Z"

Seen = tuple[labels.Owner, observed.Sandbox | observed.Container]


async def inspect(client: engine.Client, container_id: str) -> Seen | None:
    """The container and whose it is; None if it is gone or not podrunner's. Raises EngineError."""
    try:
        facts: dict[str, Any] = await client.call(client.api.inspect_container, container_id)
    except errors.EngineNotFound:
        return None
    return read(facts, client.machine_ip)


async def pods(client: engine.Client, instance: str) -> dict[str, observed.Observed]:
    """Everything that carries our instance's label, by pod uid. Raises EngineError."""
    snapshots: dict[str, observed.Observed] = {}
    for owner, what in await _look(client, f"{labels.INSTANCE}={instance}"):
        snapshots[owner.pod_uid] = _add(snapshots.get(owner.pod_uid, observed.Observed()), what)
    return snapshots


async def pod(client: engine.Client, instance: str, uid: str) -> observed.Observed:
    """Everything of one pod. Raises EngineError."""
    found = await _look(client, f"{labels.INSTANCE}={instance}", f"{labels.POD_UID}={uid}")
    snapshot = observed.Observed()
    for _, what in found:
        snapshot = _add(snapshot, what)
    return snapshot


def read(facts: Mapping[str, Any], machine_ip: str = "") -> Seen | None:
    """The engine's answer to an inspect in our words; None if the container is not podrunner's. Pure.

    `machine_ip` is the address of a sandbox on the network of the engine's machine.
    """
    owner = labels.parse(facts["Config"].get("Labels") or {})
    if owner is None:
        return None
    return owner, _sandbox(facts, owner, machine_ip) if owner.is_sandbox else _container(facts, owner)


async def _look(client: engine.Client, *wanted_labels: str) -> Iterable[Seen]:
    filters = {"label": list(wanted_labels)}
    listed: list[dict[str, Any]] = await client.call(client.api.containers, all=True, filters=filters)
    seen = await asyncio.gather(*(inspect(client, entry["Id"]) for entry in listed))
    return [entry for entry in seen if entry is not None]


def _add(snapshot: observed.Observed, what: observed.Sandbox | observed.Container) -> observed.Observed:
    if isinstance(what, observed.Sandbox):
        return snapshot.with_sandbox(what)
    return snapshot.with_container(what)


def _sandbox(facts: Mapping[str, Any], owner: labels.Owner, machine_ip: str) -> observed.Sandbox:
    state = _state(facts["State"])
    on_host = facts["HostConfig"]["NetworkMode"] == confinement.HOST and state is observed.State.RUNNING
    return observed.Sandbox(
        id=facts["Id"],
        attempt=owner.attempt,
        state=state,
        created_at=datetime.fromisoformat(facts["Created"]),
        ips=(machine_ip,) if on_host else _ips(facts),
        bridges=_bridges(facts),
        messages=_messages(facts),
        runtime=facts["HostConfig"].get("Runtime") or "",
        volumes=_volumes(facts),
    )


def _messages(facts: Mapping[str, Any]) -> observed.MessageFiles | None:
    mounts = (mount for mount in facts["Mounts"] if mount["Destination"] == sandbox_files.DIRECTORY)
    mount = next(mounts, None)
    if mount is None:
        return None
    assigned = labels.messages_of(facts["Config"].get("Labels") or {})
    variables = {variable.partition("=")[0] for variable in facts["Config"].get("Env") or ()}
    return observed.MessageFiles(
        volume=mount["Name"],
        directory=mount["Source"],
        assigned=assigned,
        has_hosts=sandbox_files.NAMES_VARIABLE in variables,
    )


def _volumes(facts: Mapping[str, Any]) -> dict[str, str]:
    root = volumes.ROOT + "/"
    own = (mount for mount in facts["Mounts"] if mount["Destination"].startswith(root))
    return {mount["Destination"].removeprefix(root): mount["Source"] for mount in own}


def _container(facts: Mapping[str, Any], owner: labels.Owner) -> observed.Container:
    state = facts["State"]
    return observed.Container(
        id=facts["Id"],
        name=owner.container_name,
        attempt=owner.attempt,
        sandbox_id=owner.sandbox_id,
        state=_state(state),
        created_at=datetime.fromisoformat(facts["Created"]),
        started_at=_time(state["StartedAt"]),
        finished_at=_time(state["FinishedAt"]),
        exit_code=state["ExitCode"],
        error=state["Error"],
        oom_killed=state["OOMKilled"],
        image=facts["Config"]["Image"],
        image_id=facts["Image"],
        stop_signal=facts["Config"].get("StopSignal") or "SIGTERM",
    )


def _state(state: Mapping[str, Any]) -> observed.State:
    if state["Status"] in _RUNNING:
        return observed.State.RUNNING
    # After a failed start the engine says "created", with the exit code; dockershim took that for an exit too.
    if state["Status"] == "created" and state["ExitCode"] == 0:
        return observed.State.CREATED
    return observed.State.EXITED


def _time(text: str) -> datetime | None:
    return None if text == _NEVER else datetime.fromisoformat(text)


def _ips(facts: Mapping[str, Any]) -> tuple[str, ...]:
    networks = _networks(facts)
    addresses = [network["IPAddress"] for network in networks] + [network["GlobalIPv6Address"] for network in networks]
    return tuple(address for address in addresses if address)


def _bridges(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """As the engine names them unless it is told otherwise (libnetwork, `br-` and the network's short id)."""
    return tuple(f"br-{network['NetworkID'][:12]}" for network in _networks(facts) if network["NetworkID"])


def _networks(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((facts["NetworkSettings"].get("Networks") or {}).values())
