"""Who owns which fields of an object: `metadata.managedFields`. Pure; performs no I/O.

Sources: apimachinery `pkg/util/managedfields/internal/` (managedfields.go, capmanagers.go, stripmeta.go), and the reset
fields of Kubernetes' strategies (`pkg/registry/core/*/strategy.go`).
"""

import functools
import json
from typing import Any, NamedTuple, TypeAlias

from podrunner.objects.patches import fieldset
from podrunner.objects.patches.fieldset import LEAF, Fields

UPDATE = "Update"
APPLY = "Apply"
MOST_UPDATERS = 10
"""How many entries there are at most of writes other than applies: the oldest are then joined."""


class Manager(NamedTuple):
    """Who wrote, and how. One that applies is the same in every API version, so `api_version` is "" for it."""

    name: str
    operation: str
    api_version: str
    subresource: str

    def __str__(self) -> str:
        """As messages about conflicts name it."""
        subresource = f" with subresource {json.dumps(self.subresource)}" if self.subresource else ""
        version = f" using {self.api_version}" if self.operation == UPDATE else ""
        return f"{json.dumps(self.name)}{subresource}{version}"


class Owned(NamedTuple):
    """What a manager owns, in the paths of that API version; `time` is RFC 3339, "" if unknown."""

    fields: Fields
    api_version: str
    time: str


Managers: TypeAlias = dict[Manager, Owned]

_NEVER_OWNED: Fields = {
    "f:apiVersion": LEAF,
    "f:kind": LEAF,
    "f:metadata": LEAF
    | {
        f"f:{name}": LEAF
        for name in (
            "clusterName",
            "creationTimestamp",
            "generation",
            "managedFields",
            "name",
            "namespace",
            "resourceVersion",
            "selfLink",
            "uid",
        )
    },
}

# What a write to the object itself, or to its status, leaves as it is whatever it says.
_LEFT_ALONE: dict[str, Fields] = {
    "": {"f:status": LEAF},
    "status": {"f:spec": LEAF, "f:metadata": {"f:deletionTimestamp": LEAF, "f:ownerReferences": LEAF}},
}

# What other subresources write.
_WRITTEN: dict[str, tuple[tuple[str, ...], ...]] = {
    "ephemeralcontainers": (("f:spec", "f:ephemeralContainers"),),
    "resize": tuple(
        ("f:spec", containers, "*", field)
        for containers in ("f:containers", "f:initContainers")
        for field in ("f:resizePolicy", "f:resources")
    ),
}


def read(entries: Any) -> Managers:
    """The entries of `managedFields`. Raises ValueError when one makes no sense."""
    if not isinstance(entries, list):
        raise ValueError("managedFields must be a list")
    return dict(map(_read, entries))


def _read(entry: Any) -> tuple[Manager, Owned]:
    match entry:
        case {"operation": "Apply" | "Update" as operation, "apiVersion": str(version), "fieldsType": "FieldsV1"}:
            named = "" if operation == APPLY else version
            manager = Manager(entry.get("manager") or "", operation, named, entry.get("subresource") or "")
            return manager, Owned(fieldset.read(entry.get("fieldsV1", {})), version, entry.get("time") or "")
    raise ValueError("an entry needs an operation, an apiVersion and fields of type FieldsV1")


def write(managers: Managers) -> list[dict[str, Any]]:
    """The entries in Kubernetes' order: by operation, time, name, version."""
    ordered = sorted(managers.items(), key=lambda each: (each[0].operation, each[1].time, each[0]))
    return [_write(manager, owned) for manager, owned in ordered]


def _write(manager: Manager, owned: Owned) -> dict[str, Any]:
    entry = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": owned.api_version,
        "time": owned.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldset.write(owned.fields),
        "subresource": manager.subresource,
    }
    return {name: value for name, value in entry.items() if value or name == "fieldsV1"}


def writable(fields: Fields, subresource: str) -> Fields:
    """Those of the paths that a write to this subresource ("" for the object itself) changes at all."""
    if patterns := _WRITTEN.get(subresource):
        return functools.reduce(fieldset.union, (_along(fields, pattern) for pattern in patterns))
    return fieldset.outside(fields, _LEFT_ALONE.get(subresource, {}))


def _along(fields: Fields, pattern: tuple[str, ...]) -> Fields:
    if not pattern:
        return fields
    step, *rest = pattern
    found = {name: _along(node, tuple(rest)) for name, node in fields.items() if step in ("*", name)}
    return {name: node for name, node in found.items() if node}


def ownable(fields: Fields) -> Fields:
    """The paths without those of an object's identity, which nobody owns."""
    return fieldset.difference(fields, _NEVER_OWNED)


def without(managers: Managers, fields: Fields, api_version: str) -> Managers:
    """Who is left when nobody owns `fields` any more. Entries of other API versions speak of other paths: they stay."""
    rest: Managers = {}
    for manager, owned in managers.items():
        if owned.api_version != api_version:
            rest[manager] = owned
        elif kept := fieldset.difference(owned.fields, fields):
            rest[manager] = owned._replace(fields=kept)
    return rest


def capped(managers: Managers) -> Managers:
    """At most MOST_UPDATERS entries of updates: of each API version the oldest are joined into one."""
    updaters = sorted(
        (manager for manager in managers if manager.operation == UPDATE), key=lambda each: (managers[each].time, each)
    )
    surplus = len(updaters) - MOST_UPDATERS
    if surplus <= 0:
        return managers
    rest = dict(managers)
    for version in dict.fromkeys(manager.api_version for manager in updaters):
        oldest = [manager for manager in updaters if manager.api_version == version][: surplus + 1]
        if surplus <= 0 or len(oldest) < 2:
            continue
        surplus -= len(oldest) - 1
        joined = [rest.pop(manager) for manager in oldest]
        fields = functools.reduce(fieldset.union, (owned.fields for owned in joined))
        rest[Manager("ancient-changes", UPDATE, version, "")] = joined[-1]._replace(fields=fields)
    return rest
