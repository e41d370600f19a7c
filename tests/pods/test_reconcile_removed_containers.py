"""Containers that someone removed with the Docker CLI: the stored status fills in."""

import pod_cases
from pod_cases import created, exited, planned, reported, running, sandbox, see
from podrunner.objects.pod import Pod
from podrunner.pods import observed
from podrunner.pods.view import View, Waiting

Seen = observed.Sandbox | observed.Container

CRASHED = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1, 1), running("envoy"))
BACKING_OFF = pod_cases.remembering(waiting={"kubia": Waiting(1, "CrashLoopBackOff", "back-off 10s")})


def after(*before: Seen, pod: Pod = pod_cases.GOOD, left: tuple[Seen, ...]) -> View:
    """What is seen when only `left` is there of what was reported before."""
    stored = reported(see(*before, pod=pod))
    return see(*left, pod=reported(see(*left, pod=stored)), now=5)


def test_init_containers_that_succeeded_are_not_run_again_after_a_prune() -> None:
    inits_done = (sandbox(), *pod_cases.INITS_DONE)
    assert planned(after(*inits_done, left=(sandbox(),))) == (
        "CreateContainer kubia#0: init container network-check succeeded\n"
        "CreateContainer envoy#0: init container network-check succeeded"
    )
    assert planned(after(*pod_cases.UP, left=(sandbox(), running("kubia"), running("envoy")))) == ""


def test_one_of_two_init_containers_that_was_removed_is_still_done() -> None:
    half_way = (sandbox(), exited("init-demo"), running("network-check"))
    assert planned(after(*half_way, left=(sandbox(), running("network-check")))) == ""


def test_an_init_container_that_was_removed_while_it_ran_is_run_again() -> None:
    removed = after(sandbox(), running("init-demo"), left=(sandbox(),))
    assert planned(removed) == "CreateContainer init-demo#1: init-demo was removed"


def test_an_init_container_that_was_removed_while_it_ran_ends_a_pod_that_fails_fast() -> None:
    up = (sandbox(), running("init-demo"))
    not_reported_yet = reported(see(*up, pod=pod_cases.pod(fail_fast=True)))
    assert planned(see(sandbox(), pod=not_reported_yet)) == "StopSandbox sandbox-0: init container init-demo failed"
    removed = after(*up, pod=pod_cases.pod(fail_fast=True), left=(sandbox(),))
    assert removed.pod.status.phase == "Failed"
    assert removed.pod.status.init_container_statuses[0].state.terminated.reason == "ContainerStatusUnknown"  # type: ignore[union-attr]


def test_init_containers_run_again_when_everything_was_removed() -> None:
    removed = after(*pod_cases.UP, left=())
    assert planned(removed) == "CreateSandbox #0: the pod has no sandbox"
    renewed = see(sandbox(created=5.5), pod=removed.pod, now=6)
    assert planned(renewed) == "CreateContainer init-demo#0: it is the first init container"


def test_a_running_container_that_was_removed_is_started_again_as_the_policy_says() -> None:
    left = pod_cases.UP[:-1]
    assert planned(after(*pod_cases.UP, left=left)) == "CreateContainer envoy#1: envoy was removed"
    on_failure, never = pod_cases.pod(policy="OnFailure"), pod_cases.pod(policy="Never")
    assert planned(after(*pod_cases.UP, pod=on_failure, left=left)) == "CreateContainer envoy#1: envoy was removed"
    assert planned(after(*pod_cases.UP, pod=never, left=left)) == ""


def test_a_running_container_that_was_removed_counts_as_killed() -> None:
    removed = after(*pod_cases.UP, left=pod_cases.UP[:-1])
    assert removed.pod.status.phase == "Running"
    envoy = removed.pod.status.container_statuses[0]
    assert envoy.last_state.terminated is not None
    assert (envoy.last_state.terminated.reason, envoy.last_state.terminated.exit_code) == (
        "ContainerStatusUnknown",
        137,
    )


def test_the_last_running_container_that_was_removed_ends_a_pod_that_is_never_restarted() -> None:
    never = pod_cases.pod(mains=(pod_cases.KUBIA,), policy="Never")
    up = (sandbox(), *pod_cases.INITS_DONE, running("kubia"))
    assert after(*up, pod=never, left=up[:-1]).pod.status.phase == "Failed"
    assert after(*up, pod=never, left=()).pod.status.phase == "Failed"


def test_an_ended_container_that_was_removed_is_not_started_again_against_its_policy() -> None:
    one_done = (sandbox(), *pod_cases.INITS_DONE, exited("kubia"), running("envoy"))
    for policy in ("OnFailure", "Never"):
        removed = after(*one_done, pod=pod_cases.pod(policy=policy), left=(sandbox(), running("envoy")))
        assert planned(removed) == ""
        assert removed.pod.status.container_statuses[1].state.terminated is not None


def test_the_restart_count_goes_on_from_what_was_reported() -> None:
    crashing = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1, 6), running("envoy"))
    removed = after(*crashing, left=(sandbox(), running("envoy")))
    assert planned(removed) == "CreateContainer kubia#7: kubia was removed"
    assert removed.pod.status.container_statuses[1].restart_count == 6
    again = see(sandbox(), running("kubia", 7), running("envoy"), pod=removed.pod)
    assert reported(again).status.container_statuses[1].restart_count == 7


def test_the_restart_count_of_an_init_container_goes_on_in_a_new_sandbox() -> None:
    crashing = (sandbox(), exited("init-demo", 1, 2))
    removed = after(*crashing, left=())
    assert planned(see(sandbox(created=6), pod=removed.pod)) == (
        "CreateContainer init-demo#3: it is the first init container"
    )


def test_the_restart_count_is_never_less_than_what_was_reported() -> None:
    stored = reported(see(sandbox(), *pod_cases.INITS_DONE, running("kubia", 6), running("envoy")))
    begun_anew = see(sandbox(), running("kubia", 0), running("envoy"), pod=stored)
    assert reported(begun_anew).status.container_statuses[1].restart_count == 6


def test_a_created_container_that_was_removed_is_no_restart() -> None:
    removed = after(sandbox(), created("init-demo"), left=(sandbox(),))
    assert planned(removed) == "CreateContainer init-demo#0: it is the first init container"


def test_the_newest_of_two_instances_that_was_removed_still_tells_how_it_ended() -> None:
    on_failure = pod_cases.pod(policy="OnFailure")
    succeeded_at_last = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1), exited("kubia", 0, 1), running("envoy"))
    removed = after(*succeeded_at_last, pod=on_failure, left=(*succeeded_at_last[:-2], running("envoy")))
    assert planned(removed) == ""


def test_what_was_reported_of_a_removed_container_stays() -> None:
    on_failure = pod_cases.pod(policy="OnFailure")
    up = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1), exited("kubia", 0, 1), running("envoy"))
    kubia = after(*up, pod=on_failure, left=(sandbox(), running("envoy"))).pod.status.container_statuses[1]
    assert (kubia.container_id, kubia.restart_count, kubia.ready, kubia.started) == (
        "docker://kubia-1",
        1,
        False,
        False,
    )
    assert kubia.state.terminated is not None
    assert kubia.last_state.terminated is not None
    assert (kubia.state.terminated.exit_code, kubia.last_state.terminated.exit_code) == (0, 1)


def test_a_container_removed_in_back_off_has_ended_when_the_pod_is_deleted() -> None:
    waiting = see(*CRASHED, memory=BACKING_OFF)
    deleted = pod_cases.deleted(reported(waiting))
    kubia = reported(see(sandbox(), running("envoy"), pod=deleted)).status.container_statuses[1]
    assert kubia.state.terminated is not None
    assert kubia.state.terminated.exit_code == 1
    assert kubia.last_state.terminated is None


def test_a_removed_init_container_that_was_reported_as_done_keeps_its_report() -> None:
    up = after(*pod_cases.UP, left=(sandbox(), running("kubia"), running("envoy")))
    init_demo = up.pod.status.init_container_statuses[0]
    assert init_demo.state.terminated is not None
    assert (init_demo.state.terminated.message, init_demo.started) == ("", False)


def test_an_init_container_that_ended_and_was_removed_unseen_had_succeeded_if_a_main_container_runs() -> None:
    last_seen = reported(see(sandbox(), exited("init-demo"), running("network-check")))
    up = reported(see(sandbox(), exited("init-demo"), running("kubia"), running("envoy"), pod=last_seen))
    assert up.status.phase == "Running"
    assert up.status.init_container_statuses[1].ready
