"""Pod and its spec. Pure; performs no I/O."""

from podrunner.objects import base, container, meta, pod_status, scheduling, security, volume


class PodDNSConfigOption(base.Struct):
    name: str = ""
    value: str | None = None


class PodDNSConfig(base.Struct):
    nameservers: tuple[str, ...] = ()
    options: tuple[PodDNSConfigOption, ...] = ()
    searches: tuple[str, ...] = ()


class EvictionResponder(base.Struct):
    name: str = base.always("")
    priority: base.Int32 | None = None


class HostAlias(base.Struct):
    hostnames: tuple[str, ...] = ()
    ip: str = base.always("")


class PodOS(base.Struct):
    name: str = base.always("")


class PodReadinessGate(base.Struct):
    condition_type: str = base.always("")


class PodResourceClaim(base.Struct):
    name: str = base.always("")
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


class PodSchedulingGate(base.Struct):
    name: str = base.always("")


class PodSchedulingGroup(base.Struct):
    pod_group_name: str | None = None


class PodSpec(base.Struct):
    active_deadline_seconds: base.Int64 | None = None
    affinity: scheduling.Affinity | None = None
    automount_service_account_token: bool | None = None
    containers: tuple[container.Container, ...] = ()
    dns_config: PodDNSConfig | None = None
    dns_policy: str = ""
    enable_service_links: bool | None = None
    ephemeral_containers: tuple[container.EphemeralContainer, ...] = ()
    eviction_responders: tuple[EvictionResponder, ...] = ()
    host_aliases: tuple[HostAlias, ...] = ()
    host_ipc: bool = False
    host_network: bool = False
    host_pid: bool = False
    host_users: bool | None = None
    hostname: str = ""
    hostname_override: str | None = None
    image_pull_secrets: tuple[meta.LocalObjectReference, ...] = ()
    init_containers: tuple[container.Container, ...] = ()
    node_name: str = ""
    node_selector: dict[str, str] = {}
    os: PodOS | None = None
    overhead: dict[str, base.Quantity] = {}
    preemption_policy: str | None = None
    priority: base.Int32 | None = None
    priority_class_name: str = ""
    readiness_gates: tuple[PodReadinessGate, ...] = ()
    resource_claims: tuple[PodResourceClaim, ...] = ()
    resources: container.ResourceRequirements | None = None
    restart_policy: str = ""
    runtime_class_name: str | None = None
    scheduler_name: str = ""
    scheduling_gates: tuple[PodSchedulingGate, ...] = ()
    scheduling_group: PodSchedulingGroup | None = None
    security_context: security.PodSecurityContext | None = None
    service_account: str = ""
    service_account_name: str = ""
    set_hostname_as_fqdn: bool | None = None
    share_process_namespace: bool | None = None
    subdomain: str = ""
    termination_grace_period_seconds: base.Int64 | None = None
    tolerations: tuple[scheduling.Toleration, ...] = ()
    topology_spread_constraints: tuple[scheduling.TopologySpreadConstraint, ...] = ()
    volumes: tuple[volume.Volume, ...] = ()


class Pod(meta.Object):
    kind: str = base.always("Pod")
    spec: PodSpec = base.always(PodSpec())
    status: pod_status.PodStatus = base.always(pod_status.PodStatus())
