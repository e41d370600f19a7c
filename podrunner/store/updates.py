"""What an update goes through before it is stored. Pure; performs no I/O.

The order is the API server's (k8s.io/apiserver `pkg/registry/rest/update.go`, BeforeUpdate): what a client can't change
is taken from the stored object, then comes validation. What a subresource is about is from the strategies of
kubernetes `pkg/registry/core/*/strategy.go` (PrepareForUpdate).
"""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import structs

from podrunner.objects import cluster, defaults, kinds, lease, meta, pod, runtime_class, service, validation
from podrunner.services import allocation
from podrunner.store import annotations, problems

Obj = TypeVar("Obj", bound=meta.Object)

_VERSION_NEEDED = (lease.Lease, runtime_class.RuntimeClass)
"""Kinds that may not be overwritten without saying which version is meant (AllowUnconditionalUpdate)."""


def admit(new: Obj, old: Obj, subresource: str = "") -> Obj:
    """The object that takes the place of `old`. Raises errors.Invalid.

    `subresource`: "" is the object but for its status, "status" its status, "ephemeralcontainers", "resize" and
    "finalize" those parts of it.
    """
    filled = defaults.apply(new)
    prepared: Obj = _part(filled, old, subresource)
    prepared = structs.replace(prepared, metadata=_metadata(prepared.metadata, old))
    if isinstance(prepared, pod.Pod) and isinstance(old, pod.Pod) and prepared.spec != old.spec:
        generation = old.metadata.generation + 1
        prepared = structs.replace(prepared, metadata=structs.replace(prepared.metadata, generation=generation))
    if found := [*annotations.check_update(prepared, old), *validation.validate_update(prepared, old, subresource)]:
        kind = kinds.of(old)
        raise problems.invalid(kind.name, prepared.metadata.name, found, group=kind.group)
    return prepared


def _metadata(given: meta.ObjectMeta, old: meta.Object) -> meta.ObjectMeta:
    """The metadata given, with what only the system sets as it is."""
    stored = old.metadata
    unconditional = not given.resource_version and not isinstance(old, _VERSION_NEEDED)
    return structs.replace(
        given,
        uid=given.uid or stored.uid,
        resource_version=stored.resource_version if unconditional else given.resource_version,
        creation_timestamp=stored.creation_timestamp,
        deletion_timestamp=stored.deletion_timestamp or given.deletion_timestamp,
        deletion_grace_period_seconds=_first(given.deletion_grace_period_seconds, stored.deletion_grace_period_seconds),
        generation=stored.generation,
        self_link=stored.self_link,
    )


def _first(given: int | None, stored: int | None) -> int | None:
    return stored if given is None else given


def _part(new: Any, old: Any, subresource: str) -> Any:
    """`new` where the subresource is about, `old` everywhere else."""
    if isinstance(new, pod.Pod):
        return _PARTS_OF_PODS[subresource](new, old)
    if isinstance(new, cluster.Namespace) and subresource == "":
        return structs.replace(new, spec=old.spec, status=old.status)
    if isinstance(new, service.Service) and subresource == "":
        kept = _with_addresses(new.spec, old.spec)
        new = structs.replace(new, spec=allocation.without_former_type(kept, old.spec))
    if subresource == "status":
        return structs.replace(new, spec=old.spec)
    return structs.replace(new, status=old.status) if hasattr(new, "status") else new


def _pod_itself(new: pod.Pod, old: pod.Pod) -> pod.Pod:
    return structs.replace(new, status=old.status)


def _pod_status(new: pod.Pod, old: pod.Pod) -> pod.Pod:
    metadata = structs.replace(new.metadata, deletion_timestamp=None, owner_references=old.metadata.owner_references)
    status = structs.replace(new.status, qos_class=new.status.qos_class or old.status.qos_class)
    return structs.replace(new, metadata=metadata, spec=old.spec, status=status)


def _pod_ephemeral(new: pod.Pod, old: pod.Pod) -> pod.Pod:
    spec = structs.replace(old.spec, ephemeral_containers=new.spec.ephemeral_containers)
    return structs.replace(new, metadata=_of_part(new.metadata, old.metadata), spec=spec, status=old.status)


def _pod_resize(new: pod.Pod, old: pod.Pod) -> pod.Pod:
    return structs.replace(new, metadata=_of_part(new.metadata, old.metadata), status=old.status)


def _of_part(given: meta.ObjectMeta, stored: meta.ObjectMeta) -> meta.ObjectMeta:
    """The metadata of an update of a part (ResetObjectMetaForStatus)."""
    return structs.replace(
        given,
        deletion_timestamp=stored.deletion_timestamp,
        labels=stored.labels,
        annotations=stored.annotations,
        finalizers=stored.finalizers,
        owner_references=stored.owner_references,
    )


_PARTS_OF_PODS: dict[str, Callable[[pod.Pod, pod.Pod], pod.Pod]] = {
    "": _pod_itself,
    "status": _pod_status,
    "ephemeralcontainers": _pod_ephemeral,
    "resize": _pod_resize,
}


def _with_addresses(new: service.ServiceSpec, old: service.ServiceSpec) -> service.ServiceSpec:
    """A service that does not say its addresses keeps those it has (patchAllocatedValues)."""
    if "ExternalName" in (new.type, old.type) or new.cluster_ip or new.cluster_ips:
        return new
    return structs.replace(new, cluster_ip=old.cluster_ip, cluster_ips=old.cluster_ips)
