"""The types as patches walk them: what a value is, and what it is made of, by JSON name. Pure; performs no I/O.

A shape is built when a walk first reaches it.
"""

import functools
import types
import typing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from podrunner.objects import base
from podrunner.objects.patches import fieldset, schema

STRUCT, MAP, LIST = "struct", "map", "list"
STRING, NUMERIC, BOOLEAN, ANY = "string", "numeric", "boolean", "any"
"""Kinds of shapes; the second line are scalars, named as structured-merge-diff names them in errors."""

_SCALARS: dict[Any, str] = {str: STRING, bytes: STRING, datetime: STRING, int: NUMERIC, float: NUMERIC, bool: BOOLEAN}


@dataclass(frozen=True, eq=False)
class Shape:
    """What one value may be.

    `atomic`: server-side apply takes it as one value, as it does every scalar. `item` is the shape of a list's items or
    a map's values. `keys` are those of a keyed list in order of their names, each with what it counts as when it is
    absent (None: it must be there); a list that is neither atomic nor keyed is a set.
    """

    kind: str
    atomic: bool = True
    struct: type[base.Struct] | None = None
    item: "Shape | None" = None
    keys: tuple[tuple[str, Any], ...] = ()
    rule: schema.Rule = schema.UNMARKED

    @functools.cached_property
    def fields(self) -> "dict[str, Shape]":
        """A struct's fields by JSON name; of all else none."""
        type_ = self.struct
        if type_ is None:
            return {}
        found = msgspec.structs.fields(type_)
        return {field.encode_name: _shape(field.type, schema.rule(type_, field.encode_name)) for field in found}

    def inner(self, name: str) -> "Shape":
        """The shape of a struct's field of that name, or of a map's values; a field no type knows is one value."""
        return self.fields.get(name, ANYTHING) if self.item is None else self.item

    def at(self, step: str) -> "Shape":
        """The shape of what that step of a path leads to."""
        return self.fields.get(step[2:], ANYTHING) if self.item is None else self.item

    def step(self, item: Any) -> str:
        """The step of a path that leads to this item of a keyed list or set."""
        if not self.keys:
            return fieldset.value_step(item)
        return fieldset.key_step(tuple((key, item.get(key, default)) for key, default in self.keys))


ANYTHING = Shape(ANY)


@functools.cache
def of(type_: type[base.Struct]) -> Shape:
    """The shape of a struct."""
    return Shape(STRUCT, type_ in schema.ATOMIC_STRUCTS, type_)


def _shape(annotation: Any, rule: schema.Rule) -> Shape:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        is_quantity = any(isinstance(note, msgspec.Meta) and note.extra for note in arguments[1:])
        return ANYTHING if is_quantity else _shape(arguments[0], rule)
    if origin in (typing.Union, types.UnionType):
        members = [each for each in arguments if each is not type(None)]
        return _shape(members[0], rule) if len(members) == 1 else ANYTHING
    if origin is tuple:
        return _list(_shape(arguments[0], schema.UNMARKED), rule)
    if origin is dict:
        return Shape(MAP, rule.map_type == "atomic", item=_shape(arguments[1], schema.UNMARKED), rule=rule)
    if isinstance(annotation, type) and issubclass(annotation, base.Struct):
        return of(annotation)
    return Shape(_SCALARS.get(annotation, ANY))


def _list(item: Shape, rule: schema.Rule) -> Shape:
    keys = tuple((key, _absent_key(item.struct, key)) for key in sorted(rule.map_keys) if item.struct)
    return Shape(LIST, rule.list_type in ("", "atomic"), item=item, keys=keys, rule=rule)


def _absent_key(type_: type[base.Struct], key: str) -> Any:
    default = schema.key_default(type_, key)
    if default is not None:
        return default
    field = next(field for field in msgspec.structs.fields(type_) if field.encode_name == key)
    return None if field.default_factory is msgspec.NODEFAULT else field.default_factory()
