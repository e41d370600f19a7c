"""How the fields of the API types merge: the markers of Kubernetes' Go types, as a table. Pure; performs no I/O.

Source: the markers patchStrategy, patchMergeKey, listType, listMapKey, mapType and structType of Kubernetes 1.37's
`staging/src/k8s.io/api/core/v1/types.go` (and coordination/v1, node/v1, apimachinery's meta/v1), which its OpenAPI
documents give as `x-kubernetes-*`. A list that has no row is atomic: a patch or an apply replaces it whole.
"""

from typing import NamedTuple

from podrunner.objects import (
    base,
    cluster,
    container,
    endpoint_slice,
    endpoints,
    limits,
    meta,
    node,
    pod,
    pod_status,
    runtime_class,
    scheduling,
    security,
    service,
    storage,
    volume,
)


class Rule(NamedTuple):
    """How a list or map field merges.

    `list_type` (atomic, set or map), `map_keys` and `map_type` (atomic or granular) rule server-side apply; `strategy`
    (merge, or merge,retainKeys) and `merge_key` rule strategic merge patches. All are "" where they say nothing.
    """

    list_type: str = ""
    map_keys: tuple[str, ...] = ()
    strategy: str = ""
    merge_key: str = ""
    map_type: str = ""


def _by(*keys: str, strategy: str = "merge") -> Rule:
    """A list of structs told apart by their `keys`, which strategic patches merge by the first."""
    return Rule("map", keys, strategy, keys[0])


UNMARKED = Rule()
_ATOMIC = Rule("atomic")
_SET = Rule("set")
_SET_MERGED = Rule("set", strategy="merge")
_ATOMIC_MAP = Rule(map_type="atomic")

RULES: dict[type[base.Struct], dict[str, Rule]] = {
    meta.ObjectMeta: {"finalizers": _SET_MERGED, "ownerReferences": _by("uid")},
    pod.PodSpec: {
        "containers": _by("name"),
        "ephemeralContainers": _by("name"),
        "evictionResponders": _by("name"),
        "hostAliases": _by("ip"),
        "imagePullSecrets": _by("name"),
        "initContainers": _by("name"),
        "nodeSelector": _ATOMIC_MAP,
        "resourceClaims": _by("name", strategy="merge,retainKeys"),
        "schedulingGates": _by("name"),
        "topologySpreadConstraints": _by("topologyKey", "whenUnsatisfiable"),
        "volumes": _by("name", strategy="merge,retainKeys"),
    },
    container.Container: {
        "env": _by("name"),
        "ports": _by("containerPort", "protocol"),
        "volumeDevices": _by("devicePath"),
        "volumeMounts": _by("mountPath"),
    },
    container.ContainerRestartRuleOnExitCodes: {"values": _SET},
    container.ResourceRequirements: {"claims": Rule("map", ("name",))},
    container.VolumeMount: {"bindMountOptions": _SET},
    pod_status.PodStatus: {
        "conditions": _by("type"),
        "hostIPs": Rule("atomic", strategy="merge", merge_key="ip"),
        "nodeAllocatableResourceClaimStatuses": _by("resourceClaimName"),
        "podIPs": _by("ip"),
        "resourceClaimStatuses": _by("name", strategy="merge,retainKeys"),
        "volumeHealth": Rule("map", ("name",)),
    },
    pod_status.ContainerStatus: {"allocatedResourcesStatus": _by("name"), "volumeMounts": _by("mountPath")},
    pod_status.NodeAllocatableResourceClaimStatus: {
        "containers": _SET,
        "mapping": _by("name"),
        "overhead": _by("name"),
    },
    pod_status.PodVolumeHealth: {"healthConditions": _by("status", "reason")},
    pod_status.ResourceStatus: {"resources": Rule("map", ("resourceID",))},
    service.ServiceSpec: {"ports": _by("port", "protocol"), "selector": _ATOMIC_MAP},
    service.ServiceStatus: {"conditions": _by("type")},
    storage.PersistentVolumeClaimStatus: {
        "allocatedResourceStatuses": Rule(map_type="granular"),
        "conditions": _by("type"),
    },
    storage.VolumeHealthStatus: {"healthConditions": _by("status", "reason")},
    node.NodePodPreemptionPolicy: {"disableResizePreemption": _SET},
    node.NodeSpec: {"podCIDRs": _SET_MERGED},
    node.NodeStatus: {"addresses": _by("type"), "conditions": _by("type")},
    cluster.NamespaceStatus: {"conditions": _by("type")},
    cluster.ServiceAccount: {"secrets": _by("name")},
    runtime_class.Scheduling: {"nodeSelector": _ATOMIC_MAP},
}

# Lists of structs that have no identity of their own: each is replaced whole.
ATOMIC_LISTS: dict[type[base.Struct], tuple[str, ...]] = {
    meta.ObjectMeta: ("managedFields",),
    meta.LabelSelector: ("matchExpressions",),
    pod.PodSpec: ("readinessGates", "tolerations"),
    pod.PodDNSConfig: ("options",),
    container.Container: ("envFrom", "resizePolicy", "restartPolicyRules"),
    container.HTTPGetAction: ("httpHeaders",),
    pod_status.PodStatus: ("containerStatuses", "ephemeralContainerStatuses", "initContainerStatuses"),
    pod_status.PodExtendedResourceClaimStatus: ("requestMappings",),
    security.PodSecurityContext: ("sysctls",),
    scheduling.NodeAffinity: ("preferredDuringSchedulingIgnoredDuringExecution",),
    scheduling.NodeSelector: ("nodeSelectorTerms",),
    scheduling.NodeSelectorTerm: ("matchExpressions", "matchFields"),
    scheduling.PodAffinity: (
        "preferredDuringSchedulingIgnoredDuringExecution",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ),
    scheduling.PodAntiAffinity: (
        "preferredDuringSchedulingIgnoredDuringExecution",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ),
    volume.ConfigMapProjection: ("items",),
    volume.ConfigMapVolumeSource: ("items",),
    volume.DownwardAPIProjection: ("items",),
    volume.DownwardAPIVolumeSource: ("items",),
    volume.ProjectedVolumeSource: ("sources",),
    volume.SecretProjection: ("items",),
    volume.SecretVolumeSource: ("items",),
    service.LoadBalancerIngress: ("ports",),
    service.LoadBalancerStatus: ("ingress",),
    node.NodeSpec: ("taints",),
    node.NodeStatus: ("images", "runtimeHandlers", "volumesAttached"),
    cluster.ServiceAccount: ("imagePullSecrets",),
    endpoints.Endpoints: ("subsets",),
    endpoints.EndpointSubset: ("addresses", "notReadyAddresses", "ports"),
    endpoint_slice.EndpointHints: ("forNodes", "forZones"),
    endpoint_slice.EndpointSlice: ("endpoints", "ports"),
    limits.LimitRangeSpec: ("limits",),
    limits.ScopeSelector: ("matchExpressions",),
    runtime_class.Scheduling: ("tolerations",),
}

ATOMIC_STRUCTS: frozenset[type[base.Struct]] = frozenset(
    (
        container.ConfigMapKeySelector,
        container.FileKeySelector,
        container.SecretKeySelector,
        endpoints.EndpointAddress,
        endpoints.EndpointPort,
        endpoint_slice.SlicePort,
        limits.ScopeSelector,
        meta.LabelSelector,
        meta.LocalObjectReference,
        meta.ObjectFieldSelector,
        meta.ObjectReference,
        meta.OwnerReference,
        meta.ResourceFieldSelector,
        meta.TypedLocalObjectReference,
        pod.EvictionResponder,
        scheduling.NodeSelector,
        scheduling.NodeSelectorTerm,
    )
)
"""Types that server-side apply takes as one value (structType=atomic, x-kubernetes-map-type on the type)."""

_KEY_DEFAULTS: dict[tuple[type[base.Struct], str], str] = {
    (container.ContainerPort, "protocol"): "TCP",
    (meta.VolumeHealthCondition, "reason"): "",
    (service.ServicePort, "protocol"): "TCP",
}


def rule(type_: type[base.Struct], field: str) -> Rule:
    """How the field of that JSON name merges, if the table says; else an empty Rule."""
    for each in type_.__mro__:
        if field in (rows := RULES.get(each, {})):
            return rows[field]
        if field in ATOMIC_LISTS.get(each, ()):
            return _ATOMIC
    return UNMARKED


def list_type(type_: type[base.Struct], field: str) -> str:
    """atomic, set or map, for a field that is a list."""
    return rule(type_, field).list_type or "atomic"


def merge_key(type_: type[base.Struct], field: str) -> str:
    """By which key strategic merge patches merge this list of structs; "" if they don't, or if it has scalars."""
    return rule(type_, field).merge_key


def key_default(type_: type[base.Struct], field: str) -> str | None:
    """What an absent key of a list's items counts as (the marker `default`): a port's protocol is TCP.

    None: nothing here says so. A key that is always written counts as its zero value.
    """
    return _KEY_DEFAULTS.get((type_, field))
