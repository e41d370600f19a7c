"""Plain data, as JSON or YAML gives it, to typed objects, with every problem. Pure; performs no I/O.

Data without a fault goes through msgspec at once. Only where that objects, the data is walked along the type:
Kubernetes' leniencies are applied (null is absent, a quantity may be a number), and what then is still wrong is
reported and left out.
"""

import binascii
import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from podrunner.objects import base, fielderrors, quantity, structure

S = TypeVar("S", bound=base.Struct)

_ABSENT = object()


class Decoded(NamedTuple, Generic[S]):
    """The object as far as the data gives one, what is wrong in it, and which fields no type knows.

    Unknown fields are apart because the API's fieldValidation decides about them: errors, warnings or nothing.
    """

    object: S
    errors: fielderrors.Errors
    unknown: fielderrors.Errors

    @property
    def problems(self) -> list[fielderrors.FieldError]:
        """Both kinds, for a strict reader."""
        return [*self.errors, *self.unknown]


def decode(data: Any, type_: type[S]) -> Decoded[S]:
    """`data` as a `type_`; never raises on bad data. Paths are relative to `data`: `spec.containers[0].name`."""
    try:
        return Decoded(msgspec.convert(data, type_), fielderrors.Errors(), fielderrors.Errors())
    except msgspec.ValidationError:
        walk = _Walk(type_.CONFIDENTIAL)
        cleaned = walk.value(data, structure.of(type_), "")
        return Decoded(msgspec.convert({} if cleaned is _ABSENT else cleaned, type_), walk.errors, walk.unknown)


_FIELDS: dict[type, dict[str, inspect.Type]] = {}


def _fields(shape: inspect.StructType) -> dict[str, inspect.Type]:
    """JSON names and types of a struct's fields."""
    fields = _FIELDS.get(shape.cls)
    if fields is None:
        fields = _FIELDS[shape.cls] = {field.encode_name: field.type for field in shape.fields}
    return fields


class _Walk:
    """Rebuilds data so that msgspec accepts it, noting what it had to leave out."""

    def __init__(self, confidential: tuple[str, ...]) -> None:
        self.errors = fielderrors.Errors()
        self.unknown = fielderrors.Errors()
        self._confidential = confidential

    def value(self, value: Any, shape: inspect.Type, path: str) -> Any:
        """The value to hand to msgspec, or _ABSENT."""
        if value is None:
            return _ABSENT
        return _READERS[type(shape)](self, value, shape, path)

    def struct(self, value: Any, shape: inspect.StructType, path: str) -> Any:
        if type(value) is not dict:
            return self.refuse(path, value, "a mapping")
        fields = _fields(shape)
        cleaned = {}
        for name, inner in value.items():
            child = f"{path}.{name}" if path else name
            field = fields.get(name)
            if field is None:
                self.unknown.unknown(child, _nearest(name, tuple(fields)))
            elif (good := self.value(inner, field, child)) is not _ABSENT:
                cleaned[name] = good
        return cleaned

    def sequence(self, value: Any, shape: inspect.VarTupleType, path: str) -> Any:
        if type(value) is not list:
            return self.refuse(path, value, "a list")
        items = (self.item(item, shape.item_type, f"{path}[{index}]") for index, item in enumerate(value))
        return [item for item in items if item is not _ABSENT]

    def mapping(self, value: Any, shape: inspect.DictType, path: str) -> Any:
        if type(value) is not dict:
            return self.refuse(path, value, "a mapping")
        items = ((key, self.item(item, shape.value_type, f"{path}[{key}]")) for key, item in value.items())
        return {key: item for key, item in items if item is not _ABSENT}

    def item(self, value: Any, shape: inspect.Type, path: str) -> Any:
        """As `value`, but null is the zero value here, as in Go's lists and maps."""
        if value is None:
            return _ZERO.get(type(shape), _ABSENT)
        return self.value(value, shape, path)

    def union(self, value: Any, shape: inspect.UnionType, path: str) -> Any:
        members = [member for member in shape.types if not isinstance(member, inspect.NoneType)]
        if len(members) == 1:
            return self.value(value, members[0], path)
        if type(value) in (int, str):
            member = inspect.IntType if type(value) is int else inspect.StrType
            return self.value(value, next(each for each in members if isinstance(each, member)), path)
        return self.refuse(path, value, "an integer or a string")

    def annotated(self, value: Any, shape: inspect.Metadata, path: str) -> Any:
        if not (shape.extra or {}).get("quantity"):
            return self.value(value, shape.type, path)
        if type(value) in (int, float):
            value = format(value, "f").rstrip("0") if isinstance(value, float) else str(value)
        if type(value) is not str:
            return self.refuse(path, value, "a quantity")
        try:
            quantity.parse(value)
        except ValueError as error:
            self.wrong_type(path, value, str(error))
            return _ABSENT
        return value

    def string(self, value: Any, _shape: inspect.StrType, path: str) -> Any:
        if type(value) is str:
            return value
        if type(value) in (int, float, bool):
            self.wrong_type(path, value, "must be a string, put it in quotes")
            return _ABSENT
        return self.refuse(path, value, "a string")

    def integer(self, value: Any, shape: inspect.IntType, path: str) -> Any:
        if type(value) is not int:
            return self.refuse(path, value, "an integer")
        low, high = shape.ge, shape.le
        if low is not None and high is not None and not low <= value <= high:
            self.wrong_type(path, value, f"must be between {low} and {high}, inclusive")
            return _ABSENT
        return value

    def boolean(self, value: Any, _shape: inspect.BoolType, path: str) -> Any:
        return value if type(value) is bool else self.refuse(path, value, "true or false")

    def binary(self, value: Any, _shape: inspect.BytesType, path: str) -> Any:
        """Base64, in which Go skips line breaks."""
        if type(value) is not str:
            return self.refuse(path, value, "a string of base64")
        try:
            return binascii.a2b_base64(value.replace("\r", "").replace("\n", ""), strict_mode=True)
        except ValueError:
            self.errors.append(
                fielderrors.FieldError(path, fielderrors.TYPE_INVALID, "Invalid value: must be base64 (see stringData)")
            )
            return _ABSENT

    def time(self, value: Any, _shape: inspect.DateTimeType, path: str) -> Any:
        if type(value) is str:
            try:
                return msgspec.convert(value, base.Time)
            except msgspec.ValidationError:
                self.wrong_type(path, value, "must be a time as RFC 3339 writes it: 2006-01-02T15:04:05Z")
                return _ABSENT
        return value if isinstance(value, datetime) else self.refuse(path, value, "a time")

    def anything(self, value: Any, _shape: inspect.AnyType, _path: str) -> Any:
        return value

    def wrong_type(self, path: str, value: Any, detail: str) -> None:
        shown = fielderrors.REDACTED if path.startswith(self._confidential) else value
        self.errors.wrong_type(path, shown, detail)

    def refuse(self, path: str, value: Any, wanted: str) -> Any:
        detail = f"must be {wanted}, not {_KINDS.get(type(value), 'a scalar')}"
        if type(value) in (dict, list):
            self.errors.append(fielderrors.FieldError(path, fielderrors.TYPE_INVALID, f"Invalid value: {detail}"))
        else:
            self.wrong_type(path, value, detail)
        return _ABSENT


_KINDS = {dict: "a mapping", list: "a list", str: "a string", int: "a number", float: "a number", bool: "a boolean"}

_ZERO: dict[type[inspect.Type], Any] = {inspect.StrType: "", inspect.StructType: {}, inspect.IntType: 0}

_READERS: dict[type[inspect.Type], Callable[[_Walk, Any, Any, str], Any]] = {
    inspect.StructType: _Walk.struct,
    inspect.VarTupleType: _Walk.sequence,
    inspect.DictType: _Walk.mapping,
    inspect.UnionType: _Walk.union,
    inspect.Metadata: _Walk.annotated,
    inspect.StrType: _Walk.string,
    inspect.IntType: _Walk.integer,
    inspect.BoolType: _Walk.boolean,
    inspect.BytesType: _Walk.binary,
    inspect.DateTimeType: _Walk.time,
    inspect.AnyType: _Walk.anything,
}


@functools.lru_cache(maxsize=256)
def _nearest(name: str, fields: tuple[str, ...]) -> str | None:
    """The field that `name` was probably meant to be: spelt another way, or at most two slips away."""
    plain = _plain(name)
    close = []
    for field in fields:
        candidate = _plain(field)
        if candidate == plain:
            return field
        if abs(len(candidate) - len(plain)) <= 2 and len(set(candidate) ^ set(plain)) <= 4:
            distance = _distance(plain, candidate)
            if distance <= min(2, len(plain) // 3):
                close.append((distance, field))
    return min(close)[1] if close else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _distance(left: str, right: str) -> int:
    """How many letters to add, drop, change or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]
