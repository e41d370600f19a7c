"""Bodies in Kubernetes' protobuf, and what is no such body."""

import time
from random import Random

import pytest
from msgspec import inspect

import full_objects
import protobuf_writer
from podrunner import errors
from podrunner.api import protobuf
from podrunner.api.protobuf import numbers
from podrunner.objects import codec, kinds, meta, options, structure, transient
from podrunner.objects.pod import Pod
from protobuf_writer import bytes_, enveloped, integer, text

_TAKEN = [kind for kind in (*kinds.KINDS, *transient.KINDS) if not kind.group.startswith("metrics")]

SECRET = (
    b"k8s\x00\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x16\x0a\x03\x0a\x01s\x12\x09\x0a\x01p\x12\x04\x00\xff12\x1a\x04Opaq"
)
"""As Go would write it: {metadata: {name: s}, data: {p: …}, type: Opaq}."""


def test_a_body_is_read_as_its_json_would_be() -> None:
    assert protobuf.decode(SECRET) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"p": "AP8xMg=="},
        "type": "Opaq",
    }


@pytest.mark.parametrize("kind", _TAKEN, ids=lambda kind: f"{kind.name}-{kind.group}")
def test_every_field_of_every_kind_is_read(kind: kinds.Kind) -> None:
    data = full_objects.full(kind.type) | {"apiVersion": kind.api_version, "kind": kind.name}
    for name in ("apiVersion", "kind"):
        data.get("deleteOptions", {}).pop(name, None)  # only the envelope names a type
    read = protobuf.decode(protobuf_writer.body(kind.type, data))
    assert codec.decode(read, kind.type) == codec.decode(data, kind.type)


@pytest.mark.parametrize("api_version", ["v1", "meta.k8s.io/v1", "policy/v1"])
def test_delete_options_are_taken_in_every_version(api_version: str) -> None:
    data = full_objects.full(options.DeleteOptions) | {"apiVersion": api_version, "kind": "DeleteOptions"}
    assert protobuf.decode(protobuf_writer.body(options.DeleteOptions, data)) == data


def test_the_numbers_are_those_of_our_types_and_no_others() -> None:
    found: dict[str, set[str]] = {}
    for type_ in (*(kind.type for kind in _TAKEN), options.DeleteOptions):
        _collect(structure.of(type_), found)
    assert found == {name: set(fields) for name, fields in numbers.table().items()}


def _collect(shape: inspect.Type, found: dict[str, set[str]]) -> None:
    if isinstance(shape, inspect.StructType) and shape.cls.__name__ not in found:
        whole = issubclass(shape.cls, meta.Object) or shape.cls is options.DeleteOptions
        found[shape.cls.__name__] = {field.encode_name for field in shape.fields} - (
            {"apiVersion", "kind"} if whole else set()
        )
        for field in shape.fields:
            _collect(field.type, found)
    for inner in ("item_type", "value_type", "type"):
        if hasattr(shape, inner):
            _collect(getattr(shape, inner), found)
    for member in getattr(shape, "types", ()):
        _collect(member, found)


def test_a_zero_that_json_leaves_out_is_left_out() -> None:
    """Go writes every field that is no pointer, whether it is zero or not."""
    container = text(1, "main") + text(2, "") + text(5, "") + bytes_(8, b"") + integer(16, 0)
    spec = bytes_(2, container) + text(3, "") + integer(4, 0) + integer(11, 0)
    metadata = text(1, "web") + integer(7, 0) + bytes_(8, b"")
    assert protobuf.decode(enveloped("v1", "Pod", bytes_(1, metadata) + bytes_(2, spec) + bytes_(3, b""))) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "main", "resources": {}}], "terminationGracePeriodSeconds": 0},
        "status": {},
    }


def test_times_have_seconds_and_micro_times_microseconds() -> None:
    moment = integer(1, 1772366400) + integer(2, 250_000_999)
    renewed = protobuf.decode(enveloped("coordination.k8s.io/v1", "Lease", bytes_(2, bytes_(4, moment))))
    assert renewed["spec"] == {"renewTime": "2026-03-01T12:00:00.250000Z"}
    created = protobuf.decode(enveloped("v1", "Namespace", bytes_(1, bytes_(8, moment))))
    assert created["metadata"] == {"creationTimestamp": "2026-03-01T12:00:00Z"}


def test_fields_that_are_not_known_are_ignored() -> None:
    unknown = integer(2000, 7) + text(2001, "later") + bytes_(2002, text(1, "x"))
    assert protobuf.decode(enveloped("v1", "Secret", text(3, "Opaque") + unknown))["type"] == "Opaque"


def test_numbers_beyond_32_bits_stay_whole_and_negative_ones_negative() -> None:
    pod = protobuf.decode(enveloped("v1", "Pod", bytes_(2, integer(5, 2**62) + integer(25, -5))))
    assert pod["spec"] == {"activeDeadlineSeconds": 2**62, "priority": -5}


def _object_meta(fields: bytes) -> bytes:
    return enveloped("v1", "Secret", bytes_(1, fields))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "expected prefix"),
        (b'{"kind": "Pod"}', r"expected prefix \[107 56 115 0\]"),
        (b"k8s\x00", "Object 'Kind' is missing"),
        (enveloped("", "Pod", b""), "Object 'apiVersion' is missing"),
        (enveloped("apps/v1", "Deployment", b""), 'no kind "Deployment" is registered for version "apps/v1"'),
        (enveloped("v1", "PodMetrics", b""), 'no kind "PodMetrics"'),
        (b"k8s\x00" + bytes_(1, bytes_(1, b"\xff") + text(2, "Pod")), "can't be read as a protobuf message"),
        (SECRET[:-1], "can't be read as a protobuf message"),
        (enveloped("v1", "Secret", text(3, "Opaque")[:-1]), "can't be read as a Secret"),
        (enveloped("v1", "Secret", b"\x0a\xff\xff\xff\xff\x07"), "can't be read as a Secret"),
        (enveloped("v1", "Secret", b"\x0a" + b"\xff" * 20), "can't be read as a Secret"),
        (enveloped("v1", "Secret", b"\x9b\x01" * 50_000), "can't be read as a Secret"),
        (_object_meta(bytes_(1, b"\xff\xfe")), "can't be read as a Secret: 'utf-8' codec"),
        (_object_meta(bytes_(8, integer(1, 2**62))), "can't be read as a Secret"),
        (_object_meta(bytes_(8, integer(1, -(2**62)))), "can't be read as a Secret"),
        (_object_meta(bytes_(17, bytes_(7, bytes_(1, b"{")))), "can't be read as a Secret"),
        (_object_meta(bytes_(17, bytes_(7, bytes_(1, b"[" * 100_000)))), "can't be read as a Secret"),
        (enveloped("v1", "Service", bytes_(2, bytes_(1, bytes_(4, integer(1, 7))))), "can't be read as a Service"),
    ],
    ids=[
        "empty", "json", "no-envelope", "no-version", "other-kind", "metrics", "version-not-utf-8", "cut-envelope",
        "cut", "length-beyond-the-end", "endless-length", "deep-groups", "not-utf-8", "far-future", "far-past",
        "fields-not-json", "deep-fields", "neither-integer-nor-string",
    ],
)  # fmt: skip
def test_what_is_no_such_body_is_a_bad_request(body: bytes, message: str) -> None:
    with pytest.raises(errors.BadRequest, match=message):
        protobuf.decode(body)


def test_damaged_bodies_are_read_or_refused() -> None:
    whole = protobuf_writer.body(Pod, full_objects.full(Pod) | {"apiVersion": "v1", "kind": "Pod"})
    rng, refused, begin = Random(7), 0, time.monotonic()
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 2, 20])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            assert protobuf.decode(bytes(damaged[: rng.randint(len(damaged) // 2, len(damaged))]))["kind"] == "Pod"
        except errors.BadRequest:
            refused += 1
    assert refused > 10
    assert time.monotonic() - begin < 5
