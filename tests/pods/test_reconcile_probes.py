"""Probes: which of them run, and what becomes of a container whose probes fail.

Obligations of kubernetes `doProbe` (pkg/kubelet/prober/worker.go), `UpdatePodStatus` (prober_manager.go) and
`computePodActions` (pkg/kubelet/kuberuntime/kuberuntime_manager.go).
"""

from typing import Any

import pytest
from msgspec import structs

import pod_cases
from pod_cases import changed, deleted, exited, planned, remembering, running, sandbox, see
from podrunner.objects.container import Container, ExecAction, Lifecycle, LifecycleHandler, Probe
from podrunner.objects.pod import Pod
from podrunner.pods import memory, plan, probing, reconcile, thresholds, view
from podrunner.pods.probing import Kind
from podrunner.pods.view import Results

PROBE = Probe(exec=ExecAction(command=("true",)), failure_threshold=3, success_threshold=1)
PROBED = changed(pod_cases.KUBIA, startup_probe=PROBE, liveness_probe=PROBE, readiness_probe=PROBE)
UP = (sandbox(), running("kubia"))


def pod(main: Container = PROBED, policy: str = "Always") -> Pod:
    return pod_cases.pod(inits=(), mains=(main,), policy=policy)


def seen(results: Results | None = None, *, subject: Pod | None = None, **entries: Any) -> view.View:
    """kubia runs, and its probes say this."""
    told = {} if results is None else {"kubia-0": results}
    return see(*UP, pod=subject or pod(), memory=remembering(probes=told, **entries))


def kinds(subject: view.View) -> set[Kind]:
    return {which.kind for which in probing.wanted(subject)}


# ---- which run


def test_a_startup_probe_holds_the_others_back_until_it_has_succeeded() -> None:
    assert kinds(seen()) == {Kind.STARTUP}
    assert kinds(seen(Results(startup=True))) == {Kind.LIVENESS, Kind.READINESS}


def test_without_a_startup_probe_the_others_run_from_the_start() -> None:
    assert kinds(seen(subject=pod(changed(PROBED, startup_probe=None)))) == {Kind.LIVENESS, Kind.READINESS}


def test_a_probe_that_failed_for_good_is_not_run_again_on_this_instance() -> None:
    assert kinds(seen(Results(startup=False))) == set()
    assert kinds(seen(Results(startup=True, liveness=False))) == {Kind.READINESS}


def test_results_are_forgotten_when_the_container_restarts() -> None:
    told = remembering(probes={"kubia-0": Results(startup=True, liveness=False, readiness=True)})
    restarted = see(sandbox(), exited("kubia", 1), running("kubia", 1), pod=pod(), memory=told)
    assert probing.wanted(restarted) == {probing.Probing(Kind.STARTUP, "kubia", "kubia-1", pod_cases.at(0))}


def test_nothing_is_probed_that_does_not_run() -> None:
    assert probing.wanted(see(sandbox(), exited("kubia", 1), pod=pod())) == frozenset()


def test_nothing_is_probed_before_the_post_start_hook_is_done() -> None:
    hooked = pod(changed(PROBED, lifecycle=Lifecycle(post_start=LifecycleHandler(exec=ExecAction()))))
    assert kinds(seen(subject=hooked)) == set()
    assert kinds(seen(subject=hooked, post_started={"kubia-0": True})) == {Kind.STARTUP}


def test_of_a_deleted_pod_only_readiness_is_probed() -> None:
    assert kinds(seen(Results(startup=True), subject=deleted(pod()))) == {Kind.READINESS}


def test_what_was_reported_counts_for_a_podrunner_that_has_just_started() -> None:
    up = pod_cases.reported(seen(Results(startup=True, readiness=True)))
    anew = see(*UP, pod=up)
    assert kinds(anew) == {Kind.LIVENESS, Kind.READINESS}
    assert pod_cases.reported(anew).status.container_statuses[0].ready


# ---- thresholds


def test_a_result_comes_after_as_many_in_a_row_as_the_threshold_says() -> None:
    row, told = thresholds.Row(), []
    for succeeded in (False, False, True, False, False, False, False, True):
        row = thresholds.after(row, succeeded)
        told.append(thresholds.result(row, PROBE))
    assert told == [None, None, True, None, None, False, False, True]


def test_successes_have_a_threshold_too() -> None:
    twice = changed_probe(success_threshold=2)
    first = thresholds.after(thresholds.Row(), True)
    assert thresholds.result(first, twice) is None
    assert thresholds.result(thresholds.after(first, True), twice) is True


def changed_probe(**changes: int) -> Probe:
    return structs.replace(PROBE, **changes)


# ---- what follows


@pytest.mark.parametrize(
    ("results", "word"),
    [(Results(startup=False), "startup"), (Results(startup=True, liveness=False), "liveness")],
)
@pytest.mark.parametrize(
    ("policy", "suffix", "again"),
    [("Always", ", will be restarted", True), ("OnFailure", ", will be restarted", True), ("Never", "", False)],
)
def test_a_failed_probe_stops_the_container_and_says_so(
    results: Results, word: str, policy: str, suffix: str, again: bool
) -> None:
    (signal,) = reconcile.reconcile(seen(results, subject=pod(policy=policy))).operations
    assert isinstance(signal, plan.SignalContainer)
    assert (signal.signal, signal.again) == ("SIGTERM", again)
    assert signal.message == f"Container kubia failed {word} probe{suffix}"


def test_a_failed_readiness_probe_stops_nothing() -> None:
    assert planned(seen(Results(startup=True, readiness=False))) == ""


def test_the_probes_own_grace_period_wins_over_the_pods() -> None:
    patient = pod(changed(PROBED, liveness_probe=changed_probe(termination_grace_period_seconds=5)))
    failed = Results(startup=True, liveness=False)
    assert planned(seen(failed, subject=patient)).endswith("wake at 12:00:06")
    stops = {"kubia-0": view.Stop(pod_cases.at(-4), "SIGTERM", pod_cases.at(-4), again=True)}
    assert "SIGKILL" in planned(seen(failed, subject=patient, stops=stops))


@pytest.mark.parametrize("policy", ["Always", "OnFailure"])
def test_what_was_stopped_for_its_probe_is_restarted_whatever_its_exit_code(policy: str) -> None:
    stops = {"kubia-0": view.Stop(pod_cases.at(0), "SIGTERM", pod_cases.at(0), again=True)}
    ended = see(sandbox(), exited("kubia", 0), pod=pod(policy=policy), memory=remembering(stops=stops))
    assert planned(ended) == "CreateContainer kubia#1: kubia exited 0"


def test_restarts_after_failed_probes_back_off_like_others() -> None:
    stops = {"kubia-1": view.Stop(pod_cases.at(0), "SIGTERM", pod_cases.at(0), again=True)}
    ended = see(sandbox(), exited("kubia", 0, 1), pod=pod(), memory=remembering(stops=stops))
    assert planned(ended) == "Wait kubia#1 CrashLoopBackOff: kubia exited 0"


# ---- what is reported


@pytest.mark.parametrize(
    ("results", "started", "ready"),
    [
        (Results(), False, False),
        (Results(startup=True), True, False),
        (Results(startup=True, readiness=False), True, False),
        (Results(startup=True, readiness=True), True, True),
        (Results(startup=False, readiness=True), False, False),
    ],
)
def test_started_and_ready_are_what_the_probes_say(results: Results, started: bool, ready: bool) -> None:
    (kubia,) = pod_cases.reported(seen(results)).status.container_statuses
    assert (kubia.started, kubia.ready) == (started, ready)


def test_a_container_without_a_readiness_probe_is_ready_when_it_has_started() -> None:
    plain = pod(changed(PROBED, readiness_probe=None))
    assert not pod_cases.reported(seen(subject=plain)).status.container_statuses[0].ready
    assert pod_cases.reported(seen(Results(startup=True), subject=plain)).status.container_statuses[0].ready


def test_a_result_is_remembered_until_the_container_is_gone() -> None:
    known = memory.probed(remembering(), "kubia-0", Results(readiness=True))
    assert known.probes == {"kubia-0": Results(readiness=True)}
    assert memory.container_gone(known, "kubia-0").probes == {}
