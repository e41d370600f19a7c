"""The kinds podrunner stores, and how manifests, URLs and command lines name them. Pure; performs no I/O.

What the API only takes or answers is in `transient`.
"""

from typing import NamedTuple

from podrunner.objects import (
    cluster,
    config,
    endpoint_slice,
    endpoints,
    event,
    lease,
    limits,
    meta,
    node,
    pod,
    runtime_class,
    service,
    storage,
    template,
)


class Kind(NamedTuple):
    """One kind: its names as kubectl and the API's URLs spell them, and the type that holds it.

    `categories` are what kubectl takes for several kinds at once (`kubectl get all`).
    """

    name: str
    plural: str
    type: type[meta.Object]
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    api_version: str = "v1"
    categories: tuple[str, ...] = ()

    @property
    def singular(self) -> str:
        return self.name.lower()

    @property
    def group(self) -> str:
        """The API group, "" for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        return self.api_version.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Where the API has this kind's group and version: /api/v1, /apis/coordination.k8s.io/v1."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"

    @property
    def resource(self) -> str:
        """The plural and the group, as messages name a kind: pods, leases.coordination.k8s.io."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


KINDS = (
    Kind("Pod", "pods", pod.Pod, ("po",), categories=("all",)),
    Kind("ConfigMap", "configmaps", config.ConfigMap, ("cm",)),
    Kind("Secret", "secrets", config.Secret),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", storage.PersistentVolumeClaim, ("pvc",)),
    Kind("Service", "services", service.Service, ("svc",), categories=("all",)),
    Kind("ServiceAccount", "serviceaccounts", cluster.ServiceAccount, ("sa",)),
    Kind("Namespace", "namespaces", cluster.Namespace, ("ns",), namespaced=False),
    Kind("Node", "nodes", node.Node, ("no",), namespaced=False),
    Kind("Event", "events", event.Event, ("ev",)),
    Kind("PodTemplate", "podtemplates", template.PodTemplate),
    Kind("Endpoints", "endpoints", endpoints.Endpoints, ("ep",)),
    Kind("EndpointSlice", "endpointslices", endpoint_slice.EndpointSlice, api_version=endpoint_slice.API_VERSION),
    Kind("LimitRange", "limitranges", limits.LimitRange, ("limits",)),
    Kind("ResourceQuota", "resourcequotas", limits.ResourceQuota, ("quota",)),
    Kind("Lease", "leases", lease.Lease, api_version="coordination.k8s.io/v1"),
    Kind("RuntimeClass", "runtimeclasses", runtime_class.RuntimeClass, namespaced=False, api_version="node.k8s.io/v1"),
)

_BY_NAME = {(kind.name, kind.api_version): kind for kind in KINDS}
_BY_PLURAL = {(kind.plural, kind.api_version): kind for kind in KINDS}
_BY_ANY_NAME = {name: kind for kind in KINDS for name in (kind.plural, kind.resource, kind.singular, *kind.short_names)}
_BY_TYPE = {kind.type: kind for kind in KINDS}


def by_name(name: str, api_version: str = "v1") -> Kind | None:
    """The kind a manifest calls `kind: <name>`."""
    return _BY_NAME.get((name, api_version))


def by_plural(plural: str, api_version: str = "v1") -> Kind | None:
    """The kind under /api/v1/<plural> or /apis/<group>/<version>/<plural>."""
    return _BY_PLURAL.get((plural, api_version))


def by_any_name(name: str) -> Kind | None:
    """The kind a command line means by `pod`, `pods` or `po`, or by its plural and group, in any case."""
    return _BY_ANY_NAME.get(name.lower())


def of(obj: meta.Object) -> Kind:
    """The kind of a typed object."""
    return _BY_TYPE[type(obj)]
