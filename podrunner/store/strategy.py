"""The one door for what clients of the API write: the rules of the API server on top of the registry.

Its order and words are Kubernetes': admission, then the kind's strategy, then storage. podrunner's own parts (the
agent, the recorder of events) write through `registry` and `store.pods`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import structs

from podrunner import errors
from podrunner.objects import fielderrors, kinds, meta, options, selectors
from podrunner.objects.cluster import Namespace
from podrunner.objects.pod import Pod
from podrunner.objects.service import Service
from podrunner.objects.storage import PersistentVolumeClaim
from podrunner.store import claims, deletion, namespaces, pods, preconditions, problems, services, updates
from podrunner.store.deletion import Deletion
from podrunner.store.registry import Listing, Registry

Obj = TypeVar("Obj", bound=meta.Object)

NAME_ATTEMPTS = 8
"""How often a name is generated anew when the last one is taken (RetryGenerateName)."""


def create(registry: Registry, obj: Obj, *, dry_run: bool = False) -> Obj:
    """Stores a new object; answers it as stored.

    Raises errors.NotFound for a namespace that is not there, errors.Forbidden for one that ends, errors.AlreadyExists,
    errors.BadRequest, errors.Invalid.
    """
    kind = kinds.of(obj)
    if kind.namespaced:
        namespaces.check_open(registry, obj)
    creator: Callable[..., Obj] = _CREATORS.get(type(obj), Registry.create)
    name = obj.metadata.name
    for _ in range(NAME_ATTEMPTS):
        try:
            return creator(registry, obj, dry_run=dry_run)
        except errors.AlreadyExists as taken:
            if obj.metadata.name:
                raise
            name = taken.details["name"]
    raise problems.no_free_name(kind, name)


_CREATORS: dict[type[meta.Object], Callable[..., Any]] = {
    Pod: pods.create,
    Namespace: namespaces.create,
    PersistentVolumeClaim: claims.create,
    Service: services.create,
}


def replace(registry: Registry, obj: Obj, *, subresource: str = "", dry_run: bool = False) -> Obj:
    """Puts an object, or the part of it that `subresource` names, in the place of the stored one.

    See `updates.admit` for the parts. An object that was only kept by its finalizers goes with the last of them.
    Raises errors.NotFound, errors.Conflict for another uid or an old resourceVersion, errors.Invalid.
    """
    kind, about = kinds.of(obj), obj.metadata
    stored: Obj = registry.get(kind, about.namespace, about.name)
    preconditions.check(stored, uid=about.uid)
    if about.resource_version not in ("", stored.metadata.resource_version):
        raise problems.conflict(kind, about.name)
    admitted = updates.admit(obj, stored, subresource)
    if not subresource:
        admitted = _COMPLETED.get(type(obj), _as_it_is)(registry, admitted)
    if not deletion.is_complete(admitted, stored):
        return registry.update(admitted, dry_run=dry_run)
    if not dry_run:
        registry.delete(kind, about.namespace, about.name)
    return admitted


def _as_it_is(_registry: Registry, obj: Obj) -> Obj:
    return obj


_COMPLETED: dict[type[meta.Object], Callable[..., Any]] = {Service: services.complete}
"""What an update needs that only the other objects of the kind can tell."""


def delete(
    registry: Registry,
    kind: kinds.Kind,
    namespace: str,
    name: str,
    asked: options.DeleteOptions,
    *,
    dry_run: bool = False,
) -> Deletion:
    """Deletes an object, or begins to. Raises errors.NotFound, errors.Conflict, errors.Forbidden, errors.Invalid."""
    if kind is namespaces.NAMESPACE:
        return namespaces.delete(registry, name, asked, dry_run=dry_run)
    gone = deletion.delete(registry, kind, namespace, name, asked, dry_run=dry_run)
    if kind in (namespaces.SERVICE_ACCOUNT, namespaces.CONFIG_MAP) and not dry_run:
        namespaces.furnish(registry, namespace)
    return gone


def delete_collection(
    registry: Registry,
    kind: kinds.Kind,
    namespace: str | None,
    labels: selectors.Selector,
    fields: selectors.FieldSelector,
    asked: options.DeleteOptions,
    *,
    dry_run: bool = False,
) -> Listing:
    """Deletes every object that is selected; answers them as they are then. Raises as `delete` does."""
    listing = registry.list(kind, namespace, labels=labels, fields=fields)
    gone = []
    for obj in listing.items:
        about = obj.metadata
        gone.append(delete(registry, kind, about.namespace, about.name, asked, dry_run=dry_run).object)
    return listing._replace(items=tuple(gone))


def evict(registry: Registry, eviction: options.Eviction, *, dry_run: bool = False) -> None:
    """Deletes the pod that is named; there are no disruption budgets to ask. Raises as `delete` does."""
    about = eviction.metadata
    asked = eviction.delete_options or options.DeleteOptions()
    delete(registry, pods.POD, about.namespace, about.name, asked, dry_run=dry_run or bool(asked.dry_run))


def bind(registry: Registry, binding: options.Binding, *, dry_run: bool = False) -> None:
    """Gives a pod to a node, as a scheduler does.

    Source: kubernetes `pkg/registry/core/pod/storage/storage.go` (BindingREST). Raises errors.NotFound,
    errors.Conflict, errors.Invalid.
    """
    _check_binding(binding)
    about = binding.metadata
    pod: Pod = registry.get(pods.POD, about.namespace, about.name)
    preconditions.check(pod, uid=about.uid, resource_version=about.resource_version)
    refusal = _refusal(pod)
    if refusal:
        raise problems.conflict(pods.POD, about.name, refusal)
    annotations = {**pod.metadata.annotations, **about.annotations}
    given = structs.replace(pod, metadata=structs.replace(pod.metadata, annotations=annotations))
    if not dry_run:
        pods.bind(registry, given, binding.target.name)


def _refusal(pod: Pod) -> str:
    if pod.metadata.deletion_timestamp is not None:
        return f"pod {pod.metadata.name} is being deleted, cannot be assigned to a host"
    if pod.spec.node_name:
        return f'pod {pod.metadata.name} is already assigned to node "{pod.spec.node_name}"'
    if pod.spec.scheduling_gates:
        return f"pod {pod.metadata.name} has non-empty .spec.schedulingGates"
    return ""


def _check_binding(binding: options.Binding) -> None:
    found = fielderrors.Errors()
    if binding.target.kind not in ("", "Node"):
        found.unsupported("target.kind", binding.target.kind, ("Node", "<empty>"))
    if not binding.target.name:
        found.required("target.name")
    if found:
        raise problems.invalid("Binding", binding.metadata.name, found)
