"""Compares a pod's status just before its deletion with the recorded one. Pure; performs no I/O."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from golden_recordings import FieldChange, Recording
from podrunner.objects import codec
from podrunner.objects.pod import Pod

NEWER_CONDITIONS = ("PodReadyToStartContainers",)
"""Conditions that Kubernetes 1.20 did not have yet."""


def of(pod: Pod) -> dict[str, Any]:
    """What the recordings keep of a pod's status."""
    status = codec.to_builtins(pod.status)
    return {
        **_only(status, "phase", "reason", "message", "qosClass"),
        "conditions": {
            each["type"]: _only(each, "status", "reason", "message") for each in status.get("conditions", ())
        },
        "containers": {
            each["name"]: _container(each, init=key == "initContainerStatuses")
            for key in ("initContainerStatuses", "containerStatuses")
            for each in status.get(key, ())
        },
    }


def complaints(recording: Recording, ours: Mapping[str, Any]) -> list[str]:
    """Where the status differs, path by path, and the listed differences that are none."""
    expected = copy.deepcopy(dict(recording.final))
    found = []
    for change in recording.differences.final:
        if _at(expected, change.field) == change.ours:
            found.append(f"final: a difference is listed for what was recorded: {change.field}")
        if not change.maybe or _at(ours, change.field) == change.ours:
            _put(expected, change)
    wanted, had = dict(_leaves(expected)), dict(_leaves(_without_additions(ours, expected)))
    return found + [
        f"final: {path} is {had.get(path)!r}, not {wanted.get(path)!r}"
        for path in sorted(wanted.keys() | had.keys())
        if wanted.get(path) != had.get(path)
    ]


def _container(status: Mapping[str, Any], *, init: bool) -> dict[str, Any]:
    kept = {"init": init, **_only(status, "ready", "restartCount", "started")}
    for key in ("state", "lastState"):
        states = status.get(key, {})
        if states:
            kept[key] = {name: _only(state, "reason", "message", "exitCode") for name, state in states.items()}
    return kept


def _only(given: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: given[key] for key in keys if given.get(key) not in (None, "")}


def _without_additions(ours: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Without what newer versions tell in addition: some conditions, and whether an init container has started."""
    conditions, containers = dict(ours["conditions"]), copy.deepcopy(ours["containers"])
    for name in NEWER_CONDITIONS:
        if name not in expected["conditions"]:
            conditions.pop(name, None)
    for name, container in containers.items():
        if container["init"] and "started" not in expected["containers"].get(name, {}):
            container.pop("started", None)
    return {**ours, "conditions": conditions, "containers": containers}


def _at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _put(data: dict[str, Any], change: FieldChange) -> None:
    *parents, last = change.field.split(".")
    for key in parents:
        data = data.setdefault(key, {})
    if change.ours is None:
        data.pop(last, None)
    else:
        data[last] = change.ours


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(data, Mapping) or not data:
        yield path, data
        return
    for key, value in data.items():
        yield from _leaves(value, f"{path}.{key}" if path else key)
