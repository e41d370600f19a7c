"""Reading a pod's spec and podrunner's own annotations. Pure; performs no I/O."""

from enum import StrEnum

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStatus

RUN = "podrunner.dev/run"
"""Annotation: the id of the `podrunner run` that owns the pod; the pod is deleted when that run's lease ends."""

FAIL_FAST = "podrunner.dev/fail-fast"
"""Annotation: "true" makes a failing init container final whatever the restart policy."""

NETWORK = "podrunner.dev/network"
"""Annotation: the engine network the pod joins instead of podrunner's own."""

PUBLISH = "podrunner.dev/publish"
"""Annotation: comma-separated `[HOST:]PORT`, container ports to publish on the engine's host."""


class Kind(StrEnum):
    """The lists that a pod's spec has of containers, by their JSON names."""

    INIT = "initContainers"
    MAIN = "containers"
    EPHEMERAL = "ephemeralContainers"


def container(pod: Pod, name: str) -> Container | None:
    """The container called `name`, of whichever kind."""
    for candidate in (*pod.spec.init_containers, *pod.spec.containers, *pod.spec.ephemeral_containers):
        if candidate.name == name:
            return candidate
    return None


def status(pod: Pod, name: str) -> ContainerStatus | None:
    """The status of the container `name`, of whichever kind, as it was stored last."""
    stored = pod.status
    kinds = (stored.init_container_statuses, stored.container_statuses, stored.ephemeral_container_statuses)
    for statuses in kinds:
        for candidate in statuses:
            if candidate.name == name:
                return candidate
    return None


def kind(pod: Pod, name: str) -> Kind:
    """Which of the lists the container `name` is in."""
    if is_init(pod, name):
        return Kind.INIT
    ephemeral = any(container.name == name for container in pod.spec.ephemeral_containers)
    return Kind.EPHEMERAL if ephemeral else Kind.MAIN


def is_init(pod: Pod, name: str) -> bool:
    """Whether `name` is one of the init containers."""
    return any(container.name == name for container in pod.spec.init_containers)


def field_path(pod: Pod, name: str) -> str:
    """Where events say they happened: `spec.initContainers{init-demo}`."""
    return f"spec.{kind(pod, name)}{{{name}}}"


def restarts_init_containers(pod: Pod) -> bool:
    """Whether an init container that failed is started again (kubelet: any restart policy but Never)."""
    return pod.spec.restart_policy != "Never" and pod.metadata.annotations.get(FAIL_FAST) != "true"


def grace_seconds(pod: Pod) -> int:
    """How long containers have between SIGTERM and SIGKILL: what the deletion says, else the spec."""
    if pod.metadata.deletion_grace_period_seconds is not None:
        return pod.metadata.deletion_grace_period_seconds
    grace = pod.spec.termination_grace_period_seconds
    return 30 if grace is None else grace
