"""Snapshots of the engine, plans and what is remembered: how their successors are built."""

from msgspec import structs

import pod_cases
from pod_cases import created, exited, remembering, running, sandbox
from podrunner.pods import memory, observed, plan, view

NOTHING = observed.Observed()


def test_containers_are_kept_oldest_attempt_first() -> None:
    has = NOTHING.with_container(running("kubia", 10)).with_container(exited("kubia", 1, 9))
    assert [known.attempt for known in has.containers] == [9, 10]
    assert has.latest("kubia") == running("kubia", 10)


def test_a_later_look_replaces_an_earlier_one() -> None:
    has = NOTHING.with_container(created("kubia")).with_container(running("kubia")).with_sandbox(sandbox("created"))
    assert has.with_sandbox(sandbox()).sandbox == sandbox()
    assert has.containers == (running("kubia"),)


def test_a_later_look_that_shows_the_same_state_may_tell_more() -> None:
    has = NOTHING.with_sandbox(structs.replace(sandbox(), ips=())).with_container(exited("kubia", 137))
    assert has.with_sandbox(sandbox()).sandbox == sandbox()
    killed = structs.replace(exited("kubia", 137), oom_killed=True)
    assert has.with_container(killed).latest("kubia") == killed


def test_looks_that_overlap_may_come_in_any_order() -> None:
    has = NOTHING.with_container(exited("kubia", 1)).with_sandbox(sandbox("exited"))
    assert has.with_container(running("kubia")) == has
    assert has.with_container(created("kubia")) == has
    assert has.with_sandbox(sandbox()) == has


def test_a_container_that_was_started_again_is_not_taken_for_an_earlier_look() -> None:
    again = running("kubia", since=60)
    assert NOTHING.with_container(exited("kubia", 1)).with_container(again).containers == (again,)


def test_what_was_removed_is_forgotten() -> None:
    has = NOTHING.with_sandbox(sandbox()).with_container(running("kubia"))
    assert has.without("kubia-0").without("sandbox-0") == NOTHING


def test_plans_add_up_to_the_earliest_wake_up() -> None:
    early, late = plan.Plan(wake_at=pod_cases.at(1)), plan.Plan(wake_at=pod_cases.at(2))
    assert (late + early + plan.Plan()).wake_at == pod_cases.at(1)
    assert plan.together([]) == plan.Plan()


def test_a_plan_leaves_out_what_is_under_way() -> None:
    start = plan.StartSandbox(sandbox_id="sandbox-0", cause="the sandbox was created")
    assert str(plan.do(start)) == "StartSandbox sandbox-0: the sandbox was created"
    assert plan.do(start).without({("StartSandbox", "sandbox-0")}) == plan.Plan()
    assert plan.do(start).without({("StartSandbox", "sandbox-1")}) == plan.do(start)


def test_a_started_container_waits_for_nothing_any_more() -> None:
    start = plan.StartContainer(container="kubia", attempt=1, container_id="kubia-1", cause="")
    failed = memory.start_failed(remembering(), start, "no such file")
    assert failed.waiting == {"kubia": view.Waiting(1, "RunContainerError", "no such file")}
    assert memory.started(failed, start).waiting == {}


def test_only_a_run_of_ten_minutes_makes_a_container_steady() -> None:
    assert memory.container_observed(remembering(), exited("kubia", 1, 3, since=0, until=599)).steady == {}
    assert memory.container_observed(remembering(), exited("kubia", 1, 3, since=0, until=600)).steady == {"kubia": 3}
    assert memory.container_observed(remembering(), running("kubia")).steady == {}


def test_a_sandbox_that_starts_ends_the_failures() -> None:
    failed = memory.sandbox_failed(memory.sandbox_failed(remembering(), pod_cases.at(1)), pod_cases.at(6))
    assert failed.sandbox_failures == view.Failures(2, pod_cases.at(6))
    assert memory.sandbox_started(failed).sandbox_failures is None


def test_an_engine_that_is_back_is_asked_for_images_again() -> None:
    lost = memory.engine_lost(remembering(), "connection refused")
    assert (lost.engine_lost, lost.images) == ("connection refused", pod_cases.ALL_PRESENT)
    found = memory.engine_found(lost)
    assert (found.engine_lost, found.images) == ("", {})


def test_an_absent_image_is_forgotten_when_a_wait_begins() -> None:
    wait = plan.Wait(container="kubia", attempt=0, reason="ErrImageNeverPull", message="", until=None, cause="")
    lasting = {"envoy:1.0": pod_cases.PRESENT, "Bad": view.Image(invalid="bad")}
    assert memory.waiting_began(remembering({**lasting, "kubia:1.0": view.Image()}), wait).images == lasting
