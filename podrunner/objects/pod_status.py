"""What is reported about a pod and its containers. Pure; performs no I/O."""

from podrunner.objects import base, container, meta


class NodeAllocatableMappedResources(base.Struct):
    name: str = base.always("")
    quantity: base.Quantity | None = None


class PodCondition(base.Struct):
    type: str = base.always("")
    last_probe_time: base.Time | None = None
    last_transition_time: base.Time | None = None
    message: str = ""
    observed_generation: base.Int64 = 0
    reason: str = ""
    status: str = base.always("")


class ResourceHealth(base.Struct):
    health: str = ""
    message: str = ""
    resource_id: str = base.always("")


class ResourceStatus(base.Struct):
    name: str = base.always("")
    resources: tuple[ResourceHealth, ...] = ()


class ContainerStateRunning(base.Struct):
    started_at: base.Time | None = None


class ContainerStateTerminated(base.Struct):
    container_id: str = ""
    exit_code: base.Int32 = base.always(0)
    finished_at: base.Time | None = None
    message: str = ""
    reason: str = ""
    signal: base.Int32 = 0
    started_at: base.Time | None = None


class ContainerStateWaiting(base.Struct):
    message: str = ""
    reason: str = ""


class ContainerState(base.Struct):
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None
    waiting: ContainerStateWaiting | None = None


class LinuxContainerUser(base.Struct):
    gid: base.Int64 = base.always(0)
    supplemental_groups: tuple[base.Int64, ...] = ()
    uid: base.Int64 = base.always(0)


class ContainerUser(base.Struct):
    linux: LinuxContainerUser | None = None


class ImageVolumeStatus(base.Struct):
    image_ref: str = ""


class VolumeStatus(base.Struct):
    image: ImageVolumeStatus | None = None


class VolumeMountStatus(base.Struct):
    name: str = base.always("")
    mount_path: str = base.always("")
    read_only: bool = False
    recursive_read_only: str | None = None
    volume_status: VolumeStatus | None = None


class ContainerStatus(base.Struct):
    name: str = base.always("")
    allocated_resources: dict[str, base.Quantity] = {}
    allocated_resources_status: tuple[ResourceStatus, ...] = ()
    container_id: str = ""
    image: str = base.always("")
    image_id: str = base.always("")
    last_state: ContainerState = base.always(ContainerState())
    ready: bool = base.always(False)
    resources: container.ResourceRequirements | None = None
    restart_count: base.Int32 = base.always(0)
    started: bool | None = None
    state: ContainerState = base.always(ContainerState())
    stop_signal: str | None = None
    user: ContainerUser | None = None
    volume_mounts: tuple[VolumeMountStatus, ...] = ()


class ContainerExtendedResourceRequest(base.Struct):
    container_name: str = base.always("")
    request_name: str = base.always("")
    resource_name: str = base.always("")


class PodExtendedResourceClaimStatus(base.Struct):
    request_mappings: tuple[ContainerExtendedResourceRequest, ...] = ()
    resource_claim_name: str = base.always("")


class HostIP(base.Struct):
    ip: str = base.always("")


class NodeAllocatableOverheadResources(base.Struct):
    name: str = base.always("")
    per_container: base.Quantity | None = None
    per_pod: base.Quantity | None = None


class NodeAllocatableResourceClaimStatus(base.Struct):
    containers: tuple[str, ...] = ()
    mapping: tuple[NodeAllocatableMappedResources, ...] = ()
    overhead: tuple[NodeAllocatableOverheadResources, ...] = ()
    resource_claim_name: str = base.always("")


class PodIP(base.Struct):
    ip: str = base.always("")


class PodResourceClaimStatus(base.Struct):
    name: str = base.always("")
    resource_claim_name: str | None = None


class PodVolumeHealth(base.Struct):
    name: str = base.always("")
    health_conditions: tuple[meta.VolumeHealthCondition, ...] = ()
    last_transition_time: base.Time | None = None


class PodStatus(base.Struct):
    allocated_resources: dict[str, base.Quantity] = {}
    conditions: tuple[PodCondition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()
    extended_resource_claim_status: PodExtendedResourceClaimStatus | None = None
    host_ip: str = ""
    host_ips: tuple[HostIP, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    message: str = ""
    node_allocatable_resource_claim_statuses: tuple[NodeAllocatableResourceClaimStatus, ...] = ()
    nominated_node_name: str = ""
    observed_generation: base.Int64 = 0
    phase: str = ""
    pod_ip: str = ""
    pod_ips: tuple[PodIP, ...] = ()
    qos_class: str = ""
    reason: str = ""
    resize: str = ""
    resource_claim_statuses: tuple[PodResourceClaimStatus, ...] = ()
    resources: container.ResourceRequirements | None = None
    start_time: base.Time | None = None
    volume_health: tuple[PodVolumeHealth, ...] = ()
