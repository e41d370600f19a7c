"""Init containers: one after the other, each to success, before any main container."""

import pytest

import pod_cases
from pod_cases import created, exited, planned, running, sandbox, see
from podrunner.pods import plan

START_INIT_DEMO = plan.StartContainer(container="init-demo", attempt=0, container_id="init-demo-0", cause="")


def test_the_first_init_container_is_created_in_the_sandbox() -> None:
    assert planned(see(sandbox())) == "CreateContainer init-demo#0: it is the first init container"


def test_a_created_init_container_is_started() -> None:
    assert planned(see(sandbox(), created("init-demo"))) == "StartContainer init-demo#0: it is the first init container"


def test_nothing_happens_while_an_init_container_runs() -> None:
    assert planned(see(sandbox(), running("init-demo"))) == ""


def test_the_second_init_container_waits_for_the_first_to_succeed() -> None:
    assert planned(see(sandbox(), exited("init-demo"))) == (
        "CreateContainer network-check#0: init container init-demo succeeded"
    )


def test_main_containers_wait_for_the_last_init_container() -> None:
    assert planned(see(sandbox(), exited("init-demo"), running("network-check"))) == ""
    assert planned(see(sandbox(), *pod_cases.INITS_DONE)) == (
        "CreateContainer kubia#0: init container network-check succeeded\n"
        "CreateContainer envoy#0: init container network-check succeeded"
    )


def test_an_exit_seen_before_the_start_has_answered_does_not_count_yet() -> None:
    early = see(sandbox(), exited("init-demo"), under_way=(START_INIT_DEMO,))
    assert planned(early) == ""
    failed = see(sandbox(), exited("init-demo", 1), under_way=(START_INIT_DEMO,))
    assert planned(failed) == ""


@pytest.mark.parametrize("policy", ["Always", "OnFailure"])
def test_a_failed_init_container_is_started_again_at_once(policy: str) -> None:
    failed = see(sandbox(), exited("init-demo", 3), pod=pod_cases.pod(policy=policy))
    assert planned(failed) == "CreateContainer init-demo#1: init-demo exited 3"


def test_the_second_failure_of_an_init_container_waits_10_seconds() -> None:
    failed = see(sandbox(), exited("init-demo", 3), exited("init-demo", 3, 1, since=2, until=3), now=3)
    assert planned(failed) == "Wait init-demo#1 CrashLoopBackOff: init-demo exited 3"


def test_a_failed_init_container_of_a_pod_that_is_never_restarted_ends_the_pod() -> None:
    failed = see(sandbox(), exited("init-demo", 3), pod=pod_cases.pod(policy="Never"))
    assert planned(failed) == "StopSandbox sandbox-0: init container init-demo failed"
    assert pod_cases.reported(failed).status.phase == "Failed"


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
def test_failing_fast_an_init_container_ends_the_pod_whatever_the_policy(policy: str) -> None:
    failed = see(sandbox(), exited("init-demo", 3), pod=pod_cases.pod(policy=policy, fail_fast=True))
    assert planned(failed) == "StopSandbox sandbox-0: init container init-demo failed"
    assert pod_cases.reported(failed).status.phase == "Failed"


def test_failing_fast_a_main_container_follows_the_policy() -> None:
    failed = see(*pod_cases.UP[:-1], exited("envoy", 1), pod=pod_cases.pod(fail_fast=True))
    assert planned(failed) == "CreateContainer envoy#1: envoy exited 1"


def test_an_init_container_of_the_former_sandbox_has_not_succeeded_in_this_one() -> None:
    renewed = see(sandbox(attempt=1), exited("init-demo", sandbox=0))
    assert planned(renewed) == "CreateContainer init-demo#1: it is the first init container"


def test_init_containers_count_as_done_once_a_main_container_ran_in_this_sandbox() -> None:
    without_inits = see(sandbox(), running("kubia"), exited("envoy", 1))
    assert planned(without_inits) == "CreateContainer envoy#1: envoy exited 1"


def test_a_created_main_container_does_not_start_before_the_init_containers_are_done() -> None:
    assert planned(see(sandbox(), exited("init-demo"), created("kubia"))) == (
        "CreateContainer network-check#0: init container init-demo succeeded"
    )
