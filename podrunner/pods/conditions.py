"""A pod's conditions, from its container statuses. Pure; performs no I/O.

Rules and wording: kubernetes pkg/kubelet/status/generate.go.
"""

from collections.abc import Sequence
from datetime import datetime

from podrunner.objects import meta
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStatus, PodCondition

NODE_NOT_READY = "NodeNotReady"
"""Reason of an untrue Ready condition while the engine can't be reached (the node lifecycle controller's word)."""


def build(
    pod: Pod,
    phase: str,
    init_statuses: Sequence[ContainerStatus],
    statuses: Sequence[ContainerStatus],
    *,
    engine_lost: str,
    now: datetime,
) -> tuple[PodCondition, ...]:
    """The conditions in the kubelet's order; a status that stays as it was keeps its transition time."""
    containers_ready = _containers_ready(pod, phase, statuses)
    ready = _condition("Ready", containers_ready.status, containers_ready.reason, containers_ready.message)
    if engine_lost:
        ready = _condition("Ready", "False", NODE_NOT_READY, engine_lost)
    known = {condition.type: condition for condition in pod.status.conditions}
    ours = [_initialized(phase, init_statuses), ready, containers_ready, _condition("PodScheduled", "True")]
    others = [condition for condition in pod.status.conditions if condition.type not in {own.type for own in ours}]
    return (*(dated(condition, known.get(condition.type), now) for condition in ours), *others)


def dated(condition: PodCondition, before: PodCondition | None, now: datetime) -> PodCondition:
    """`condition` with the time of its last change of status, given what it was `before`."""
    unchanged = before is not None and before.status == condition.status
    since = before.last_transition_time if unchanged and before is not None else meta.at_second(now)
    return PodCondition(
        type=condition.type,
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        last_transition_time=since,
    )


def _initialized(phase: str, statuses: Sequence[ContainerStatus]) -> PodCondition:
    if phase == "Succeeded":
        return _condition("Initialized", "True", "PodCompleted")
    incomplete = [status.name for status in statuses if not status.ready]
    if incomplete:
        message = f"containers with incomplete status: [{' '.join(incomplete)}]"
        return _condition("Initialized", "False", "ContainersNotInitialized", message)
    return _condition("Initialized", "True")


def _containers_ready(pod: Pod, phase: str, statuses: Sequence[ContainerStatus]) -> PodCondition:
    if phase == "Succeeded":
        return _condition("ContainersReady", "False", "PodCompleted")
    ready = {status.name for status in statuses if status.ready}
    unready = [container.name for container in pod.spec.containers if container.name not in ready]
    if unready:
        message = f"containers with unready status: [{' '.join(unready)}]"
        return _condition("ContainersReady", "False", "ContainersNotReady", message)
    return _condition("ContainersReady", "True")


def _condition(kind: str, status: str, reason: str = "", message: str = "") -> PodCondition:
    return PodCondition(type=kind, status=status, reason=reason, message=message)
