"""The verdict over pods: why a run failed, and its exit status."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from podrunner.client import outcome
from podrunner.client.actions import PodRef
from podrunner.client.outcome import Verdict
from podrunner.objects import codec
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod

REF = PodRef("default", "web")


def pod(phase: str, *, init: list[dict[str, Any]] = [], main: list[dict[str, Any]] = [], **status: Any) -> Pod:  # noqa: B006
    spec = {
        "initContainers": [{"name": container["name"]} for container in init],
        "containers": [{"name": container["name"]} for container in main],
    }
    status |= {"phase": phase, "initContainerStatuses": init, "containerStatuses": main}
    return codec.decode({"metadata": {"namespace": "default", "name": "web"}, "spec": spec, "status": status}, Pod)


def terminated(name: str, exit_code: int, second: int = 0, **more: str) -> dict[str, Any]:
    end = {"exitCode": exit_code, "finishedAt": f"2026-01-01T00:00:{second:02}Z", **more}
    return {"name": name, "containerID": f"docker://{name}", "state": {"terminated": end}}


def waiting(name: str, reason: str, message: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": {"waiting": {"reason": reason, "message": message}}, **more}


def test_pods_that_succeeded_exit_0() -> None:
    assert outcome.of_ended([pod("Succeeded", main=[terminated("a", 0)])]) == Verdict(0)


def test_the_container_that_failed_first_decides() -> None:
    first = pod("Failed", main=[terminated("a", 3, 20), terminated("b", 0, 1)])
    second = pod("Failed", main=[terminated("c", 4, 10, reason="Error")])
    assert outcome.of_ended([first, second]) == Verdict(
        4, 'container "c" of pod "web" failed with exit code 4 (Error)', REF
    )


def test_of_containers_that_failed_in_one_second_the_one_seen_first_decides() -> None:
    failed = pod("Failed", main=[terminated("a", 3), terminated("b", 4)])
    assert outcome.of_ended([failed]).exit_status == 3
    assert outcome.of_ended([failed], ["docker://b", "docker://a"]).exit_status == 4


def test_a_pod_that_succeeded_after_a_failure_does_not_count() -> None:
    succeeded = pod("Succeeded", main=[terminated("sidecar", 137, 1), terminated("main", 0, 0)])
    failed = pod("Failed", main=[terminated("c", 4, 10)])
    assert outcome.of_ended([succeeded, failed]).exit_status == 4


def test_the_last_lines_of_an_init_container_go_with_its_failure() -> None:
    failed = pod("Failed", init=[terminated("check", 1, reason="Error", message="no route\n")])
    assert outcome.of_ended([failed]) == Verdict(
        1, 'init container "check" of pod "web" failed with exit code 1 (Error: no route)', REF, "check"
    )


def test_a_pod_that_failed_without_a_container_exits_1() -> None:
    evicted = pod("Failed", reason="DeadlineExceeded", message="Pod was active too long")
    assert outcome.of_ended([evicted]) == Verdict(1, 'pod "web" failed (DeadlineExceeded: Pod was active too long)')


def test_a_pod_that_somebody_else_deletes_does_not_succeed() -> None:
    def deleted(ended: Pod) -> Pod:
        metadata = msgspec.structs.replace(ended.metadata, deletion_timestamp=datetime(2026, 1, 1, tzinfo=UTC))
        return msgspec.structs.replace(ended, metadata=metadata)

    problem = 'pod "web" was deleted before it had ended'
    assert outcome.of_ended([pod("Running")]) == Verdict(1, problem)
    assert outcome.of_ended([deleted(pod("Succeeded", main=[terminated("a", 0)]))]) == Verdict(1, problem)
    assert outcome.of_ended([deleted(pod("Failed", main=[terminated("a", 143)]))]) == Verdict(143, problem)


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("InvalidImageName", "; correct the image's name in the manifest"),
        ("ErrImageNeverPull", "; build or pull the image first, or set imagePullPolicy: IfNotPresent"),
        ("CreateContainerConfigError", ""),
    ],
)
def test_a_reason_that_waiting_does_not_mend_is_the_engines_failure(reason: str, hint: str) -> None:
    stuck = pod("Pending", main=[waiting("a", reason, "told so")])
    assert outcome.hopeless(stuck) == Verdict(
        125, f'container "a" of pod "web" can\'t run: {reason}: told so{hint}', REF
    )


@pytest.mark.parametrize("reason", ["PodInitializing", "ContainerCreating", "CrashLoopBackOff", ""])
def test_an_ordinary_wait_is_not_hopeless(reason: str) -> None:
    assert outcome.hopeless(pod("Pending", main=[waiting("a", reason, "")])) is None


@pytest.mark.parametrize(("exit_code", "status"), [(127, 127), (126, 126), (None, 127), (0, 127)])
def test_a_command_that_cannot_be_started_gives_its_exit_code(exit_code: int | None, status: int) -> None:
    last = {"terminated": {"exitCode": exit_code}} if exit_code is not None else {}
    stuck = pod("Running", main=[waiting("a", "RunContainerError", "no such file", lastState=last)])
    assert outcome.hopeless(stuck) == Verdict(
        status, 'container "a" of pod "web" can\'t run: RunContainerError: no such file', REF
    )


def test_a_failed_init_container_is_hopeless_once_the_pod_has_failed() -> None:
    assert outcome.hopeless(pod("Pending", init=[terminated("check", 1)])) is None
    verdict = outcome.hopeless(pod("Failed", init=[terminated("check", 1)]))
    assert verdict is not None
    assert (verdict.exit_status, verdict.container) == (1, "check")


def test_a_sandbox_that_cannot_be_made_is_the_engines_failure() -> None:
    event = codec.decode(
        {"reason": "FailedCreatePodSandBox", "message": "port is taken", "involvedObject": {"name": "web"}}, Event
    )
    assert outcome.hopeless_event(event) == Verdict(125, 'pod "web" can\'t start: port is taken')
    assert outcome.hopeless_event(codec.decode({"reason": "FailedMount"}, Event)) is None
