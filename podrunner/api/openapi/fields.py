"""What Kubernetes' documents say of a field beyond its type: required, defaults, finer times. Pure; performs no I/O.

A field that is written even when it is the zero value (`base.always`) is required, except where it is not.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from podrunner.objects import (
    base,
    endpoint_slice,
    envelopes,
    event,
    event_v1,
    meta,
    metrics,
    node,
    options,
    pod,
    pod_status,
    remote_volume,
    review,
    scheduling,
    service,
    storage,
    volume,
)
from podrunner.objects.patches import schema as merging

_ALSO_REQUIRED: dict[type[base.Struct], tuple[str, ...]] = {
    event.Event: ("involvedObject", "metadata"),
    event_v1.EventV1: ("eventTime",),
    event_v1.EventV1Series: ("lastObservedTime",),
    meta.Condition: ("lastTransitionTime",),
    meta.VolumeHealthCondition: ("reason",),
    metrics.ContainerMetrics: ("usage",),
    metrics.NodeMetrics: ("timestamp", "usage"),
    metrics.PodMetrics: ("timestamp",),
    options.Binding: ("target",),
    pod.EvictionResponder: ("priority",),
    pod.PodSpec: ("containers",),
    pod_status.ImageVolumeStatus: ("imageRef",),
    pod_status.NodeAllocatableMappedResources: ("quantity",),
    pod_status.PodExtendedResourceClaimStatus: ("requestMappings",),
    remote_volume.CephFSVolumeSource: ("monitors",),
    remote_volume.RBDVolumeSource: ("monitors",),
    remote_volume.ScaleIOVolumeSource: ("secretRef",),
    review.LocalSubjectAccessReview: ("spec",),
    review.SelfSubjectAccessReview: ("spec",),
    review.SelfSubjectRulesReview: ("spec",),
    review.SubjectAccessReview: ("spec",),
    review.TokenReview: ("spec",),
    review.TokenReviewSpec: ("token",),
    scheduling.NodeSelector: ("nodeSelectorTerms",),
    scheduling.PreferredSchedulingTerm: ("preference",),
    scheduling.WeightedPodAffinityTerm: ("podAffinityTerm",),
    storage.ModifyVolumeStatus: ("status",),
    volume.PersistentVolumeClaimTemplate: ("spec",),
    volume.PodCertificateProjection: ("keyType", "signerName"),
}

_NOT_REQUIRED: dict[type[base.Struct], tuple[str, ...]] = {
    endpoint_slice.EndpointSlice: ("endpoints", "ports"),
    event.Event: ("reportingComponent", "reportingInstance"),
    node.NodeRuntimeHandler: ("name",),
    service.ServicePort: ("targetPort",),
}

_KINDS = (meta.Object, envelopes.List, envelopes.Status)
_TOLD_BY_A_KIND = ("apiVersion", "kind", "metadata")
"""Written always, and still not asked of a client."""

_MICRO_TIMES = ("acquireTime", "eventTime", "lastObservedTime", "renewTime")


def required(type_: type[base.Struct], fields: Iterable[inspect.Field]) -> list[str]:
    """The JSON names of those fields of a type that must be there, sorted."""
    never = (*_NOT_REQUIRED.get(type_, ()), *(_TOLD_BY_A_KIND if issubclass(type_, _KINDS) else ()))
    always = {field.encode_name for field in fields if _written_always(field) not in (None, {})}
    return sorted(always.difference(never).union(_ALSO_REQUIRED.get(type_, ())))


def default(type_: type[base.Struct], field: inspect.Field) -> Any:
    """What an absent field is: {} for an object, the zero value for what is required. None: nothing to tell."""
    if published := merging.key_default(type_, field.encode_name):
        return published
    value = None if isinstance(field.type, inspect.UnionType) else _written_always(field)
    told_by_kind = issubclass(type_, _KINDS) and value != {}
    return None if told_by_kind or value == () else value


def has_microseconds(field: inspect.Field) -> bool:
    """Whether a time is a MicroTime."""
    return field.encode_name in _MICRO_TIMES


def _written_always(field: inspect.Field) -> Any:
    """The value that is written for an absent field, None if none is; any object is {}."""
    if field.default_factory in (msgspec.NODEFAULT, dict):
        return None
    value = field.default_factory()
    return {} if isinstance(value, base.Struct) else value
