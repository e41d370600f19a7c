"""Environment variables of a container, and the selectors they and the downward API use. Pure; performs no I/O.

Rules are `ValidateEnv`, `ValidateEnvFrom` and their neighbours in Kubernetes' pkg/apis/core/validation.
"""

from collections.abc import Collection

from podrunner.objects import container, meta, quantity
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import names, paths

_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
# What ConvertDownwardAPIFieldLabel knows; of these only some are allowed in a given place.
_CONVERTIBLE = {
    *_FIELDS,
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
}
_RESOURCES = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_SIZES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")


def check(variables: tuple[container.EnvVar, ...], path: str, found: Errors) -> None:
    for index, variable in enumerate(variables):
        inner = f"{path}[{index}]"
        if not variable.name:
            found.required(f"{inner}.name")
        else:
            found.invalid_each(f"{inner}.name", variable.name, names.environment_name(variable.name))
        if variable.value_from is not None:
            _check_source(variable.value_from, variable.value, f"{inner}.valueFrom", found)


def _check_source(source: container.EnvVarSource, value: str, path: str, found: Errors) -> None:
    count = 0
    if source.field_ref is not None:
        count += 1
        check_field(source.field_ref, _FIELDS, f"{path}.fieldRef", found)
    if source.resource_field_ref is not None:
        count += 1
        check_resource_field(source.resource_field_ref, f"{path}.resourceFieldRef", found)
    for name, key in (("configMapKeyRef", source.config_map_key_ref), ("secretKeyRef", source.secret_key_ref)):
        if key is not None:
            count += 1
            _check_key(key, f"{path}.{name}", found)
    if source.file_key_ref is not None:
        count += 1
        _check_file_key(source.file_key_ref, f"{path}.fileKeyRef", found)
    if count == 0:
        known = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        found.invalid(path, "", f"must specify one of: {known}")
    elif value:
        found.invalid(path, "", "may not be specified when `value` is not empty")
    elif count > 1:
        found.invalid(path, "", "may not have more than one field specified at a time")


def check_field(ref: meta.ObjectFieldSelector, allowed: Collection[str], path: str, found: Errors) -> None:
    """A downward API field; `allowed` are the fields for its place besides single labels and annotations."""
    inner = f"{path}.fieldPath"
    if not ref.field_path:
        found.required(inner)
        return
    if ref.api_version != "v1":
        found.invalid(inner, ref.field_path, f"error converting fieldPath: unsupported pod version: {ref.api_version}")
        return
    field, bracket, key = ref.field_path.partition("['")
    if field not in _CONVERTIBLE:
        found.invalid(inner, ref.field_path, f"error converting fieldPath: field label not supported: {ref.field_path}")
    elif bracket and key.endswith("']"):
        key = key.removesuffix("']")
        if field == "metadata.annotations":
            found.invalid_each(path, key, names.qualified_name(key.lower()))
        elif field == "metadata.labels":
            found.invalid_each(path, key, names.qualified_name(key))
        else:
            found.invalid(path, field, "does not support subscript")
    elif field not in allowed:
        found.unsupported(inner, ref.field_path, sorted(allowed))


def check_resource_field(ref: meta.ResourceFieldSelector, path: str, found: Errors, *, in_volume: bool = False) -> None:
    """A container's resource; only in a volume the container has to be named."""
    if in_volume and not ref.container_name:
        found.required(f"{path}.containerName")
    elif not ref.resource:
        found.required(f"{path}.resource")
    elif ref.resource not in _RESOURCES and not ref.resource.startswith(_HUGE_PAGES):
        found.unsupported(f"{path}.resource", ref.resource, _RESOURCES)
    if ref.divisor:
        _check_divisor(ref, f"{path}.divisor", found)


def _check_divisor(ref: meta.ResourceFieldSelector, path: str, found: Errors) -> None:
    try:
        divisor = quantity.canonical(ref.divisor)
    except ValueError as error:
        found.invalid(path, ref.divisor, str(error))
        return
    what = ref.resource.partition(".")[2]
    if divisor == "0":
        return
    if what == "cpu":
        if divisor not in ("1", "1m"):
            detail = "only divisor's values 1m and 1 are supported with the cpu resource"
            found.invalid(path, ref.resource, detail)
    elif divisor not in _SIZES:
        name = {"ephemeral-storage": "local ephemeral storage"}.get(what, what if what == "memory" else "hugepages")
        detail = f"only divisor's values {', '.join(_SIZES)} are supported with the {name} resource"
        found.invalid(path, ref.resource, detail)


def _check_key(ref: container.ConfigMapKeySelector | container.SecretKeySelector, path: str, found: Errors) -> None:
    found.invalid_each(f"{path}.name", ref.name, names.dns_subdomain(ref.name))
    if not ref.key:
        found.required(f"{path}.key")
    else:
        found.invalid_each(f"{path}.key", ref.key, names.config_key(ref.key))


def _check_file_key(ref: container.FileKeySelector, path: str, found: Errors) -> None:
    if not ref.key:
        found.required(f"{path}.key")
    else:
        found.invalid_each(f"{path}.key", ref.key, names.environment_name(ref.key))
    if not ref.volume_name:
        found.required(f"{path}.volumeName")
    else:
        found.invalid_each(f"{path}.volumeName", ref.volume_name, names.dns_label(ref.volume_name))
    if not ref.path:
        found.required(f"{path}.path")
    else:
        paths.check_unreserved(ref.path, f"{path}.path", found)


def check_from(sources: tuple[container.EnvFromSource, ...], path: str, found: Errors) -> None:
    for index, source in enumerate(sources):
        inner = f"{path}[{index}]"
        if source.prefix:
            found.invalid_each(f"{inner}.prefix", source.prefix, names.environment_name(source.prefix))
        refs = [("configMapRef", source.config_map_ref), ("secretRef", source.secret_ref)]
        given = [(name, ref) for name, ref in refs if ref is not None]
        for name, ref in given:
            if not ref.name:
                found.required(f"{inner}.{name}.name")
            else:
                found.invalid_each(f"{inner}.{name}.name", ref.name, names.dns_subdomain(ref.name))
        if not given:
            found.invalid(inner, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            found.invalid(inner, "", "may not have more than one field specified at a time")
