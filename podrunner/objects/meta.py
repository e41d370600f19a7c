"""Object metadata, and the references and selectors other types share. Pure; performs no I/O."""

from datetime import datetime, timedelta
from typing import Any

from podrunner.objects import base

_MOST_SECONDS = 1000 * 365 * 24 * 3600


class ObjectFieldSelector(base.Struct):
    api_version: str = ""
    field_path: str = base.always("")


class ResourceFieldSelector(base.Struct):
    container_name: str = ""
    divisor: base.Quantity = ""
    resource: str = base.always("")


class VolumeHealthCondition(base.Struct):
    message: str = ""
    reason: str = ""
    status: str = base.always("")


class ManagedFieldsEntry(base.Struct):
    api_version: str = ""
    fields_type: str = ""
    fields_v1: dict[str, Any] | None = None
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: base.Time | None = None


class OwnerReference(base.Struct):
    name: str = base.always("")
    api_version: str = base.always("")
    block_owner_deletion: bool | None = None
    controller: bool | None = None
    kind: str = base.always("")
    uid: str = base.always("")


class ObjectMeta(base.Struct):
    name: str = ""
    annotations: dict[str, str] = {}
    creation_timestamp: base.Time | None = None
    deletion_grace_period_seconds: base.Int64 | None = None
    deletion_timestamp: base.Time | None = None
    finalizers: tuple[str, ...] = ()
    generate_name: str = ""
    generation: base.Int64 = 0
    labels: dict[str, str] = {}
    managed_fields: tuple[ManagedFieldsEntry, ...] = ()
    namespace: str = ""
    owner_references: tuple[OwnerReference, ...] = ()
    resource_version: str = ""
    self_link: str = ""
    uid: str = ""


class LabelSelectorRequirement(base.Struct):
    key: str = base.always("")
    operator: str = base.always("")
    values: tuple[str, ...] = ()


class LabelSelector(base.Struct):
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    match_labels: dict[str, str] = {}


class Condition(base.Struct):
    type: str = base.always("")
    last_transition_time: base.Time | None = None
    message: str = base.always("")
    observed_generation: base.Int64 = 0
    reason: str = base.always("")
    status: str = base.always("")


class ObjectReference(base.Struct):
    name: str = ""
    api_version: str = ""
    field_path: str = ""
    kind: str = ""
    namespace: str = ""
    resource_version: str = ""
    uid: str = ""


class LocalObjectReference(base.Struct):
    name: str = ""


class TypedLocalObjectReference(base.Struct):
    name: str = base.always("")
    api_group: str | None = None
    kind: str = base.always("")


class TypedObjectReference(base.Struct):
    name: str = base.always("")
    api_group: str | None = None
    kind: str = base.always("")
    namespace: str | None = None


class Object(base.Struct):
    """What every top-level type begins with; each gives `kind` its default."""

    api_version: str = base.always("v1")
    kind: str = base.always("")
    metadata: ObjectMeta = base.always(ObjectMeta())


def duration(seconds: int) -> timedelta:
    """So many seconds, as far as dates go: any int64 is a number of seconds to Kubernetes, but not to a calendar."""
    return timedelta(seconds=max(-_MOST_SECONDS, min(seconds, _MOST_SECONDS)))


def at_second(time: datetime) -> datetime:
    """`time` as metav1.Time holds it: whole seconds."""
    return time.replace(microsecond=0)


def at_microsecond(time: datetime) -> datetime:
    """`time` for a MicroTime field. Go clients refuse one without a fraction, and msgspec writes none for zero."""
    return time if time.microsecond else time.replace(microsecond=1)
