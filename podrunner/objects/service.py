"""Service. Pure; performs no I/O."""

from podrunner.objects import base, meta


class ServicePort(base.Struct):
    name: str = ""
    app_protocol: str | None = None
    node_port: base.Int32 = 0
    port: base.Int32 = base.always(0)
    protocol: str = ""
    target_port: base.IntOrString = base.always(0)


class ClientIPConfig(base.Struct):
    timeout_seconds: base.Int32 | None = None


class SessionAffinityConfig(base.Struct):
    client_ip: ClientIPConfig | None = None


class ServiceSpec(base.Struct):
    type: str = ""
    allocate_load_balancer_node_ports: bool | None = None
    cluster_ip: str = ""
    cluster_ips: tuple[str, ...] = ()
    external_ips: tuple[str, ...] = ()
    external_name: str = ""
    external_traffic_policy: str = ""
    health_check_node_port: base.Int32 = 0
    internal_traffic_policy: str | None = None
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str | None = None
    load_balancer_class: str | None = None
    load_balancer_ip: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    publish_not_ready_addresses: bool = False
    selector: dict[str, str] = {}
    session_affinity: str = ""
    session_affinity_config: SessionAffinityConfig | None = None
    traffic_distribution: str | None = None


class PortStatus(base.Struct):
    error: str | None = None
    port: base.Int32 = base.always(0)
    protocol: str = base.always("")


class LoadBalancerIngress(base.Struct):
    hostname: str = ""
    ip: str = ""
    ip_mode: str | None = None
    ports: tuple[PortStatus, ...] = ()


class LoadBalancerStatus(base.Struct):
    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(base.Struct):
    conditions: tuple[meta.Condition, ...] = ()
    load_balancer: LoadBalancerStatus = base.always(LoadBalancerStatus())


class Service(meta.Object):
    kind: str = base.always("Service")
    spec: ServiceSpec = base.always(ServiceSpec())
    status: ServiceStatus = base.always(ServiceStatus())
