"""Server-side apply: fields belong to those who state them, and go with the last of these. Pure; performs no I/O.

Sources: structured-merge-diff `merge/update.go`; apimachinery `pkg/util/managedfields/internal/`
(structuredmerge.go, conflict.go, skipnonapplied.go, lastappliedmanager.go, lastappliedupdater.go).
"""

import functools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from podrunner import errors
from podrunner.objects import meta
from podrunner.objects.patches import conformance, extent, fieldset, managers, merging, ownership, shapes
from podrunner.objects.patches.fieldset import Fields

KUBECTL = "kubectl"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_LARGEST_ANNOTATIONS = 256 * 1024


def apply(
    current: Mapping[str, Any] | None,
    applied: Mapping[str, Any],
    type_: type[meta.Object],
    *,
    manager: str,
    force: bool,
    subresource: str,
    api_version: str,
    now: datetime,
) -> dict[str, Any]:
    """The object with what `manager` states in `applied`, without what only it stated before, and `managedFields`.

    `current` is the stored object with its defaults, None when there is none; the result has yet to get its own. Raises
    errors.Conflict when a stated value differs from one that another manager owns, unless `force`; errors.BadRequest
    when `applied` is not an object of this type.
    """
    shape = shapes.of(type_)
    _check(applied, type_, api_version, shape)
    live = ownership.bare(current or ownership.blank(type_))
    applier = managers.Manager(manager, managers.APPLY, "", subresource)
    owners = ownership.owners_of(current)
    if current is not None and not owners:
        owners = _before_first_apply(live, shape, subresource, api_version, now)
    last = owners.pop(applier, None)
    stated = managers.writable(extent.stated(applied, shape), subresource)
    merged = merging.merge(live, dict(applied), shape)
    if last:
        owned = functools.reduce(fieldset.union, (owner.fields for owner in owners.values()), stated)
        merged = _pruned(merged, last.fields, owned, shape)
    difference = extent.compare(live, merged, shape)
    changed, removed = (managers.writable(fields, subresource) for fields in difference)
    if not force:
        allowed = _agreed(live, api_version, shape) if manager == KUBECTL else {}
        _refuse_conflicts(_conflicts(owners, fieldset.difference(changed, allowed), api_version))
    left = managers.without(owners, fieldset.union(changed, removed), api_version)
    if own := managers.ownable(stated):
        same = last if last and last.fields == own and not any(difference) else None
        left[applier] = managers.Owned(own, api_version, same.time if same else ownership.timestamp(now))
    result = merging.without_nulls(merged, shape)
    return ownership.owned_by(_with_last_applied(result, applied) if manager == KUBECTL else result, left)


def _check(applied: Mapping[str, Any], type_: type[meta.Object], api_version: str, shape: shapes.Shape) -> None:
    group, _, version = api_version.rpartition("/")
    given_version, given_kind = applied.get("apiVersion") or "", applied.get("kind") or ""
    if (given_version, given_kind) != (api_version, type_().kind):
        given_group, _, given_version = str(given_version).rpartition("/")
        raise errors.BadRequest(f"invalid object type: {given_group}/{given_version}, Kind={given_kind}")
    metadata = applied.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise errors.BadRequest("metadata.managedFields must be nil")
    if found := list(conformance.problems(dict(applied), shape)):
        metadata = metadata if isinstance(metadata, dict) else {}
        name = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}; {group}/{version}, Kind={given_kind}"
        told = found[0] if len(found) == 1 else "\n  ".join(["errors:", *found])
        raise errors.BadRequest(f"failed to create typed patch object ({name}): {told}")


def _before_first_apply(
    live: dict[str, Any], shape: shapes.Shape, subresource: str, api_version: str, now: datetime
) -> managers.Managers:
    """An object nobody was tracked on: all that is there belongs to one manager of that name."""
    assert shape.struct is not None
    there = extent.compare(ownership.blank(shape.struct), live, shape).changed
    fields = managers.ownable(managers.writable(there, subresource))
    manager = managers.Manager("before-first-apply", managers.UPDATE, api_version, subresource)
    return {manager: managers.Owned(fields, api_version, ownership.timestamp(now))} if fields else {}


def _pruned(merged: dict[str, Any], last: Fields, owned: Fields, shape: shapes.Shape) -> Any:
    """`merged` without what is in `last`, the applier's earlier statement, and not in `owned`, which is anybody's now.

    A list item that nobody owns goes with all that is in it; a struct stays as long as something in it is owned.
    """
    owned = extent.with_named_parents(owned, shape)
    last = extent.with_named_parents(last, shape)
    if not fieldset.difference(last, owned):
        return merged
    paths = _paths(merged, shape)
    kept = _paths(merging.remove(merged, last, shape), shape)
    without_unowned = merging.remove(merged, fieldset.difference(paths, fieldset.union(kept, owned)), shape)
    gone = fieldset.difference(paths, _paths(without_unowned, shape))
    return merging.remove(merged, fieldset.intersection(gone, last), shape)


def _paths(value: Any, shape: shapes.Shape) -> Fields:
    return extent.with_named_parents(extent.stated(value, shape), shape)


class _Conflict(NamedTuple):
    manager: managers.Manager
    path: str


def _conflicts(owners: managers.Managers, changed: Fields, api_version: str) -> list[_Conflict]:
    return [
        _Conflict(manager, path)
        for manager, owned in sorted(owners.items(), key=lambda each: each[0])
        if owned.api_version == api_version
        for path in fieldset.paths(fieldset.intersection(owned.fields, changed))
    ]


def _refuse_conflicts(conflicts: list[_Conflict]) -> None:
    if not conflicts:
        return
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": path}
        for manager, path in conflicts
    ]
    lines = _lines(conflicts)
    if len(conflicts) == 1:
        told = f"1 conflict: conflict with {conflicts[0].manager}: {conflicts[0].path}"
    else:
        told = "\n".join([f"{len(conflicts)} conflicts: {lines[0]}", *lines[1:]])
    raise errors.Conflict(f"Apply failed with {told}", details={"causes": causes})


def _lines(conflicts: list[_Conflict]) -> list[str]:
    lines: list[str] = []
    for manager in dict.fromkeys(conflict.manager for conflict in conflicts):
        lines.append(f"conflicts with {manager}:")
        lines.extend(f"- {conflict.path}" for conflict in conflicts if conflict.manager == manager)
    return lines


def _agreed(live: dict[str, Any], api_version: str, shape: shapes.Shape) -> Fields:
    """What the object still has as client-side apply last applied it: `kubectl` may take that over."""
    annotation = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    try:
        applied = json.loads(annotation or "null")
    except ValueError:
        return {}
    if not isinstance(applied, dict) or applied.get("apiVersion") != api_version:
        return {}
    if any(conformance.problems(applied, shape)):
        return {}
    difference = extent.compare(applied, live, shape)
    return fieldset.difference(extent.stated(applied, shape), fieldset.union(*difference))


def _with_last_applied(result: dict[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
    """Client-side apply finds its annotation, where there is one, as if it had applied this itself."""
    metadata = result.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return result
    given = applied.get("metadata") or {}
    if given.get("annotations"):
        own = {name: value for name, value in given["annotations"].items() if name != LAST_APPLIED}
        applied = {**applied, "metadata": {**given, "annotations": own}}
    text = json.dumps(applied, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    annotations = {**annotations, LAST_APPLIED: text}
    if sum(len(name.encode()) + len(value.encode()) for name, value in annotations.items()) > _LARGEST_ANNOTATIONS:
        del annotations[LAST_APPLIED]
    return {**result, "metadata": {**metadata, "annotations": annotations}}
