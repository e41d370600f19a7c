"""Pods in the store: birth, binding, status, graceful deletion."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from podrunner import errors
from podrunner.objects import codec, kinds, selectors
from podrunner.objects.container import Container, ResourceRequirements
from podrunner.objects.meta import ObjectMeta
from podrunner.objects.pod import Pod, PodSchedulingGate, PodSpec
from podrunner.objects.pod_status import PodStatus
from podrunner.store import pods
from podrunner.store.registry import Registry
from podrunner.store.watch import ChangeType

NOON = datetime(2024, 3, 1, 12, 15, 0, tzinfo=UTC)


def pod(grace_seconds: int | None = None) -> Pod:
    container = Container(name="kubia", image="luksa/kubia:1.0", resources=ResourceRequirements(limits={"cpu": "1"}))
    spec = PodSpec(containers=(container,), termination_grace_period_seconds=grace_seconds)
    return Pod(metadata=ObjectMeta(name="kubia"), spec=spec)


def bound(registry: Registry, grace_seconds: int | None = None) -> Pod:
    return pods.bind(registry, pods.create(registry, pod(grace_seconds)), "vm")


def stored(registry: Registry) -> Pod:
    found: Pod = registry.get(pods.POD, "default", "kubia")
    return found


def test_a_new_pod_is_pending_and_has_its_class_whatever_it_claims(registry: Registry) -> None:
    claimed = msgspec.structs.replace(pod(), status=PodStatus(phase="Running", pod_ip="10.0.0.1"))
    assert pods.create(registry, claimed).status == PodStatus(phase="Pending", qos_class="Burstable")


def test_a_new_pod_has_its_defaults_and_its_class_follows_from_them(registry: Registry) -> None:
    limits = ResourceRequirements(limits={"cpu": "1", "memory": "1Gi"})
    container = Container(name="kubia", image="luksa/kubia:1.0", resources=limits)
    created = pods.create(registry, Pod(metadata=ObjectMeta(name="kubia"), spec=PodSpec(containers=(container,))))
    assert (created.metadata.namespace, created.spec.restart_policy) == ("default", "Always")
    assert created.status.qos_class == "Guaranteed"


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("status.phase=Pending", True),
        ("status.phase!=Pending", False),
        ("spec.nodeName=vm,spec.restartPolicy=Always,metadata.namespace=default", True),
        ("spec.hostNetwork=true", False),
        ("status.podIP=", True),
    ],
)
def test_pods_are_selected_by_fields(registry: Registry, selector: str, selected: bool) -> None:
    bound(registry)
    listing = registry.list(pods.POD, fields=selectors.parse_fields(selector))
    assert [item.metadata.name for item in listing.items] == (["kubia"] if selected else [])


def test_binding_names_the_node_and_says_that_the_pod_is_scheduled(registry: Registry) -> None:
    created = pods.create(registry, pod())
    pods.bind(registry, created, "vm")
    assert stored(registry).spec.node_name == "vm"
    assert [codec.to_builtins(condition) for condition in stored(registry).status.conditions] == [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2024-03-01T12:15:00Z"}
    ]
    assert stored(registry).metadata.generation == 1


def test_a_pod_with_gates_says_that_it_waits_for_them_until_it_is_bound(registry: Registry) -> None:
    open_, held = pod(), (PodSchedulingGate(name="example.com/quota"),)
    spec = msgspec.structs.replace(open_.spec, scheduling_gates=held)
    created = pods.create(registry, msgspec.structs.replace(open_, spec=spec))
    assert [codec.to_builtins(condition) for condition in created.status.conditions] == [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
        }
    ]
    pods.bind(registry, msgspec.structs.replace(created, spec=open_.spec), "vm")
    assert [(each.type, each.status) for each in stored(registry).status.conditions] == [("PodScheduled", "True")]


def test_a_status_is_written_once(registry: Registry) -> None:
    uid = bound(registry).metadata.uid
    first = pods.write_status(registry, "default", "kubia", uid, PodStatus(phase="Running"))
    assert first is not None
    assert pods.write_status(registry, "default", "kubia", uid, PodStatus(phase="Running")) == first
    assert stored(registry).metadata.resource_version == first.metadata.resource_version


def test_the_status_of_a_pod_that_is_gone_is_dropped(registry: Registry) -> None:
    assert pods.write_status(registry, "default", "kubia", "any", PodStatus(phase="Running")) is None


def test_the_status_of_a_predecessor_does_not_reach_its_successor(registry: Registry) -> None:
    first = bound(registry).metadata.uid
    pods.remove(registry, "default", "kubia", first)
    bound(registry)
    assert pods.write_status(registry, "default", "kubia", first, PodStatus(phase="Failed")) is None
    assert stored(registry).status.phase == "Pending"


def test_a_deletion_gives_the_grace_period_of_the_spec(registry: Registry) -> None:
    bound(registry, grace_seconds=7)
    marked = pods.delete(registry, "default", "kubia").metadata
    assert (marked.deletion_grace_period_seconds, marked.deletion_timestamp) == (7, NOON.replace(second=7))
    assert marked.generation == 2
    assert stored(registry).metadata == marked


def test_a_spec_without_a_grace_period_has_thirty_seconds(registry: Registry) -> None:
    bound(registry)
    assert pods.delete(registry, "default", "kubia").metadata.deletion_grace_period_seconds == 30


@pytest.mark.parametrize(("asked", "given"), [(100, 100), (1, 1), (0, 0), (-5, 1)])
def test_a_deletion_can_bring_a_grace_period_of_its_own(registry: Registry, asked: int, given: int) -> None:
    bound(registry)
    assert (
        pods.delete(registry, "default", "kubia", grace_seconds=asked).metadata.deletion_grace_period_seconds == given
    )


@pytest.mark.parametrize("again", [None, 10, 11])
def test_a_deletion_under_way_is_never_extended(registry: Registry, again: int | None) -> None:
    bound(registry)
    first = pods.delete(registry, "default", "kubia", grace_seconds=10)
    assert pods.delete(registry, "default", "kubia", grace_seconds=again) == first
    assert stored(registry) == first


def test_a_shorter_grace_period_counts_from_the_first_request(
    registry: Registry, advance: Callable[[float], None]
) -> None:
    bound(registry)
    pods.delete(registry, "default", "kubia", grace_seconds=10)
    advance(3)
    shorter = pods.delete(registry, "default", "kubia", grace_seconds=5).metadata
    assert (shorter.deletion_grace_period_seconds, shorter.deletion_timestamp) == (5, NOON.replace(second=5))


def test_a_pod_without_grace_stays_until_the_agent_has_the_last_word(registry: Registry) -> None:
    uid = bound(registry).metadata.uid
    pods.delete(registry, "default", "kubia", grace_seconds=0)
    assert stored(registry).metadata.deletion_grace_period_seconds == 0
    pods.remove(registry, "default", "kubia", uid)
    with pytest.raises(errors.NotFound, match=r'^pods "kubia" not found$'):
        stored(registry)


def test_a_pod_that_no_node_has_goes_at_once(registry: Registry) -> None:
    pods.create(registry, pod())
    watch = registry.watch(pods.POD, since=registry.list(pods.POD).resource_version)
    pods.delete(registry, "default", "kubia")
    assert [change.type for change in watch.pending()] == [ChangeType.DELETED]


def test_a_deletion_can_be_meant_for_one_pod_only(registry: Registry) -> None:
    bound(registry)
    with pytest.raises(errors.Conflict, match=r"the UID in the precondition \(another\) does not match"):
        pods.delete(registry, "default", "kubia", uid="another")
    with pytest.raises(errors.Conflict, match=r"the ResourceVersion in the precondition \(1\) does not match"):
        pods.delete(registry, "default", "kubia", resource_version="1")
    assert stored(registry).metadata.deletion_timestamp is None


def test_removing_is_for_the_pod_meant_and_can_be_repeated(registry: Registry) -> None:
    uid = bound(registry).metadata.uid
    pods.remove(registry, "default", "kubia", "another")
    assert stored(registry).metadata.uid == uid
    pods.remove(registry, "default", "kubia", uid)
    pods.remove(registry, "default", "kubia", uid)
    assert registry.list(kinds.of(Pod())).items == ()
