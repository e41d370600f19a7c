"""The pod's sandbox: made first, made again when it ends, not made again for a pod that is over."""

import pod_cases
from pod_cases import created, exited, planned, remembering, running, sandbox, see, unstartable
from podrunner.pods import plan, view

CREATE = plan.CreateSandbox(attempt=0, cause="")
START = plan.StartSandbox(sandbox_id="sandbox-0", cause="")
SAID = plan.ReportSandboxChanged(sandbox="#0", cause="").key
LOST_WHILE_RUNNING = (sandbox("exited"), *pod_cases.INITS_DONE, running("kubia"), running("envoy"))
LOST_AND_STOPPED = (sandbox("exited"), *pod_cases.INITS_DONE, exited("kubia", 143), exited("envoy", 143))


def test_the_sandbox_comes_first() -> None:
    assert planned(see()) == "CreateSandbox #0: the pod has no sandbox"


def test_images_are_looked_at_while_the_sandbox_is_made() -> None:
    assert planned(see(memory=remembering({}))) == (
        "CreateSandbox #0: the pod has no sandbox\n"
        "InspectImage init-demo:1.0 for init-demo: its turn will come\n"
        "InspectImage checker:1.0 for network-check: its turn will come\n"
        "InspectImage kubia:1.0 for kubia: its turn will come\n"
        "InspectImage envoy:1.0 for envoy: its turn will come"
    )


def test_an_image_that_two_containers_share_is_looked_at_once() -> None:
    twin = pod_cases.changed(pod_cases.ENVOY, image="kubia:1.0")
    subject = pod_cases.pod(inits=(), mains=(pod_cases.KUBIA, twin))
    assert planned(see(pod=subject, memory=remembering({}))) == (
        "CreateSandbox #0: the pod has no sandbox\nInspectImage kubia:1.0 for envoy: its turn will come"
    )


def test_the_sandbox_is_made_once() -> None:
    assert planned(see(under_way=(CREATE,))) == ""


def test_the_first_container_is_created_while_the_sandbox_starts() -> None:
    assert planned(see(sandbox("created"))) == (
        "StartSandbox sandbox-0: the sandbox was created\nCreateContainer init-demo#0: it is the first init container"
    )


def test_no_container_starts_before_the_sandbox_runs() -> None:
    assert planned(see(sandbox("created"), created("init-demo"), under_way=(START,))) == ""


def test_a_sandbox_that_cannot_be_made_is_tried_again_after_5_seconds() -> None:
    failed = remembering(sandbox_failures=view.Failures(1, pod_cases.at(10)))
    assert planned(see(memory=failed, now=14)) == "wake at 12:00:15"
    assert planned(see(memory=failed, now=15)) == "CreateSandbox #0: the pod has no sandbox"


def test_what_was_created_in_a_sandbox_that_could_not_start_makes_way_first() -> None:
    failed = remembering(sandbox_failures=view.Failures(1, pod_cases.at(0)))
    left_over = see(created("init-demo"), memory=failed, now=9)
    assert planned(left_over) == "Remove init-demo#0: the sandbox ended"
    assert planned(see(memory=failed, now=9)) == "CreateSandbox #0: the pod has no sandbox"


def test_containers_of_a_sandbox_that_ended_are_stopped_before_there_is_another() -> None:
    assert planned(see(*LOST_WHILE_RUNNING)) == (
        "ReportSandboxChanged #0: the sandbox ended while the pod goes on\n"
        "SignalContainer envoy#0 with SIGTERM: the sandbox ended\n"
        "SignalContainer kubia#0 with SIGTERM: the sandbox ended\n"
        "wake at 12:00:31"
    )


def test_containers_that_would_not_be_restarted_are_if_they_ran_when_the_sandbox_ended() -> None:
    on_failure = see(*LOST_WHILE_RUNNING, pod=pod_cases.pod(policy="OnFailure"))
    assert planned(on_failure).startswith("ReportSandboxChanged #0: the sandbox ended while the pod goes on")


def test_a_new_sandbox_is_made_when_they_have_stopped() -> None:
    assert planned(see(*LOST_AND_STOPPED, memory=remembering(reported=frozenset({SAID})))) == (
        "CreateSandbox #1: the sandbox ended"
    )


def test_a_change_of_sandbox_is_said_once() -> None:
    first = planned(see(*LOST_AND_STOPPED))
    again = planned(see(*LOST_AND_STOPPED, memory=remembering(reported=frozenset({SAID}))))
    assert "ReportSandboxChanged" in first
    assert "ReportSandboxChanged" not in again


def test_a_sandbox_that_ended_before_its_first_container_has_changed_too() -> None:
    assert planned(see(sandbox("exited"))) == (
        "ReportSandboxChanged #0: the sandbox ended while the pod goes on\nCreateSandbox #1: the sandbox ended"
    )


def test_a_removed_sandbox_is_one_that_ended() -> None:
    assert planned(see(*LOST_AND_STOPPED[1:])) == (
        "ReportSandboxChanged removed: the sandbox ended while the pod goes on\n"
        "CreateSandbox #0: the pod has no sandbox"
    )


def test_a_container_being_started_is_waited_for_before_there_is_another_sandbox() -> None:
    start = plan.StartContainer(container="kubia", attempt=0, container_id="kubia-0", cause="")
    late = see(sandbox("exited"), *pod_cases.INITS_DONE, exited("kubia", 143), under_way=(start,))
    assert planned(late) == "ReportSandboxChanged #0: the sandbox ended while the pod goes on"
    create = plan.CreateContainer(container="kubia", attempt=1, sandbox_id="", was_present=True, cause="")
    assert planned(see(under_way=(create,))) == ""


def test_a_container_that_came_up_in_the_old_sandbox_is_stopped_before_its_successor_is_made() -> None:
    late = see(sandbox("exited"), sandbox(attempt=1), *pod_cases.INITS_DONE, running("kubia"), created("envoy"))
    assert planned(late) == (
        "Remove envoy#0: their sandbox ended\n"
        "SignalContainer kubia#0 with SIGTERM: their sandbox ended\n"
        "Remove sandbox#0: a newer sandbox took its place\n"
        "wake at 12:00:31"
    )


def test_init_containers_run_again_in_a_new_sandbox() -> None:
    renewed = see(sandbox(attempt=1, created=10), *LOST_AND_STOPPED[1:], now=11)
    assert planned(renewed) == "CreateContainer init-demo#1: it is the first init container"


def test_a_former_sandbox_is_removed_when_there_is_a_newer_one() -> None:
    renewed = see(sandbox("exited"), sandbox("created", attempt=1), under_way=(START,))
    assert planned(renewed) == (
        "StartSandbox sandbox-1: the sandbox was created\n"
        "CreateContainer init-demo#0: it is the first init container\n"
        "Remove sandbox#0: a newer sandbox took its place"
    )


def test_a_pod_that_is_never_restarted_gets_no_second_sandbox() -> None:
    never = pod_cases.pod(policy="Never")
    assert planned(see(*LOST_WHILE_RUNNING, pod=never)) == (
        "SignalContainer envoy#0 with SIGTERM: the sandbox ended and the pod is not restarted\n"
        "SignalContainer kubia#0 with SIGTERM: the sandbox ended and the pod is not restarted\n"
        "wake at 12:00:31"
    )


def test_a_pod_that_is_never_restarted_fails_with_its_sandbox() -> None:
    never = pod_cases.pod(policy="Never")
    between_inits = see(sandbox("exited"), exited("init-demo"), pod=never)
    assert pod_cases.reported(between_inits).status.phase == "Failed"
    between_mains = see(sandbox("exited"), *pod_cases.INITS_DONE, exited("kubia"), created("envoy"), pod=never)
    assert pod_cases.reported(between_mains).status.phase == "Failed"


def test_a_pod_that_is_never_restarted_gets_a_sandbox_as_long_as_nothing_ran() -> None:
    never = pod_cases.pod(policy="Never")
    said = remembering(reported=frozenset({SAID}))
    assert planned(see(sandbox("exited"), created("init-demo"), pod=never, memory=said)) == (
        "Remove init-demo#0: the sandbox ended"
    )
    assert planned(see(sandbox("exited"), pod=never, memory=said)) == "CreateSandbox #1: the sandbox ended"


def test_failing_fast_keeps_no_pod_from_getting_a_new_sandbox() -> None:
    said = remembering(reported=frozenset({SAID}))
    assert planned(see(*LOST_AND_STOPPED, pod=pod_cases.pod(fail_fast=True), memory=said)) == (
        "CreateSandbox #1: the sandbox ended"
    )


def test_a_pod_whose_main_containers_have_all_succeeded_needs_no_new_sandbox() -> None:
    on_failure = pod_cases.pod(policy="OnFailure")
    done = see(sandbox("exited"), *pod_cases.INITS_DONE, exited("kubia"), exited("envoy"), pod=on_failure)
    assert planned(done) == ""
    assert pod_cases.reported(done).status.phase == "Succeeded"
    without_inits = see(exited("kubia"), exited("envoy"), pod=on_failure)
    assert pod_cases.reported(without_inits).status.phase == "Succeeded"


def test_a_container_that_failed_to_start_counts_as_one_that_ran() -> None:
    never = pod_cases.pod(policy="Never")
    assert planned(see(sandbox("exited"), *pod_cases.INITS_DONE, unstartable("kubia"), pod=never)) == ""
