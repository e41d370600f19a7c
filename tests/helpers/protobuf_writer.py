"""Writes objects in Kubernetes' protobuf, by hand: only the field numbers are podrunner's."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import inspect

from podrunner.api.protobuf import numbers
from podrunner.objects import base, structure


def body(type_: type[base.Struct], data: dict[str, Any]) -> bytes:
    """The whole body of an object of that type, given as JSON data with apiVersion and kind."""
    return enveloped(data["apiVersion"], data["kind"], _struct(structure.of(type_), data))


def enveloped(api_version: str, kind: str, raw: bytes) -> bytes:
    type_meta = text(1, api_version) + text(2, kind)
    return b"k8s\x00" + bytes_(1, type_meta) + bytes_(2, raw) + text(3, "") + text(4, "")


def integer(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def bytes_(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def text(number: int, value: str) -> bytes:
    return bytes_(number, value.encode())


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _struct(shape: inspect.Type, data: dict[str, Any]) -> bytes:
    assert isinstance(shape, inspect.StructType)
    paths = numbers.table()[shape.cls.__name__]
    embedded: dict[numbers.Path, bytes] = {}
    for field in shape.fields:
        if field.encode_name in paths and field.encode_name in data:
            *outer, number = paths[field.encode_name]
            written = _field(number, field.type, data[field.encode_name])
            embedded[tuple(outer)] = embedded.get(tuple(outer), b"") + written
    return b"".join(written if not outer else bytes_(outer[0], written) for outer, written in embedded.items())


def _field(number: int, shape: inspect.Type, value: Any) -> bytes:
    match shape:
        case inspect.UnionType(types=(inner, inspect.NoneType())):
            return _field(number, inner, value)
        case inspect.VarTupleType(item_type=inner):
            return b"".join(_field(number, inner, item) for item in value)
        case inspect.DictType(value_type=inspect.AnyType()):
            return bytes_(number, bytes_(1, json.dumps(value).encode()))
        case inspect.DictType(value_type=inspect.VarTupleType(item_type=inner)):
            lists = {key: b"".join(_field(1, inner, item) for item in items) for key, items in value.items()}
            return b"".join(bytes_(number, text(1, key) + bytes_(2, items)) for key, items in lists.items())
        case inspect.DictType(value_type=inner):
            return b"".join(bytes_(number, text(1, key) + _field(2, inner, item)) for key, item in value.items())
        case inspect.UnionType() if isinstance(value, int):
            return bytes_(number, integer(1, 0) + integer(2, value) + text(3, ""))
        case inspect.UnionType():
            return bytes_(number, integer(1, 1) + integer(2, 0) + text(3, value))
        case inspect.StructType():
            return bytes_(number, _struct(shape, value))
    return _SCALARS[type(shape)](number, value)


def _time(number: int, value: str) -> bytes:
    moment = datetime.fromisoformat(value)
    return bytes_(number, integer(1, int(moment.timestamp())) + integer(2, moment.microsecond * 1000))


_SCALARS: dict[type[inspect.Type], Callable[[int, Any], bytes]] = {
    inspect.StrType: text,
    inspect.IntType: integer,
    inspect.BoolType: integer,
    inspect.BytesType: lambda number, value: bytes_(number, base64.b64decode(value)),
    inspect.Metadata: lambda number, value: bytes_(number, text(1, value)),
    inspect.DateTimeType: _time,
}
