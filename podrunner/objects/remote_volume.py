"""Volume sources backed by cloud disks and network file systems. Pure; performs no I/O."""

from podrunner.objects import base, meta


class AWSElasticBlockStoreVolumeSource(base.Struct):
    fs_type: str = ""
    partition: base.Int32 = 0
    read_only: bool = False
    volume_id: str = base.always("")


class AzureDiskVolumeSource(base.Struct):
    caching_mode: str | None = None
    disk_name: str = base.always("")
    disk_uri: str = base.always("")
    fs_type: str | None = None
    kind: str | None = None
    read_only: bool | None = None


class AzureFileVolumeSource(base.Struct):
    read_only: bool = False
    secret_name: str = base.always("")
    share_name: str = base.always("")


class CephFSVolumeSource(base.Struct):
    monitors: tuple[str, ...] = ()
    path: str = ""
    read_only: bool = False
    secret_file: str = ""
    secret_ref: meta.LocalObjectReference | None = None
    user: str = ""


class CinderVolumeSource(base.Struct):
    fs_type: str = ""
    read_only: bool = False
    secret_ref: meta.LocalObjectReference | None = None
    volume_id: str = base.always("")


class FCVolumeSource(base.Struct):
    fs_type: str = ""
    lun: base.Int32 | None = None
    read_only: bool = False
    target_wwns: tuple[str, ...] = ()
    wwids: tuple[str, ...] = ()


class FlexVolumeSource(base.Struct):
    driver: str = base.always("")
    fs_type: str = ""
    options: dict[str, str] = {}
    read_only: bool = False
    secret_ref: meta.LocalObjectReference | None = None


class FlockerVolumeSource(base.Struct):
    dataset_name: str = ""
    dataset_uuid: str = ""


class GCEPersistentDiskVolumeSource(base.Struct):
    fs_type: str = ""
    partition: base.Int32 = 0
    pd_name: str = base.always("")
    read_only: bool = False


class GitRepoVolumeSource(base.Struct):
    directory: str = ""
    repository: str = base.always("")
    revision: str = ""


class GlusterfsVolumeSource(base.Struct):
    endpoints: str = base.always("")
    path: str = base.always("")
    read_only: bool = False


class ISCSIVolumeSource(base.Struct):
    chap_auth_discovery: bool = False
    chap_auth_session: bool = False
    fs_type: str = ""
    initiator_name: str | None = None
    iqn: str = base.always("")
    iscsi_interface: str = ""
    lun: base.Int32 = base.always(0)
    portals: tuple[str, ...] = ()
    read_only: bool = False
    secret_ref: meta.LocalObjectReference | None = None
    target_portal: str = base.always("")


class NFSVolumeSource(base.Struct):
    path: str = base.always("")
    read_only: bool = False
    server: str = base.always("")


class PhotonPersistentDiskVolumeSource(base.Struct):
    fs_type: str = ""
    pd_id: str = base.always("")


class PortworxVolumeSource(base.Struct):
    fs_type: str = ""
    read_only: bool = False
    volume_id: str = base.always("")


class QuobyteVolumeSource(base.Struct):
    group: str = ""
    read_only: bool = False
    registry: str = base.always("")
    tenant: str = ""
    user: str = ""
    volume: str = base.always("")


class RBDVolumeSource(base.Struct):
    fs_type: str = ""
    image: str = base.always("")
    keyring: str = ""
    monitors: tuple[str, ...] = ()
    pool: str = ""
    read_only: bool = False
    secret_ref: meta.LocalObjectReference | None = None
    user: str = ""


class ScaleIOVolumeSource(base.Struct):
    fs_type: str = ""
    gateway: str = base.always("")
    protection_domain: str = ""
    read_only: bool = False
    secret_ref: meta.LocalObjectReference | None = None
    ssl_enabled: bool = False
    storage_mode: str = ""
    storage_pool: str = ""
    system: str = base.always("")
    volume_name: str = ""


class StorageOSVolumeSource(base.Struct):
    fs_type: str = ""
    read_only: bool = False
    secret_ref: meta.LocalObjectReference | None = None
    volume_name: str = ""
    volume_namespace: str = ""


class VsphereVirtualDiskVolumeSource(base.Struct):
    fs_type: str = ""
    storage_policy_id: str = ""
    storage_policy_name: str = ""
    volume_path: str = base.always("")
