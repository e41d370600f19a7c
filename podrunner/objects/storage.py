"""PersistentVolumeClaim. Pure; performs no I/O."""

from podrunner.objects import base, meta


class VolumeResourceRequirements(base.Struct):
    limits: dict[str, base.Quantity] = {}
    requests: dict[str, base.Quantity] = {}


class PersistentVolumeClaimSpec(base.Struct):
    access_modes: tuple[str, ...] = ()
    data_source: meta.TypedLocalObjectReference | None = None
    data_source_ref: meta.TypedObjectReference | None = None
    resources: VolumeResourceRequirements = base.always(VolumeResourceRequirements())
    selector: meta.LabelSelector | None = None
    storage_class_name: str | None = None
    volume_attributes_class_name: str | None = None
    volume_mode: str | None = None
    volume_name: str = ""


class PersistentVolumeClaimCondition(base.Struct):
    type: str = base.always("")
    last_probe_time: base.Time | None = None
    last_transition_time: base.Time | None = None
    message: str = ""
    reason: str = ""
    status: str = base.always("")


class VolumeHealthStatus(base.Struct):
    health_conditions: tuple[meta.VolumeHealthCondition, ...] = ()
    last_transition_time: base.Time | None = None


class ModifyVolumeStatus(base.Struct):
    status: str = ""
    target_volume_attributes_class_name: str = ""


class PersistentVolumeClaimStatus(base.Struct):
    access_modes: tuple[str, ...] = ()
    allocated_resource_statuses: dict[str, str] = {}
    allocated_resources: dict[str, base.Quantity] = {}
    capacity: dict[str, base.Quantity] = {}
    conditions: tuple[PersistentVolumeClaimCondition, ...] = ()
    current_volume_attributes_class_name: str | None = None
    health_status: VolumeHealthStatus | None = None
    modify_volume_status: ModifyVolumeStatus | None = None
    phase: str = ""


class PersistentVolumeClaim(meta.Object):
    kind: str = base.always("PersistentVolumeClaim")
    spec: PersistentVolumeClaimSpec = base.always(PersistentVolumeClaimSpec())
    status: PersistentVolumeClaimStatus = base.always(PersistentVolumeClaimStatus())
