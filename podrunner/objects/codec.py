"""Typed objects to JSON and back, for our own data: the store, the wire. Pure; performs no I/O.

What a user or a client wrote goes through `decode`, which collects every problem; this module raises on the first.
Times are RFC 3339 in UTC, bytes are base64.
"""

from typing import Any, TypeVar

import msgspec

from podrunner.objects import base

S = TypeVar("S", bound=base.Struct)

_encoder = msgspec.json.Encoder()


def encode(obj: base.Struct) -> bytes:
    """The object as JSON."""
    return _encoder.encode(obj)


def to_builtins(obj: base.Struct) -> dict[str, Any]:
    """The object as plain data, exactly as its JSON is read back: lists, text for times and bytes."""
    data: dict[str, Any] = msgspec.json.decode(_encoder.encode(obj))
    return data


def decode(data: bytes | str | dict[str, Any], type_: type[S]) -> S:
    """JSON text or plain data as a typed object.

    Raises msgspec.ValidationError (a ValueError) when it is not one, msgspec.DecodeError when it is not JSON.
    """
    if isinstance(data, dict):
        return msgspec.convert(data, type_)
    return msgspec.json.decode(data, type=type_)
