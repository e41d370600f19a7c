"""Sets of field paths, as `managedFields` hold them in the form FieldsV1. Pure; performs no I/O.

A set is a tree of dicts. A key is one step of a path: `f:<field>`, `k:<key fields as JSON>` or `v:<value as JSON>` of a
list's item, `i:<index>`; "." says that the path up to here is in the set. On the wire a leaf is `{}`, here it has its
"." like every other member: `read` and `write` convert. Trees share branches, so nobody changes one.

Source: structured-merge-diff `fieldpath/set.go`, `element.go`, `serialize-pe.go`.
"""

import functools
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

Fields: TypeAlias = "dict[str, Fields]"

LEAF: Fields = {".": {}}

# What Go's encoder escapes in strings.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def read(data: Any) -> Fields:
    """FieldsV1 as a set. Raises ValueError when it is none."""
    if not isinstance(data, dict):
        raise ValueError("a set of fields must be a mapping")
    fields = {_canonical(step): read(node) or LEAF for step, node in data.items() if step != "."}
    return fields | LEAF if "." in data else fields


def write(fields: Fields) -> dict[str, Any]:
    """The set as FieldsV1, in the order of its steps."""
    return {step: {} if len(node) == 1 and "." in node else write(node) for step, node in sorted(fields.items())}


def union(left: Fields, right: Fields) -> Fields:
    """The paths that are in either."""
    joined = dict(left)
    for step, node in right.items():
        joined[step] = union(joined[step], node) if step in joined else node
    return joined


def intersection(left: Fields, right: Fields) -> Fields:
    """The paths that are in both."""
    common: Fields = {}
    for step in left.keys() & right.keys():
        if step == ".":
            common[step] = {}
        elif node := intersection(left[step], right[step]):
            common[step] = node
    return common


def difference(left: Fields, right: Fields) -> Fields:
    """The paths of `left` that are not in `right`; what lies below a path of `right` stays."""
    rest: Fields = {}
    for step, node in left.items():
        if step not in right:
            rest[step] = node
        elif kept := difference(node, right[step]):
            rest[step] = kept
    return rest


def outside(left: Fields, right: Fields) -> Fields:
    """The paths of `left` that neither are in `right` nor lie below one that is (RecursiveDifference)."""
    rest: Fields = {}
    for step, node in left.items():
        if step not in right:
            rest[step] = node
        elif "." not in right[step] and (kept := outside(node, right[step])):
            rest[step] = kept
    return rest


def paths(fields: Fields, prefix: str = "") -> Iterator[str]:
    """The paths as messages show them, `.spec.containers[name="a"].image`, shorter ones first."""
    steps = [(prefix + _shown(step), node) for step, node in sorted(fields.items()) if step != "."]
    yield from (path for path, node in steps if "." in node)
    for path, node in steps:
        yield from paths(node, path)


def field_step(name: str) -> str:
    """The step to a field of a struct or an entry of a map."""
    return f"f:{name}"


def key_step(keys: tuple[tuple[str, Any], ...]) -> str:
    """The step to the item of a list that has these key fields, given in order of their names."""
    return f"k:{_json(dict(keys))}"


def value_step(value: Any) -> str:
    """The step to an item of a set."""
    return f"v:{_json(value)}"


@functools.lru_cache(maxsize=4096)
def _canonical(step: str) -> str:
    """The step as `field_step`, `key_step` and `value_step` write it. Raises ValueError when it is none."""
    kind, _, rest = step.partition(":")
    match kind, msgspec.json.decode(rest) if kind in ("k", "v", "i") else rest:
        case "k", dict(keys) if not any(isinstance(value, (dict, list)) for value in keys.values()):
            return key_step(tuple(sorted(keys.items())))
        case "v", str() | int() | float() | None as value:
            return value_step(value)
        case "i", int(index):
            return f"i:{index}"
        case "f", _ if ":" in step:
            return step
    raise ValueError(f"unknown path element: {step}")


@functools.lru_cache(maxsize=4096)
def _shown(step: str) -> str:
    """As structured-merge-diff's PathElement.String."""
    kind, _, rest = step.partition(":")
    if kind == "k":
        return f"[{','.join(f'{name}={_json(value)}' for name, value in msgspec.json.decode(rest).items())}]"
    if kind == "v":
        return f"[={rest}]"
    return f"[{rest}]" if kind == "i" else f".{rest}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode().translate(_ESCAPES)
