"""Phase, addresses, and the states of containers, row by row."""

import pytest
from msgspec import structs

import pod_cases
from pod_cases import created, exited, remembering, reported, running, sandbox, see, unstartable
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStateTerminated, ContainerStatus, PodIP
from podrunner.pods import observed, view

Seen = observed.Sandbox | observed.Container
ENDED_WELL = (sandbox(), *pod_cases.INITS_DONE, exited("kubia"), exited("envoy"))
ENDED_BADLY = (sandbox(), *pod_cases.INITS_DONE, exited("kubia"), exited("envoy", 1))


def phase(*what: Seen, pod: Pod = pod_cases.GOOD) -> str:
    return reported(see(*what, pod=pod)).status.phase


def status(name: str, *what: Seen, pod: Pod = pod_cases.GOOD, memory: view.Memory | None = None) -> ContainerStatus:
    told = reported(see(*what, pod=pod, memory=memory)).status
    (only,) = [one for one in (*told.init_container_statuses, *told.container_statuses) if one.name == name]
    return only


def test_a_pod_is_pending_until_every_main_container_has_begun() -> None:
    assert phase() == "Pending"
    assert phase(sandbox(), running("init-demo")) == "Pending"
    assert phase(sandbox(), *pod_cases.INITS_DONE) == "Pending"
    assert phase(sandbox(), *pod_cases.INITS_DONE, running("kubia"), created("envoy")) == "Pending"
    assert phase(*pod_cases.UP) == "Running"


def test_a_pod_is_pending_while_init_containers_run_again_in_a_new_sandbox() -> None:
    ended = (exited("kubia", 143), exited("envoy", 143))
    assert phase(sandbox(attempt=1), *pod_cases.INITS_DONE, *ended) == "Pending"
    assert phase(sandbox("exited"), *pod_cases.INITS_DONE, *ended) == "Pending"


@pytest.mark.parametrize(
    ("policy", "what", "expected"),
    [
        ("Always", ENDED_WELL, "Running"),
        ("Always", ENDED_BADLY, "Running"),
        ("OnFailure", ENDED_WELL, "Succeeded"),
        ("OnFailure", ENDED_BADLY, "Running"),
        ("Never", ENDED_WELL, "Succeeded"),
        ("Never", ENDED_BADLY, "Failed"),
    ],
)
def test_the_phase_of_ended_containers_is_up_to_the_policy(policy: str, what: tuple[Seen, ...], expected: str) -> None:
    assert phase(*what, pod=pod_cases.pod(policy=policy)) == expected


def test_a_pod_whose_sandbox_ended_runs_until_its_containers_have_stopped() -> None:
    assert phase(sandbox("exited"), *pod_cases.UP[1:], pod=pod_cases.pod(policy="Never")) == "Running"


def test_a_pod_runs_as_long_as_one_main_container_does() -> None:
    one = (sandbox(), *pod_cases.INITS_DONE, running("kubia"), exited("envoy", 1))
    assert phase(*one, pod=pod_cases.pod(policy="Never")) == "Running"


@pytest.mark.parametrize("final", ["Succeeded", "Failed"])
def test_a_final_phase_stays(final: str) -> None:
    assert phase(pod=pod_cases.pod(phase=final)) == final


def test_a_pod_with_its_own_last_word_keeps_it() -> None:
    told = structs.replace(pod_cases.GOOD.status, reason="DeadlineExceeded", message="too late", qos_class="Burstable")
    kept = reported(see(pod=structs.replace(pod_cases.GOOD, status=told))).status
    assert (kept.reason, kept.message, kept.qos_class) == ("DeadlineExceeded", "too late", "Burstable")


def test_addresses_are_the_sandboxs_and_stay_known_when_it_ends() -> None:
    dual = structs.replace(sandbox(), ips=("172.18.0.2", "fd00::2"))
    told = reported(see(dual))
    assert told.status.pod_ip == "172.18.0.2"
    assert told.status.pod_ips == (PodIP(ip="172.18.0.2"), PodIP(ip="fd00::2"))
    ended = reported(see(sandbox("exited"), pod=told))
    assert ended.status.pod_ip == "172.18.0.2"
    assert len(ended.status.pod_ips) == 2


def test_the_start_time_is_the_first_report_in_whole_seconds() -> None:
    first = reported(see(now=1.7))
    assert first.status.start_time == pod_cases.at(1)
    assert reported(see(pod=first, now=60)).status.start_time == pod_cases.at(1)


def test_containers_are_sorted_by_name_and_init_containers_are_not() -> None:
    told = reported(see(*pod_cases.UP)).status
    assert [one.name for one in told.init_container_statuses] == ["init-demo", "network-check"]
    assert [one.name for one in told.container_statuses] == ["envoy", "kubia"]


def test_the_observed_generation_is_the_objects() -> None:
    second = structs.replace(pod_cases.GOOD, metadata=structs.replace(pod_cases.GOOD.metadata, generation=2))
    assert reported(see(pod=second)).status.observed_generation == 2


def test_a_running_container_is_ready_and_started() -> None:
    kubia = status("kubia", *pod_cases.UP[:-2], running("kubia", since=3.2), running("envoy"))
    assert kubia.state.running is not None
    assert kubia.state.running.started_at == pod_cases.at(3)
    assert (kubia.ready, kubia.started, kubia.container_id) == (True, True, "docker://kubia-0")
    assert (kubia.image, kubia.image_id) == ("kubia:1.0", "docker://sha256:1")


def test_an_init_container_is_ready_when_it_has_succeeded() -> None:
    assert status("init-demo", sandbox(), exited("init-demo")).ready
    assert not status("init-demo", sandbox(), running("init-demo")).ready
    assert not status("init-demo", sandbox(), exited("init-demo", 1)).ready
    assert status("init-demo", sandbox(), running("init-demo")).started is True


def test_an_ended_container_tells_code_times_and_id() -> None:
    assert status("kubia", *ENDED_WELL[:-2], exited("kubia", 3, since=2.4, until=5.9)).state.terminated == (
        ContainerStateTerminated(
            container_id="docker://kubia-0",
            exit_code=3,
            reason="Error",
            started_at=pod_cases.at(2),
            finished_at=pod_cases.at(5),
        )
    )


@pytest.mark.parametrize(
    ("ended", "reason", "message"),
    [
        (exited("kubia"), "Completed", ""),
        (exited("kubia", 1), "Error", ""),
        (exited("kubia", 137), "Error", ""),
        (structs.replace(exited("kubia", 137), oom_killed=True), "OOMKilled", ""),
        (unstartable("kubia"), "ContainerCannotRun", 'exec: "/no/such/command": no such file or directory'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_reason_of_an_end_is_the_kubelets_word(ended: observed.Container, reason: str, message: str) -> None:
    terminated = status("kubia", sandbox(), *pod_cases.INITS_DONE, ended).state.terminated
    assert terminated is not None
    assert (terminated.reason, terminated.message) == (reason, message)


def test_a_container_whose_turn_has_not_come_is_waiting() -> None:
    assert waiting("kubia") == "PodInitializing"
    assert waiting("init-demo") == "PodInitializing"
    without_inits = pod_cases.pod(inits=())
    assert waiting("kubia", pod=without_inits) == "ContainerCreating"


def test_a_container_tells_what_it_is_waiting_for() -> None:
    for_image = remembering(waiting={"kubia": view.Waiting(0, "ErrImagePull", "no such host")})
    assert waiting("kubia", sandbox(), memory=for_image) == "ErrImagePull: no such host"


def test_a_container_in_back_off_is_waiting_and_tells_how_it_ended() -> None:
    backing_off = remembering(waiting={"kubia": view.Waiting(1, "CrashLoopBackOff", "back-off 10s")})
    crashed = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1, 1), running("envoy"))
    kubia = status("kubia", *crashed, memory=backing_off)
    assert waiting("kubia", *crashed, memory=backing_off) == "CrashLoopBackOff: back-off 10s"
    assert kubia.last_state.terminated is not None
    assert (kubia.last_state.terminated.exit_code, kubia.restart_count, kubia.ready) == (1, 1, False)


def test_a_container_that_will_not_be_restarted_has_ended_whatever_it_waited_for() -> None:
    backing_off = remembering(waiting={"kubia": view.Waiting(0, "RunContainerError", "no such file")})
    ended = (sandbox(), *pod_cases.INITS_DONE, unstartable("kubia"), running("envoy"))
    never = pod_cases.pod(policy="Never")
    assert status("kubia", *ended, pod=never, memory=backing_off).state.terminated is not None
    deleted = pod_cases.deleted(pod_cases.GOOD)
    assert status("kubia", *ended, pod=deleted, memory=backing_off).state.terminated is not None


def test_until_the_next_instance_starts_the_one_before_is_reported() -> None:
    restarting = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1), created("kubia", 1), running("envoy"))
    kubia = status("kubia", *restarting)
    assert kubia.state.terminated is not None
    assert (kubia.restart_count, kubia.container_id) == (0, "docker://kubia-0")


def test_a_restarted_container_tells_how_the_one_before_ended() -> None:
    restarted = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1), running("kubia", 1), running("envoy"))
    kubia = status("kubia", *restarted)
    assert kubia.last_state.terminated is not None
    assert (kubia.last_state.terminated.container_id, kubia.restart_count) == ("docker://kubia-0", 1)


def test_how_the_one_before_ended_stays_known_when_it_is_removed() -> None:
    restarted = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1), running("kubia", 1), running("envoy"))
    stored = reported(see(*restarted))
    kubia = status("kubia", sandbox(), *pod_cases.INITS_DONE, running("kubia", 1), running("envoy"), pod=stored)
    assert kubia.last_state.terminated is not None


def test_a_restarted_init_container_tells_how_the_one_before_ended() -> None:
    init_demo = status("init-demo", sandbox(), exited("init-demo", 1), running("init-demo", 1))
    assert init_demo.last_state.terminated is not None
    assert init_demo.last_state.terminated.exit_code == 1


def test_a_former_instance_that_still_runs_has_not_ended() -> None:
    doubled = (sandbox(attempt=1), running("kubia"), running("kubia", 1, sandbox=1))
    assert status("kubia", *doubled).last_state.terminated is None


def test_an_init_container_of_a_new_sandbox_has_no_last_state() -> None:
    renewed = (sandbox("exited"), sandbox(attempt=1), exited("init-demo"), exited("init-demo", 0, 1, sandbox=1))
    init_demo = status("init-demo", *renewed)
    assert (init_demo.restart_count, init_demo.ready) == (1, True)
    assert init_demo.last_state.terminated is None


def test_an_init_container_that_is_gone_counts_as_done_when_a_main_container_runs() -> None:
    init_demo = status("init-demo", sandbox(), running("kubia"), running("envoy"))
    assert init_demo.ready
    assert init_demo.state.terminated is not None
    assert init_demo.state.terminated.message == (
        "Unable to get init container status from container runtime and pod has been initialized, "
        "treat it as exited normally"
    )


def test_init_containers_keep_their_states_when_the_pod_has_ended() -> None:
    failed = reported(see(sandbox(), exited("init-demo", 3), pod=pod_cases.pod(fail_fast=True)))
    assert status("init-demo", sandbox("exited"), exited("init-demo", 3), pod=failed).state.terminated is not None
    assert status("init-demo", pod=failed).state.terminated is not None


def test_init_containers_keep_their_states_while_the_pod_is_being_removed() -> None:
    deleted = pod_cases.deleted(reported(see(*pod_cases.UP)))
    assert status("init-demo", sandbox("exited"), *pod_cases.INITS_DONE, pod=deleted).ready
    assert status("init-demo", pod=deleted).ready
    stopped = (exited("kubia", 143), exited("envoy", 143))
    removing = reported(see(*pod_cases.INITS_DONE, *stopped, pod=deleted))
    assert phase(*stopped, pod=removing) == "Running"
    assert phase(pod=reported(see(*stopped, pod=removing))) == "Running"


def waiting(name: str, *what: Seen, pod: Pod = pod_cases.GOOD, memory: view.Memory | None = None) -> str:
    state = status(name, *what, pod=pod, memory=memory).state.waiting
    assert state is not None
    return f"{state.reason}: {state.message}".removesuffix(": ")
