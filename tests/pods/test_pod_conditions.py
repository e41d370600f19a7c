"""A pod's conditions: the kubelet's reasons and messages, and since when."""

from msgspec import structs

import pod_cases
from pod_cases import created, exited, remembering, reported, running, sandbox, see
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import PodCondition


def told(pod: Pod, kind: str) -> str:
    (condition,) = [one for one in pod.status.conditions if one.type == kind]
    return f"{condition.status} {condition.reason}: {condition.message}".removesuffix(": ").strip()


def test_conditions_come_in_the_kubelets_order() -> None:
    kinds = [one.type for one in reported(see(*pod_cases.UP)).status.conditions]
    assert kinds == ["Initialized", "Ready", "ContainersReady", "PodScheduled"]


def test_a_running_pod_meets_all_conditions() -> None:
    up = reported(see(*pod_cases.UP))
    assert [one.status for one in up.status.conditions] == ["True"] * 4


def test_init_containers_that_are_not_done_are_named_in_order() -> None:
    assert told(reported(see(sandbox())), "Initialized") == (
        "False ContainersNotInitialized: containers with incomplete status: [init-demo network-check]"
    )
    assert told(reported(see(sandbox(), exited("init-demo"))), "Initialized") == (
        "False ContainersNotInitialized: containers with incomplete status: [network-check]"
    )


def test_a_pod_without_init_containers_is_initialized() -> None:
    assert told(reported(see(pod=pod_cases.pod(inits=()))), "Initialized") == "True"


def test_unready_containers_are_named_in_the_order_of_the_spec() -> None:
    waiting = reported(see(sandbox()))
    for kind in ("Ready", "ContainersReady"):
        assert told(waiting, kind) == ("False ContainersNotReady: containers with unready status: [kubia envoy]")
    half = reported(see(sandbox(), *pod_cases.INITS_DONE, running("kubia"), created("envoy")))
    assert told(half, "Ready") == "False ContainersNotReady: containers with unready status: [envoy]"


def test_a_pod_that_succeeded_is_not_ready_because_it_completed() -> None:
    never = pod_cases.pod(policy="Never")
    done = reported(see(sandbox(), *pod_cases.INITS_DONE, exited("kubia"), exited("envoy"), pod=never))
    assert told(done, "Initialized") == "True PodCompleted"
    assert told(done, "Ready") == told(done, "ContainersReady") == "False PodCompleted"


def test_a_lost_engine_makes_the_pod_not_ready_but_not_its_containers() -> None:
    lost = reported(see(*pod_cases.UP, memory=remembering(engine_lost="Node is not ready: connection refused")))
    assert told(lost, "Ready") == "False NodeNotReady: Node is not ready: connection refused"
    assert told(lost, "ContainersReady") == "True"


def test_a_condition_keeps_the_time_of_its_last_change() -> None:
    waiting = reported(see(sandbox(), now=1.5))
    still = reported(see(sandbox(), exited("init-demo"), pod=waiting, now=7))
    ready = reported(see(*pod_cases.UP, pod=still, now=9.9))
    since = [
        [one.last_transition_time for one in pod.status.conditions if one.type == "Ready"]
        for pod in (waiting, still, ready)
    ]
    assert since == [[pod_cases.at(1)], [pod_cases.at(1)], [pod_cases.at(9)]]


def test_conditions_that_others_set_are_kept() -> None:
    gate = PodCondition(type="example.com/load-balanced", status="True")
    gated = structs.replace(pod_cases.GOOD, status=structs.replace(pod_cases.GOOD.status, conditions=(gate,)))
    assert gate in reported(see(*pod_cases.UP, pod=gated)).status.conditions
