"""A pod's conditions, from its container statuses. Pure; performs no I/O.

Rules and wording: kubernetes pkg/kubelet/status/generate.go.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from podrunner.objects import meta
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStatus, PodCondition
from podrunner.pods import spec

Statuses = Sequence[ContainerStatus]

NODE_NOT_READY = "NodeNotReady"
"""Reason of an untrue Ready condition while the engine can't be reached (the node lifecycle controller's word)."""


def build(
    pod: Pod,
    phase: str,
    init_statuses: Statuses,
    statuses: Statuses,
    *,
    initialized: bool = False,
    engine_lost: str,
    now: datetime,
) -> tuple[PodCondition, ...]:
    """The conditions in the kubelet's order; a status that stays as it was keeps its transition time.

    `initialized`: a main container was started in the present sandbox; a sidecar that restarts takes nothing back.
    """
    containers_ready = _containers_ready(pod, phase, init_statuses, statuses)
    ready = _ready(pod, containers_ready, engine_lost)
    known = {condition.type: condition for condition in pod.status.conditions}
    ours = [
        _initialized(pod, phase, init_statuses, initialized=initialized),
        ready,
        containers_ready,
        _condition("PodScheduled", "True"),
    ]
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


def _initialized(pod: Pod, phase: str, init_statuses: Statuses, *, initialized: bool) -> PodCondition:
    if phase == "Succeeded":
        return _condition("Initialized", "True", "PodCompleted")
    sidecars = {container.name for container in spec.sidecars(pod)}
    incomplete = [each.name for each in init_statuses if not (each.started if each.name in sidecars else each.ready)]
    if incomplete and not initialized:
        message = f"containers with incomplete status: [{' '.join(incomplete)}]"
        return _condition("Initialized", "False", "ContainersNotInitialized", message)
    return _condition("Initialized", "True")


def _containers_ready(pod: Pod, phase: str, init_statuses: Statuses, statuses: Statuses) -> PodCondition:
    if phase == "Succeeded":
        return _condition("ContainersReady", "False", "PodCompleted")
    ready = {status.name for status in (*init_statuses, *statuses) if status.ready}
    unready = [each.name for each in (*spec.sidecars(pod), *pod.spec.containers) if each.name not in ready]
    if unready:
        message = f"containers with unready status: [{' '.join(unready)}]"
        return _condition("ContainersReady", "False", "ContainersNotReady", message)
    return _condition("ContainersReady", "True")


def _ready(pod: Pod, containers_ready: PodCondition, engine_lost: str) -> PodCondition:
    """Whether the containers are ready, and what else the pod's readiness waits for (`spec.readinessGates`)."""
    if engine_lost:
        return _condition("Ready", "False", NODE_NOT_READY, engine_lost)
    if containers_ready.status != "True":
        return _condition("Ready", containers_ready.status, containers_ready.reason, containers_ready.message)
    known = {condition.type: condition.status for condition in pod.status.conditions}
    closed = [_closed_gate(gate.condition_type, known) for gate in pod.spec.readiness_gates]
    if any(closed):
        return _condition("Ready", "False", "ReadinessGatesNotReady", ", ".join(filter(None, closed)))
    return _condition("Ready", "True")


def _closed_gate(type_: str, known: Mapping[str, str]) -> str:
    """What a gate's condition keeps the pod from being ready with; "" if it does not."""
    if type_ not in known:
        return f'corresponding condition of pod readiness gate "{type_}" does not exist.'
    if known[type_] != "True":
        return f'the status of pod readiness gate "{type_}" is not "True", but {known[type_]}'
    return ""


def _condition(kind: str, status: str, reason: str = "", message: str = "") -> PodCondition:
    return PodCondition(type=kind, status=status, reason=reason, message=message)
