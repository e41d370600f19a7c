"""The columns of `kubectl get pods`. Pure; performs no I/O.

Source: `printPod`, kubernetes pkg/printers/internalversion/printers.go, as of 1.37.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStatus
from podrunner.pods import age

NONE = "<none>"
"""What a column shows instead of nothing."""


def ready(pod: Pod) -> str:
    """`1/2`: how many main containers and sidecars are ready."""
    inits = _inits(pod)
    up = sum(container.ready for container in inits.sidecars)
    if inits.status is None:
        up += sum(map(_ready_and_running, pod.status.container_statuses))
    return f"{up}/{len(pod.spec.containers) + len(_sidecar_names(pod))}"


def status(pod: Pod) -> str:
    """`Init:0/2`, `CrashLoopBackOff`, `Running`, `Terminating` …"""
    if pod.metadata.deletion_timestamp is not None:
        if pod.status.reason == "NodeLost":
            return "Unknown"
        if pod.status.phase not in ("Succeeded", "Failed"):
            return "Terminating"
    return _inits(pod).status or _containers_status(pod)


def restarts(pod: Pod) -> int:
    """The init containers' restarts up to the one whose turn it is; the main containers' and sidecars' from then on."""
    return sum(container.restart_count for container in _restarting(pod))


def restarts_and_last(pod: Pod, now: datetime) -> str:
    """The restarts and when the last was: `0`, `3 (20s ago)`."""
    count = restarts(pod)
    ends = [
        container.last_state.terminated.finished_at
        for container in _restarting(pod)
        if container.last_state.terminated is not None and container.last_state.terminated.finished_at is not None
    ]
    return f"{count} ({age.since(max(ends), now)} ago)" if count and ends else str(count)


def ip(pod: Pod) -> str:
    """The pod's first address."""
    return (pod.status.pod_ips and pod.status.pod_ips[0].ip) or NONE


def readiness_gates(pod: Pod) -> str:
    """`1/2`: how many of the conditions that the pod's readiness waits for are true."""
    gates = pod.spec.readiness_gates
    if not gates:
        return NONE
    return f"{sum(_condition_is_true(pod, gate.condition_type) for gate in gates)}/{len(gates)}"


class _Inits(NamedTuple):
    """How far the init containers are. `status` is the pod's while they are not done, None afterwards."""

    seen: list[ContainerStatus]
    """Those up to the one whose turn it is."""
    sidecars: list[ContainerStatus]
    """Those of them that have started and go on beside the main containers."""
    status: str | None


def _inits(pod: Pod) -> _Inits:
    names = _sidecar_names(pod)
    seen: list[ContainerStatus] = []
    sidecars: list[ContainerStatus] = []
    for index, container in enumerate(pod.status.init_container_statuses):
        seen.append(container)
        if _succeeded(container):
            continue
        if container.name in names and container.started:
            sidecars.append(container)
            continue
        initialized = _condition_is_true(pod, "Initialized")
        return _Inits(seen, sidecars, None if initialized else _initializing(pod, container, index))
    return _Inits(seen, sidecars, None)


def _initializing(pod: Pod, container: ContainerStatus, index: int) -> str:
    if container.state.terminated is not None:
        return f"Init:{_ended(container)}"
    waiting = container.state.waiting
    if waiting is not None and waiting.reason not in ("", "PodInitializing"):
        return f"Init:{waiting.reason}"
    return f"Init:{index}/{len(pod.spec.init_containers)}"


def _containers_status(pod: Pod) -> str:
    """What the main containers say, the first of several; else the pod's own reason, else its phase."""
    containers = pod.status.container_statuses
    reason = next(filter(None, map(_container_reason, containers)), "") or _own_reason(pod)
    if reason != "Completed":
        return reason
    running = any(map(_ready_and_running, containers))
    if running and _condition_is_true(pod, "Ready"):
        return "Running"
    failure = next((_ended(container) for container in containers if _failed(container)), "")
    return failure or ("NotReady" if running else reason)


def _own_reason(pod: Pod) -> str:
    if any(each.type == "PodScheduled" and each.reason == "SchedulingGated" for each in pod.status.conditions):
        return "SchedulingGated"
    return pod.status.reason or pod.status.phase


def _restarting(pod: Pod) -> Iterator[ContainerStatus]:
    """The containers whose restarts are told."""
    inits = _inits(pod)
    if inits.status is not None:
        yield from inits.seen
        return
    names = _sidecar_names(pod)
    yield from (container for container in inits.seen if container.name in names)
    yield from pod.status.container_statuses


def _sidecar_names(pod: Pod) -> frozenset[str]:
    return frozenset(each.name for each in pod.spec.init_containers if each.restart_policy == "Always")


def _container_reason(container: ContainerStatus) -> str:
    if container.state.waiting is not None and container.state.waiting.reason:
        return container.state.waiting.reason
    return _ended(container)


def _ended(container: ContainerStatus) -> str:
    terminated = container.state.terminated
    if terminated is None:
        return ""
    if terminated.reason:
        return terminated.reason
    return f"Signal:{terminated.signal}" if terminated.signal else f"ExitCode:{terminated.exit_code}"


def _succeeded(container: ContainerStatus) -> bool:
    return container.state.terminated is not None and container.state.terminated.exit_code == 0


def _failed(container: ContainerStatus) -> bool:
    return container.state.terminated is not None and container.state.terminated.exit_code != 0


def _ready_and_running(container: ContainerStatus) -> bool:
    return container.ready and container.state.running is not None


def _condition_is_true(pod: Pod, kind: str) -> bool:
    return next((condition.status == "True" for condition in pod.status.conditions if condition.type == kind), False)
