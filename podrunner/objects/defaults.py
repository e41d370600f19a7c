"""Fills in what a manifest leaves out, as the API server does on admission. Pure; performs no I/O.

The rules are the SetDefaults functions of Kubernetes' pkg/apis/core/v1/defaults.go, and what the admission plugins of a
plain cluster add to a pod: its service account and its priority. Quantities become canonical ("0.5" is "500m").
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import structs

from podrunner.objects import (
    base,
    cluster,
    config,
    container,
    endpoint_slice,
    endpoints,
    limits,
    meta,
    node,
    pod,
    pod_requests,
    quantity,
    runtime_class,
    security,
    service,
    storage,
    template,
    volume,
)

S = TypeVar("S", bound=base.Struct)
Obj = TypeVar("Obj", bound=meta.Object)
C = TypeVar("C", bound=container.Container)

NAMESPACE = "default"
TERMINATION_GRACE_PERIOD_SECONDS = 30
TERMINATION_MESSAGE_PATH = "/dev/termination-log"
FILE_MODE = 0o644
TOKEN_EXPIRATION_SECONDS = 3600
SESSION_AFFINITY = service.SessionAffinityConfig(client_ip=service.ClientIPConfig(timeout_seconds=10800))

_CLUSTER_SCOPED = (cluster.Namespace, node.Node, runtime_class.RuntimeClass)
_NO_RESOURCES = container.ResourceRequirements()


def apply(obj: Obj, namespace: str = NAMESPACE) -> Obj:
    """`obj` with its defaults; one of a namespaced kind that names no namespace gets `namespace`. Idempotent."""
    rule = _RULES.get(type(obj))
    filled: Obj = rule(obj) if rule else obj
    if isinstance(filled, _CLUSTER_SCOPED) or filled.metadata.namespace:
        return filled
    return structs.replace(filled, metadata=structs.replace(filled.metadata, namespace=namespace))


def image_tag(image: str) -> str:
    """The tag of an image reference; `latest` if it has neither tag nor digest, "" if only a digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or ("" if digest else "latest")


def pull_policy(image: str) -> str:
    """What an image is pulled by that states no policy."""
    return "Always" if image_tag(image) == "latest" else "IfNotPresent"


def _fill(obj: S, **values: Any) -> S:
    """`obj` with each of `values` whose field is absent."""
    missing = {field: value for field, value in values.items() if getattr(obj, field) in (None, "", ())}
    return structs.replace(obj, **missing) if missing else obj


def _pod(obj: pod.Pod) -> pod.Pod:
    account = obj.spec.service_account_name or obj.spec.service_account or "default"
    spec = _fill(
        _pod_spec(obj.spec),
        enable_service_links=True,
        preemption_policy="PreemptLowerPriority",
        priority=0,
        service_account=account,
        service_account_name=account,
    )
    containers, init_containers = map(_requests, spec.containers), map(_requests, spec.init_containers)
    spec = structs.replace(spec, containers=tuple(containers), init_containers=tuple(init_containers))
    return structs.replace(obj, spec=pod_requests.default(spec))


def _template(obj: template.PodTemplate) -> template.PodTemplate:
    return structs.replace(obj, template=structs.replace(obj.template, spec=_pod_spec(obj.template.spec)))


def _pod_spec(spec: pod.PodSpec) -> pod.PodSpec:
    """What a pod's spec and one in a template have in common (SetDefaults_PodSpec)."""
    spec = _fill(
        spec,
        dns_policy="ClusterFirst",
        restart_policy="Always",
        scheduler_name="default-scheduler",
        security_context=security.PodSecurityContext(),
        termination_grace_period_seconds=TERMINATION_GRACE_PERIOD_SECONDS,
    )
    return structs.replace(
        spec,
        containers=tuple(_running(each, spec.host_network) for each in spec.containers),
        init_containers=tuple(_running(each, spec.host_network) for each in spec.init_containers),
        ephemeral_containers=tuple(map(_container, spec.ephemeral_containers)),
        volumes=tuple(map(_volume, spec.volumes)),
        overhead=_amounts(spec.overhead),
        resources=spec.resources and _canonical(spec.resources),
    )


def _requests(spec: container.Container) -> container.Container:
    """Requests default to limits."""
    if not spec.resources.limits:
        return spec
    requests = {**spec.resources.limits, **spec.resources.requests}
    return structs.replace(spec, resources=structs.replace(spec.resources, requests=requests))


def _running(spec: container.Container, host_network: bool) -> container.Container:
    """A container that is no ephemeral one: on the host's network its host ports default to its ports."""
    spec = _container(spec)
    if not host_network or not spec.ports:
        return spec
    ports = tuple(
        port if port.host_port else structs.replace(port, host_port=port.container_port) for port in spec.ports
    )
    return structs.replace(spec, ports=ports)


def _container(spec: C) -> C:
    return structs.replace(
        spec,
        image_pull_policy=spec.image_pull_policy or pull_policy(spec.image),
        termination_message_path=spec.termination_message_path or TERMINATION_MESSAGE_PATH,
        termination_message_policy=spec.termination_message_policy or "File",
        ports=tuple(port if port.protocol else structs.replace(port, protocol="TCP") for port in spec.ports),
        env=tuple(map(_variable, spec.env)),
        resources=spec.resources if spec.resources == _NO_RESOURCES else _canonical(spec.resources),
        liveness_probe=spec.liveness_probe and _probe(spec.liveness_probe),
        readiness_probe=spec.readiness_probe and _probe(spec.readiness_probe),
        startup_probe=spec.startup_probe and _probe(spec.startup_probe),
        lifecycle=spec.lifecycle and _lifecycle(spec.lifecycle),
    )


def _variable(variable: container.EnvVar) -> container.EnvVar:
    source = variable.value_from
    if source is None or (source.field_ref is None and source.resource_field_ref is None):
        return variable
    source = structs.replace(
        source,
        field_ref=source.field_ref and _fill(source.field_ref, api_version="v1"),
        resource_field_ref=source.resource_field_ref and _resource_field(source.resource_field_ref),
    )
    return structs.replace(variable, value_from=source)


def _resource_field(ref: meta.ResourceFieldSelector) -> meta.ResourceFieldSelector:
    return structs.replace(ref, divisor=_amount(ref.divisor) if ref.divisor else "0")


def _canonical(needs: container.ResourceRequirements) -> container.ResourceRequirements:
    return structs.replace(needs, limits=_amounts(needs.limits), requests=_amounts(needs.requests))


def _amounts(amounts: Mapping[str, str]) -> dict[str, str]:
    """A ResourceList: canonical, and rounded up to thousandths (SetDefaults_ResourceList)."""
    return {name: _amount(text, milli=True) for name, text in amounts.items()}


def _amount(text: str, *, milli: bool = False) -> str:
    """Validation reports what is no quantity; here it stays as it is."""
    try:
        amount = quantity.parse(text)
    except ValueError:
        return text
    return str(amount.rounded_to_milli() if milli else amount)


def _probe(probe: container.Probe) -> container.Probe:
    return structs.replace(
        probe,
        timeout_seconds=probe.timeout_seconds or 1,
        period_seconds=probe.period_seconds or 10,
        success_threshold=probe.success_threshold or 1,
        failure_threshold=probe.failure_threshold or 3,
        http_get=probe.http_get and _fill(probe.http_get, path="/", scheme="HTTP"),
        grpc=probe.grpc and _fill(probe.grpc, service=""),
    )


def _lifecycle(lifecycle: container.Lifecycle) -> container.Lifecycle:
    return structs.replace(
        lifecycle,
        post_start=lifecycle.post_start and _hook(lifecycle.post_start),
        pre_stop=lifecycle.pre_stop and _hook(lifecycle.pre_stop),
    )


def _hook(hook: container.LifecycleHandler) -> container.LifecycleHandler:
    return structs.replace(hook, http_get=_fill(hook.http_get, path="/", scheme="HTTP")) if hook.http_get else hook


def _volume(each: volume.Volume) -> volume.Volume:
    """A volume without any source is an emptyDir."""
    if each == volume.Volume(name=each.name):
        return structs.replace(each, empty_dir=volume.EmptyDirVolumeSource())
    return structs.replace(
        each,
        config_map=each.config_map and _fill(each.config_map, default_mode=FILE_MODE),
        secret=each.secret and _fill(each.secret, default_mode=FILE_MODE),
        downward_api=each.downward_api and _downward(each.downward_api),
        projected=each.projected and _projected(each.projected),
        host_path=_host_path(each.host_path),
        empty_dir=each.empty_dir and _empty_dir(each.empty_dir),
        image=each.image and _fill(each.image, pull_policy=pull_policy(each.image.reference)),
        ephemeral=each.ephemeral and _ephemeral(each.ephemeral),
    )


def _host_path(source: volume.HostPathVolumeSource | None) -> volume.HostPathVolumeSource | None:
    return structs.replace(source, type="") if source is not None and source.type is None else source


def _empty_dir(source: volume.EmptyDirVolumeSource) -> volume.EmptyDirVolumeSource:
    return structs.replace(source, size_limit=_amount(source.size_limit)) if source.size_limit else source


def _downward(source: volume.DownwardAPIVolumeSource) -> volume.DownwardAPIVolumeSource:
    return structs.replace(_fill(source, default_mode=FILE_MODE), items=tuple(map(_downward_file, source.items)))


def _downward_file(file: volume.DownwardAPIVolumeFile) -> volume.DownwardAPIVolumeFile:
    return structs.replace(
        file,
        field_ref=file.field_ref and _fill(file.field_ref, api_version="v1"),
        resource_field_ref=file.resource_field_ref and _resource_field(file.resource_field_ref),
    )


def _projected(source: volume.ProjectedVolumeSource) -> volume.ProjectedVolumeSource:
    return structs.replace(_fill(source, default_mode=FILE_MODE), sources=tuple(map(_projection, source.sources)))


def _projection(source: volume.VolumeProjection) -> volume.VolumeProjection:
    downward = source.downward_api
    token = source.service_account_token
    return structs.replace(
        source,
        downward_api=downward and structs.replace(downward, items=tuple(map(_downward_file, downward.items))),
        service_account_token=token and _fill(token, expiration_seconds=TOKEN_EXPIRATION_SECONDS),
    )


def _ephemeral(source: volume.EphemeralVolumeSource) -> volume.EphemeralVolumeSource:
    template = source.volume_claim_template
    if template is None or template.spec is None:
        return source
    return structs.replace(source, volume_claim_template=structs.replace(template, spec=_claim_spec(template.spec)))


def _claim_spec(spec: storage.PersistentVolumeClaimSpec) -> storage.PersistentVolumeClaimSpec:
    needs = spec.resources
    resources = structs.replace(needs, limits=_amounts(needs.limits), requests=_amounts(needs.requests))
    return structs.replace(_fill(spec, volume_mode="Filesystem"), resources=resources)


def _claim(obj: storage.PersistentVolumeClaim) -> storage.PersistentVolumeClaim:
    return structs.replace(obj, spec=_claim_spec(obj.spec), status=_fill(obj.status, phase="Pending"))


def _secret(obj: config.Secret) -> config.Secret:
    """What stringData says, data says from now on (the secret strategy's PrepareForCreate)."""
    data = obj.data | {key: text.encode() for key, text in obj.string_data.items()}
    return structs.replace(_fill(obj, type="Opaque"), data=data, string_data={})


def _namespace(obj: cluster.Namespace) -> cluster.Namespace:
    labels = {**obj.metadata.labels, "kubernetes.io/metadata.name": obj.metadata.name}
    metadata = structs.replace(obj.metadata, labels=labels) if obj.metadata.name else obj.metadata
    return structs.replace(obj, metadata=metadata, status=_fill(obj.status, phase="Active"))


def _node(obj: node.Node) -> node.Node:
    status = obj.status
    return structs.replace(obj, status=structs.replace(status, allocatable=status.allocatable or status.capacity))


def _service(obj: service.Service) -> service.Service:
    spec = _fill(obj.spec, session_affinity="None", type="ClusterIP")
    if spec.type != "ExternalName":
        spec = _fill(spec, internal_traffic_policy="Cluster")
        spec = _fill(spec, cluster_ips=(spec.cluster_ip,)) if spec.cluster_ip else spec
    if spec.type in ("NodePort", "LoadBalancer") or (spec.type == "ClusterIP" and spec.external_ips):
        spec = _fill(spec, external_traffic_policy="Cluster")
    if spec.type == "LoadBalancer":
        spec = _fill(spec, allocate_load_balancer_node_ports=True)
    ports = tuple(map(_service_port, spec.ports))
    return structs.replace(obj, spec=structs.replace(_session_affinity(spec), ports=ports))


def _service_port(port: service.ServicePort) -> service.ServicePort:
    return structs.replace(_fill(port, protocol="TCP"), target_port=port.target_port or port.port)


def _session_affinity(spec: service.ServiceSpec) -> service.ServiceSpec:
    given = spec.session_affinity_config
    if spec.session_affinity == "None":
        return structs.replace(spec, session_affinity_config=None)
    if spec.session_affinity != "ClientIP" or (
        given and given.client_ip and given.client_ip.timeout_seconds is not None
    ):
        return spec
    return structs.replace(spec, session_affinity_config=SESSION_AFFINITY)


def _endpoints(obj: endpoints.Endpoints) -> endpoints.Endpoints:
    def filled(subset: endpoints.EndpointSubset) -> endpoints.EndpointSubset:
        return structs.replace(subset, ports=tuple(_fill(port, protocol="TCP") for port in subset.ports))

    return structs.replace(obj, subsets=tuple(map(filled, obj.subsets)))


def _endpoint_slice(obj: endpoint_slice.EndpointSlice) -> endpoint_slice.EndpointSlice:
    ports = tuple(
        structs.replace(port, name=port.name or "", protocol="TCP" if port.protocol is None else port.protocol)
        for port in obj.ports
    )
    return structs.replace(obj, ports=ports)


def _limit_range(obj: limits.LimitRange) -> limits.LimitRange:
    """A container's default limit is its maximum, its default request its default limit, then its minimum."""
    return structs.replace(obj, spec=limits.LimitRangeSpec(limits=tuple(map(_limits, obj.spec.limits))))


def _limits(item: limits.LimitRangeItem) -> limits.LimitRangeItem:
    amounts = {
        field: _amounts(getattr(item, field))
        for field in ("default", "default_request", "max", "max_limit_request_ratio", "min")
    }
    if item.type == "Container":
        amounts["default"] = {**amounts["max"], **amounts["default"]}
        amounts["default_request"] = {**amounts["min"], **amounts["default"], **amounts["default_request"]}
    return structs.replace(item, **amounts)


def _quota(obj: limits.ResourceQuota) -> limits.ResourceQuota:
    return structs.replace(obj, spec=structs.replace(obj.spec, hard=_amounts(obj.spec.hard)))


_RULES: dict[type[meta.Object], Callable[[Any], Any]] = {
    pod.Pod: _pod,
    template.PodTemplate: _template,
    endpoints.Endpoints: _endpoints,
    endpoint_slice.EndpointSlice: _endpoint_slice,
    limits.LimitRange: _limit_range,
    limits.ResourceQuota: _quota,
    config.Secret: _secret,
    storage.PersistentVolumeClaim: _claim,
    cluster.Namespace: _namespace,
    node.Node: _node,
    service.Service: _service,
}
