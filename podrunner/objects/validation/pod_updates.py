"""What an update may change of a pod. Pure; performs no I/O.

Rules are `ValidatePodUpdate`, `ValidatePodStatusUpdate`, `ValidatePodEphemeralContainersUpdate` and `ValidatePodResize`
of Kubernetes' pkg/apis/core/validation. Both pods have their defaults; metadata is checked elsewhere.
"""

from msgspec import structs

from podrunner.objects import container, differences, pod, pod_status, scheduling
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names

_CHANGEABLE = ",".join(
    (
        "`spec.containers[*].image`",
        "`spec.initContainers[*].image`",
        "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    )
)
_MAX_INT32 = 2**31 - 1
_SYSTEM_CONDITIONS = ("Initialized", "PodScheduled", "Ready")
_TERMS = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def check(new: pod.PodSpec, old: pod.PodSpec, found: Errors) -> None:
    for field, mine, theirs in (
        ("containers", new.containers, old.containers),
        ("initContainers", new.init_containers, old.init_containers),
    ):
        if len(mine) != len(theirs):
            found.forbidden(f"spec.{field}", "pod updates may not add or remove containers")
            return
    if not _check_deadline(new, old, found):
        return
    _check_tolerations(new.tolerations, old.tolerations, found)
    _check_gates(new, old, found)
    if old.scheduling_gates:
        new = _check_gated(new, old, found)
    left = _without_changeable(new, old)
    if left != old:
        detail = f"pod updates may not change fields other than {_CHANGEABLE}"
        found.forbidden("spec", f"{detail}\n{differences.text(old, left, 'spec')}")


def _check_deadline(new: pod.PodSpec, old: pod.PodSpec, found: Errors) -> bool:
    """It may be set, and lowered; false ends the check of the update."""
    path, mine, theirs = "spec.activeDeadlineSeconds", new.active_deadline_seconds, old.active_deadline_seconds
    if mine is None:
        if theirs is not None:
            found.invalid(path, None, "must not update from a positive integer to nil value")
        return True
    if not 0 <= mine <= _MAX_INT32:
        found.invalid(path, mine, names.between(0, _MAX_INT32))
        return False
    if theirs is not None and mine > theirs:
        found.invalid(path, mine, "must be less than or equal to previous value")
        return False
    return True


def _check_tolerations(
    new: tuple[scheduling.Toleration, ...], old: tuple[scheduling.Toleration, ...], found: Errors
) -> None:
    """Tolerations may be added, and last another time."""

    def timeless(toleration: scheduling.Toleration) -> scheduling.Toleration:
        return structs.replace(toleration, toleration_seconds=None)

    kept = set(map(timeless, new))
    if not all(timeless(toleration) in kept for toleration in old):
        found.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")


def _check_gates(new: pod.PodSpec, old: pod.PodSpec, found: Errors) -> None:
    known = {gate.name for gate in old.scheduling_gates}
    for index, gate in enumerate(new.scheduling_gates):
        if gate.name not in known:
            detail = f"only deletion is allowed, but found new scheduling gate '{gate.name}'"
            found.forbidden(f"spec.schedulingGates[{index}].name", detail)


def _check_gated(new: pod.PodSpec, old: pod.PodSpec, found: Errors) -> pod.PodSpec:
    """What else may change of a pod with scheduling gates: where it may go can be narrowed.

    Returns the new spec with the old places, which have been dealt with.
    """
    if not old.node_selector.items() <= new.node_selector.items():
        detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        found.invalid("spec.nodeSelector", new.node_selector, detail)
    mine, theirs = new.affinity or scheduling.Affinity(), old.affinity or scheduling.Affinity()
    before, after = _terms(theirs), _terms(mine)
    if before and len(before) != len(after):
        found.invalid(_TERMS, after, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")
    else:
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            if not _only_adds(other, one):
                found.invalid(f"{_TERMS}[{index}]", other, "only additions are allowed (no mutations or deletions)")
    restored = structs.replace(mine, node_affinity=theirs.node_affinity)
    affinity = old.affinity if restored == theirs else new.affinity
    return structs.replace(new, node_selector=old.node_selector, affinity=affinity)


def _terms(affinity: scheduling.Affinity) -> tuple[scheduling.NodeSelectorTerm, ...]:
    nodes = affinity.node_affinity
    required = nodes.required_during_scheduling_ignored_during_execution if nodes else None
    return required.node_selector_terms if required else ()


def _only_adds(new: scheduling.NodeSelectorTerm, old: scheduling.NodeSelectorTerm) -> bool:
    if not old.match_expressions and not old.match_fields:
        return new == old  # an empty term matches nothing, so that adding to it would widen it
    return (
        new.match_expressions[: len(old.match_expressions)] == old.match_expressions
        and new.match_fields[: len(old.match_fields)] == old.match_fields
    )


def _without_changeable(new: pod.PodSpec, old: pod.PodSpec) -> pod.PodSpec:
    """The new spec with the old one's values of what may change."""
    grace = new.termination_grace_period_seconds
    if grace == 1 and (old.termination_grace_period_seconds or 0) < 0:
        grace = old.termination_grace_period_seconds
    return structs.replace(
        new,
        containers=_with_images(new.containers, old.containers),
        init_containers=_with_images(new.init_containers, old.init_containers),
        active_deadline_seconds=old.active_deadline_seconds,
        termination_grace_period_seconds=grace,
        tolerations=old.tolerations,
        scheduling_gates=old.scheduling_gates,
    )


def _with_images(
    new: tuple[container.Container, ...], old: tuple[container.Container, ...]
) -> tuple[container.Container, ...]:
    return tuple(structs.replace(mine, image=theirs.image) for mine, theirs in zip(new, old, strict=True))


def check_ephemeral(new: pod.PodSpec, old: pod.PodSpec, found: Errors) -> None:
    """Ephemeral containers may only be added."""
    path = "spec.ephemeralContainers"
    known = {each.name: each for each in new.ephemeral_containers}
    for before in old.ephemeral_containers:
        after = known.get(before.name)
        if after is None:
            found.forbidden(path, f'existing ephemeral containers "{before.name}" may not be removed\n')
        elif after != before:
            shown = differences.text(before, after, before.name)
            found.forbidden(path, f'existing ephemeral containers "{before.name}" may not be changed\n{shown}')


def check_resize(found: Errors) -> None:
    """Resources of a running container can't be changed here: what Kubernetes says of such a node."""
    found.forbidden("spec", "Pod running on node without support for resize")


def check_status(new: pod.Pod, old: pod.Pod, found: Errors) -> None:
    for index, condition in enumerate(new.status.conditions):
        if condition.type not in _SYSTEM_CONDITIONS:
            path = f"metadata.conditions[{index}].Type"  # Kubernetes' own path
            found.invalid_each(path, condition.type, names.qualified_name(condition.type))
    metadata.check_immutable(new.status.qos_class, old.status.qos_class, "status.qosClass", found)
    policy = old.spec.restart_policy
    sidecars = {each.name for each in old.spec.init_containers if each.restart_policy == "Always"}
    mine, theirs = new.status, old.status
    _check_ended(mine.container_statuses, theirs.container_statuses, policy, "containerStatuses", found)
    inits = tuple(status for status in theirs.init_container_statuses if status.name not in sidecars)
    _check_ended(mine.init_container_statuses, inits, policy, "initContainerStatuses", found)
    ephemerals = theirs.ephemeral_container_statuses
    _check_ended(mine.ephemeral_container_statuses, ephemerals, "Never", "ephemeralContainerStatuses", found)


def _check_ended(
    new: tuple[pod_status.ContainerStatus, ...],
    old: tuple[pod_status.ContainerStatus, ...],
    policy: str,
    field: str,
    found: Errors,
) -> None:
    """A container that has ended for good stays ended."""
    running = {status.name for status in new if status.state.terminated is None}
    for index, status in enumerate(old):
        ended = status.state.terminated
        for_good = ended is not None and (policy == "Never" or (policy == "OnFailure" and ended.exit_code == 0))
        if for_good and status.name in running:
            found.forbidden(f"status.{field}[{index}].state", "may not be transitioned to non-terminated state")
