"""Merging what someone applies into an object, and taking fields out of one. Pure; performs no I/O.

Source: structured-merge-diff `typed/merge.go`, `typed/remove.go`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from podrunner.objects.patches import fieldset, shapes
from podrunner.objects.patches.fieldset import Fields


def merge(live: Any, applied: Any, shape: shapes.Shape) -> Any:
    """`live` with what `applied` says. Lists come in the order of `applied`; what only `live` has keeps its place."""
    if shape.atomic or not live:
        return applied
    if not applied:
        return live
    if shape.kind == shapes.LIST:
        return _merge_lists(live, applied, shape)
    return live | {
        name: merge(live[name], value, shape.inner(name)) if name in live else value for name, value in applied.items()
    }


def _merge_lists(live: Sequence[Any], applied: Sequence[Any], shape: shapes.Shape) -> list[Any]:
    """Items of `live` that have the same key are not merged: what is applied takes their place."""
    steps = [shape.step(item) for item in live]
    counts = Counter(steps)
    alone = {step: item for step, item in zip(steps, live, strict=True) if counts[step] == 1}
    merged = {shape.step(item): item for item in applied}
    merged |= {step: merge(alone[step], item, shape.at(step)) for step, item in merged.items() if step in alone}
    return [live[place] if isinstance(place, int) else merged[place] for place in _interleaved(steps, list(merged))]


def _interleaved(live: Sequence[str], applied: Sequence[str]) -> Iterator[int | str]:
    """The order of a merged list: applied steps in their order, indices of items that only `live` has between them."""
    known, own = set(live), set(applied)
    shared = (step for step in applied if step in known)
    awaited = next(shared, None)
    index = 0
    for step in applied:
        while index < len(live) and live[index] != awaited:
            if live[index] not in own:
                yield index
            index += 1
        yield step
        if step == awaited:
            awaited = next(shared, None)
            index += 1
    yield from (place for place in range(index, len(live)) if live[place] not in own)


def remove(value: Any, fields: Fields, shape: shapes.Shape) -> Any:
    """`value` without the paths in `fields`, none of which leads into what is one value.

    What is left empty by that is null, as in structured-merge-diff: for `extent.stated` it is still there. Items of
    lists that are left empty go.
    """
    if shape.kind == shapes.LIST:
        steps = ((shape.step(item), item) for item in value)
        return [item for _, item in _remaining(steps, fields, shape) if item is not None] or None
    steps = ((fieldset.field_step(name), part) for name, part in value.items())
    return {step[2:]: part for step, part in _remaining(steps, fields, shape)} or None


def _remaining(parts: Iterable[tuple[str, Any]], fields: Fields, shape: shapes.Shape) -> Iterator[tuple[str, Any]]:
    for step, part in parts:
        node = fields.get(step)
        if node is None:
            yield step, part
        elif "." not in node:
            yield step, remove(part, node, shape.at(step))


def without_nulls(value: Any, shape: shapes.Shape) -> Any:
    """The value without the struct fields that are null, which is how one applies that a field be absent."""
    if shape.kind == shapes.STRUCT and isinstance(value, dict):
        kept = ((name, part) for name, part in value.items() if part is not None)
        return {name: without_nulls(part, shape.inner(name)) for name, part in kept}
    if shape.kind == shapes.LIST and shape.item is not None and shape.item.kind == shapes.STRUCT:
        return [without_nulls(item, shape.item) for item in value]
    return value
