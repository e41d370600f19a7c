"""Services. Pure; performs no I/O.

Rules are `ValidateService` of Kubernetes' pkg/apis/core/validation, without those about what the API server allocates.
"""

from podrunner.objects import service
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITIES = ("ClientIP", "None")
_POLICIES = ("Cluster", "Local")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_FAMILIES = ("IPv4", "IPv6")
_FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_MAX_AFFINITY_SECONDS = 86400


def check(obj: service.Service, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_1035_label, True, found)
    spec = obj.spec
    if spec.type not in _TYPES:
        found.unsupported("spec.type", spec.type, _TYPES)
    if spec.type == "ExternalName":
        _check_external_name(spec, found)
    elif not spec.ports and spec.cluster_ip != "None":
        found.required("spec.ports")
    if spec.cluster_ip == "None" and spec.type in ("LoadBalancer", "NodePort"):
        found.invalid("spec.clusterIP", "None", f"may not be set to 'None' for {spec.type} services")
    _check_ports(spec, found)
    metadata.check_labels(spec.selector, "spec.selector", found)
    _check_affinity(spec, found)
    _check_addresses(spec, found)
    _check_traffic(spec, found)


def _check_external_name(spec: service.ServiceSpec, found: Errors) -> None:
    name = spec.external_name.removesuffix(".")
    if name:
        found.invalid_each("spec.externalName", name, names.dns_subdomain(name))
    else:
        found.required("spec.externalName")
    if spec.cluster_ip or spec.cluster_ips:
        found.forbidden("spec.clusterIPs", "may not be set for ExternalName services")


def _check_ports(spec: service.ServiceSpec, found: Errors) -> None:
    taken_names: set[str] = set()
    taken: set[tuple[str, int]] = set()
    taken_on_nodes: set[tuple[str, int]] = set()
    for index, port in enumerate(spec.ports):
        path = f"spec.ports[{index}]"
        _check_port(port, path, len(spec.ports) > 1, found)
        if port.name and port.name in taken_names:
            found.duplicate(f"{path}.name", port.name)
        if (port.protocol, port.port) in taken:
            found.duplicate(path, f"{port.protocol}/{port.port}")
        if port.node_port and (port.protocol, port.node_port) in taken_on_nodes:
            found.duplicate(f"{path}.nodePort", port.node_port)
        if port.node_port and spec.type == "ClusterIP":
            found.forbidden(f"{path}.nodePort", "may not be used when `type` is 'ClusterIP'")
        taken_names.add(port.name)
        taken.add((port.protocol, port.port))
        taken_on_nodes.add((port.protocol, port.node_port))


def _check_port(port: service.ServicePort, path: str, needs_name: bool, found: Errors) -> None:
    if port.name:
        found.invalid_each(f"{path}.name", port.name, names.dns_label(port.name))
    elif needs_name:
        found.required(f"{path}.name")
    found.invalid_each(f"{path}.port", port.port, names.port_number(port.port))
    if port.protocol not in _PROTOCOLS:
        found.unsupported(f"{path}.protocol", port.protocol, _PROTOCOLS)
    found.invalid_each(f"{path}.targetPort", port.target_port, names.port_number_or_name(port.target_port))
    if port.app_protocol is not None:
        found.invalid_each(f"{path}.appProtocol", port.app_protocol, names.qualified_name(port.app_protocol))


def _check_affinity(spec: service.ServiceSpec, found: Errors) -> None:
    if spec.session_affinity not in _AFFINITIES:
        found.unsupported("spec.sessionAffinity", spec.session_affinity, _AFFINITIES)
    config = spec.session_affinity_config
    if spec.session_affinity == "ClientIP" and config is not None and config.client_ip is not None:
        seconds = config.client_ip.timeout_seconds
        if seconds is not None and not 0 < seconds <= _MAX_AFFINITY_SECONDS:
            detail = f"must be greater than 0 and less than {_MAX_AFFINITY_SECONDS}"
            found.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, detail)


def _check_addresses(spec: service.ServiceSpec, found: Errors) -> None:
    for index, address in enumerate(spec.cluster_ips):
        if address != "None" or index > 0:
            found.invalid_each(f"spec.clusterIPs[{index}]", address, names.ip_address(address))
    if spec.cluster_ip not in ("", "None") and not spec.cluster_ips:
        found.invalid_each("spec.clusterIP", spec.cluster_ip, names.ip_address(spec.cluster_ip))
    if spec.cluster_ips and spec.cluster_ips[0] != spec.cluster_ip:
        found.invalid("spec.clusterIPs", spec.cluster_ips, "first value must match `clusterIP`")
    for index, address in enumerate(spec.external_ips):
        found.invalid_each(f"spec.externalIPs[{index}]", address, names.ip_address(address))
    for index, block in enumerate(spec.load_balancer_source_ranges):
        found.invalid_each(f"spec.loadBalancerSourceRanges[{index}]", block, names.cidr(block.strip()))
    if spec.load_balancer_source_ranges and spec.type != "LoadBalancer":
        found.forbidden("spec.loadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'")
    for index, family in enumerate(spec.ip_families):
        if family not in _FAMILIES:
            found.unsupported(f"spec.ipFamilies[{index}]", family, _FAMILIES)
        elif family in spec.ip_families[:index]:
            found.duplicate(f"spec.ipFamilies[{index}]", family)
    if spec.ip_family_policy is not None and spec.ip_family_policy not in _FAMILY_POLICIES:
        found.unsupported("spec.ipFamilyPolicy", spec.ip_family_policy, _FAMILY_POLICIES)


def _check_traffic(spec: service.ServiceSpec, found: Errors) -> None:
    reachable = spec.type in ("LoadBalancer", "NodePort") or (spec.type == "ClusterIP" and spec.external_ips)
    if spec.external_traffic_policy:
        if not reachable:
            detail = "may only be set for externally-accessible services"
            found.invalid("spec.externalTrafficPolicy", spec.external_traffic_policy, detail)
        elif spec.external_traffic_policy not in _POLICIES:
            found.unsupported("spec.externalTrafficPolicy", spec.external_traffic_policy, _POLICIES)
    if spec.internal_traffic_policy is not None and spec.internal_traffic_policy not in _POLICIES:
        found.unsupported("spec.internalTrafficPolicy", spec.internal_traffic_policy, _POLICIES)
