"""Where a container mounts the pod's volumes. Pure; performs no I/O.

Rules are `ValidateVolumeMounts` and `ValidateVolumeDevices` of Kubernetes' pkg/apis/core/validation; where its path
leaves out the index (`volumeMounts.subPath`), it is given here.
"""

from collections.abc import Mapping

from podrunner.objects import container, volume
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import paths

_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE = ("Disabled", "Enabled", "IfPossible")


def check(spec: container.Container, volumes: Mapping[str, volume.Volume], path: str, found: Errors) -> None:
    device_paths = {device.device_path for device in spec.volume_devices}
    device_names = {device.name for device in spec.volume_devices}
    seen: set[str] = set()
    for index, mount in enumerate(spec.volume_mounts):
        inner = f"{path}.volumeMounts[{index}]"
        if not mount.name:
            found.required(f"{inner}.name")
        if mount.name not in volumes:
            found.not_found(f"{inner}.name", mount.name)
        if not mount.mount_path:
            found.required(f"{inner}.mountPath")
        elif ":" in mount.mount_path:
            found.invalid(f"{inner}.mountPath", mount.mount_path, "must not contain ':'")
        if mount.mount_path in seen:
            found.invalid(f"{inner}.mountPath", mount.mount_path, "must be unique")
        seen.add(mount.mount_path)
        if mount.name in device_names:
            found.invalid(f"{inner}.name", mount.name, "must not already exist in volumeDevices")
        if mount.mount_path in device_paths:
            found.invalid(f"{inner}.mountPath", mount.mount_path, "must not already exist as a path in volumeDevices")
        _check_sub_path(mount, volumes.get(mount.name), inner, found)
        _check_propagation(mount, spec, inner, found)
        _check_recursive_read_only(mount, f"{inner}.recursiveReadOnly", found)


def _check_sub_path(mount: container.VolumeMount, source: volume.Volume | None, path: str, found: Errors) -> None:
    for name, value in (("subPath", mount.sub_path), ("subPathExpr", mount.sub_path_expr)):
        if value:
            if source is not None and source.image is not None:
                found.invalid(f"{path}.{name}", value, "not allowed in image volume sources")
            paths.check_descending(value, f"{path}.{name}", found)
    if mount.sub_path and mount.sub_path_expr:
        found.invalid(f"{path}.subPathExpr", mount.sub_path_expr, "subPathExpr and subPath are mutually exclusive")


def _check_propagation(mount: container.VolumeMount, spec: container.Container, path: str, found: Errors) -> None:
    if mount.mount_propagation is None:
        return
    inner = f"{path}.mountPropagation"
    if mount.mount_propagation not in _PROPAGATIONS:
        found.unsupported(inner, mount.mount_propagation, _PROPAGATIONS)
    privileged = spec.security_context is not None and spec.security_context.privileged
    if mount.mount_propagation == "Bidirectional" and not privileged:
        found.forbidden(inner, "Bidirectional mount propagation is available only to privileged containers")


def _check_recursive_read_only(mount: container.VolumeMount, path: str, found: Errors) -> None:
    if mount.recursive_read_only is None or mount.recursive_read_only == "Disabled":
        return
    if mount.recursive_read_only not in _RECURSIVE:
        found.unsupported(path, mount.recursive_read_only, _RECURSIVE)
        return
    if not mount.read_only:
        found.forbidden(path, "may only be specified when readOnly is true")
    if mount.mount_propagation not in (None, "None"):
        found.forbidden(path, "may only be specified when mountPropagation is None or not specified")


def check_devices(spec: container.Container, volumes: Mapping[str, volume.Volume], path: str, found: Errors) -> None:
    mount_names = {mount.name for mount in spec.volume_mounts}
    mount_paths = {mount.mount_path for mount in spec.volume_mounts}
    seen_names: set[str] = set()
    seen_paths: set[str] = set()
    for index, device in enumerate(spec.volume_devices):
        inner = f"{path}.volumeDevices[{index}]"
        _check_device(device, volumes.get(device.name), inner, found)
        if device.name in seen_names:
            found.invalid(f"{inner}.name", device.name, "must be unique")
        if device.device_path in seen_paths:
            found.invalid(f"{inner}.devicePath", device.device_path, "must be unique")
        if device.name in mount_names:
            found.invalid(f"{inner}.name", device.name, "must not already exist in volumeMounts")
        if device.device_path in mount_paths:
            found.invalid(f"{inner}.devicePath", device.device_path, "must not already exist as a path in volumeMounts")
        seen_names.add(device.name)
        seen_paths.add(device.device_path)


def _check_device(device: container.VolumeDevice, source: volume.Volume | None, path: str, found: Errors) -> None:
    if not device.name:
        found.required(f"{path}.name")
    if source is None:
        found.not_found(f"{path}.name", device.name)
    elif source.persistent_volume_claim is None and source.ephemeral is None:
        detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        found.invalid(f"{path}.name", device.name, detail)
    if not device.device_path:
        found.required(f"{path}.devicePath")
    elif ".." in device.device_path.split("/"):
        found.invalid(f"{path}.devicePath", device.device_path, "can not contain backsteps ('..')")
