"""Bodies in Kubernetes' protobuf, which kubectl sends where it has Go types: `create`, `debug`, `auth can-i`.

They are only read: every client that asks for protobuf takes JSON too. Pure; performs no I/O.
Source: k8s.io/apimachinery `pkg/runtime/serializer/protobuf/protobuf.go`.
"""

from typing import Any

from google.protobuf import message as messages

from podrunner import errors
from podrunner.api.protobuf import envelope, numbers, schema
from podrunner.objects import base, kinds, options, transient


def decode(body: bytes) -> dict[str, Any]:
    """The object in `body`, as it would be read from JSON.

    Fields that our types do not have are ignored, as protobuf does. Raises errors.BadRequest when the body is no
    such object, or of a kind that is not taken.
    """
    kind = "protobuf message"
    try:
        opened = envelope.opened(body)
        kind = opened.kind
        form = schema.form(_type(opened))
        message = form.message()
        message.ParseFromString(opened.raw)
        return {"apiVersion": opened.api_version, "kind": opened.kind, **form.read(message)}
    except (messages.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise errors.BadRequest(f"the body can't be read as a {kind}: {error}") from error


def _type(opened: envelope.Envelope) -> type[base.Struct]:
    if opened.kind == "DeleteOptions":  # it is registered in every group and version
        return options.DeleteOptions
    names = opened.kind, opened.api_version
    kind = kinds.by_name(*names) or transient.by_name(*names)
    if kind is None or kind.type.__name__ not in numbers.table():
        raise errors.BadRequest(f'no kind "{opened.kind}" is registered for version "{opened.api_version}"')
    return kind.type
