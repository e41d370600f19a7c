"""Which kinds, and which fields of pods and other objects, podrunner does not act on yet. Pure; performs no I/O.

A field is honoured, or it is in one of these tables; none is ignored in silence. Whoever makes a field work deletes
its row.
"""

from collections.abc import Iterator

from msgspec import structs

from podrunner.objects import (
    base,
    cluster,
    container,
    defaults,
    endpoint_slice,
    endpoints,
    limitations,
    limits,
    meta,
    node,
    pod,
    runtime_class,
    security,
    service,
    storage,
)

MESSAGE = "is not supported yet and has no effect"

KINDS_NOT_YET: tuple[type[meta.Object], ...] = (
    limits.LimitRange,
    limits.ResourceQuota,
)
"""Kinds that are stored, and nothing follows from it."""

# Python names of fields that have no effect yet, so that setting one deserves a warning.
NOT_YET: dict[type[base.Struct], tuple[str, ...]] = {
    container.HTTPGetAction: ("protocol",),
    container.VolumeMount: ("bind_mount_options",),
    service.ServiceSpec: (
        "external_ips",
        "load_balancer_ip",
        "load_balancer_source_ranges",
        "session_affinity_config",
    ),
    storage.PersistentVolumeClaimSpec: ("data_source", "data_source_ref"),
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
    # There are no load balancers, and no nodes or zones to prefer.
    service.ServiceSpec: (
        "health_check_node_port",
        "internal_traffic_policy",
        "load_balancer_class",
        "traffic_distribution",
    ),
    # Each claim gets a volume of its own: there are no others to choose from, and one class of them.
    storage.PersistentVolumeClaimSpec: ("selector", "storage_class_name", "volume_attributes_class_name"),
    # Kubernetes heeds it only where an annotation of the account says so, since 1.32 deprecated.
    cluster.ServiceAccount: ("secrets",),
    node.NodeSpec: (
        "config_source",
        "external_id",
        "pod_cidr",
        "pod_cidrs",
        "pod_preemption_policy",
        "provider_id",
        "taints",
    ),
    endpoints.EndpointAddress: ("node_name",),
    endpoint_slice.Endpoint: ("deprecated_topology", "hints", "node_name", "zone"),
    runtime_class.RuntimeClass: ("scheduling",),
}


def warnings(obj: meta.Object) -> list[tuple[str, str]]:
    """(field path, message) of every field that is set to something but its default, and of less effect than meant."""
    if isinstance(obj, KINDS_NOT_YET):
        return [("kind", f"{obj.kind} {MESSAGE}")]
    if isinstance(obj, service.Service):
        return [(path, MESSAGE) for path in _unsupported_of_service(obj.spec)]
    if isinstance(obj, storage.PersistentVolumeClaim):
        return [(path, MESSAGE) for path in _unsupported_of_claim(obj.spec, "spec")]
    if not isinstance(obj, pod.Pod):
        return []
    unsupported = [(path, MESSAGE) for path in _unsupported_of_pod(obj.spec)]
    return [*unsupported, *limitations.warnings(defaults.apply(obj).spec)]


def _unsupported_of_service(spec: service.ServiceSpec) -> Iterator[str]:
    if spec.session_affinity_config == defaults.SESSION_AFFINITY:
        spec = structs.replace(spec, session_affinity_config=None)
    yield from _set_fields(spec, service.ServiceSpec(), NOT_YET[service.ServiceSpec], "spec")
    for index, port in enumerate(spec.ports):
        # The proxy knows no SCTP.
        if port.protocol == "SCTP":
            yield f"spec.ports[{index}].protocol"


def _unsupported_of_claim(spec: storage.PersistentVolumeClaimSpec, path: str) -> Iterator[str]:
    bare = storage.PersistentVolumeClaimSpec()
    return _set_fields(spec, bare, NOT_YET[storage.PersistentVolumeClaimSpec], path)


def _unsupported_of_pod(spec: pod.PodSpec) -> Iterator[str]:
    for index, each in enumerate(spec.volumes):
        template = None if each.ephemeral is None else each.ephemeral.volume_claim_template
        if template is not None and template.spec is not None:
            yield from _unsupported_of_claim(template.spec, f"spec.volumes[{index}].ephemeral.volumeClaimTemplate.spec")
    for field, containers in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for index, member in enumerate(containers):
            yield from _unsupported_of_container(member, f"spec.{field}[{index}]")


def _unsupported_of_container(of: container.Container, path: str) -> Iterator[str]:
    for name, handler in _handlers(of):
        if handler is not None and handler.http_get is not None:
            request, fields = handler.http_get, NOT_YET[container.HTTPGetAction]
            yield from _set_fields(request, container.HTTPGetAction(), fields, f"{path}.{name}.httpGet")
    for number, mount in enumerate(of.volume_mounts):
        fields = NOT_YET[container.VolumeMount]
        yield from _set_fields(mount, container.VolumeMount(), fields, f"{path}.volumeMounts[{number}]")


def _handlers(of: container.Container) -> Iterator[tuple[str, container.Probe | container.LifecycleHandler | None]]:
    for field in ("liveness_probe", "readiness_probe", "startup_probe"):
        yield base.json_name(field), getattr(of, field)
    if of.lifecycle is not None:
        yield "lifecycle.postStart", of.lifecycle.post_start
        yield "lifecycle.preStop", of.lifecycle.pre_stop


def _set_fields(obj: base.Struct, bare: base.Struct, fields: tuple[str, ...], path: str) -> Iterator[str]:
    for field in fields:
        if getattr(obj, field) != getattr(bare, field):
            yield f"{path}.{base.json_name(field)}"
