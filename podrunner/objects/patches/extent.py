"""Which field paths a value has, and in which two values differ. Pure; performs no I/O.

Source: structured-merge-diff `typed/tofieldset.go`, `typed/compare.go`.
"""

from typing import Any, NamedTuple

from podrunner.objects.patches import fieldset, shapes
from podrunner.objects.patches.fieldset import LEAF, Fields


class Difference(NamedTuple):
    """`changed`: paths that are new or have another value. `removed`: paths that are gone."""

    changed: Fields
    removed: Fields


class _Repeated(tuple[Any, ...]):
    """Items of a list that have the same key, as environment variables may: together they are one value."""

    __slots__ = ()


def stated(value: Any, shape: shapes.Shape) -> Fields:
    """The paths that someone states who applies `value`: its leaves, and the items of its lists.

    A struct or a map is stated by what is in it, by itself only when it is empty or null. `value` is not atomic.
    """
    paths: Fields = {}
    for step, part in _parts(value, shape).items():
        inner = shape.at(step)
        is_leaf = inner.atomic or part is None or part == {} or isinstance(part, _Repeated)
        node = LEAF if is_leaf else stated(part, inner)
        if shape.kind == shapes.LIST:
            node = node | LEAF
        if node:
            paths[step] = node
    return paths


def everything(value: Any, shape: shapes.Shape) -> Fields:
    """Every path of a value that has come or gone as a whole: its own, and those of all it is made of."""
    if shape.atomic or not value or isinstance(value, _Repeated):
        return LEAF
    return LEAF | {step: everything(part, shape.at(step)) for step, part in _parts(value, shape).items()}


def compare(before: Any, after: Any, shape: shapes.Shape) -> Difference:
    """What became of `before`; both are values of a shape that is not atomic.

    Null, an empty list and an empty map are no news where nothing was: the encoded object does not have them either.
    """
    changed: Fields = {}
    removed: Fields = {}
    old_parts = _parts(before, shape)
    for step, new in _parts(after, shape).items():
        inner = shape.at(step)
        if step not in old_parts:
            if not _is_nothing(new, inner):
                changed[step] = everything(new, inner)
            continue
        old = old_parts.pop(step)
        if old == new:
            continue
        if isinstance(old, _Repeated) != isinstance(new, _Repeated):
            changed[step], removed[step] = everything(new, inner), everything(old, inner)
        elif inner.atomic or isinstance(new, _Repeated):
            changed[step] = LEAF
        else:
            below = compare(old, new, inner)
            if below.changed:
                changed[step] = below.changed
            if below.removed:
                removed[step] = below.removed
    gone = {step: old for step, old in old_parts.items() if not _is_nothing(old, shape.at(step))}
    return Difference(changed, removed | {step: everything(old, shape.at(step)) for step, old in gone.items()})


def with_named_parents(fields: Fields, shape: shapes.Shape) -> Fields:
    """The paths, and those of the struct fields on the way to them (EnsureNamedFieldsAreMembers)."""
    paths: Fields = {}
    for step, node in fields.items():
        if step == ".":
            paths[step] = node
        else:
            below = with_named_parents(node, shape.at(step))
            paths[step] = below | LEAF if step[2:] in shape.fields else below
    return paths


def _is_nothing(value: Any, shape: shapes.Shape) -> bool:
    return value is None or (not value and shape.kind in (shapes.LIST, shapes.MAP))


def _parts(value: Any, shape: shapes.Shape) -> dict[str, Any]:
    """What a struct, map or list is made of, by the step that leads there. Null is made of nothing."""
    if not value:
        return {}
    if shape.kind != shapes.LIST:
        return {fieldset.field_step(name): part for name, part in value.items()}
    parts: dict[str, Any] = {}
    for item in value:
        step = shape.step(item)
        if step in parts:
            earlier = parts[step]
            parts[step] = _Repeated((*(earlier if isinstance(earlier, _Repeated) else (earlier,)), item))
        else:
            parts[step] = item
    return parts
