"""What `printPod` shows beside the chapter's cases: sidecars, when the last restart was, the wide columns."""

from collections.abc import Sequence

import pytest
from msgspec import structs

import pod_cases
from podrunner.objects import pod_status
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod, PodReadinessGate, PodSpec
from podrunner.objects.pod_status import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    PodCondition,
    PodIP,
)
from podrunner.pods import columns

SIDECAR = Container(name="proxy", restart_policy="Always")
SPEC = PodSpec(init_containers=(SIDECAR, Container(name="init")), containers=(Container(name="main"),))


def up(name: str, restarts: int = 0, *, ready: bool = True, last_end: float | None = None) -> ContainerStatus:
    return ContainerStatus(
        name=name,
        ready=ready,
        started=True,
        restart_count=restarts,
        state=ContainerState(running=ContainerStateRunning()),
        last_state=ContainerState() if last_end is None else ended(1, at=last_end),
    )


def ended(code: int, *, at: float = 0) -> ContainerState:
    return ContainerState(
        terminated=ContainerStateTerminated(
            exit_code=code, reason="Error" if code else "Completed", finished_at=pod_cases.at(at)
        )
    )


def done(name: str, restarts: int = 0, code: int = 0) -> ContainerStatus:
    return ContainerStatus(name=name, ready=not code, restart_count=restarts, state=ended(code))


def waiting(name: str, reason: str = "PodInitializing", restarts: int = 0) -> ContainerStatus:
    return ContainerStatus(
        name=name, restart_count=restarts, state=ContainerState(waiting=ContainerStateWaiting(reason=reason))
    )


def subject(inits: Sequence[ContainerStatus], *mains: ContainerStatus, spec: PodSpec = SPEC, true: str = "") -> Pod:
    """A pod whose containers are so, and whose conditions in `true` are."""
    status = pod_status.PodStatus(
        phase="Running",
        conditions=tuple(PodCondition(type=kind, status="True") for kind in true.split()),
        container_statuses=mains,
        init_container_statuses=tuple(inits),
    )
    return Pod(spec=spec, status=status)


def row(pod: Pod) -> str:
    return f"{columns.ready(pod)} {columns.status(pod)} {columns.restarts_and_last(pod, pod_cases.at(100))}"


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        (subject([waiting("proxy"), waiting("init")], waiting("main")), "0/2 Init:0/2 0"),
        (subject([up("proxy"), up("init")], waiting("main")), "1/2 Init:1/2 0"),
        (subject([up("proxy", ready=False), up("init")], waiting("main")), "0/2 Init:1/2 0"),
        (subject([up("proxy"), done("init")], up("main"), true="Initialized Ready"), "2/2 Running 0"),
        (subject([up("proxy", 3), done("init", 5)], up("main", 2), true="Initialized"), "2/2 Running 5"),
        (subject([up("proxy", 3), done("init", 5, code=1)], waiting("main")), "1/2 Init:Error 8"),
        (subject([waiting("proxy", "CrashLoopBackOff", 4), waiting("init")]), "0/2 Init:CrashLoopBackOff 4"),
        (subject([waiting("proxy", "Back", 4), done("init")], up("main"), true="Initialized"), "1/2 Running 4"),
        (subject([done("proxy"), done("init")], done("main"), true="Initialized"), "0/2 Completed 0"),
    ],
)  # fmt: skip
def test_a_sidecar_counts_like_a_main_container_once_it_has_started(pod: Pod, expected: str) -> None:
    assert row(pod) == expected


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        (subject([], up("main", 3, last_end=80)), "1/2 Running 3 (20s ago)"),
        (subject([], up("main", 3, last_end=80), up("other", 1, last_end=40)), "2/2 Running 4 (20s ago)"),
        (subject([up("proxy", 1, last_end=90)], up("main", 3, last_end=80)), "2/2 Running 4 (10s ago)"),
        (subject([done("init", 1)], up("main", 3, last_end=80), true="Initialized"), "1/2 Running 3 (20s ago)"),
        (subject([up("proxy"), up("init", 2, last_end=37)], waiting("main")), "1/2 Init:1/2 2 (63s ago)"),
        (subject([], up("main", 0, last_end=80)), "1/2 Running 0"),
        (subject([], up("main", 2)), "1/2 Running 2"),
    ],
)
def test_the_restarts_say_when_the_last_was(pod: Pod, expected: str) -> None:
    assert row(pod) == expected


@pytest.mark.parametrize(
    ("phase", "reason", "expected"),
    [
        ("Running", "", "Terminating"),
        ("Pending", "", "Terminating"),
        ("Running", "NodeLost", "Unknown"),
        ("Succeeded", "", "Completed"),
        ("Failed", "Evicted", "Completed"),
    ],
)
def test_a_deleted_pod_that_has_ended_keeps_its_status(phase: str, reason: str, expected: str) -> None:
    ended_pod = subject([], done("main"))
    status = structs.replace(ended_pod.status, phase=phase, reason=reason)
    assert columns.status(pod_cases.deleted(structs.replace(ended_pod, status=status))) == expected


def test_a_gated_pod_says_so() -> None:
    gated = PodCondition(type="PodScheduled", status="False", reason="SchedulingGated")
    assert columns.status(Pod(status=pod_status.PodStatus(phase="Pending", conditions=(gated,)))) == "SchedulingGated"


def test_a_pod_without_address_and_gates_has_none_to_show() -> None:
    assert columns.ip(Pod()) == "<none>"
    assert columns.readiness_gates(Pod()) == "<none>"


def test_the_first_address_and_the_true_gates_are_shown() -> None:
    gates = tuple(PodReadinessGate(condition_type=kind) for kind in ("a.example/x", "b.example/y", "c.example/z"))
    gated = subject([], spec=structs.replace(SPEC, readiness_gates=gates), true="a.example/x c.example/z")
    addresses = (PodIP(ip="172.18.0.2"), PodIP(ip="fd00::2"))
    assert columns.readiness_gates(gated) == "2/3"
    assert columns.ip(structs.replace(gated, status=structs.replace(gated.status, pod_ips=addresses))) == "172.18.0.2"
