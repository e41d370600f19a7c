"""Lifecycle hooks: postStart makes the start, preStop is part of the end.

Obligations of kubernetes `startContainer` and `killContainer`, pkg/kubelet/kuberuntime/kuberuntime_container.go.
"""

from typing import Any

from msgspec import structs

import pod_cases
from pod_cases import changed, created, deleted, exited, planned, remembering, running, sandbox, see
from podrunner.objects.container import Container, ExecAction, Lifecycle, LifecycleHandler, SleepAction
from podrunner.objects.pod import Pod
from podrunner.pods import memory, observed, plan, reconcile, view

RUN = LifecycleHandler(exec=ExecAction(command=("true",)))
SLEEP = LifecycleHandler(sleep=SleepAction(seconds=9))
STARTED = changed(pod_cases.KUBIA, lifecycle=Lifecycle(post_start=RUN))
STOPPED = changed(pod_cases.KUBIA, lifecycle=Lifecycle(pre_stop=RUN))


def pod(kubia: Container, *others: Container, policy: str = "Always") -> Pod:
    return pod_cases.pod(inits=(), mains=(kubia, *others), policy=policy)


def hook(kind: type[plan.RunPostStart | plan.RunPreStop]) -> plan.Operation:
    return kind(container="kubia", attempt=0, container_id="kubia-0", cause="")


def seen(
    *what: observed.Container,
    subject: Pod,
    now: float = 1,
    under_way: tuple[plan.Operation, ...] = (),
    **entries: Any,
) -> view.View:
    return see(sandbox(), *what, pod=subject, now=now, memory=remembering(**entries), under_way=under_way)


# ---- postStart


def test_a_container_runs_its_hook_when_it_has_started() -> None:
    assert planned(seen(running("kubia"), subject=pod(STARTED))) == "RunPostStart kubia#0: it has started"


def test_a_container_with_a_hook_is_reported_as_it_was_until_the_hook_is_done() -> None:
    hooked = pod(STARTED)
    before = pod_cases.reported(seen(subject=hooked))
    during = pod_cases.reported(seen(running("kubia"), subject=before))
    assert during.status == before.status
    after = pod_cases.reported(seen(running("kubia"), subject=before, post_started={"kubia-0": True}))
    assert after.status.container_statuses[0].ready


def test_main_containers_after_one_with_a_hook_wait_for_it() -> None:
    both = pod(STARTED, pod_cases.ENVOY)
    assert planned(seen(subject=both)) == "CreateContainer kubia#0: the pod has no init containers"
    assert planned(seen(created("kubia"), subject=both)).startswith("StartContainer kubia#0")
    assert planned(seen(running("kubia"), subject=both)) == "RunPostStart kubia#0: it has started"
    assert planned(seen(running("kubia"), subject=both, under_way=(hook(plan.RunPostStart),))) == ""
    done = seen(running("kubia"), subject=both, post_started={"kubia-0": True})
    assert planned(done) == "CreateContainer envoy#0: the pod has no init containers"


def test_main_containers_before_one_with_a_hook_start_with_it() -> None:
    both = pod(changed(STARTED, name="first", lifecycle=None, image="kubia:1.0"), STARTED, pod_cases.ENVOY)
    assert planned(seen(subject=both)) == (
        "CreateContainer first#0: the pod has no init containers\n"
        "CreateContainer kubia#0: the pod has no init containers"
    )


def test_those_after_a_hook_do_not_wait_for_a_container_that_has_to_wait_itself() -> None:
    both = pod(STARTED, pod_cases.ENVOY)
    waiting = {"kubia": view.Waiting(0, "ImagePullBackOff", "", pod_cases.at(9))}
    assert "CreateContainer envoy#0" in planned(seen(subject=both, waiting=waiting))


def test_a_failed_hook_stops_the_container() -> None:
    failed = seen(running("kubia"), subject=pod(STARTED), post_started={"kubia-0": False})
    (signal,) = reconcile.reconcile(failed).operations
    assert isinstance(signal, plan.SignalContainer)
    assert (signal.signal, signal.message) == ("SIGTERM", "FailedPostStartHook")


def test_a_container_stopped_for_its_hook_says_so_while_it_waits() -> None:
    operation = plan.RunPostStart(container="kubia", attempt=0, container_id="kubia-0", cause="")
    known = memory.post_start_failed(remembering(), operation, "exited with 7: ", "Exec lifecycle hook failed")
    hooked = pod_cases.reported(seen(subject=pod(STARTED)))
    still_running = pod_cases.reported(see(sandbox(), running("kubia"), pod=hooked, memory=known))
    assert still_running.status == hooked.status
    (kubia,) = pod_cases.reported(
        see(sandbox(), exited("kubia", 0), pod=hooked, memory=known)
    ).status.container_statuses
    assert kubia.state.waiting is not None
    assert kubia.state.waiting.reason == "PostStartHookError: exited with 7: "
    assert kubia.state.waiting.message == "Exec lifecycle hook failed"
    assert kubia.last_state.terminated is not None


def test_a_new_start_with_a_hook_leaves_the_reason_of_the_wait_until_the_hook_is_done() -> None:
    waiting = {"kubia": view.Waiting(1, "CrashLoopBackOff", "back-off 10s", pod_cases.at(9))}
    start = plan.StartContainer(container="kubia", attempt=2, container_id="kubia-2", cause="")
    begun = memory.started(remembering(waiting=waiting), start, hooked=True)
    assert begun.waiting == waiting
    done = plan.RunPostStart(container="kubia", attempt=2, container_id="kubia-2", cause="")
    assert memory.post_start_succeeded(begun, done).waiting == {}
    assert memory.started(remembering(waiting=waiting), start).waiting == {}


def test_the_hook_of_a_container_that_was_reported_as_running_is_not_run_by_the_next_podrunner() -> None:
    up = pod_cases.reported(seen(running("kubia"), subject=pod(STARTED), post_started={"kubia-0": True}))
    assert planned(seen(running("kubia"), subject=up)) == ""


def test_deletion_cancels_a_hook_of_the_start() -> None:
    gone = seen(running("kubia"), subject=deleted(pod(STARTED)), under_way=(hook(plan.RunPostStart),))
    assert "cancel RunPostStart kubia#0" in planned(gone)
    assert "SignalContainer kubia#0 with SIGTERM" in planned(gone)


# ---- preStop


def test_a_stop_begins_with_the_hook_and_goes_on_with_the_signal() -> None:
    gone = deleted(pod(STOPPED))
    assert planned(seen(running("kubia"), subject=gone)) == "AnnounceStop kubia#0: the pod is being deleted"
    begun = {"kubia-0": view.Stop(pod_cases.at(1))}
    assert planned(seen(running("kubia"), subject=gone, stops=begun)) == (
        "RunPreStop kubia#0: the pod is being deleted, first its hook\nwake at 12:00:31"
    )
    done = seen(running("kubia"), subject=gone, stops=begun, pre_stopped=frozenset({"kubia-0"}), now=4)
    assert planned(done) == "SignalContainer kubia#0 with SIGTERM: the pod is being deleted\nwake at 12:00:31"


def test_the_hook_counts_in_the_grace_period() -> None:
    gone = deleted(pod(STOPPED))
    late = {"kubia-0": view.Stop(pod_cases.at(1), "SIGTERM", pod_cases.at(21))}
    assert planned(seen(running("kubia"), subject=gone, stops=late, now=30)) == "wake at 12:00:31"
    assert "SIGKILL" in planned(seen(running("kubia"), subject=gone, stops=late, now=31))


def test_a_hook_that_takes_the_whole_grace_period_leaves_the_container_two_seconds() -> None:
    gone, running_hook = deleted(pod(STOPPED)), (hook(plan.RunPreStop),)
    begun = {"kubia-0": view.Stop(pod_cases.at(1))}
    over = seen(running("kubia"), subject=gone, stops=begun, now=31, under_way=running_hook)
    assert planned(over) == "SignalContainer kubia#0 with SIGTERM: the pod is being deleted\nwake at 12:00:33"
    asked = {"kubia-0": view.Stop(pod_cases.at(1), "SIGTERM", pod_cases.at(31))}
    assert "SIGKILL" in planned(seen(running("kubia"), subject=gone, stops=asked, now=33, under_way=running_hook))


def test_without_grace_there_is_no_hook() -> None:
    at_once = deleted(pod(STOPPED), grace=0)
    assert planned(seen(running("kubia"), subject=at_once)) == (
        "SignalContainer kubia#0 with SIGKILL: the pod is being deleted"
    )


def test_a_shorter_grace_period_ends_the_hook() -> None:
    begun = {"kubia-0": view.Stop(pod_cases.at(1))}
    hurried = seen(running("kubia"), subject=deleted(pod(STOPPED), grace=0), stops=begun)
    assert planned(hurried) == "SignalContainer kubia#0 with SIGKILL: the pod is being deleted"


def test_a_hook_that_only_waits_ends_with_its_container_and_a_command_by_itself() -> None:
    ended = exited("kubia", 0)
    waits = pod(changed(STOPPED, lifecycle=Lifecycle(pre_stop=SLEEP)))
    assert "cancel RunPreStop kubia#0" in planned(
        seen(ended, subject=deleted(waits), under_way=(hook(plan.RunPreStop),))
    )
    assert planned(seen(ended, subject=deleted(pod(STOPPED)), under_way=(hook(plan.RunPreStop),))) == ""


def test_a_stop_for_a_changed_image_runs_the_hook_too() -> None:
    newer = pod(changed(STOPPED, image="kubia:2.0"))
    (announced,) = reconcile.reconcile(seen(running("kubia"), subject=newer)).operations
    assert isinstance(announced, plan.AnnounceStop)
    assert (announced.message, announced.again) == ("Container kubia definition changed, will be restarted", True)


def test_a_container_gets_the_signal_that_its_spec_asks_for() -> None:
    asked = structs.replace(running("kubia"), stop_signal="SIGUSR1")
    assert "with SIGUSR1" in planned(seen(asked, subject=deleted(pod(pod_cases.KUBIA))))
    spec = changed(pod_cases.KUBIA, lifecycle=Lifecycle(stop_signal="SIGUSR1"))
    (kubia,) = pod_cases.reported(seen(asked, subject=pod(spec))).status.container_statuses
    assert kubia.stop_signal == "SIGUSR1"
