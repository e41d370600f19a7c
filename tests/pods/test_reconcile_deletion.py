"""Deleted pods: containers are stopped, everything is removed, the object last."""

import pytest
from msgspec import structs

import pod_cases
from pod_cases import created, deleted, exited, planned, remembering, running, sandbox, see
from podrunner.objects.pod import Pod
from podrunner.pods import memory, plan, view

GONE = deleted(pod_cases.GOOD)
AT_ONCE = deleted(pod_cases.GOOD, grace=0)


def signalled(signal: str, *, first: float, last: float | None = None) -> view.Memory:
    """kubia and envoy got a signal."""
    entry = view.Stop(pod_cases.at(first), signal, pod_cases.at(first if last is None else last))
    return remembering(stops={"kubia-0": entry, "envoy-0": entry})


def test_running_containers_are_asked_to_stop_all_at_once() -> None:
    assert planned(see(*pod_cases.UP, pod=GONE)) == (
        "SignalContainer envoy#0 with SIGTERM: the pod is being deleted\n"
        "SignalContainer kubia#0 with SIGTERM: the pod is being deleted\n"
        "wake at 12:00:31"
    )


def test_a_container_gets_the_signal_its_image_asks_for() -> None:
    nginx = structs.replace(running("kubia"), stop_signal="SIGQUIT")
    assert planned(see(sandbox(), nginx, pod=GONE)).startswith("SignalContainer kubia#0 with SIGQUIT")


def test_nothing_is_removed_while_a_container_runs() -> None:
    assert planned(see(*pod_cases.UP, pod=GONE, memory=signalled("SIGTERM", first=1), now=2)) == "wake at 12:00:31"


def test_after_the_grace_period_containers_are_killed() -> None:
    assert planned(see(*pod_cases.UP, pod=GONE, memory=signalled("SIGTERM", first=1), now=31)) == (
        "SignalContainer envoy#0 with SIGKILL: "
        "the pod is being deleted and the grace period of 30 s has elapsed\n"
        "SignalContainer kubia#0 with SIGKILL: "
        "the pod is being deleted and the grace period of 30 s has elapsed"
    )


def test_a_container_that_outlives_a_kill_is_killed_again() -> None:
    assert planned(see(*pod_cases.UP, pod=GONE, memory=signalled("SIGKILL", first=1, last=31), now=32)) == (
        "wake at 12:00:33"
    )
    assert (
        planned(see(*pod_cases.UP, pod=GONE, memory=signalled("SIGKILL", first=1, last=31), now=33)).count("SIGKILL")
        == 2
    )


def test_without_grace_containers_are_killed_at_once() -> None:
    assert planned(see(*pod_cases.UP, pod=AT_ONCE)) == (
        "SignalContainer envoy#0 with SIGKILL: the pod is being deleted\n"
        "SignalContainer kubia#0 with SIGKILL: the pod is being deleted"
    )


def test_a_shortened_grace_period_counts_from_the_first_signal() -> None:
    shortened = deleted(pod_cases.GOOD, grace=5)
    assert planned(see(*pod_cases.UP, pod=shortened, memory=signalled("SIGTERM", first=1), now=3)) == "wake at 12:00:06"
    assert "SIGKILL" in planned(see(*pod_cases.UP, pod=shortened, memory=signalled("SIGTERM", first=1), now=6))
    assert "SIGKILL" in planned(see(*pod_cases.UP, pod=AT_ONCE, memory=signalled("SIGTERM", first=1), now=2))


def test_a_signal_is_the_first_only_once() -> None:
    operation = plan.SignalContainer(
        container="kubia", attempt=0, container_id="kubia-0", signal="SIGTERM", first=True, cause=""
    )
    once = memory.signalled(remembering(), operation, pod_cases.at(1))
    twice = memory.signalled(once, structs.replace(operation, signal="SIGKILL"), pod_cases.at(31))
    assert twice.stops["kubia-0"] == view.Stop(pod_cases.at(1), "SIGKILL", pod_cases.at(31))


def test_an_init_container_is_stopped_like_a_main_container() -> None:
    assert planned(see(sandbox(), running("init-demo"), pod=GONE)) == (
        "SignalContainer init-demo#0 with SIGTERM: the pod is being deleted\nwake at 12:00:31"
    )


def test_a_container_that_was_not_started_is_removed_while_others_stop() -> None:
    half = see(sandbox(), running("kubia"), created("envoy"), pod=GONE, memory=signalled("SIGTERM", first=1), now=2)
    assert planned(half) == "Remove envoy#0: the pod is being deleted\nwake at 12:00:31"


def test_everything_is_removed_when_nothing_runs() -> None:
    stopped = see(sandbox(), exited("init-demo"), exited("kubia", 143), created("envoy"), pod=GONE)
    assert planned(stopped) == (
        "Remove envoy#0: the pod is being deleted\n"
        "Remove init-demo#0: the pod is being deleted\n"
        "Remove kubia#0: the pod is being deleted\n"
        "Remove sandbox#0: the pod is being deleted"
    )


def test_the_object_goes_last() -> None:
    removal = plan.Remove(name="sandbox#0", engine_id="sandbox-0", cause="")
    assert planned(see(pod=GONE, under_way=(removal,))) == ""
    assert planned(see(pod=GONE)) == "RemovePod pod: nothing of it is left"


def test_a_pull_is_cancelled() -> None:
    pull = plan.PullImage(container="kubia", image="kubia:1.0", attempt=0, cause="")
    assert planned(see(sandbox(), pod=GONE, under_way=(pull,))) == (
        "Remove sandbox#0: the pod is being deleted\ncancel PullImage kubia:1.0"
    )


@pytest.mark.parametrize(
    "operation",
    [
        plan.CreateSandbox(attempt=0, cause=""),
        plan.StartSandbox(sandbox_id="sandbox-0", cause=""),
        plan.CreateContainer(container="kubia", attempt=0, sandbox_id="sandbox-0", was_present=True, cause=""),
        plan.StartContainer(container="kubia", attempt=0, container_id="kubia-0", cause=""),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_is_being_made_is_waited_for_before_anything_is_removed(operation: plan.Operation) -> None:
    assert planned(see(sandbox("created"), created("kubia"), pod=GONE, under_way=(operation,))) == ""


def test_others_are_stopped_while_a_container_starts() -> None:
    start = plan.StartContainer(container="envoy", attempt=0, container_id="envoy-0", cause="")
    starting = see(sandbox(), running("kubia"), created("envoy"), pod=GONE, under_way=(start,))
    assert planned(starting) == "SignalContainer kubia#0 with SIGTERM: the pod is being deleted\nwake at 12:00:31"


def test_nothing_of_a_deleted_pod_is_restarted() -> None:
    crashed = see(*pod_cases.UP[:-1], exited("envoy", 1), pod=GONE, memory=signalled("SIGTERM", first=1), now=2)
    assert planned(crashed) == "wake at 12:00:31"


def test_the_deletion_of_a_pod_that_has_ended_removes_it() -> None:
    over = deleted(pod_cases.pod(policy="Never", phase="Succeeded"))
    assert planned(see(sandbox("exited"), exited("kubia"), pod=over)) == (
        "Remove kubia#0: the pod is being deleted\nRemove sandbox#0: the pod is being deleted"
    )


ENDED = pod_cases.pod(policy="Never", phase="Failed")


def test_a_pod_that_has_ended_keeps_its_containers_but_no_running_sandbox() -> None:
    assert planned(see(sandbox(), exited("init-demo", 1), pod=ENDED)) == ("StopSandbox sandbox-0: the pod has failed")
    assert planned(see(sandbox("exited"), exited("init-demo", 1), pod=ENDED)) == ""


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_stays_ended_when_its_containers_are_removed(policy: str, phase: str) -> None:
    assert planned(see(pod=pod_cases.pod(policy=policy, phase=phase))) == ""


def test_what_still_runs_in_a_pod_that_has_ended_is_stopped_before_its_sandbox() -> None:
    assert planned(see(sandbox(), running("kubia"), created("envoy"), pod=ENDED)) == (
        "Remove envoy#0: the pod has failed\nSignalContainer kubia#0 with SIGTERM: the pod has failed\nwake at 12:00:31"
    )


def test_a_shorter_grace_period_of_the_spec_is_the_default() -> None:
    impatient: Pod = deleted(pod_cases.pod(grace=2))
    assert planned(see(sandbox(), running("kubia"), pod=impatient)).endswith("wake at 12:00:03")
