"""What the API serves: the one table that routes, discovery and OpenAPI are made from. Pure; performs no I/O.

Names only, so that a start-up that needs no types of the kinds that are never stored does not pay for them.
Source of verbs and subresources: kubernetes `api/discovery/`.
"""

import itertools
from typing import NamedTuple

from podrunner.objects import kinds, meta

EVERY_VERB = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_READ_ONLY = ("get", "list")
_CREATE = ("create",)
_CONNECT = ("create", "get")
_UPDATE = ("get", "patch", "update")


class Subresource(NamedTuple):
    """A path below an object's. `kind` is what it takes or answers, of another group version where that is given."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group_version: str = ""


class Served(NamedTuple):
    """One resource of a group version, as discovery names it. `singular` may be empty, `verbs` are sorted."""

    kind: str
    group_version: str
    plural: str
    singular: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()

    @property
    def type(self) -> type[meta.Object]:
        """The type of its objects."""
        return type_of(self.kind, self.group_version)


def type_of(kind: str, group_version: str) -> type[meta.Object]:
    """The type of a kind that is served."""
    if stored := kinds.by_name(kind, group_version):
        return stored.type
    from podrunner.objects import transient

    given = transient.by_name(kind, group_version)
    assert given, f"{group_version} {kind} has no type"
    return given.type


def _status(kind: str) -> tuple[Subresource, ...]:
    return (Subresource("status", kind, _UPDATE),)


_SUBRESOURCES = {
    "pods": (
        Subresource("attach", "PodAttachOptions", _CONNECT),
        Subresource("binding", "Binding", _CREATE),
        Subresource("ephemeralcontainers", "Pod", _UPDATE),
        Subresource("eviction", "Eviction", _CREATE, "policy/v1"),
        Subresource("exec", "PodExecOptions", _CONNECT),
        Subresource("log", "Pod", ("get",)),
        Subresource("portforward", "PodPortForwardOptions", _CONNECT),
        Subresource("proxy", "PodProxyOptions", ("create", "delete", "get", "patch", "update")),
        *_status("Pod"),
    ),
    "namespaces": _status("Namespace"),
    "nodes": _status("Node"),
    "persistentvolumeclaims": _status("PersistentVolumeClaim"),
    "resourcequotas": _status("ResourceQuota"),
    "services": _status("Service"),
}


def _stored(kind: kinds.Kind) -> Served:
    # A namespace takes what is in it along, so that the API server deletes one at a time.
    verbs = tuple(verb for verb in EVERY_VERB if verb != "deletecollection" or kind.name != "Namespace")
    return Served(
        kind=kind.name,
        group_version=kind.api_version,
        plural=kind.plural,
        singular=kind.singular,
        namespaced=kind.namespaced,
        verbs=verbs,
        short_names=kind.short_names,
        categories=kind.categories,
        subresources=_SUBRESOURCES.get(kind.plural, ()),
    )


def _review(kind: str, group_version: str, *, namespaced: bool = False) -> Served:
    singular = kind.lower()
    return Served(kind, group_version, f"{singular}s", singular, namespaced, _CREATE)


_NEVER_STORED = (
    Served("Binding", "v1", "bindings", "binding", True, _CREATE),
    Served("Event", "events.k8s.io/v1", "events", "event", True, EVERY_VERB, ("ev",)),
    _review("SelfSubjectReview", "authentication.k8s.io/v1"),
    _review("TokenReview", "authentication.k8s.io/v1"),
    _review("LocalSubjectAccessReview", "authorization.k8s.io/v1", namespaced=True),
    _review("SelfSubjectAccessReview", "authorization.k8s.io/v1"),
    _review("SelfSubjectRulesReview", "authorization.k8s.io/v1"),
    _review("SubjectAccessReview", "authorization.k8s.io/v1"),
    # Without a singular, as the metrics server has them: a "pod" is one of v1.
    Served("NodeMetrics", "metrics.k8s.io/v1beta1", "nodes", "", False, _READ_ONLY),
    Served("PodMetrics", "metrics.k8s.io/v1beta1", "pods", "", True, _READ_ONLY),
)

GROUP_VERSIONS = (
    "v1",
    "events.k8s.io/v1",
    "authentication.k8s.io/v1",
    "authorization.k8s.io/v1",
    # Has no resource of its own: clients that evict look here whether pods/eviction will take their Eviction.
    "policy/v1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "node.k8s.io/v1",
    "metrics.k8s.io/v1beta1",
)
"""In the order of preference of the API server."""

CORE = ("",)
"""The group whose versions are under /api, by its name."""

GROUPS = tuple(dict.fromkeys(each.partition("/")[0] for each in GROUP_VERSIONS if "/" in each))
"""The groups whose versions are under /apis."""

SERVED = tuple(
    sorted(
        itertools.chain(map(_stored, kinds.KINDS), _NEVER_STORED),
        key=lambda served: (GROUP_VERSIONS.index(served.group_version), served.plural),
    )
)


def group(group_version: str) -> str:
    """ "" for the core group."""
    return group_version.rpartition("/")[0]


def version(group_version: str) -> str:
    return group_version.rpartition("/")[2]


def join(group: str, version: str) -> str:
    """The group version of a group, "" for core, and its version."""
    return f"{group}/{version}" if group else version


def path(group_version: str) -> str:
    """Where a group version is: /api/v1, /apis/node.k8s.io/v1."""
    return f"/apis/{group_version}" if group(group_version) else f"/api/{group_version}"


def of_group(name: str) -> list[str]:
    """The group versions of a group, the preferred one first."""
    return [each for each in GROUP_VERSIONS if group(each) == name]


def of_group_version(group_version: str) -> list[Served]:
    """What is served below the path of a group version, by plural."""
    return [served for served in SERVED if served.group_version == group_version]
