"""How objects are deleted: at once, or marked until their finalizers are gone; pods gracefully.

Source: k8s.io/apiserver `pkg/registry/rest/delete.go` and `pkg/registry/generic/registry/store.go` (Delete). What a
deleted object owns is deleted by `store.housekeeping`, so deletion in the foreground is deletion in the background
here. Not so for pods: with that policy a pod stays until its containers are gone, however short its grace period.
"""

from typing import Any, NamedTuple

from msgspec import structs

from podrunner.objects import fielderrors, kinds, meta, options
from podrunner.store import pods, preconditions, problems
from podrunner.store.registry import Registry

ORPHAN, FOREGROUND, BACKGROUND = "Orphan", "Foreground", "Background"

_COLLECTORS_FINALIZERS = ("orphan", "foregroundDeletion")
"""Finalizers that ask the garbage collector for what is done here at once."""

_SHOWN = frozenset(
    ("Pod", "PersistentVolumeClaim", "PodTemplate", "ResourceQuota", "Service", "ServiceAccount", "Namespace")
)
"""Kinds whose deletion is answered with the object (ReturnDeletedObject)."""


class Deletion(NamedTuple):
    """An object that is gone or marked; `shown`: the API answers the object itself, else a Status about it."""

    object: Any
    shown: bool


def delete(
    registry: Registry,
    kind: kinds.Kind,
    namespace: str,
    name: str,
    asked: options.DeleteOptions,
    *,
    dry_run: bool = False,
) -> Deletion:
    """Deletes an object of any kind but Namespace.

    Raises errors.NotFound, errors.Conflict (preconditions), errors.Invalid (options).
    """
    check_options(asked)
    obj = registry.get(kind, namespace, name)
    check_preconditions(obj, asked)
    orphaning = asked.propagation_policy == ORPHAN or asked.orphan_dependents or "orphan" in obj.metadata.finalizers
    if orphaning and not dry_run:
        orphan(registry, obj)
    if kind is pods.POD:
        stays = asked.propagation_policy == FOREGROUND
        gone = pods.delete(
            registry, namespace, name, grace_seconds=asked.grace_period_seconds, stays=stays, dry_run=dry_run
        )
        return Deletion(gone, shown=True)
    finalizers = tuple(each for each in obj.metadata.finalizers if each not in _COLLECTORS_FINALIZERS)
    if finalizers:
        marked = structs.replace(obj, metadata=_marked(registry, obj.metadata, finalizers))
        return Deletion(registry.update(marked, dry_run=dry_run), shown=True)
    gone = obj if dry_run else registry.delete(kind, namespace, name)
    return Deletion(gone, shown=kind.name in _SHOWN)


def is_complete(obj: meta.Object, before: meta.Object) -> bool:
    """Whether an update that made `obj` of `before` takes away what kept it (ShouldDeleteDuringUpdate)."""
    about = obj.metadata
    return (
        about.deletion_timestamp is not None
        and about.deletion_grace_period_seconds == 0
        and bool(before.metadata.finalizers)
        and not about.finalizers
    )


def check_options(asked: options.DeleteOptions) -> None:
    """Raises errors.Invalid for what contradicts itself (ValidateDeleteOptions)."""
    found = fielderrors.Errors()
    policy = asked.propagation_policy
    if policy is not None and policy not in (FOREGROUND, BACKGROUND, ORPHAN):
        found.unsupported("propagationPolicy", policy, (FOREGROUND, BACKGROUND, ORPHAN, "nil"))
    if policy is not None and asked.orphan_dependents is not None:
        found.invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set")
    if found:
        raise problems.invalid("DeleteOptions", "", found, group="meta.k8s.io")


def check_preconditions(obj: meta.Object, asked: options.DeleteOptions) -> None:
    only = asked.preconditions
    preconditions.check(obj, uid=only.uid, resource_version=only.resource_version)


def orphan(registry: Registry, owner: meta.Object) -> None:
    """Makes what belongs to `owner` its own master, so that it outlives it."""
    for dependent in list(registry.owned()):
        owners = tuple(each for each in dependent.metadata.owner_references if each.uid != owner.metadata.uid)
        if owners != dependent.metadata.owner_references:
            metadata = structs.replace(dependent.metadata, owner_references=owners)
            registry.update(structs.replace(dependent, metadata=metadata))


def _marked(registry: Registry, given: meta.ObjectMeta, finalizers: tuple[str, ...]) -> meta.ObjectMeta:
    """Deleted but for its finalizers (markAsDeleting)."""
    return structs.replace(
        given,
        finalizers=finalizers,
        deletion_timestamp=given.deletion_timestamp or meta.at_second(registry.clock.now()),
        deletion_grace_period_seconds=0,
    )
