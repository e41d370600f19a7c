"""Events of main containers that start together are recorded in the order of the spec, each container's in its own."""

from collections.abc import Iterator

import pytest

import pod_cases
from podrunner import clock
from podrunner.agent.announcer import Announcer
from podrunner.objects.event import Event
from podrunner.pods import plan
from podrunner.store import events
from podrunner.store.registry import Registry


class Announced:
    """An announcer, what is under way meanwhile, and what it has recorded."""

    def __init__(self, registry: Registry) -> None:
        self.under_way: list[plan.Key] = []
        self.unstarted: set[str] = set()
        self._registry = registry
        self._announcer = Announcer(events.Recorder(registry), lambda: self.under_way, lambda: self.unstarted)

    def say(self, container: str, message: str) -> None:
        self._announcer.of_container(pod_cases.GOOD, container, "Normal", "Test", message)

    def ended(self, *keys: plan.Key) -> None:
        for key in keys:
            self.under_way.remove(key)
        self._announcer.release(pod_cases.GOOD)

    @property
    def recorded(self) -> list[tuple[str, str]]:
        listed: list[Event] = list(self._registry.list(events.EVENT).items)
        return [(event.involved_object.field_path, event.message) for event in listed]


@pytest.fixture
def announced() -> Iterator[Announced]:
    registry = Registry(None, clock.SystemClock())
    yield Announced(registry)
    registry.close()


def starting(container: str) -> plan.Key:
    return ("StartContainer", f"{container}#0")


def test_an_event_of_a_later_container_waits_for_the_one_before_it(announced: Announced) -> None:
    announced.under_way += [starting("kubia"), starting("envoy")]
    announced.say("envoy", "started")
    assert announced.recorded == []
    announced.say("kubia", "started")
    assert announced.recorded == [("spec.containers{kubia}", "started")]
    announced.ended(starting("kubia"))
    assert announced.recorded == [("spec.containers{kubia}", "started"), ("spec.containers{envoy}", "started")]


def test_a_containers_own_events_keep_their_order(announced: Announced) -> None:
    announced.under_way += [starting("kubia")]
    announced.say("envoy", "created")
    announced.say("envoy", "started")
    announced.ended(starting("kubia"))
    assert [message for _, message in announced.recorded] == ["created", "started"]


def test_a_container_that_was_only_created_is_still_to_start(announced: Announced) -> None:
    """Without init containers all are created before their sandbox runs."""
    announced.unstarted = {"kubia", "envoy"}
    announced.say("kubia", "created")
    announced.say("envoy", "created")
    announced.under_way += [starting("kubia"), starting("envoy")]
    announced.say("envoy", "started")
    announced.say("kubia", "started")
    announced.unstarted = set()
    announced.ended(starting("kubia"), starting("envoy"))
    told = [(path[16:-1], message) for path, message in announced.recorded]
    assert told == [("kubia", "created"), ("kubia", "started"), ("envoy", "created"), ("envoy", "started")]


def test_the_first_container_waits_for_nobody(announced: Announced) -> None:
    announced.under_way += [starting("envoy")]
    announced.say("kubia", "started")
    assert announced.recorded == [("spec.containers{kubia}", "started")]


def test_what_is_not_a_start_holds_nothing_up(announced: Announced) -> None:
    announced.under_way += [("PullImage", "kubia:1.0 for kubia")]
    announced.say("envoy", "started")
    assert announced.recorded == [("spec.containers{envoy}", "started")]


def test_init_containers_never_wait(announced: Announced) -> None:
    announced.under_way += [starting("kubia")]
    announced.say("network-check", "started")
    assert announced.recorded == [("spec.initContainers{network-check}", "started")]
