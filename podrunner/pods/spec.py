"""Reading a pod's spec and podrunner's own annotations. Pure; performs no I/O."""

import posixpath
import re
from enum import StrEnum

from podrunner.objects.container import Container, Lifecycle, LifecycleHandler
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


BACKOFF_SCALE = "podrunner.dev/backoff-scale"
"""Annotation: how much of Kubernetes' back-off is waited for before a restart or a pull."""

BACKOFF_SCALE_RULE = "must be a decimal fraction above 0, or 1"


PREFETCH = "podrunner.dev/prefetch"
"""Annotation: "true" has the main containers' images pulled while init containers run."""


class Kind(StrEnum):
    """What part a container plays in its pod."""

    INIT = "init container"
    SIDECAR = "sidecar"
    MAIN = "main container"
    EPHEMERAL = "ephemeral container"


_LISTS = {
    Kind.INIT: "initContainers",
    Kind.SIDECAR: "initContainers",
    Kind.MAIN: "containers",
    Kind.EPHEMERAL: "ephemeralContainers",
}


def containers(pod: Pod) -> tuple[Container, ...]:
    """All containers of the pod, of whichever kind."""
    return (*pod.spec.init_containers, *pod.spec.containers, *pod.spec.ephemeral_containers)


def container(pod: Pod, name: str) -> Container | None:
    """The container called `name`, of whichever kind."""
    return next((candidate for candidate in containers(pod) if candidate.name == name), None)


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
    """What part the container `name` plays.

    A sidecar is an init container that goes on beside the main containers: one that is always started again. Source:
    `IsRestartableInitContainer`, kubernetes pkg/api/v1/pod/util.go.
    """
    for candidate in pod.spec.init_containers:
        if candidate.name == name:
            return Kind.SIDECAR if candidate.restart_policy == "Always" else Kind.INIT
    ephemeral = any(candidate.name == name for candidate in pod.spec.ephemeral_containers)
    return Kind.EPHEMERAL if ephemeral else Kind.MAIN


def sidecars(pod: Pod) -> tuple[Container, ...]:
    """The sidecars, in the order in which they start."""
    return tuple(each for each in pod.spec.init_containers if kind(pod, each.name) is Kind.SIDECAR)


def post_start(container: Container) -> LifecycleHandler | None:
    """The hook that runs when the container has started."""
    return (container.lifecycle or Lifecycle()).post_start


def pre_stop(container: Container) -> LifecycleHandler | None:
    """The hook that runs before the container is told to end."""
    return (container.lifecycle or Lifecycle()).pre_stop


def mounts_at(container: Container, path: str) -> bool:
    """Whether the container mounts a volume exactly there."""
    return any(posixpath.normpath(posixpath.join("/", mount.mount_path)) == path for mount in container.volume_mounts)


def field_path(pod: Pod, name: str) -> str:
    """Where events say they happened: `spec.initContainers{init-demo}`."""
    return f"spec.{_LISTS[kind(pod, name)]}{{{name}}}"


def joins_other_network(pod: Pod) -> bool:
    """Whether the pod is on another network than podrunner's own."""
    return pod.spec.host_network or NETWORK in pod.metadata.annotations


def fails_fast(pod: Pod) -> bool:
    """Whether an init container that fails is final, whatever the restart policy."""
    return pod.metadata.annotations.get(FAIL_FAST) == "true"


def prefetches(pod: Pod) -> bool:
    """Whether the main containers' images are pulled before their turn."""
    return pod.metadata.annotations.get(PREFETCH) == "true"


def backoff_scale(pod: Pod, default: float) -> float:
    """How much of Kubernetes' back-off the pod waits for: what its annotation says, else the server's `default`."""
    return parse_backoff_scale(pod.metadata.annotations.get(BACKOFF_SCALE, "")) or default


def parse_backoff_scale(text: str) -> float | None:
    """The factor that the text says; None if it is none (BACKOFF_SCALE_RULE)."""
    scale = float(text) if re.fullmatch(r"[01]|[01]?\.[0-9]+", text, re.ASCII) else 0.0
    return scale if 0 < scale <= 1 else None


def grace_seconds(pod: Pod) -> int:
    """How long containers have from being told to stop to SIGKILL: what the deletion says, else the spec."""
    asked_for = pod.metadata.deletion_grace_period_seconds
    return own_grace_seconds(pod) if asked_for is None else asked_for


def own_grace_seconds(pod: Pod) -> int:
    """The same by the pod's spec alone."""
    grace = pod.spec.termination_grace_period_seconds
    return 30 if grace is None else grace
