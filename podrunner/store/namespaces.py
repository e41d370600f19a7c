"""The life of namespaces: what each new one gets, what may be created in one, and how one ends.

Sources: the admission plugin NamespaceLifecycle (k8s.io/apiserver `pkg/admission/plugin/namespace/lifecycle`), and
kubernetes' `pkg/registry/core/namespace` and `pkg/controller/namespace/deletion`.
"""

import itertools
from collections.abc import Iterator
from typing import Any

from msgspec import structs

from podrunner import errors
from podrunner.objects import defaults, kinds, meta, options
from podrunner.objects.cluster import Namespace, NamespaceSpec, ServiceAccount
from podrunner.objects.config import ConfigMap
from podrunner.store import deletion, events, problems
from podrunner.store.registry import Registry

NAMESPACE = kinds.of(Namespace())
SERVICE_ACCOUNT = kinds.of(ServiceAccount())
CONFIG_MAP = kinds.of(ConfigMap())

SYSTEM = "kube-system"
LASTING = ("default", SYSTEM, "kube-public")
"""Namespaces that can't be deleted."""

DEFAULT_ACCOUNT = "default"
ROOT_CERTIFICATE = "kube-root-ca.crt"

DELETED_AT_ONCE = 200
"""Objects of an ending namespace that go in one round: more would hold up everybody else."""

_FINALIZER = "kubernetes"
"""What keeps a namespace in spec.finalizers until it is empty."""


def check_open(registry: Registry, obj: meta.Object) -> None:
    """Raises errors.NotFound or errors.Forbidden unless something can be created in the object's namespace."""
    kind, name = kinds.of(obj), obj.metadata.namespace or defaults.NAMESPACE
    namespace: Namespace = registry.get(NAMESPACE, "", name)
    if namespace.metadata.deletion_timestamp is not None:
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {name} is being terminated",
            "field": "metadata.namespace",
        }
        raise problems.forbidden(
            kind,
            obj.metadata.name or obj.metadata.generate_name or "Unknown",
            f"unable to create new content in namespace {name} because it is being terminated",
            causes=[cause],
        )


def create(registry: Registry, namespace: Namespace, *, dry_run: bool = False) -> Namespace:
    """Stores a new namespace and what every namespace has."""
    finalizers = namespace.spec.finalizers
    kept = finalizers if _FINALIZER in finalizers else (*finalizers, _FINALIZER)
    complete = structs.replace(namespace, spec=NamespaceSpec(finalizers=kept), status=Namespace().status)
    stored = registry.create(complete, dry_run=dry_run)
    if not dry_run:
        furnish(registry, stored.metadata.name)
    return stored


def furnish(registry: Registry, name: str) -> None:
    """Gives a namespace what it has none of: its default ServiceAccount, and the ConfigMap with the API's certificate.

    One that ends gets nothing. Where the system namespace has no certificate yet, that is left for later
    (`system.publish_certificate`).
    """
    namespace: Namespace = registry.get(NAMESPACE, "", name)
    if namespace.metadata.deletion_timestamp is not None:
        return
    _provide(registry, ServiceAccount(metadata=meta.ObjectMeta(name=DEFAULT_ACCOUNT, namespace=name)))
    try:
        published: ConfigMap = registry.get(CONFIG_MAP, SYSTEM, ROOT_CERTIFICATE)
    except errors.NotFound:
        return
    _provide(registry, root_certificate(name, published.data))


def root_certificate(namespace: str, data: dict[str, str]) -> ConfigMap:
    note = "Contains a CA bundle that can be used to verify the API's certificate."
    about = meta.ObjectMeta(name=ROOT_CERTIFICATE, namespace=namespace, annotations={"kubernetes.io/description": note})
    return ConfigMap(metadata=about, data=data)


def _provide(registry: Registry, obj: meta.Object) -> None:
    try:
        registry.create(obj)
    except errors.AlreadyExists:
        return


def delete(registry: Registry, name: str, asked: options.DeleteOptions, *, dry_run: bool = False) -> deletion.Deletion:
    """Marks a namespace as terminating; `advance` does the rest. Asking again changes nothing.

    Raises errors.Forbidden for those that last, errors.NotFound, errors.Conflict, errors.Invalid.
    """
    if name in LASTING:
        raise problems.forbidden(NAMESPACE, name, "this namespace may not be deleted")
    deletion.check_options(asked)
    namespace: Namespace = registry.get(NAMESPACE, "", name)
    deletion.check_preconditions(namespace, asked)
    if namespace.metadata.deletion_timestamp is not None:
        return deletion.Deletion(namespace, shown=True)
    about = structs.replace(namespace.metadata, deletion_timestamp=meta.at_second(registry.clock.now()))
    status = structs.replace(namespace.status, phase="Terminating")
    marked = structs.replace(namespace, metadata=about, status=status)
    return deletion.Deletion(registry.update(marked, dry_run=dry_run), shown=True)


def advance(registry: Registry) -> None:
    """Takes every terminating namespace as far as it can go now: its content marked or gone, then itself.

    Pods end gracefully, so it takes more than one call; each is due when something was deleted or changed.
    """
    for namespace in registry.list(NAMESPACE).items:
        if namespace.metadata.deletion_timestamp is not None and _is_empty(registry, namespace.metadata.name):
            _finish(registry, namespace)


def _is_empty(registry: Registry, name: str) -> bool:
    """Deletes some of what is in a namespace, its events last: they tell how its pods end. Whether nothing is left.

    Where something was left, what was deleted makes another round due.
    """
    staying = ((kind, obj) for kind, obj in _content(registry, name) if obj.metadata.deletion_timestamp is None)
    for kind, obj in itertools.islice(staying, DELETED_AT_ONCE):
        deletion.delete(registry, kind, name, obj.metadata.name, options.DeleteOptions())
    if any(True for _ in _content(registry, name)):
        return False
    told = registry.list(events.EVENT, name, limit=DELETED_AT_ONCE)
    for event in told.items:
        registry.delete(events.EVENT, name, event.metadata.name)
    return not told.continue_token


def _content(registry: Registry, name: str) -> Iterator[tuple[kinds.Kind, Any]]:
    for kind in kinds.KINDS:
        if kind.namespaced and kind is not events.EVENT:
            for obj in registry.list(kind, name).items:
                yield kind, obj


def _finish(registry: Registry, namespace: Namespace) -> None:
    """Removes an empty namespace, unless somebody else's finalizer is left."""
    finalizers = tuple(each for each in namespace.spec.finalizers if each != _FINALIZER)
    if not finalizers and not namespace.metadata.finalizers:
        registry.delete(NAMESPACE, "", namespace.metadata.name)
    elif finalizers != namespace.spec.finalizers:
        registry.update(structs.replace(namespace, spec=NamespaceSpec(finalizers=finalizers)))
