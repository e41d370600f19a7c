"""Volumes of a pod spec. Pure; performs no I/O."""

from podrunner.objects import base, meta, remote_volume, storage


class PersistentVolumeClaimTemplate(base.Struct):
    metadata: meta.ObjectMeta = base.always(meta.ObjectMeta())
    spec: storage.PersistentVolumeClaimSpec | None = None


class KeyToPath(base.Struct):
    key: str = base.always("")
    mode: base.Int32 | None = None
    path: str = base.always("")
    user: base.Int64 | None = None


class DownwardAPIVolumeFile(base.Struct):
    field_ref: meta.ObjectFieldSelector | None = None
    mode: base.Int32 | None = None
    path: str = base.always("")
    resource_field_ref: meta.ResourceFieldSelector | None = None
    user: base.Int64 | None = None


class ConfigMapVolumeSource(base.Struct):
    name: str = ""
    default_mode: base.Int32 | None = None
    default_user: base.Int64 | None = None
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None


class CSIVolumeSource(base.Struct):
    driver: str = base.always("")
    fs_type: str | None = None
    node_publish_secret_ref: meta.LocalObjectReference | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = {}


class DownwardAPIVolumeSource(base.Struct):
    default_mode: base.Int32 | None = None
    default_user: base.Int64 | None = None
    items: tuple[DownwardAPIVolumeFile, ...] = ()


class EmptyDirVolumeSource(base.Struct):
    medium: str = ""
    mode: base.Int32 | None = None
    size_limit: base.Quantity | None = None


class EphemeralVolumeSource(base.Struct):
    volume_claim_template: PersistentVolumeClaimTemplate | None = None


class HostPathVolumeSource(base.Struct):
    type: str | None = None
    path: str = base.always("")


class ImageVolumeSource(base.Struct):
    pull_policy: str = ""
    reference: str = ""


class PersistentVolumeClaimVolumeSource(base.Struct):
    claim_name: str = base.always("")
    read_only: bool = False


class ClusterTrustBundleProjection(base.Struct):
    name: str | None = None
    label_selector: meta.LabelSelector | None = None
    optional: bool | None = None
    path: str = base.always("")
    signer_name: str | None = None
    user: base.Int64 | None = None


class ConfigMapProjection(base.Struct):
    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None


class DownwardAPIProjection(base.Struct):
    items: tuple[DownwardAPIVolumeFile, ...] = ()


class PodCertificateProjection(base.Struct):
    certificate_chain_path: str = ""
    credential_bundle_path: str = ""
    key_path: str = ""
    key_type: str = ""
    max_expiration_seconds: base.Int32 | None = None
    signer_name: str = ""
    user: base.Int64 | None = None
    user_annotations: dict[str, str] = {}


class SecretProjection(base.Struct):
    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None


class ServiceAccountTokenProjection(base.Struct):
    audience: str = ""
    expiration_seconds: base.Int64 | None = None
    path: str = base.always("")
    user: base.Int64 | None = None


class VolumeProjection(base.Struct):
    cluster_trust_bundle: ClusterTrustBundleProjection | None = None
    config_map: ConfigMapProjection | None = None
    downward_api: DownwardAPIProjection | None = None
    pod_certificate: PodCertificateProjection | None = None
    secret: SecretProjection | None = None
    service_account_token: ServiceAccountTokenProjection | None = None


class ProjectedVolumeSource(base.Struct):
    default_mode: base.Int32 | None = None
    default_user: base.Int64 | None = None
    sources: tuple[VolumeProjection, ...] = ()


class SecretVolumeSource(base.Struct):
    default_mode: base.Int32 | None = None
    default_user: base.Int64 | None = None
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None
    secret_name: str = ""


class Volume(base.Struct):
    name: str = base.always("")
    aws_elastic_block_store: remote_volume.AWSElasticBlockStoreVolumeSource | None = None
    azure_disk: remote_volume.AzureDiskVolumeSource | None = None
    azure_file: remote_volume.AzureFileVolumeSource | None = None
    cephfs: remote_volume.CephFSVolumeSource | None = None
    cinder: remote_volume.CinderVolumeSource | None = None
    config_map: ConfigMapVolumeSource | None = None
    csi: CSIVolumeSource | None = None
    downward_api: DownwardAPIVolumeSource | None = None
    empty_dir: EmptyDirVolumeSource | None = None
    ephemeral: EphemeralVolumeSource | None = None
    fc: remote_volume.FCVolumeSource | None = None
    flex_volume: remote_volume.FlexVolumeSource | None = None
    flocker: remote_volume.FlockerVolumeSource | None = None
    gce_persistent_disk: remote_volume.GCEPersistentDiskVolumeSource | None = None
    git_repo: remote_volume.GitRepoVolumeSource | None = None
    glusterfs: remote_volume.GlusterfsVolumeSource | None = None
    host_path: HostPathVolumeSource | None = None
    image: ImageVolumeSource | None = None
    iscsi: remote_volume.ISCSIVolumeSource | None = None
    nfs: remote_volume.NFSVolumeSource | None = None
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    photon_persistent_disk: remote_volume.PhotonPersistentDiskVolumeSource | None = None
    portworx_volume: remote_volume.PortworxVolumeSource | None = None
    projected: ProjectedVolumeSource | None = None
    quobyte: remote_volume.QuobyteVolumeSource | None = None
    rbd: remote_volume.RBDVolumeSource | None = None
    scale_io: remote_volume.ScaleIOVolumeSource | None = None
    secret: SecretVolumeSource | None = None
    storageos: remote_volume.StorageOSVolumeSource | None = None
    vsphere_volume: remote_volume.VsphereVirtualDiskVolumeSource | None = None
