"""What Kubernetes' OpenAPI documents call our types: io.k8s.api.core.v1.Pod. Pure; performs no I/O."""

from podrunner.objects import base, endpoint_slice, envelopes, event_v1, meta, options, review

CORE = "io.k8s.api.core.v1"
META = "io.k8s.apimachinery.pkg.apis.meta.v1"
AUTHENTICATION = "io.k8s.api.authentication.v1"

_BY_MODULE = {
    "envelopes": META,
    "endpoint_slice": "io.k8s.api.discovery.v1",
    "event_v1": "io.k8s.api.events.v1",
    "lease": "io.k8s.api.coordination.v1",
    "metrics": "io.k8s.metrics.pkg.apis.metrics.v1beta1",
    "review": "io.k8s.api.authorization.v1",
    "runtime_class": "io.k8s.api.node.v1",
}
"""The packages of modules whose types are not all of the core group."""

_BY_TYPE: dict[type[base.Struct], str] = {
    meta.Condition: META,
    meta.LabelSelector: META,
    meta.LabelSelectorRequirement: META,
    meta.ManagedFieldsEntry: META,
    meta.ObjectMeta: META,
    meta.OwnerReference: META,
    options.DeleteOptions: META,
    options.Preconditions: META,
    options.Eviction: "io.k8s.api.policy.v1",
    review.FieldSelectorRequirement: META,
    review.SelfSubjectReview: AUTHENTICATION,
    review.SelfSubjectReviewStatus: AUTHENTICATION,
    review.TokenReview: AUTHENTICATION,
    review.TokenReviewSpec: AUTHENTICATION,
    review.TokenReviewStatus: AUTHENTICATION,
    review.UserInfo: AUTHENTICATION,
}

_RENAMED: dict[type[base.Struct], str] = {
    endpoint_slice.SlicePort: "EndpointPort",
    event_v1.EventV1: "Event",
    event_v1.EventV1Series: "EventSeries",
}

TIME = f"{META}.Time"
MICRO_TIME = f"{META}.MicroTime"
FIELDS_V1 = f"{META}.FieldsV1"
PATCH = f"{META}.Patch"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

STATUS = f"{META}.{envelopes.Status.__name__}"
DELETE_OPTIONS = f"{META}.{options.DeleteOptions.__name__}"


def of(type_: type[base.Struct]) -> str:
    """The name of the component that describes a type."""
    module = type_.__module__.rpartition(".")[2]
    package = _BY_TYPE.get(type_) or _BY_MODULE.get(module, CORE)
    return f"{package}.{_RENAMED.get(type_, type_.__name__)}"


def of_list(type_: type[base.Struct]) -> str:
    """The name of the component that describes a list of a type's objects."""
    return f"{of(type_)}List"
