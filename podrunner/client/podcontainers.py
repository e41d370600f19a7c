"""The containers of a pod as the API tells of it: which one is meant, and what a person is told about the choice.

Pure; performs no I/O. Source: kubernetes kubectl/pkg/cmd/util/podcmd/podcmd.go.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from podrunner import errors
from podrunner.client import resources

POD = resources.kind_named("pods")

Object = Mapping[str, Any]

DEFAULT_ANNOTATION = "kubectl.kubernetes.io/default-container"
REGULAR, INIT, EPHEMERAL = "containers", "initContainers", "ephemeralContainers"

_ENDED = ("Succeeded", "Failed")


class Unsuitable(errors.PodrunnerError):
    """The pod has no such container, or is not in a state to do that with."""


class Choice(NamedTuple):
    """A container of the pod. `notice`: what to tell of how it was chosen, "" for nothing."""

    container: Object
    notice: str = ""


def choose(pod: Object, name: str) -> Choice:
    """The container of that name, else the one its annotation names, else the first.

    Raises Unsuitable for a name that the pod has no container of.
    """
    containers = {each["name"]: each for group in (INIT, REGULAR, EPHEMERAL) for each in _group(pod, group)}
    if name:
        if name not in containers:
            raise Unsuitable(f"container {name} is not valid for pod {pod['metadata']['name']} out of: {_all(pod)}")
        return Choice(containers[name])
    annotated = pod["metadata"].get("annotations", {}).get(DEFAULT_ANNOTATION)
    if annotated in containers:
        return Choice(containers[annotated])
    first = pod["spec"][REGULAR][0]
    if len(containers) == 1:
        return Choice(first)
    return Choice(first, f'Defaulted container "{first["name"]}" out of: {_all(pod)}')


def names(pod: Object) -> list[str]:
    """All containers in the order they start in."""
    return [each["name"] for group in (INIT, REGULAR, EPHEMERAL) for each in _group(pod, group)]


def is_ephemeral(pod: Object, name: str) -> bool:
    return any(each["name"] == name for each in _group(pod, EPHEMERAL))


def state(pod: Object, name: str) -> Mapping[str, Any]:
    """The container's state, `{"running": {…}}`; {} where the status does not tell of it yet."""
    groups = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    for status in (each for group in groups for each in pod.get("status", {}).get(group, ())):
        if status["name"] == name:
            found: Mapping[str, Any] = status.get("state", {})
            return found
    return {}


def require_unfinished(pod: Object, doing: str) -> None:
    """Raises Unsuitable where the pod has ended: `doing` is "exec into a container"."""
    phase = pod.get("status", {}).get("phase", "")
    if phase in _ENDED:
        raise Unsuitable(f"cannot {doing} in a completed pod; current phase is {phase}")


def _group(pod: Object, group: str) -> list[Object]:
    return pod["spec"].get(group) or []


def _all(pod: Object) -> str:
    groups = ((REGULAR, ""), (EPHEMERAL, " (ephem)"), (INIT, " (init)"))
    return ", ".join(each["name"] + remark for group, remark in groups for each in _group(pod, group))
