"""Whether what someone applies is of its type, in structured-merge-diff's words. Pure; performs no I/O.

Source: structured-merge-diff `typed/validate.go`, `typed/helpers.go`.
"""

import json
from collections.abc import Iterator
from typing import Any

from podrunner.objects.patches import fieldset, gotext, shapes


def problems(value: Any, shape: shapes.Shape, path: str = "") -> Iterator[str]:
    """What is wrong, one line each: `.spec.foo: field not declared in schema`. Null is anything's absence."""
    if value is None:
        return
    match shape.kind:
        case shapes.STRUCT | shapes.MAP:
            yield from _mapping(value, shape, path)
        case shapes.LIST:
            yield from _list(value, shape, path)
        case _ if problem := _scalar(value, shape.kind):
            yield f"{path}: {problem}"


def _mapping(value: Any, shape: shapes.Shape, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{gotext.show(value)}}}"
        return
    for name, part in value.items():
        if shape.kind == shapes.STRUCT and name not in shape.fields:
            yield f"{path}.{name}: field not declared in schema"
        else:
            yield from problems(part, shape.inner(name), f"{path}.{name}")


def _list(value: Any, shape: shapes.Shape, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{gotext.show(value)}}}"
        return
    seen = set()
    for index, item in enumerate(value):
        place = f"[{index}]"
        if not shape.atomic:
            if problem := _keyless(item, shape):
                yield f"{path}: element {index}: {problem}"
                continue
            place = next(fieldset.paths({shape.step(item): fieldset.LEAF}))
            if place in seen:
                yield f"{path}: duplicate entries for key {place}"
            seen.add(place)
        yield from problems(item, shape.at(place), path + place)


def _keyless(item: Any, shape: shapes.Shape) -> str:
    """Why no path leads to this item of a keyed list or set; "" if one does."""
    if not shape.keys:
        if item is None:
            return "associative list without keys has an element that's an explicit null"
        return "" if not isinstance(item, (dict, list)) else _NO_SET_ITEM[type(item)]
    if item is None:
        return "associative list with keys may not have a null element"
    if not isinstance(item, dict):
        return "associative list with keys may not have non-map elements"
    for key, default in shape.keys:
        if default is None and item.get(key) is None:
            return (
                f'associative list with keys has an element that omits key field "{key}" '
                "(and doesn't have default value)"
            )
        if isinstance(item.get(key), (dict, list)):
            return f'key field "{key}" must be a scalar'
    return ""


_NO_SET_ITEM: dict[type, str] = {
    dict: "associative list without keys has an element that's a map type",
    list: "not supported: associative list with lists as elements",
}


def _scalar(value: Any, kind: str) -> str:
    if kind == shapes.STRING and type(value) is not str:
        return f"expected string, got &value.valueUnstructured{{Value:{_go_syntax(value)}}}"
    if kind == shapes.NUMERIC and type(value) not in (int, float):
        return f"expected numeric (int or float), got {gotext.type_name(value)}"
    if kind == shapes.BOOLEAN and type(value) is not bool:
        return f"expected boolean, got &{{{gotext.show(value)}}}"
    return ""


def _go_syntax(value: Any) -> str:
    """As %#v prints it: only what YAML makes of an unquoted scalar is worth its exact form."""
    return json.dumps(value) if not isinstance(value, (dict, list)) else gotext.type_name(value) + "{...}"
