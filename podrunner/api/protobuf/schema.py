"""Message classes of our API types, and readers that make JSON data of their messages. Pure; performs no I/O.

The protobuf library parses the bytes; the descriptors it needs are made here, from the types and `numbers`. Text is
declared as bytes: Go writes any, and what is not UTF-8 has to be found on every implementation of the library.
"""

import base64
import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from msgspec import inspect

from podrunner.api.protobuf import numbers
from podrunner.objects import base, structure

Reader = Callable[[Any], Any]

_Field = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "kubernetes"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SHARED = {
    "FieldsV1": [("raw", 1, _Field.TYPE_BYTES)],
    "IntOrString": [("type", 1, _Field.TYPE_INT64), ("int", 2, _Field.TYPE_INT32), ("str", 3, _Field.TYPE_BYTES)],
    "Quantity": [("text", 1, _Field.TYPE_BYTES)],
    "Timestamp": [("seconds", 1, _Field.TYPE_INT64), ("nanos", 2, _Field.TYPE_INT32)],
}
"""Messages that are one value in JSON."""


class Form(NamedTuple):
    """A class whose instances parse bytes (raising google.protobuf.message.DecodeError), and a reader of such.

    The reader raises ValueError, OverflowError or RecursionError when a value is none that JSON could have held.
    """

    message: type[Message]
    read: Reader


@functools.cache
def form(type_: type[base.Struct]) -> Form:
    """The form of an API type whose name is in `numbers`."""
    schema = _Schema()
    wire = schema.wire(structure.of(type_))
    return Form(schema.message_class(wire.message), wire.read)


class _Wire(NamedTuple):
    """How a value travels: as which type of field, as which message if it is one, and how it is read."""

    type: _Field.Type.ValueType
    read: Reader
    message: str = ""


class _Item(NamedTuple):
    """What a field of a message is in JSON. Without a name it is embedded: its own fields stand in its place."""

    name: str
    read: Reader
    default: Any = None
    """Left out: Go writes every plain field, JSON with `omitempty` only those that are not zero."""


class _StructReader:
    def __init__(self) -> None:
        self.items: dict[int, _Item] = {}

    def __call__(self, message: Message) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for descriptor, value in message.ListFields():
            item = self.items[descriptor.number]
            content = item.read(value)
            if not item.name:
                data.update(content)
            elif content is not None and content != item.default:
                data[item.name] = content
        return data


class _Schema:
    """The messages of one API type and of all that it consists of."""

    def __init__(self) -> None:
        self._file = descriptor_pb2.FileDescriptorProto(name="kubernetes.proto", package=_PACKAGE, syntax="proto2")
        self._readers: dict[str, _StructReader] = {}
        for name, fields in _SHARED.items():
            message = self._file.message_type.add(name=name)
            for field, number, kind in fields:
                message.field.add(name=field, number=number, type=kind, label=_Field.LABEL_OPTIONAL)

    def message_class(self, name: str) -> type[Message]:
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(self._file.SerializeToString())
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))

    def wire(self, shape: inspect.Type, name: str = "") -> _Wire:
        """How a single value of the field `name` travels."""
        match shape:
            case inspect.StructType():
                return self._struct(shape)
            case inspect.UnionType(types=(inspect.IntType(), inspect.StrType())):
                return _Wire(_Field.TYPE_MESSAGE, _int_or_string, "IntOrString")
            case inspect.UnionType(types=(inner, inspect.NoneType())):
                return self.wire(inner, name)
            case inspect.DictType(value_type=inspect.AnyType()):
                return _Wire(_Field.TYPE_MESSAGE, _fields_v1, "FieldsV1")
            case inspect.Metadata(extra={"quantity": True}):
                return _Wire(_Field.TYPE_MESSAGE, _quantity, "Quantity")
            case inspect.DateTimeType():
                read = _micro_time if name in numbers.MICRO_TIMES else _time
                return _Wire(_Field.TYPE_MESSAGE, read, "Timestamp")
            case inspect.VarTupleType():
                return self._list_in_a_map(shape)
            case inspect.IntType(le=most):
                return _Wire(_Field.TYPE_INT32 if most == 2**31 - 1 else _Field.TYPE_INT64, int)
            case inspect.BoolType():
                return _Wire(_Field.TYPE_BOOL, bool)
            case inspect.BytesType():
                return _Wire(_Field.TYPE_BYTES, _base64)
            case inspect.StrType():
                return _Wire(_Field.TYPE_BYTES, bytes.decode)
        raise TypeError(f"no wire format for {shape}")

    def _struct(self, shape: inspect.StructType) -> _Wire:
        name = shape.cls.__name__
        if name not in self._readers:
            message, self._readers[name] = self._file.message_type.add(name=name), _StructReader()
            paths = numbers.table()[name]
            for field in shape.fields:
                if field.encode_name in paths:
                    self._place(message, paths[field.encode_name], field)
        return _Wire(_Field.TYPE_MESSAGE, self._readers[name], name)

    def _place(self, message: descriptor_pb2.DescriptorProto, path: numbers.Path, field: inspect.Field) -> None:
        if len(path) == 1:
            self._add(message, path[0], field)
        else:
            self._place(self._embedded(message, path[0]), path[1:], field)

    def _embedded(self, message: descriptor_pb2.DescriptorProto, number: int) -> descriptor_pb2.DescriptorProto:
        """The message that Go embeds in this one as field `number`."""
        name = f"{message.name}_{number}"
        if name in self._readers:
            return next(each for each in self._file.message_type if each.name == name)
        reader = self._readers[name] = _StructReader()
        self._add_field(message, f"embedded_{number}", number, _Wire(_Field.TYPE_MESSAGE, reader, name))
        self._readers[message.name].items[number] = _Item("", reader)
        return self._file.message_type.add(name=name)

    def _add(self, message: descriptor_pb2.DescriptorProto, number: int, field: inspect.Field) -> None:
        name, shape = field.encode_name, field.type
        match shape:
            case inspect.VarTupleType(item_type=inner):
                wire = self.wire(inner, name)
                self._add_field(message, name, number, wire, repeated=True)
                read: Reader = functools.partial(_list, wire.read)
            case inspect.DictType(value_type=inner) if not isinstance(inner, inspect.AnyType):
                entry = self._map_entry(f"{message.name}_{name}", self.wire(inner))
                self._add_field(message, name, number, entry, repeated=True)
                read = functools.partial(_map, entry.read)
            case _:
                wire = self.wire(shape, name)
                self._add_field(message, name, number, wire)
                read = wire.read
        self._readers[message.name].items[number] = _Item(name, read, field.default)

    def _map_entry(self, name: str, value: _Wire) -> _Wire:
        """A map travels as a list of its entries; the reader is that of their values."""
        entry = self._file.message_type.add(name=name)
        entry.field.add(name="key", number=1, type=_Field.TYPE_BYTES, label=_Field.LABEL_OPTIONAL)
        self._add_field(entry, "value", 2, value)
        return _Wire(_Field.TYPE_MESSAGE, value.read, name)

    def _list_in_a_map(self, shape: inspect.VarTupleType) -> _Wire:
        """A map's value can't be repeated; Go has a message for it, with the list as its field 1 (ExtraValue)."""
        inner = self.wire(shape.item_type)
        if "ExtraValue" not in {each.name for each in self._file.message_type}:
            self._add_field(self._file.message_type.add(name="ExtraValue"), "items", 1, inner, repeated=True)
        return _Wire(_Field.TYPE_MESSAGE, lambda message: _list(inner.read, message.items), "ExtraValue")

    def _add_field(
        self, message: descriptor_pb2.DescriptorProto, name: str, number: int, wire: _Wire, *, repeated: bool = False
    ) -> None:
        label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
        type_name = f".{_PACKAGE}.{wire.message}" if wire.message else None
        message.field.add(name=name, number=number, type=wire.type, label=label, type_name=type_name)


def _list(read: Reader, values: Any) -> list[Any]:
    return [read(value) for value in values]


def _map(read: Reader, entries: Any) -> dict[str, Any]:
    return {entry.key.decode(): read(entry.value) for entry in entries}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _quantity(message: Any) -> Any:
    return message.text.decode() or "0"


def _int_or_string(message: Any) -> int | str:
    match message.type:
        case 0:
            return int(message.int)
        case 1:
            return str(message.str.decode())
    raise ValueError("an integer or a string is neither")


def _fields_v1(message: Any) -> Any:
    return msgspec.json.decode(message.raw) if message.raw else None


def _time(message: Any) -> str | None:
    """Go writes the zero time, which JSON has as null, as an empty message."""
    if not (message.seconds or message.nanos):
        return None
    return _rfc_3339(_EPOCH + timedelta(seconds=message.seconds), "seconds")


def _micro_time(message: Any) -> str | None:
    if not (message.seconds or message.nanos):
        return None
    moment = _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)
    return _rfc_3339(moment, "microseconds")


def _rfc_3339(moment: datetime, precision: str) -> str:
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
