"""Which kinds, and which fields of a pod or a Service, podrunner does not act on yet. Pure; performs no I/O.

A field is honoured, or it is in one of these tables; none is ignored in silence. Whoever makes a field work deletes
its row.
"""

from collections.abc import Iterator

from podrunner.objects import (
    base,
    container,
    defaults,
    limitations,
    limits,
    meta,
    pod,
    security,
    service,
)

MESSAGE = "is not supported yet and has no effect"

KINDS_NOT_YET: tuple[type[meta.Object], ...] = (
    limits.LimitRange,
    limits.ResourceQuota,
)
"""Kinds that are stored, and nothing follows from it."""

# Python names of fields that have no effect yet, so that setting one deserves a warning.
NOT_YET: dict[type[base.Struct], tuple[str, ...]] = {
    service.ServiceSpec: (
        "external_ips",
        "load_balancer_ip",
        "load_balancer_source_ranges",
    ),
}

# Fields that say something only to a scheduler, among several nodes or to others: right to set, never warned of.
MEANINGLESS_HERE: dict[type[base.Struct], tuple[str, ...]] = {
    pod.PodSpec: (
        "affinity",
        "eviction_responders",
        "node_name",
        "node_selector",
        "overhead",
        "preemption_policy",
        "priority",
        "priority_class_name",
        "scheduler_name",
        "scheduling_group",
        "service_account",
        "tolerations",
        "topology_spread_constraints",
    ),
    # Nothing ever resizes a container here: there is no pods/resize.
    container.Container: ("resize_policy",),
    security.PodSecurityContext: ("se_linux_change_policy", "windows_options"),
    security.SecurityContext: ("windows_options",),
}


def warnings(obj: meta.Object) -> list[tuple[str, str]]:
    """(field path, message) of every field that is set to something but its default, and of less effect than meant."""
    if isinstance(obj, KINDS_NOT_YET):
        return [("kind", f"{obj.kind} {MESSAGE}")]
    if isinstance(obj, service.Service):
        return [(path, MESSAGE) for path in _unsupported_of_service(obj.spec)]
    if not isinstance(obj, pod.Pod):
        return []
    return list(limitations.warnings(defaults.apply(obj).spec))


def _unsupported_of_service(spec: service.ServiceSpec) -> Iterator[str]:
    yield from _set_fields(spec, service.ServiceSpec(), NOT_YET[service.ServiceSpec], "spec")
    for index, port in enumerate(spec.ports):
        # The proxy knows no SCTP.
        if port.protocol == "SCTP":
            yield f"spec.ports[{index}].protocol"


def _set_fields(obj: base.Struct, bare: base.Struct, fields: tuple[str, ...], path: str) -> Iterator[str]:
    for field in fields:
        if getattr(obj, field) != getattr(bare, field):
            yield f"{path}.{base.json_name(field)}"
