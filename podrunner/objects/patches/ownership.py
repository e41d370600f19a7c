"""Ownership of fields by those who write without applying: creates, updates and patches. Pure; performs no I/O.

Sources: apimachinery `pkg/util/managedfields/internal/fieldmanager.go`, structured-merge-diff `merge/update.go`,
apiserver `pkg/endpoints/handlers/fieldmanager/equality.go`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from podrunner.objects import base, codec, pod, template
from podrunner.objects.patches import extent, fieldset, managers, shapes

LONGEST_MANAGER = 128


def track(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    type_: type[base.Struct],
    *,
    manager: str,
    subresource: str,
    api_version: str,
    now: datetime,
) -> dict[str, Any]:
    """`after` with the `managedFields` that this write leaves: its manager owns what it changed, nobody what is gone.

    `before` is the stored object, None when `after` is being created. `after` is what the client wrote, with defaults
    and without what the server adds of its own, like a node's name, which nobody must come to own. What it says of
    `managedFields` counts: none keeps those of `before`, one empty entry resets them. An object that has none is not
    tracked before someone applies to it.
    """
    known = _known(before, after, subresource)
    written = bare(after)
    if not known and before is not None:
        return written
    difference = extent.compare(bare(before or blank(type_)), written, shapes.of(type_))
    changed, removed = (managers.writable(fields, subresource) for fields in difference)
    left = managers.without(known, fieldset.union(changed, removed), api_version)
    if own := managers.ownable(changed):
        writer = managers.Manager(manager, managers.UPDATE, api_version, subresource)
        fields = fieldset.union(left[writer].fields, own) if writer in left else own
        left[writer] = managers.Owned(fields, api_version, timestamp(now))
    return owned_by(written, managers.capped(left))


def manager_name(field_manager: str, user_agent: str) -> str:
    """Who writes: the request's fieldManager, else what its User-Agent says before the first slash."""
    if field_manager:
        return field_manager
    name = "".join(character for character in user_agent.partition("/")[0] if character.isprintable())
    return name.encode()[:LONGEST_MANAGER].decode(errors="ignore")


def undo_new_times(before: Mapping[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """`after`, or `before` when only times of `managedFields` tell them apart, so that nothing needs to be stored."""
    if _timeless(before) == _timeless(after):
        return dict(before)
    return after


def _timeless(obj: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    entries = obj.get("metadata", {}).get("managedFields", [])
    return bare(obj), [{**entry, "time": ""} for entry in entries]


def blank(type_: type[base.Struct]) -> dict[str, Any]:
    """What a create is compared with: the empty object as Go encodes it, where a pod spec always has its containers."""
    obj = codec.to_builtins(type_())
    spec = {pod.Pod: obj.get("spec"), template.PodTemplate: obj.get("template", {}).get("spec")}.get(type_)
    if spec is not None:
        spec["containers"] = []
    return obj


def bare(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object without `managedFields`."""
    metadata = obj.get("metadata")
    if not metadata or "managedFields" not in metadata:
        return dict(obj)
    return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}


def owned_by(obj: dict[str, Any], owners: managers.Managers) -> dict[str, Any]:
    """The object, which has none, with these `managedFields`."""
    if not owners:
        return obj
    return {**obj, "metadata": {**(obj.get("metadata") or {}), "managedFields": managers.write(owners)}}


def timestamp(now: datetime) -> str:
    """A time as metav1.Time is written."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def owners_of(obj: Mapping[str, Any] | None) -> managers.Managers:
    """The managers of a stored object; none when its entries can't be read."""
    return _readable((obj or {}).get("metadata", {}).get("managedFields") or []) or {}


def _known(before: Mapping[str, Any] | None, after: Mapping[str, Any], subresource: str) -> managers.Managers:
    """Who owns what before the write itself is accounted for (decodeLiveOrNew)."""
    given = (after.get("metadata") or {}).get("managedFields")
    if subresource or given is None:
        return owners_of(before)
    if given in ([], [{}]):
        return {}
    return _readable(given) or owners_of(before)


def _readable(entries: Any) -> managers.Managers | None:
    try:
        return managers.read(entries)
    except ValueError:
        return None
