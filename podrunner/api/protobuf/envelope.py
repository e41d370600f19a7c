"""The envelope around every object: its apiVersion and kind, and the bytes of its message. Pure; performs no I/O.

Source: k8s.io/apimachinery `pkg/runtime/generated.proto` (Unknown, TypeMeta).
"""

import functools
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from podrunner import errors

_MAGIC = b"k8s\x00"

_Field = descriptor_pb2.FieldDescriptorProto


class Envelope(NamedTuple):
    api_version: str
    kind: str
    raw: bytes


def opened(body: bytes) -> Envelope:
    """What is in the body.

    Raises errors.BadRequest when there is no envelope or it names no kind, google.protobuf.message.DecodeError or
    ValueError when it is damaged.
    """
    if not body.startswith(_MAGIC):
        prefix = " ".join(map(str, _MAGIC))
        raise errors.BadRequest(f"provided data does not appear to be a protobuf message, expected prefix [{prefix}]")
    unknown = _unknown()()
    unknown.ParseFromString(body[len(_MAGIC) :])
    envelope = Envelope(unknown.typeMeta.apiVersion.decode(), unknown.typeMeta.kind.decode(), unknown.raw)
    if not envelope.kind:
        raise errors.BadRequest("Object 'Kind' is missing in the envelope of the protobuf message")
    if not envelope.api_version:
        raise errors.BadRequest("Object 'apiVersion' is missing in the envelope of the protobuf message")
    return envelope


@functools.cache
def _unknown() -> Any:
    """Unknown's contentEncoding and contentType, 3 and 4, mean nothing in a request."""
    file = descriptor_pb2.FileDescriptorProto(name="envelope.proto", package="envelope", syntax="proto2")
    type_meta = file.message_type.add(name="TypeMeta")
    type_meta.field.add(name="apiVersion", number=1, type=_Field.TYPE_BYTES, label=_Field.LABEL_OPTIONAL)
    type_meta.field.add(name="kind", number=2, type=_Field.TYPE_BYTES, label=_Field.LABEL_OPTIONAL)
    unknown = file.message_type.add(name="Unknown")
    unknown.field.add(
        name="typeMeta",
        number=1,
        type=_Field.TYPE_MESSAGE,
        label=_Field.LABEL_OPTIONAL,
        type_name=".envelope.TypeMeta",
    )
    unknown.field.add(name="raw", number=2, type=_Field.TYPE_BYTES, label=_Field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("envelope.Unknown"))
