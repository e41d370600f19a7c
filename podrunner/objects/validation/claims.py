"""PersistentVolumeClaims. Pure; performs no I/O.

Rules are `ValidatePersistentVolumeClaim` of Kubernetes' pkg/apis/core/validation.
"""

from podrunner.objects import storage
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names, resources

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES = ("Block", "Filesystem")


def check(claim: storage.PersistentVolumeClaim, found: Errors) -> None:
    metadata.check(claim.metadata, names.dns_subdomain, True, found)
    check_spec(claim.spec, "spec", found)


def check_spec(spec: storage.PersistentVolumeClaimSpec, path: str, found: Errors) -> None:
    _check_access_modes(spec.access_modes, f"{path}.accessModes", found)
    metadata.check_selector(spec.selector, f"{path}.selector", found)
    size = spec.resources.requests.get("storage")
    if size is None:
        found.required(f"{path}.resources[storage]")
    else:
        resources.check_quantity(size, f"{path}.resources.requests[storage]", found, positive=True)
    for name, value in (
        ("storageClassName", spec.storage_class_name),
        ("volumeAttributesClassName", spec.volume_attributes_class_name),
    ):
        if value:
            found.invalid_each(f"{path}.{name}", value, names.dns_subdomain(value))
    if spec.volume_mode is not None and spec.volume_mode not in _VOLUME_MODES:
        found.unsupported(f"{path}.volumeMode", spec.volume_mode, _VOLUME_MODES)
    for name, source in (("dataSource", spec.data_source), ("dataSourceRef", spec.data_source_ref)):
        if source is not None:
            if not source.name:
                found.required(f"{path}.{name}.name")
            if not source.kind:
                found.required(f"{path}.{name}.kind")


def _check_access_modes(modes: tuple[str, ...], path: str, found: Errors) -> None:
    if not modes:
        found.required(path, "at least 1 access mode is required")
    for index, mode in enumerate(modes):
        if mode not in _ACCESS_MODES:
            found.unsupported(f"{path}[{index}]", mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and len(set(modes)) > 1:
        found.forbidden(path, "may not use ReadWriteOncePod with other access modes")
