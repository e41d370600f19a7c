"""Ephemeral containers: started at any time, once, and never counted."""

import msgspec

import pod_cases
from pod_cases import UP, created, exited, planned, reported, running, sandbox, see
from podrunner.objects import container as containers, pod as pods
from podrunner.pods import columns, plan, reconcile, view

DEBUGGER = containers.EphemeralContainer(name="debugger", image="debugger:1.0", image_pull_policy="IfNotPresent")
PRESENT = pod_cases.remembering({**pod_cases.ALL_PRESENT, DEBUGGER.image: pod_cases.PRESENT})


def debugged(debugger: containers.EphemeralContainer = DEBUGGER, subject: pods.Pod = pod_cases.GOOD) -> pods.Pod:
    spec = msgspec.structs.replace(subject.spec, ephemeral_containers=(debugger,))
    return msgspec.structs.replace(subject, spec=spec)


def test_an_ephemeral_container_starts_beside_the_main_containers() -> None:
    assert planned(see(*UP, pod=debugged(), memory=PRESENT)) == "CreateContainer debugger#0: it was added to the pod"
    seen = see(*UP, created("debugger"), pod=debugged(), memory=PRESENT)
    assert planned(seen) == "StartContainer debugger#0: it was added to the pod"


def test_an_ephemeral_container_does_not_wait_for_the_init_containers() -> None:
    assert planned(see(sandbox(), running("init-demo"), pod=debugged(), memory=PRESENT)) == (
        "CreateContainer debugger#0: it was added to the pod"
    )


def test_its_image_is_pulled_first() -> None:
    absent = pod_cases.remembering({**pod_cases.ALL_PRESENT, DEBUGGER.image: view.Image()})
    assert planned(see(*UP, pod=debugged(), memory=absent)) == (
        "PullImage debugger:1.0 for debugger: it was added to the pod"
    )


def test_it_is_not_started_twice() -> None:
    creation = plan.CreateContainer(container="debugger", attempt=0, sandbox_id="", was_present=True, cause="")
    assert planned(see(*UP, pod=debugged(), memory=PRESENT, under_way=(creation,))) == ""


def test_it_is_never_restarted() -> None:
    assert planned(see(*UP, exited("debugger", 1), pod=debugged(), memory=PRESENT)) == ""
    assert planned(see(*UP, pod_cases.unstartable("debugger"), pod=debugged(), memory=PRESENT)) == ""


def test_it_is_not_started_again_where_someone_removed_it() -> None:
    known = reported(see(*UP, running("debugger"), pod=debugged(), memory=PRESENT))
    assert planned(see(*UP, pod=known, memory=PRESENT)) == ""


def test_it_is_not_started_again_in_a_new_sandbox() -> None:
    before = (sandbox("exited"), exited("debugger", 137))
    seen = see(*before, sandbox(attempt=1), running("init-demo", 1, sandbox=1), pod=debugged(), memory=PRESENT)
    assert "debugger" not in planned(seen)


def test_it_joins_the_processes_of_its_target() -> None:
    aiming = msgspec.structs.replace(DEBUGGER, target_container_name="kubia")
    decided = reconcile.reconcile(see(*UP, pod=debugged(aiming), memory=PRESENT))
    assert [operation.joins for operation in decided.operations if isinstance(operation, plan.CreateContainer)] == [
        "kubia-0"
    ]


def test_it_waits_for_a_target_that_never_ran() -> None:
    aiming = msgspec.structs.replace(DEBUGGER, target_container_name="kubia")
    seen = see(sandbox(), running("init-demo"), pod=debugged(aiming), memory=PRESENT)
    waits = [operation for operation in reconcile.reconcile(seen).operations if isinstance(operation, plan.Wait)]
    assert [(wait.reason, wait.message, wait.until) for wait in waits] == [
        ("CreateContainerConfigError", "unable to find target container kubia", pod_cases.at(11))
    ]


def test_it_ends_with_the_pod() -> None:
    ended = debugged(subject=pod_cases.pod(policy="Never", phase="Succeeded"))
    mains = (exited("kubia"), exited("envoy"))
    assert planned(see(sandbox(), *pod_cases.INITS_DONE, *mains, running("debugger"), pod=ended)) == (
        "SignalContainer debugger#0 with SIGTERM: the pod has succeeded\nwake at 12:00:31"
    )


def test_it_is_reported_apart_and_does_not_count() -> None:
    known = reported(see(*UP, running("debugger"), pod=debugged(), memory=PRESENT))
    (status,) = known.status.ephemeral_container_statuses
    assert (status.name, status.ready, status.started, status.restart_count) == ("debugger", False, None, 0)
    assert status.state.running is not None
    assert (columns.ready(known), columns.status(known)) == ("2/2", "Running")
    failed = reported(see(*UP, exited("debugger", 3), pod=debugged(), memory=PRESENT))
    terminated = failed.status.ephemeral_container_statuses[0].state.terminated
    assert terminated is not None
    assert (terminated.exit_code, terminated.reason) == (3, "Error")
    assert (failed.status.phase, columns.status(failed)) == ("Running", "Running")


def test_it_waits_as_the_other_containers_do() -> None:
    (status,) = reported(see(*UP, pod=debugged(), memory=PRESENT)).status.ephemeral_container_statuses
    assert status.state.waiting is not None
    assert status.state.waiting.reason == "PodInitializing"
