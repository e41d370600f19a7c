"""The kinds that the API takes or answers but never stores. Pure; performs no I/O.

They are apart from `kinds` so that the start-up does not pay for their types.
"""

from podrunner.objects import event_v1, metrics, options, review
from podrunner.objects.kinds import Kind

EVENT_V1 = Kind("Event", "events", event_v1.EventV1, ("ev",), api_version=event_v1.API_VERSION)
POD_METRICS = Kind("PodMetrics", "pods", metrics.PodMetrics, api_version=metrics.API_VERSION)
NODE_METRICS = Kind("NodeMetrics", "nodes", metrics.NodeMetrics, namespaced=False, api_version=metrics.API_VERSION)
EVICTION = Kind("Eviction", "evictions", options.Eviction, api_version="policy/v1")
BINDING = Kind("Binding", "bindings", options.Binding)

REVIEWS = (
    Kind(
        "LocalSubjectAccessReview",
        "localsubjectaccessreviews",
        review.LocalSubjectAccessReview,
        api_version=review.AUTHORIZATION,
    ),
    *(
        Kind(type_.__name__, f"{type_.__name__.lower()}s", type_, namespaced=False, api_version=api_version)
        for type_, api_version in (
            (review.SelfSubjectAccessReview, review.AUTHORIZATION),
            (review.SelfSubjectRulesReview, review.AUTHORIZATION),
            (review.SubjectAccessReview, review.AUTHORIZATION),
            (review.SelfSubjectReview, review.AUTHENTICATION),
            (review.TokenReview, review.AUTHENTICATION),
        )
    ),
)

KINDS = (EVENT_V1, POD_METRICS, NODE_METRICS, EVICTION, BINDING, *REVIEWS)

_BY_NAME = {(kind.name, kind.api_version): kind for kind in KINDS}


def by_name(name: str, api_version: str) -> Kind | None:
    """The kind a body calls `kind: <name>`, if it is one of these."""
    return _BY_NAME.get((name, api_version))
