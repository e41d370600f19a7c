"""Object metadata, labels and label selectors. Pure; performs no I/O.

Rules are apimachinery's `pkg/api/validation/objectmeta.go` and `pkg/apis/meta/v1/validation`.
"""

from collections.abc import Mapping, Sequence

from podrunner.objects import base, meta
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import names

MAX_ANNOTATIONS_BYTES = 256 * 1024

_STANDARD_FINALIZERS = {"kubernetes", "orphan", "foregroundDeletion"}
_IMMUTABLE = (
    "name",
    "namespace",
    "uid",
    "creation_timestamp",
    "deletion_timestamp",
    "deletion_grace_period_seconds",
)


def check(data: meta.ObjectMeta, name_rule: names.Rule, namespaced: bool, found: Errors) -> None:
    """Metadata of an object whose names follow `name_rule`."""
    _check_name(data, name_rule, found)
    if namespaced:
        if data.namespace:
            found.invalid_each("metadata.namespace", data.namespace, names.dns_label(data.namespace))
        else:
            found.required("metadata.namespace")
    elif data.namespace:
        found.forbidden("metadata.namespace", "not allowed on this type")
    if data.generation < 0:
        found.invalid("metadata.generation", data.generation, names.NOT_NEGATIVE)
    if data.labels:
        check_labels(data.labels, "metadata.labels", found)
    if data.annotations:
        check_annotations(data.annotations, "metadata.annotations", found)
    _check_owners(data.owner_references, "metadata.ownerReferences", found)
    check_finalizers(data.finalizers, "metadata.finalizers", found)


def _check_name(data: meta.ObjectMeta, name_rule: names.Rule, found: Errors) -> None:
    if data.generate_name:
        # A generated name goes on after a trailing dash, so it may end with one here.
        stem = data.generate_name
        masked = stem[:-2] + "a" if len(stem) > 1 and stem.endswith("-") else stem
        found.invalid_each("metadata.generateName", stem, name_rule(masked))
    if data.name:
        found.invalid_each("metadata.name", data.name, name_rule(data.name))
    elif not data.generate_name:
        found.required("metadata.name", "name or generateName is required")


def check_update(new: meta.ObjectMeta, old: meta.ObjectMeta, found: Errors) -> None:
    """What may not change of an object's metadata (`ValidateObjectMetaUpdate`)."""
    added = sorted(set(new.finalizers) - set(old.finalizers))
    if old.deletion_timestamp is not None and added:
        listed = ", ".join(f'"{finalizer}"' for finalizer in added)
        detail = "no new finalizers can be added if the object is being deleted, found new finalizers"
        found.forbidden("metadata.finalizers", f"{detail} []string{{{listed}}}")
    if not new.resource_version:
        found.invalid("metadata.resourceVersion", "", "must be specified for an update")
    for field in _IMMUTABLE:
        check_immutable(getattr(new, field), getattr(old, field), f"metadata.{base.json_name(field)}", found)


def check_immutable(new: object, old: object, path: str, found: Errors) -> None:
    """`ValidateImmutableField`."""
    if new != old:
        found.invalid(path, new, "field is immutable")


def check_labels(labels: Mapping[str, str], path: str, found: Errors) -> None:
    for key, value in labels.items():
        found.invalid_each(path, key, names.qualified_name(key), at=f"{path}[{key}]")
        found.invalid_each(path, value, names.label_value(value), at=f"{path}[{key}]")


def check_selector(selector: meta.LabelSelector | None, path: str, found: Errors) -> None:
    if selector is None:
        return
    check_labels(selector.match_labels, f"{path}.matchLabels", found)
    for index, requirement in enumerate(selector.match_expressions):
        inner = f"{path}.matchExpressions[{index}]"
        if requirement.operator in ("In", "NotIn"):
            if not requirement.values:
                found.required(f"{inner}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif requirement.operator in ("Exists", "DoesNotExist"):
            if requirement.values:
                found.forbidden(f"{inner}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        else:
            found.invalid(f"{inner}.operator", requirement.operator, "not a valid selector operator")
        found.invalid_each(f"{inner}.key", requirement.key, names.qualified_name(requirement.key))


def check_annotations(annotations: Mapping[str, str], path: str, found: Errors) -> None:
    """Keys are qualified names in which case does not matter."""
    size = 0
    for key, value in annotations.items():
        found.invalid_each(path, key, names.qualified_name(key.lower()), at=f"{path}[{key}]")
        size += len(key.encode()) + len(value.encode())
    if size > MAX_ANNOTATIONS_BYTES:
        found.too_long(path, MAX_ANNOTATIONS_BYTES)


def _check_owners(owners: Sequence[meta.OwnerReference], path: str, found: Errors) -> None:
    controller = ""
    for index, owner in enumerate(owners):
        _check_owner(owner, f"{path}[{index}]", found)
        if owner.controller and controller:
            detail = 'Only one reference can have Controller set to true. Found "true" in references for'
            found.invalid(path, owners, f"{detail} {controller} and {owner.kind}/{owner.name}")
        elif owner.controller:
            controller = f"{owner.kind}/{owner.name}"


def _check_owner(owner: meta.OwnerReference, path: str, found: Errors) -> None:
    if not owner.api_version.rpartition("/")[2]:
        found.invalid(f"{path}.apiVersion", owner.api_version, "version must not be empty")
    for field, value in (("kind", owner.kind), ("name", owner.name), ("uid", owner.uid)):
        if not value:
            found.invalid(f"{path}.{field}", value, "must not be empty")


def check_finalizers(finalizers: Sequence[str], path: str, found: Errors) -> None:
    """Each is a qualified name, or one of Kubernetes' own."""
    for index, finalizer in enumerate(finalizers):
        inner = f"{path}[{index}]"
        found.invalid_each(path, finalizer, names.qualified_name(finalizer), at=inner)
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            found.invalid(inner, finalizer, "name is neither a standard finalizer name nor is it fully qualified")
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        found.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set")
