"""The volumes of a pod. Pure; performs no I/O.

Rules are `ValidateVolumes` and `validateVolumeSource` of Kubernetes' pkg/apis/core/validation. Of cloud disks and
network file systems, which one machine can't mount as a cluster does, only what is required is checked.
"""

from collections.abc import Callable
from typing import Any

from podrunner.objects import base, meta, pod, volume
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import claims, environment, metadata, names, paths, resources

_HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_DOWNWARD_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MANY = "may not specify more than 1 volume type"

# Fields a source can't do without, by the source's field in Volume.
_REQUIRED = {
    "aws_elastic_block_store": ("volume_id",),
    "azure_disk": ("disk_name", "disk_uri"),
    "azure_file": ("secret_name", "share_name"),
    "cephfs": ("monitors",),
    "cinder": ("volume_id",),
    "config_map": ("name",),
    "csi": ("driver",),
    "flex_volume": ("driver",),
    "gce_persistent_disk": ("pd_name",),
    "git_repo": ("repository",),
    "glusterfs": ("endpoints", "path"),
    "host_path": ("path",),
    "iscsi": ("target_portal", "iqn"),
    "nfs": ("server", "path"),
    "persistent_volume_claim": ("claim_name",),
    "photon_persistent_disk": ("pd_id",),
    "portworx_volume": ("volume_id",),
    "quobyte": ("registry", "volume"),
    "rbd": ("monitors", "image"),
    "scale_io": ("gateway", "system", "volume_name"),
    "secret": ("secret_name",),
    "storageos": ("volume_name",),
    "vsphere_volume": ("volume_path",),
}
_SOURCES = tuple(field for field in volume.Volume.__struct_fields__ if field != "name")


def check(spec: pod.PodSpec, metadata_: meta.ObjectMeta, path: str, found: Errors) -> dict[str, volume.Volume]:
    """Returns the volumes by name, faulty ones too: a mount of one is not to be reported as not found."""
    by_name: dict[str, volume.Volume] = {}
    for index, each in enumerate(spec.volumes):
        inner = f"{path}[{index}]"
        if not each.name:
            found.required(f"{inner}.name")
        else:
            found.invalid_each(f"{inner}.name", each.name, names.dns_label(each.name))
        if each.name in by_name:
            found.duplicate(f"{inner}.name", each.name)
        by_name.setdefault(each.name, each)
        _check_source(each, inner, found)
        if each.ephemeral is not None and metadata_.name and each.name:
            claim = f"{metadata_.name}-{each.name}"
            for message in names.dns_subdomain(claim):
                found.invalid(f"{inner}.name", each.name, f'PVC name "{claim}": {message}')
    return by_name


def _check_source(each: volume.Volume, path: str, found: Errors) -> None:
    given = [field for field in _SOURCES if getattr(each, field) is not None]
    if not given:
        found.required(path, "must specify a volume type")
        return
    for field in given[1:]:
        found.forbidden(f"{path}.{base.json_name(field)}", _MANY)
    field = given[0]
    source = getattr(each, field)
    inner = f"{path}.{base.json_name(field)}"
    for needed in _REQUIRED.get(field, ()):
        if not getattr(source, needed):
            found.required(f"{inner}.{base.json_name(needed)}")
    rule = _RULES.get(field)
    if rule is not None:
        rule(source, inner, found)


def _check_empty_dir(source: volume.EmptyDirVolumeSource, path: str, found: Errors) -> None:
    if source.size_limit is not None:
        resources.check_quantity(source.size_limit, f"{path}.sizeLimit", found)


def _check_host_path(source: volume.HostPathVolumeSource, path: str, found: Errors) -> None:
    paths.check_no_backsteps(source.path, f"{path}.path", found)
    if source.type is not None and source.type not in _HOST_PATH_TYPES:
        found.unsupported(f"{path}.type", source.type, _HOST_PATH_TYPES)


def _check_keys(source: volume.ConfigMapVolumeSource | volume.SecretVolumeSource, path: str, found: Errors) -> None:
    paths.check_mode(source.default_mode, f"{path}.defaultMode", found)
    _check_items(source.items, f"{path}.items", found)


def _check_items(items: tuple[volume.KeyToPath, ...], path: str, found: Errors) -> None:
    for index, item in enumerate(items):
        inner = f"{path}[{index}]"
        if not item.key:
            found.required(f"{inner}.key")
        if not item.path:
            found.required(f"{inner}.path")
        paths.check_unreserved(item.path, f"{inner}.path", found)
        paths.check_mode(item.mode, f"{inner}.mode", found)


def _check_downward(source: volume.DownwardAPIVolumeSource, path: str, found: Errors) -> None:
    paths.check_mode(source.default_mode, f"{path}.defaultMode", found)
    _check_downward_files(source.items, f"{path}.items", found)


def _check_downward_files(files: tuple[volume.DownwardAPIVolumeFile, ...], path: str, found: Errors) -> None:
    for index, file in enumerate(files):
        inner = f"{path}[{index}]"
        if not file.path:
            found.required(f"{inner}.path")
        paths.check_unreserved(file.path, f"{inner}.path", found)
        paths.check_mode(file.mode, f"{inner}.mode", found)
        if file.field_ref is not None and file.resource_field_ref is not None:
            found.invalid(inner, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
        if file.field_ref is not None:
            environment.check_field(file.field_ref, _DOWNWARD_FIELDS, f"{inner}.fieldRef", found)
        elif file.resource_field_ref is not None:
            ref = file.resource_field_ref
            environment.check_resource_field(ref, f"{inner}.resourceFieldRef", found, in_volume=True)
        else:
            found.required(inner, "one of fieldRef and resourceFieldRef is required")


def _check_projected(source: volume.ProjectedVolumeSource, path: str, found: Errors) -> None:
    paths.check_mode(source.default_mode, f"{path}.defaultMode", found)
    taken: set[str] = set()
    for index, projection in enumerate(source.sources):
        inner = f"{path}.sources[{index}]"
        given = [field for field in projection.__struct_fields__ if getattr(projection, field) is not None]
        if len(given) > 1:
            found.forbidden(inner, "may not specify more than 1 volume type per source")
        for field in given:
            target = f"{inner}.{base.json_name(field)}"
            for written, at in _check_projection(getattr(projection, field), target, found):
                if written and written in taken:
                    found.invalid(path, written, "conflicting duplicate paths", at=at)
                taken.add(written)


def _check_projection(source: base.Struct, path: str, found: Errors) -> list[tuple[str, str]]:
    """Checks one source of a projected volume; returns the paths it writes, and where each is stated."""
    match source:
        case volume.SecretProjection(name=name, items=items) | volume.ConfigMapProjection(name=name, items=items):
            if not name:
                found.required(f"{path}.name")
            _check_items(items, f"{path}.items", found)
            return [(item.path, f"{path}.items[{index}].path") for index, item in enumerate(items)]
        case volume.DownwardAPIProjection(items=files):
            _check_downward_files(files, f"{path}.items", found)
            return [(file.path, f"{path}.items[{index}].path") for index, file in enumerate(files)]
        case volume.ServiceAccountTokenProjection():
            _check_token(source, path, found)
            return [(source.path, f"{path}.path")]
        case volume.ClusterTrustBundleProjection():
            _check_trust_bundle(source, path, found)
            return [(source.path, f"{path}.path")]
    return []


def _check_token(source: volume.ServiceAccountTokenProjection, path: str, found: Errors) -> None:
    seconds = source.expiration_seconds
    if seconds is not None and seconds < 600:
        found.invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds is not None and seconds > 2**32:
        found.invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
    if not source.path:
        found.required(f"{path}.path")
    paths.check_unreserved(source.path, f"{path}.path", found)


def _check_trust_bundle(source: volume.ClusterTrustBundleProjection, path: str, found: Errors) -> None:
    if source.name is not None and source.signer_name is not None:
        found.invalid(path, source.name, "only one of name and signerName may be used")
    elif source.name is None and source.signer_name is None:
        found.required(path, "either name or signerName must be specified")
    metadata.check_selector(source.label_selector, f"{path}.labelSelector", found)
    if not source.path:
        found.required(f"{path}.path")
    paths.check_unreserved(source.path, f"{path}.path", found)


def _check_nfs(source: Any, path: str, found: Errors) -> None:
    if not source.path.startswith("/"):
        found.invalid(f"{path}.path", source.path, "must be an absolute path")


def _check_image(source: volume.ImageVolumeSource, path: str, found: Errors) -> None:
    if not source.reference:
        found.required(f"{path}.reference")
    if source.pull_policy not in _PULL_POLICIES:
        found.unsupported(f"{path}.pullPolicy", source.pull_policy, _PULL_POLICIES)


def _check_ephemeral(source: volume.EphemeralVolumeSource, path: str, found: Errors) -> None:
    inner = f"{path}.volumeClaimTemplate"
    if source.volume_claim_template is None:
        found.required(inner)
    elif source.volume_claim_template.spec is None:
        found.required(f"{inner}.spec")
    else:
        claims.check_spec(source.volume_claim_template.spec, f"{inner}.spec", found)


_RULES: dict[str, Callable[[Any, str, Errors], None]] = {
    "config_map": _check_keys,
    "downward_api": _check_downward,
    "empty_dir": _check_empty_dir,
    "ephemeral": _check_ephemeral,
    "host_path": _check_host_path,
    "image": _check_image,
    "nfs": _check_nfs,
    "projected": _check_projected,
    "secret": _check_keys,
}
