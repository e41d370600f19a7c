"""Node. Pure; performs no I/O."""

import msgspec

from podrunner.objects import base, meta


class ConfigMapNodeConfigSource(base.Struct):
    name: str = base.always("")
    kubelet_config_key: str = base.always("")
    namespace: str = base.always("")
    resource_version: str = ""
    uid: str = ""


class NodeConfigSource(base.Struct):
    config_map: ConfigMapNodeConfigSource | None = None


class NodePodPreemptionPolicy(base.Struct):
    disable_resize_preemption: tuple[str, ...] = ()


class Taint(base.Struct):
    key: str = base.always("")
    effect: str = base.always("")
    time_added: base.Time | None = None
    value: str = ""


class NodeSpec(base.Struct):
    config_source: NodeConfigSource | None = None
    external_id: str = ""
    pod_cidr: str = ""
    pod_cidrs: tuple[str, ...] = ()
    pod_preemption_policy: NodePodPreemptionPolicy | None = None
    provider_id: str = ""
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False


class NodeAddress(base.Struct):
    type: str = base.always("")
    address: str = base.always("")


class NodeCondition(base.Struct):
    type: str = base.always("")
    last_heartbeat_time: base.Time | None = None
    last_transition_time: base.Time | None = None
    message: str = ""
    reason: str = ""
    status: str = base.always("")


class NodeConfigStatus(base.Struct):
    active: NodeConfigSource | None = None
    assigned: NodeConfigSource | None = None
    error: str = ""
    last_known_good: NodeConfigSource | None = None


class DaemonEndpoint(base.Struct):
    Port: base.Int32 = msgspec.field(name="Port", default_factory=int)


class NodeDaemonEndpoints(base.Struct):
    kubelet_endpoint: DaemonEndpoint = base.always(DaemonEndpoint())


class NodeFeatures(base.Struct):
    supplemental_groups_policy: bool | None = None


class ContainerImage(base.Struct):
    names: tuple[str, ...] = ()
    size_bytes: base.Int64 = 0


class NodeSwapStatus(base.Struct):
    capacity: base.Int64 | None = None


class NodeSystemInfo(base.Struct):
    architecture: str = base.always("")
    boot_id: str = base.always("")
    container_runtime_version: str = base.always("")
    kernel_version: str = base.always("")
    kube_proxy_version: str = base.always("")
    kubelet_version: str = base.always("")
    machine_id: str = base.always("")
    operating_system: str = base.always("")
    os_image: str = base.always("")
    running_in_user_namespace: bool = False
    swap: NodeSwapStatus | None = None
    system_uuid: str = base.always("")


class NodeRuntimeHandlerFeatures(base.Struct):
    recursive_read_only_mounts: bool | None = None
    user_namespaces: bool | None = None


class NodeRuntimeHandler(base.Struct):
    name: str = base.always("")
    features: NodeRuntimeHandlerFeatures | None = None


class AttachedVolume(base.Struct):
    name: str = base.always("")
    device_path: str = base.always("")


class NodeStatus(base.Struct):
    addresses: tuple[NodeAddress, ...] = ()
    allocatable: dict[str, base.Quantity] = {}
    capacity: dict[str, base.Quantity] = {}
    conditions: tuple[NodeCondition, ...] = ()
    config: NodeConfigStatus | None = None
    daemon_endpoints: NodeDaemonEndpoints = base.always(NodeDaemonEndpoints())
    declared_features: tuple[str, ...] = ()
    features: NodeFeatures | None = None
    images: tuple[ContainerImage, ...] = ()
    node_info: NodeSystemInfo = base.always(NodeSystemInfo())
    phase: str = ""
    runtime_handlers: tuple[NodeRuntimeHandler, ...] = ()
    volumes_attached: tuple[AttachedVolume, ...] = ()
    volumes_in_use: tuple[str, ...] = ()


class Node(meta.Object):
    kind: str = base.always("Node")
    spec: NodeSpec = base.always(NodeSpec())
    status: NodeStatus = base.always(NodeStatus())
