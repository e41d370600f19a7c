"""Events: what the kubelet would write, counted instead of repeated, gone after an hour."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from podrunner.objects import codec, selectors
from podrunner.objects.container import Container
from podrunner.objects.event import Event
from podrunner.objects.meta import ObjectMeta, ObjectReference
from podrunner.objects.pod import Pod, PodSpec
from podrunner.store import events, pods
from podrunner.store.registry import Registry

KUBIA = "spec.containers{kubia}"


@pytest.fixture
def pod(registry: Registry) -> Pod:
    containers = (Container(name="kubia", image="luksa/kubia:1.0"),)
    return pods.create(registry, Pod(metadata=ObjectMeta(name="kubia"), spec=PodSpec(containers=containers)))


@pytest.fixture
def recorder(registry: Registry) -> events.Recorder:
    return events.Recorder(registry, host="vm")


def recorded(registry: Registry) -> list[Event]:
    return list(registry.list(events.EVENT).items)


def counted(registry: Registry) -> list[str]:
    return [f"{event.reason} {event.count}" for event in recorded(registry)]


def test_an_event_has_the_fields_the_kubelet_writes(registry: Registry, recorder: events.Recorder, pod: Pod) -> None:
    recorder.record(pod, "Normal", "Started", "Started container kubia", KUBIA)
    (event,) = recorded(registry)
    told: dict[str, Any] = codec.to_builtins(event)
    metadata = told.pop("metadata")
    assert told == {
        "apiVersion": "v1",
        "kind": "Event",
        "type": "Normal",
        "reason": "Started",
        "message": "Started container kubia",
        "count": 1,
        "firstTimestamp": "2024-03-01T12:15:00Z",
        "lastTimestamp": "2024-03-01T12:15:00Z",
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": "default",
            "name": "kubia",
            "uid": pod.metadata.uid,
            "resourceVersion": pod.metadata.resource_version,
            "fieldPath": KUBIA,
        },
        "source": {"component": "kubelet", "host": "vm"},
        "reportingComponent": "kubelet",
        "reportingInstance": "vm",
    }
    assert (metadata["namespace"], metadata["name"]) == ("default", "kubia.17b8a304ec1a7200")


def test_the_same_again_raises_the_count(
    registry: Registry, recorder: events.Recorder, pod: Pod, advance: Callable[[float], None]
) -> None:
    recorder.record(pod, "Warning", "BackOff", "Back-off restarting failed container", KUBIA)
    advance(10)
    recorder.record(pod, "Warning", "BackOff", "Back-off restarting failed container", KUBIA)
    (event,) = recorded(registry)
    assert event.count == 2
    assert event.first_timestamp is not None
    assert event.last_timestamp is not None
    assert (event.last_timestamp - event.first_timestamp).total_seconds() == 10


@pytest.mark.parametrize(
    "other",
    [
        ("Warning", "Pulled", "Successfully pulled", KUBIA),
        ("Normal", "Created", "Successfully pulled", KUBIA),
        ("Normal", "Pulled", "Already present", KUBIA),
        ("Normal", "Pulled", "Successfully pulled", "spec.containers{envoy}"),
    ],
)
def test_anything_else_is_another_event(
    registry: Registry, recorder: events.Recorder, pod: Pod, other: tuple[str, str, str, str]
) -> None:
    recorder.record(pod, "Normal", "Pulled", "Successfully pulled", KUBIA)
    recorder.record(pod, *other)
    assert [event.count for event in recorded(registry)] == [1, 1]


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("involvedObject.name=kubia,involvedObject.namespace=default,involvedObject.kind=Pod", True),
        ("involvedObject.fieldPath=spec.containers{kubia},reason=Started,type!=Warning,source=kubelet", True),
        ("involvedObject.uid=another", False),
        ("reportingComponent=default-scheduler", False),
    ],
)
def test_events_are_selected_by_what_they_are_about(
    registry: Registry, recorder: events.Recorder, pod: Pod, selector: str, selected: bool
) -> None:
    recorder.record(pod, "Normal", "Started", "Started container kubia", KUBIA)
    listing = registry.list(events.EVENT, fields=selectors.parse_fields(selector))
    assert len(listing.items) == selected


def test_two_components_do_not_share_an_event(registry: Registry, recorder: events.Recorder, pod: Pod) -> None:
    recorder.record(pod, "Normal", "Scheduled", "assigned")
    events.Recorder(registry, "default-scheduler").record(pod, "Normal", "Scheduled", "assigned")
    assert [event.source.component for event in recorded(registry)] == ["kubelet", "default-scheduler"]


def test_of_very_many_events_the_latest_are_recognised(
    registry: Registry, recorder: events.Recorder, pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_REMEMBERED", 2)
    for reason in ("Pulling", "Pulled", "Pulling", "Created", "Pulling", "Pulled"):
        recorder.record(pod, "Normal", reason, "again")
    assert counted(registry) == ["Pulling 3", "Pulled 1", "Created 1", "Pulled 1"]


def test_events_of_one_instant_are_listed_in_the_order_they_came(
    registry: Registry, recorder: events.Recorder, pod: Pod
) -> None:
    reasons = ["Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing"]
    for reason in reasons:
        recorder.record(pod, "Normal", reason, "at once")
    assert [event.reason for event in recorded(registry)] == reasons


def test_an_event_nothing_was_added_to_for_an_hour_is_gone(
    registry: Registry, recorder: events.Recorder, pod: Pod, advance: Callable[[float], None]
) -> None:
    recorder.record(pod, "Normal", "Started", "Started container kubia", KUBIA)
    recorder.record(pod, "Warning", "BackOff", "Back-off restarting failed container", KUBIA)
    advance(1800)
    recorder.record(pod, "Warning", "BackOff", "Back-off restarting failed container", KUBIA)
    advance(1801)
    events.expire(registry)
    assert counted(registry) == ["BackOff 2"]


def test_an_event_that_claims_to_be_of_the_future_keeps_no_other(
    registry: Registry, recorder: events.Recorder, pod: Pod, advance: Callable[[float], None]
) -> None:
    about = ObjectReference(namespace="default", name="kubia")
    future = registry.clock.now() + timedelta(days=1)
    registry.create(
        Event(
            metadata=ObjectMeta(name="future"), involved_object=about, reason="Claimed", count=1, last_timestamp=future
        )
    )
    recorder.record(pod, "Normal", "Started", "Started container kubia", KUBIA)
    advance(3602)
    events.expire(registry)
    assert counted(registry) == ["Claimed 1"]


def test_what_happens_again_after_its_event_expired_is_a_new_event(
    registry: Registry, recorder: events.Recorder, pod: Pod, advance: Callable[[float], None]
) -> None:
    recorder.record(pod, "Normal", "Started", "Started container kubia", KUBIA)
    advance(3602)
    events.expire(registry)
    recorder.record(pod, "Normal", "Started", "Started container kubia", KUBIA)
    assert counted(registry) == ["Started 1"]


def test_the_event_of_a_pod_with_the_longest_name_has_a_valid_name(registry: Registry) -> None:
    name = ("a" * 60 + ".") * 4 + "a" * 9
    pod = Pod(metadata=ObjectMeta(name=name, namespace="default", uid="u"))
    events.Recorder(registry).record(pod, "Normal", "Started", "Started container kubia")
    (event,) = recorded(registry)
    assert len(event.metadata.name) <= 253
    assert event.metadata.name.startswith(name[:200])
