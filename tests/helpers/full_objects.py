"""Data of an API type in which every field is set, each to a value of its own."""

import itertools
from collections.abc import Iterator
from typing import Any

from msgspec import inspect

from podrunner.objects import base, structure


def full(type_: type[base.Struct]) -> dict[str, Any]:
    """The same data each time; quantities are canonical, times whole seconds."""
    data: dict[str, Any] = _value(structure.of(type_), itertools.count(1))
    return data


def _value(shape: inspect.Type, counter: Iterator[int]) -> Any:
    match shape:
        case inspect.StructType(fields=fields):
            return {field.encode_name: _value(field.type, counter) for field in fields}
        case inspect.VarTupleType(item_type=item):
            return [_value(item, counter), _value(item, counter)]
        case inspect.DictType(value_type=inspect.AnyType()):
            return {f"f:{next(counter)}": {}}
        case inspect.DictType(value_type=value):
            return {f"key-{next(counter)}": _value(value, counter) for _ in range(2)}
        case inspect.Metadata():
            return f"{next(counter)}Mi"
        case inspect.UnionType(types=(inner, inspect.NoneType())):
            return _value(inner, counter)
        case inspect.UnionType(types=types):
            return _value(types[next(counter) % len(types)], counter)
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return next(counter)
        case inspect.BytesType():
            return "aGVsbG8="
        case inspect.DateTimeType():
            return f"2026-01-02T03:04:{next(counter) % 60:02}Z"
        case inspect.StrType():
            return f"text-{next(counter)}"
    raise TypeError(shape)
