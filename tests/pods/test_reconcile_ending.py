"""How a pod comes to its end by itself: deadlines, rules, last words. What is told when.

Obligations of kubernetes pkg/kubelet/active_deadline.go, `ContainerShouldRestart` (pkg/api/v1/pod/util.go) and
`mergePodStatus` (pkg/kubelet/status/status_manager.go).
"""

import pytest
from msgspec import structs

import pod_cases
from pod_cases import changed, created, exited, planned, remembering, running, sandbox, see, unstartable
from podrunner.objects.container import Container, ContainerRestartRule, ContainerRestartRuleOnExitCodes
from podrunner.objects.pod import Pod, PodReadinessGate
from podrunner.objects.pod_status import PodCondition
from podrunner.pods import ending, memory, messages, observed, plan, reconcile, restarts, spec

SAID = plan.ReportDeadlineExceeded(cause="")
LEAVING = changed(pod_cases.KUBIA, termination_message_path="/dev/termination-log")


def limited(subject: Pod, seconds: int = 5) -> Pod:
    """The pod with a deadline, active since noon."""
    return structs.replace(
        subject,
        spec=structs.replace(subject.spec, active_deadline_seconds=seconds),
        status=structs.replace(subject.status, start_time=pod_cases.at(0)),
    )


def alone(container: Container = pod_cases.KUBIA, policy: str = "Always") -> Pod:
    return pod_cases.pod(inits=(), mains=(container,), policy=policy)


# ---- the deadline


def test_a_pod_with_a_deadline_is_looked_at_again_when_it_passes() -> None:
    assert planned(see(*pod_cases.UP, pod=limited(pod_cases.GOOD), now=2)) == "wake at 12:00:05"


@pytest.mark.parametrize(
    "up", [(sandbox(), running("init-demo")), (sandbox(), *pod_cases.INITS_DONE, running("kubia"))]
)
def test_after_its_deadline_a_pod_is_stopped_and_says_so_once(
    up: tuple[observed.Sandbox | observed.Container, ...],
) -> None:
    late = see(*up, pod=limited(pod_cases.GOOD), now=5)
    name = up[-1].name if isinstance(up[-1], observed.Container) else ""
    assert planned(late) == (
        "ReportDeadlineExceeded pod: the pod's deadline has passed\n"
        f"SignalContainer {name}#0 with SIGTERM: the pod's deadline has passed\n"
        "wake at 12:00:35"
    )
    said = memory.reported(remembering(), SAID)
    assert "ReportDeadlineExceeded" not in planned(see(*up, pod=limited(pod_cases.GOOD), now=5, memory=said))


def test_a_pod_past_its_deadline_has_failed_when_nothing_of_it_runs() -> None:
    said = memory.reported(remembering(), SAID)
    stopping = see(sandbox(), *pod_cases.INITS_DONE, running("kubia"), pod=limited(pod_cases.GOOD), now=5, memory=said)
    assert pod_cases.reported(stopping).status.phase == "Pending"
    stopped = see(
        sandbox(), *pod_cases.INITS_DONE, exited("kubia", 143), pod=limited(pod_cases.GOOD), now=6, memory=said
    )
    status = pod_cases.reported(stopped).status
    assert (status.phase, status.reason) == ("Failed", "DeadlineExceeded")
    assert status.message == "Pod was active on the node longer than the specified deadline"


def test_a_pod_has_not_failed_before_its_deadline_was_told() -> None:
    never_began = see(sandbox(), pod=limited(pod_cases.GOOD), now=5)
    assert ending.is_to_be_announced(never_began)
    assert pod_cases.reported(never_began).status.phase == "Pending"


def test_a_pod_that_ended_before_its_deadline_keeps_its_end() -> None:
    done = structs.replace(pod_cases.pod(policy="Never", phase="Succeeded"))
    assert "Deadline" not in planned(see(sandbox(), pod=limited(done), now=9))


# ---- rules


def ruled(operator: str, codes: tuple[int, ...], action: str = "Restart", policy: str = "Never") -> Container:
    rule = ContainerRestartRule(
        action=action, exit_codes=ContainerRestartRuleOnExitCodes(operator=operator, values=codes)
    )
    return changed(pod_cases.KUBIA, restart_policy=policy, restart_policy_rules=(rule,))


@pytest.mark.parametrize(
    ("container", "code", "expected"),
    [
        (ruled("In", (42,)), 42, True),
        (ruled("In", (42,)), 1, False),
        (ruled("NotIn", (42,)), 42, False),
        (ruled("NotIn", (42,)), 1, True),
        (ruled("In", (42,), policy="OnFailure"), 1, True),
        (ruled("In", (0,)), 0, True),
        (changed(pod_cases.KUBIA, restart_policy="Never"), 1, False),
        (changed(pod_cases.KUBIA, restart_policy="OnFailure"), 0, False),
        (changed(pod_cases.KUBIA, restart_policy="OnFailure"), 1, True),
    ],
)
def test_rules_come_before_the_containers_policy_and_that_before_the_pods(
    container: Container, code: int, expected: bool
) -> None:
    assert restarts.wanted(alone(container, policy="Always"), container, code) is expected


def test_a_rule_restarts_an_init_container_that_failed_but_none_that_succeeded() -> None:
    init = structs.replace(ruled("In", (0, 42)), name="init-demo")
    pod = pod_cases.pod(inits=(init,), policy="Never")
    assert restarts.wanted(pod, init, 42)
    assert not restarts.wanted(pod, init, 0)
    assert not restarts.wanted(pod_cases.pod(inits=(init,), fail_fast=True), init, 42)


def test_a_rule_that_restarts_all_containers_stops_the_others_and_begins_anew_in_the_same_sandbox() -> None:
    pod = pod_cases.pod(mains=(ruled("In", (42,), "RestartAllContainers"), pod_cases.ENVOY), policy="Never")
    up = (sandbox(), *pod_cases.INITS_DONE)
    triggered = see(*up, exited("kubia", 42, until=9), running("envoy"), pod=pod, now=9)
    assert planned(triggered) == "SignalContainer envoy#0 with SIGTERM: all containers begin anew\nwake at 12:00:39"
    stopped = see(*up, exited("kubia", 42, until=9), exited("envoy", 143, until=10), pod=pod, now=10)
    assert planned(stopped) == "CreateContainer init-demo#1: it is the first init container"
    assert pod_cases.reported(stopped).status.phase == "Pending"
    anew = structs.replace(exited("init-demo", 0, 1), created_at=pod_cases.at(11), started_at=pod_cases.at(11))
    checked = structs.replace(exited("network-check", 0, 1), created_at=pod_cases.at(12), started_at=pod_cases.at(12))
    ready = see(*up, exited("kubia", 42, until=9), exited("envoy", 143, until=10), anew, checked, pod=pod, now=13)
    assert planned(ready) == (
        "CreateContainer kubia#1: all containers begin anew\nCreateContainer envoy#1: all containers begin anew"
    )


# ---- last words


def test_the_message_of_a_container_that_ended_is_read() -> None:
    ended = see(sandbox(), exited("kubia", 1), pod=alone(LEAVING))
    assert "ReadMessage kubia#0: kubia exited 1" in planned(ended)
    read = see(sandbox(), exited("kubia", 1), pod=alone(LEAVING), memory=remembering(messages={"kubia-0": "bye"}))
    assert "ReadMessage" not in planned(read)


def test_an_end_is_reported_together_with_its_message() -> None:
    up = pod_cases.reported(see(sandbox(), running("kubia"), pod=alone(LEAVING, "Never")))
    ended = pod_cases.reported(see(sandbox(), exited("kubia", 1), pod=up))
    assert ended.status.container_statuses == up.status.container_statuses
    assert ended.status.phase == "Running"
    known = remembering(messages={"kubia-0": "bye"})
    told = pod_cases.reported(see(sandbox(), exited("kubia", 1), pod=up, memory=known)).status
    assert told.phase == "Failed"
    assert told.container_statuses[0].state.terminated is not None
    assert told.container_statuses[0].state.terminated.message == "bye"


def test_a_message_that_was_reported_is_not_read_by_the_next_podrunner() -> None:
    known = remembering(messages={"kubia-0": "bye"})
    told = pod_cases.reported(see(sandbox(), exited("kubia", 1), pod=alone(LEAVING, "Never"), memory=known))
    anew = see(sandbox(), exited("kubia", 1), pod=told)
    assert "ReadMessage" not in planned(anew)
    assert pod_cases.reported(anew).status.container_statuses == told.status.container_statuses


def test_reading_a_message_holds_up_no_other_container_but_the_start_of_the_next_instance() -> None:
    leaving = changed(pod_cases.NETWORK_CHECK, termination_message_path="/dev/termination-log")
    pod = pod_cases.pod(inits=(pod_cases.INIT_DEMO, leaving))
    assert "CreateContainer kubia#0" in planned(see(sandbox(), *pod_cases.INITS_DONE, pod=pod))
    again = see(sandbox(), exited("kubia", 1), created("kubia", 1), pod=alone(LEAVING))
    assert planned(again) == "ReadMessage kubia#0: kubia exited 1"
    in_time = see(sandbox(), exited("kubia", 1), pod=alone(LEAVING))
    assert "CreateContainer kubia#1: kubia exited 1" in planned(in_time)


def test_a_former_sandbox_stays_until_the_messages_in_it_are_read() -> None:
    moved = (sandbox("exited"), sandbox(attempt=1), exited("kubia", 1))
    assert "Remove sandbox#0" not in planned(see(*moved, pod=alone(LEAVING)))
    read = remembering(messages={"kubia-0": ""})
    assert "Remove sandbox#0" in planned(see(*moved, pod=alone(LEAVING), memory=read))


def test_what_the_engine_says_of_a_failed_start_is_the_message() -> None:
    broken = see(sandbox(), unstartable("kubia"), pod=alone(LEAVING))
    assert messages.of(broken, unstartable("kubia")) == unstartable("kubia").error


def test_messages_share_twelve_kilobytes_among_the_containers_of_a_pod() -> None:
    assert len(messages.shortened("x" * 9000, alone())) == 9000
    assert len(messages.shortened("x" * 9000, pod_cases.GOOD)) == 3 * 1024
    assert messages.shortened("é" * 3000, pod_cases.GOOD) == "é" * 1536


def test_the_first_instances_have_their_files_from_the_sandbox() -> None:
    files = observed.MessageFiles(volume="v", directory="/v", assigned=("init.0", "kubia.3"))
    assert messages.file_name(files, messages.instance("kubia", 3)) == "1"
    assert messages.file_name(files, messages.instance("kubia", 4)) == "kubia.4"


# ---- readiness gates


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (None, 'corresponding condition of pod readiness gate "example.com/open" does not exist.'),
        ("False", 'the status of pod readiness gate "example.com/open" is not "True", but False'),
        ("True", ""),
    ],
)
def test_a_readiness_gate_holds_back_readiness(condition: str | None, message: str) -> None:
    pod = alone()
    told = () if condition is None else (PodCondition(type="example.com/open", status=condition),)
    gated = structs.replace(
        pod,
        spec=structs.replace(pod.spec, readiness_gates=(PodReadinessGate(condition_type="example.com/open"),)),
        status=structs.replace(pod.status, conditions=told),
    )
    conditions = {
        each.type: each for each in pod_cases.reported(see(sandbox(), running("kubia"), pod=gated)).status.conditions
    }
    assert (conditions["Ready"].status, conditions["Ready"].message) == ("False" if message else "True", message)
    assert conditions["ContainersReady"].status == "True"


@pytest.mark.parametrize(
    ("text", "scale"),
    [("0.1", 0.1), ("1", 1.0), (".5", 0.5), ("0", None), ("2", None), ("-1", None), ("x", None), ("", None)],
)
def test_a_back_off_scale_is_a_fraction(text: str, scale: float | None) -> None:
    assert spec.parse_backoff_scale(text) == scale


def test_a_scale_shrinks_the_wait_and_not_what_is_said_of_it() -> None:
    crashed = see(sandbox(), exited("kubia", 1, 2, since=-1, until=0), pod=alone(), now=0)
    (wait,) = reconcile.reconcile(structs.replace(crashed, backoff_scale=0.1)).operations
    assert isinstance(wait, plan.Wait)
    assert wait.until == pod_cases.at(2)
    assert wait.message.startswith("back-off 20s restarting")
