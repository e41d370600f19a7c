"""What `podrunner debug` makes of a pod: a container more, a copy, or its failed container with a shell.

Pure; performs no I/O. Source: kubernetes kubectl/pkg/cmd/debug/debug.go; the failed container's pod is podrunner's own.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from podrunner.client import podcontainers
from podrunner.client.podcontainers import Object

_FOR_THE_START_ONLY = ("livenessProbe", "readinessProbe", "startupProbe")
_OF_A_SERVICE = (*_FOR_THE_START_ONLY, "lifecycle", "ports", "restartPolicy", "restartPolicyRules", "args")
_OF_ITS_PLACE = ("nodeName", "ephemeralContainers", "priority")


class Wish(NamedTuple):
    """How the container is to be; "" and () leave it as it is, or to the image."""

    name: str = ""
    image: str = ""
    pull_policy: str = ""
    command: Sequence[str] = ()
    arguments_only: bool = False
    environment: Mapping[str, str] = {}
    stdin: bool = False
    tty: bool = False


def ephemeral(wish: Wish, target: str) -> dict[str, Any]:
    """A container that joins the pod, and the processes of its container `target` if one is named."""
    return _given({**_container(wish), "targetContainerName": target})


def copied(pod: Object, name: str, wish: Wish, *, share_processes: bool) -> dict[str, Any]:
    """A pod like this one, without its labels and probes; `wish` is for a container more, or changes one there is."""
    spec = _spec(pod)
    spec["shareProcessNamespace"] = share_processes
    for container in spec["containers"]:
        for probe in _FOR_THE_START_ONLY:
            container.pop(probe, None)
    there = next((each for each in spec["containers"] if each["name"] == wish.name), None)
    if there is not None:
        there.update(_container(wish))
        if wish.command and not wish.arguments_only:
            there.pop("args", None)
    elif wish.image:
        spec["containers"].append(_container(wish))
    else:
        raise podcontainers.Unsuitable("you must specify an existing container or a new image when specifying args.")
    return _pod(pod, name, spec)


def failed(pod: Object, name: str) -> Object | None:
    """The container of that name; else the first that ended with an error, at last or before its restart; else None.

    Raises Unsuitable for a name that the pod has no container of.
    """
    if name:
        return podcontainers.choose(pod, name).container
    ended = [status["name"] for status in _statuses(pod) if _has_failed(status)]
    return podcontainers.choose(pod, ended[0]).container if ended else None


def restarted(pod: Object, name: str, container: Object, wish: Wish) -> dict[str, Any]:
    """A pod of this container alone: its image, environment and mounts, with a shell in place of its command.

    Its volumes are the pod's, but what is in an emptyDir is not carried over.
    """
    alone = {key: value for key, value in container.items() if key not in _OF_A_SERVICE}
    alone.pop("targetContainerName", None)
    changed = {**_container(wish), "name": alone["name"], "stdin": True}
    if not wish.arguments_only:
        changed["command"] = list(wish.command or ["sh"])
    if wish.environment:
        kept = [each for each in alone.get("env", ()) if each["name"] not in wish.environment]
        changed["env"] = [*kept, *changed["env"]]
    spec = _spec(pod)
    mounted = {mount["name"] for mount in alone.get("volumeMounts", ())}
    spec.pop("initContainers", None)
    spec.update(
        containers=[{**alone, **changed}],
        volumes=[volume for volume in spec.get("volumes", ()) if volume["name"] in mounted],
        restartPolicy="Never",
    )
    return _pod(pod, name, spec)


def _container(wish: Wish) -> dict[str, Any]:
    return _given(
        {
            "name": wish.name,
            "image": wish.image,
            "imagePullPolicy": wish.pull_policy,
            "args" if wish.arguments_only else "command": list(wish.command),
            "env": [{"name": name, "value": value} for name, value in wish.environment.items()],
            "stdin": wish.stdin,
            # What is piped in ends; a terminal may be left and joined again.
            "stdinOnce": wish.stdin and not wish.tty,
            "tty": wish.tty,
        }
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _spec(pod: Object) -> dict[str, Any]:
    spec: dict[str, Any] = copy.deepcopy(dict(pod["spec"]))
    for field in _OF_ITS_PLACE:
        spec.pop(field, None)
    return spec


def _pod(original: Object, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": original["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": dict(spec)}


def _statuses(pod: Object) -> Iterator[Object]:
    for group in ("initContainerStatuses", "containerStatuses"):
        yield from pod.get("status", {}).get(group, ())


def _has_failed(status: Object) -> bool:
    ends = (status.get(which, {}).get("terminated") for which in ("state", "lastState"))
    return any(end is not None and end.get("exitCode") for end in ends)
