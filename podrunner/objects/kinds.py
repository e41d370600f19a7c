"""The kinds podrunner knows, and how manifests, URLs and command lines name them. Pure; performs no I/O."""

from typing import NamedTuple

from podrunner.objects import cluster, config, event, meta, node, pod, service, storage


class Kind(NamedTuple):
    """One kind: its names as kubectl and the API's URLs spell them, and the type that holds it."""

    name: str
    plural: str
    type: type[meta.Object]
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    api_version: str = "v1"

    @property
    def singular(self) -> str:
        return self.name.lower()


KINDS = (
    Kind("Pod", "pods", pod.Pod, ("po",)),
    Kind("ConfigMap", "configmaps", config.ConfigMap, ("cm",)),
    Kind("Secret", "secrets", config.Secret),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", storage.PersistentVolumeClaim, ("pvc",)),
    Kind("Service", "services", service.Service, ("svc",)),
    Kind("ServiceAccount", "serviceaccounts", cluster.ServiceAccount, ("sa",)),
    Kind("Namespace", "namespaces", cluster.Namespace, ("ns",), namespaced=False),
    Kind("Node", "nodes", node.Node, ("no",), namespaced=False),
    Kind("Event", "events", event.Event, ("ev",)),
)

_BY_NAME = {(kind.name, kind.api_version): kind for kind in KINDS}
_BY_PLURAL = {(kind.plural, kind.api_version): kind for kind in KINDS}
_BY_ANY_NAME = {name: kind for kind in KINDS for name in (kind.plural, kind.singular, *kind.short_names)}
_BY_TYPE = {kind.type: kind for kind in KINDS}


def by_name(name: str, api_version: str = "v1") -> Kind | None:
    """The kind a manifest calls `kind: <name>`."""
    return _BY_NAME.get((name, api_version))


def by_plural(plural: str, api_version: str = "v1") -> Kind | None:
    """The kind under /api/v1/<plural>."""
    return _BY_PLURAL.get((plural, api_version))


def by_any_name(name: str) -> Kind | None:
    """The kind a command line means by `pod`, `pods` or `po`, in any case."""
    return _BY_ANY_NAME.get(name.lower())


def of(obj: meta.Object) -> Kind:
    """The kind of a typed object."""
    return _BY_TYPE[type(obj)]
