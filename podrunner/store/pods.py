"""What is particular to pods in the store: birth, binding, status, graceful deletion.

Source of the deletion rules: k8s.io/apiserver `pkg/registry/rest/delete.go` (BeforeDelete) and kubernetes
`pkg/registry/core/pod/strategy.go` (CheckGracefulDelete).
"""

import msgspec

from podrunner import errors
from podrunner.objects import defaults, fielderrors, kinds, meta, refusals
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import PodCondition, PodStatus
from podrunner.pods import qos, spec
from podrunner.store import preconditions, problems, runtime_classes, service_accounts
from podrunner.store.registry import Registry

POD = kinds.of(Pod())

_GATED = PodCondition(
    type="PodScheduled",
    status="False",
    reason="SchedulingGated",
    message="Scheduling is blocked due to non-empty scheduling gates",
)


def create(registry: Registry, pod: Pod, *, dry_run: bool = False) -> Pod:
    """Stores a new pod; whatever status it brought is replaced by Pending.

    One with scheduling gates says what it waits for (kubernetes `pkg/registry/core/pod/strategy.go`,
    applySchedulingGatedCondition). Raises errors.Forbidden if its RuntimeClass does not exist.
    """
    _check_for_refusals(pod)
    complete = service_accounts.admit(registry, defaults.apply(runtime_classes.admitted(registry, pod)))
    held = (_GATED,) if complete.spec.scheduling_gates else ()
    status = PodStatus(phase="Pending", qos_class=_qos_class(complete), conditions=held)
    return registry.create(msgspec.structs.replace(complete, status=status), dry_run=dry_run)


def _check_for_refusals(pod: Pod) -> None:
    """Raises errors.Invalid for what can't be had on one machine."""
    found = fielderrors.Errors()
    for path, why in refusals.of_pod(pod.spec):
        found.forbidden(path, why)
    if found:
        raise problems.invalid("Pod", pod.metadata.name, found)


def every(registry: Registry) -> tuple[Pod, ...]:
    """The pods of all namespaces."""
    listed: tuple[Pod, ...] = registry.list(POD).items
    return listed


def bind(registry: Registry, pod: Pod, node_name: str) -> Pod:
    """Gives a pod that has none to a node: spec.nodeName and the condition PodScheduled, as the scheduler does."""
    scheduled = PodCondition(
        type="PodScheduled", status="True", last_transition_time=meta.at_second(registry.clock.now())
    )
    others = (condition for condition in pod.status.conditions if condition.type != scheduled.type)
    return registry.update(
        msgspec.structs.replace(
            pod,
            spec=msgspec.structs.replace(pod.spec, node_name=node_name),
            status=msgspec.structs.replace(pod.status, conditions=(*others, scheduled)),
        )
    )


def cannot_be_scheduled(registry: Registry, pod: Pod, message: str) -> bool:
    """Says in its status why the pod has no node; whether that is news (the scheduler's condition PodScheduled)."""
    told = next((each for each in pod.status.conditions if each.type == "PodScheduled"), None)
    if told is not None and told.message == message:
        return False
    waiting = PodCondition(
        type="PodScheduled",
        status="False",
        reason="Unschedulable",
        message=message,
        last_transition_time=meta.at_second(registry.clock.now()),
    )
    others = (each for each in pod.status.conditions if each.type != waiting.type)
    status = msgspec.structs.replace(pod.status, conditions=(*others, waiting))
    registry.update(msgspec.structs.replace(pod, status=status))
    return True


def write_status(registry: Registry, namespace: str, name: str, uid: str, status: PodStatus) -> Pod | None:
    """Reports on the pod. None when it is gone or another one has its name; the same status again writes nothing."""
    pod = _find(registry, namespace, name, uid)
    return None if pod is None else registry.update(msgspec.structs.replace(pod, status=status))


def delete(
    registry: Registry,
    namespace: str,
    name: str,
    *,
    grace_seconds: int | None = None,
    uid: str | None = None,
    resource_version: str | None = None,
    stays: bool = True,
    dry_run: bool = False,
) -> Pod:
    """Asks for the end of a pod: marks it with deletionTimestamp and deletionGracePeriodSeconds (default: its spec's).

    The agent stops the containers and has the last word (`remove`). A pod that no node has goes at once. So does,
    unless it `stays`, one that has no grace period or has ended, and the agent removes what there is of it after that:
    this is what Kubernetes does, and whoever wants to know when nothing is left has it stay. Asking again can shorten
    the grace period, never extend it. Raises errors.NotFound and, for another `uid` or `resource_version`,
    errors.Conflict.
    """
    pod: Pod = registry.get(POD, namespace, name)
    preconditions.check(pod, uid=uid, resource_version=resource_version)
    asked = 0 if _has_ended(pod) and not stays else grace_seconds
    marked = _shortened(pod, asked) if pod.metadata.deletion_timestamp else _marked(registry, pod, asked)
    at_once = not pod.spec.node_name or (marked.deletion_grace_period_seconds == 0 and not stays)
    if at_once:
        marked = msgspec.structs.replace(marked, deletion_grace_period_seconds=0)
    if not at_once or pod.metadata.finalizers:
        return registry.update(msgspec.structs.replace(pod, metadata=marked), dry_run=dry_run)
    if dry_run:
        return pod
    if pod.spec.node_name:
        # Who watches sees the mark before the end (`updateForGracefulDeletionAndFinalizers`, registry/store.go).
        registry.update(msgspec.structs.replace(pod, metadata=marked))
    gone: Pod = registry.delete(POD, namespace, name)
    return gone


def remove(registry: Registry, namespace: str, name: str, uid: str) -> None:
    """Removes the object of a pod that is over, or leaves it to its finalizers.

    Nothing happens when it is gone or another one has its name.
    """
    pod = _find(registry, namespace, name, uid)
    if pod is None:
        return
    if not pod.metadata.finalizers:
        registry.delete(POD, namespace, name)
        return
    over = msgspec.structs.replace(pod.metadata, deletion_grace_period_seconds=0)
    registry.update(msgspec.structs.replace(pod, metadata=over))


def _qos_class(pod: Pod) -> str:
    """The class, "" of a pod whose amounts can't be read: it is going to be refused, with all that is wrong."""
    try:
        return qos.of(pod)
    except ValueError:
        return ""


def _has_ended(pod: Pod) -> bool:
    return pod.status.phase in ("Succeeded", "Failed")


def _find(registry: Registry, namespace: str, name: str, uid: str) -> Pod | None:
    try:
        pod: Pod = registry.get(POD, namespace, name)
    except errors.NotFound:
        return None
    return pod if pod.metadata.uid == uid else None


def _marked(registry: Registry, pod: Pod, grace_seconds: int | None) -> meta.ObjectMeta:
    period = spec.grace_seconds(pod) if grace_seconds is None else _period(grace_seconds)
    return msgspec.structs.replace(
        pod.metadata,
        deletion_timestamp=meta.at_second(registry.clock.now()) + meta.duration(period),
        deletion_grace_period_seconds=period,
        generation=pod.metadata.generation + 1,
    )


def _shortened(pod: Pod, grace_seconds: int | None) -> meta.ObjectMeta:
    """The deletion under way, with a shorter grace period counted from when it was asked for first."""
    asked_for, current = pod.metadata.deletion_timestamp, spec.grace_seconds(pod)
    if asked_for is None or grace_seconds is None or _period(grace_seconds) >= current:
        return pod.metadata
    period = _period(grace_seconds)
    return msgspec.structs.replace(
        pod.metadata,
        deletion_timestamp=asked_for - meta.duration(current - period),
        deletion_grace_period_seconds=period,
    )


def _period(grace_seconds: int) -> int:
    """A negative period means the shortest graceful one (pod strategy: "set to 1")."""
    return 1 if grace_seconds < 0 else grace_seconds
