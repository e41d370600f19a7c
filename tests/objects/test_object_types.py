"""The types hold all of Kubernetes' fields, and their JSON is what its clients expect."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

import manifest_cases
from podrunner.objects import (
    base,
    codec,
    config,
    container,
    decode,
    event,
    kinds,
    meta,
    pod,
    pod_status,
    structure,
    transient,
    yamltext,
)

# Objects of the official client, by ours where the names differ.
_CLIENT_NAMES = {
    "EndpointPort": "CoreV1EndpointPort",
    "Event": "CoreV1Event",
    "EventSeries": "CoreV1EventSeries",
    "EventV1": "EventsV1Event",
    "EventV1Series": "EventsV1EventSeries",
    "ResourceClaim": "CoreV1ResourceClaim",
    "SlicePort": "DiscoveryV1EndpointPort",
}

# Kinds the official client has no types for.
_WITHOUT_CLIENT = ("PodMetrics", "NodeMetrics", "ContainerMetrics")

_ALL_KINDS = (*kinds.KINDS, *transient.KINDS)


def _structs(shape: msgspec.inspect.Type, found: dict[str, msgspec.inspect.StructType]) -> None:
    """Collects every struct below a type, by name."""
    if isinstance(shape, msgspec.inspect.StructType) and shape.cls.__name__ not in found:
        found[shape.cls.__name__] = shape
        for field in shape.fields:
            _structs(field.type, found)
    for inner in ("item_type", "value_type", "type"):
        if hasattr(shape, inner):
            _structs(getattr(shape, inner), found)
    for member in getattr(shape, "types", ()):
        _structs(member, found)


@pytest.mark.engine  # needs none: importing all models of the client takes its time
def test_every_field_of_every_type_is_there_under_its_json_name() -> None:
    from kubernetes.client import models

    found: dict[str, msgspec.inspect.StructType] = {}
    for kind in _ALL_KINDS:
        _structs(structure.of(kind.type), found)
    assert len(found) > 150
    for name in found.keys() - set(_WITHOUT_CLIENT):
        client = getattr(models, _CLIENT_NAMES.get(name, f"V1{name}"))
        assert {field.encode_name for field in found[name].fields} == set(client.attribute_map.values()), name


def test_api_version_and_kind_are_always_written() -> None:
    for kind in _ALL_KINDS:
        written = codec.to_builtins(kind.type())
        assert (written["apiVersion"], written["kind"]) == (kind.api_version, kind.name)


def test_what_go_writes_without_omitempty_is_written() -> None:
    assert codec.to_builtins(pod_status.ContainerStatus(name="a")) == {
        "name": "a",
        "image": "",
        "imageID": "",
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "state": {},
    }
    assert codec.to_builtins(container.Container(name="a")) == {"name": "a", "resources": {}}
    assert codec.to_builtins(pod.PodSpec(termination_grace_period_seconds=0)) == {"terminationGracePeriodSeconds": 0}


def test_times_are_rfc_3339_in_utc_and_bytes_base64() -> None:
    noon = datetime(2026, 1, 2, 12, 0, 0, 250_000, tzinfo=UTC)
    written = codec.encode(
        event.Event(
            metadata=meta.ObjectMeta(creation_timestamp=meta.at_second(noon)),
            event_time=meta.at_microsecond(noon.replace(microsecond=0)),
        )
    )
    assert b'"creationTimestamp":"2026-01-02T12:00:00Z"' in written
    assert b'"eventTime":"2026-01-02T12:00:00.000001Z"' in written
    assert b'"data":{"a":"aGVsbG8="}' in codec.encode(config.Secret(data={"a": b"hello"}))


def test_objects_are_frozen() -> None:
    with pytest.raises(AttributeError):
        pod.Pod().kind = "Other"  # type: ignore[misc]


def test_an_object_survives_being_written_and_read() -> None:
    for seed in range(200):
        obj = decode.decode(_data(seed), pod.Pod).object
        assert codec.decode(codec.encode(obj), pod.Pod) == obj
        assert codec.decode(codec.to_builtins(obj), pod.Pod) == obj


def _data(seed: int) -> dict[str, Any]:
    (document,) = yamltext.documents(manifest_cases.valid(seed).text)
    data: dict[str, Any] = document.data
    return data


@pytest.mark.parametrize("name", ["pod", "Pods", "po", "PO"])
def test_a_kind_is_found_by_any_of_its_names(name: str) -> None:
    kind = kinds.by_any_name(name)
    assert kind is not None
    assert kind.type is pod.Pod
    assert kinds.by_name("Pod") is kind
    assert kinds.by_plural("pods") is kind
    assert kinds.of(pod.Pod()) is kind


def test_a_kind_of_another_version_is_not_known() -> None:
    assert kinds.by_name("Pod", "v2") is None
    assert kinds.by_any_name("deployment") is None


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("host_ip", "hostIP"),
        ("pod_ips", "podIPs"),
        ("image_id", "imageID"),
        ("set_hostname_as_fqdn", "setHostnameAsFQDN"),
        ("target_wwns", "targetWWNs"),
        ("fields_v1", "fieldsV1"),
        ("downward_api", "downwardAPI"),
        ("api_version", "apiVersion"),
    ],
)
def test_json_names_keep_kubernetes_capitals(field: str, name: str) -> None:
    assert base.json_name(field) == name
