"""The columns READY, STATUS and RESTARTS of kubectl, row by row of its `printPod`."""

from collections.abc import Sequence

import pytest
from msgspec import structs

import pod_cases
from pod_cases import created, exited, remembering, reported, running, sandbox, see
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import (
    ContainerState,
    ContainerStateTerminated,
    ContainerStateWaiting,
    PodStatus,
)
from podrunner.pods import columns, observed, view

Seen = observed.Sandbox | observed.Container
INIT_CRASHED = (sandbox(), exited("init-demo", 1, 2))
BACK_OFF = remembering(
    waiting={name: view.Waiting(2, "CrashLoopBackOff", "back-off 20s") for name in ("init-demo", "kubia")}
)


def row(pod: Pod) -> str:
    return f"{columns.ready(pod)} {columns.status(pod)} {columns.restarts(pod)}"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ([], "0/2 Init:0/2 0"),
        ([sandbox(), running("init-demo")], "0/2 Init:0/2 0"),
        ([sandbox(), exited("init-demo")], "0/2 Init:1/2 0"),
        ([sandbox(), exited("init-demo"), running("network-check", 1)], "0/2 Init:1/2 1"),
        ([sandbox(), exited("init-demo", 1)], "0/2 Init:Error 0"),
        ([sandbox(), *pod_cases.INITS_DONE], "0/2 PodInitializing 0"),
        ([sandbox(), *pod_cases.INITS_DONE, running("kubia"), created("envoy")], "1/2 PodInitializing 0"),
        (pod_cases.UP, "2/2 Running 0"),
        ([*pod_cases.UP[:-1], running("envoy", 2)], "2/2 Running 2"),
        ([*pod_cases.UP[:-2], running("kubia", 1), running("envoy", 2)], "2/2 Running 3"),
        ([*pod_cases.UP[:-1], exited("envoy")], "1/2 NotReady 0"),
        ([*pod_cases.UP[:-1], exited("envoy", 1)], "1/2 Error 0"),
        ([*pod_cases.UP[:-2], exited("kubia"), exited("envoy")], "0/2 Completed 0"),
        ([*pod_cases.UP[:-2], exited("kubia"), exited("envoy", 1)], "0/2 Error 0"),
        ([*pod_cases.UP[:-2], exited("kubia", 1), exited("envoy")], "0/2 Error 0"),
        ([*pod_cases.UP[:-2], running("kubia"), exited("envoy")], "1/2 NotReady 0"),
    ],
)
def test_a_row_follows_the_containers(what: Sequence[Seen], expected: str) -> None:
    """Of several reasons, kubectl shows that of the first container by name, but none hides behind a success."""
    assert row(reported(see(*what))) == expected


def test_a_pod_that_nobody_reported_on_shows_its_phase() -> None:
    assert row(pod_cases.GOOD) == "0/2 Pending 0"


def test_what_a_container_waits_for_is_the_status() -> None:
    assert row(reported(see(*INIT_CRASHED, memory=BACK_OFF))) == "0/2 Init:CrashLoopBackOff 2"
    crashed = (*pod_cases.UP[:-2], exited("kubia", 1, 2), running("envoy"))
    assert row(reported(see(*crashed, memory=BACK_OFF))) == "1/2 CrashLoopBackOff 2"


def test_a_deleted_pod_is_terminating() -> None:
    assert row(pod_cases.deleted(reported(see(*pod_cases.UP)))) == "2/2 Terminating 0"
    assert row(pod_cases.deleted(reported(see(sandbox())))) == "0/2 Terminating 0"


def test_restarts_of_init_containers_are_counted_up_to_the_one_whose_turn_it_is() -> None:
    first_turn = reported(see(sandbox(), exited("init-demo", 1, 2), running("network-check", 3)))
    assert columns.restarts(first_turn) == 2
    second_turn = reported(see(sandbox(), exited("init-demo", 0, 2), running("network-check", 3)))
    assert columns.restarts(second_turn) == 5


def test_restarts_of_init_containers_do_not_count_once_they_are_done() -> None:
    done = reported(see(sandbox(), exited("init-demo", 0, 2), exited("network-check"), running("kubia", 1)))
    assert columns.restarts(done) == 1


def test_the_pods_own_reason_is_the_status_of_containers_that_tell_none() -> None:
    evicted = structs.replace(pod_cases.GOOD, status=PodStatus(phase="Failed", reason="Evicted"))
    assert columns.status(evicted) == "Evicted"


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (ContainerStateTerminated(exit_code=2), "ExitCode:2"),
        (ContainerStateTerminated(exit_code=137, signal=9), "Signal:9"),
    ],
)
def test_an_end_without_a_reason_shows_its_signal_or_code(ended: ContainerStateTerminated, expected: str) -> None:
    up = reported(see(*pod_cases.UP))
    statuses = [structs.replace(one, state=ContainerState(terminated=ended)) for one in up.status.container_statuses]
    odd = structs.replace(up, status=structs.replace(up.status, container_statuses=tuple(statuses)))
    assert columns.status(odd) == expected


def test_a_container_that_runs_but_is_not_ready_does_not_count() -> None:
    up = reported(see(*pod_cases.UP))
    envoy, kubia = up.status.container_statuses
    unready = (structs.replace(envoy, ready=False), kubia)
    assert columns.ready(structs.replace(up, status=structs.replace(up.status, container_statuses=unready))) == "1/2"


def test_a_wait_without_a_reason_leaves_the_phase() -> None:
    up = reported(see(*pod_cases.UP))
    envoy, kubia = up.status.container_statuses
    silent = structs.replace(envoy, state=ContainerState(waiting=ContainerStateWaiting()))
    quiet = structs.replace(up, status=structs.replace(up.status, container_statuses=(silent, kubia)))
    assert columns.status(quiet) == "Running"


def test_an_initialized_pod_shows_its_main_containers_whatever_its_init_containers_do() -> None:
    up = reported(see(*pod_cases.UP))
    again = reported(see(sandbox(), running("init-demo"))).status.init_container_statuses
    odd = structs.replace(up, status=structs.replace(up.status, init_container_statuses=again))
    assert row(odd) == "2/2 Running 0"
