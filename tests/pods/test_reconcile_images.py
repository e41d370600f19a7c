"""How a container gets its image: looked for, pulled, waited for, as its pull policy says."""

import pytest

import pod_cases
from pod_cases import PRESENT, changed, exited, planned, remembering, running, sandbox, see
from podrunner.pods import memory, plan, reconcile, view

ABSENT = view.Image()
INVALID = view.Image(invalid='couldn\'t parse image reference "Kubia": repository name must be lowercase')
PULL = plan.PullImage(container="kubia", image="kubia:1.0", attempt=0, cause="")
INSPECT = plan.InspectImage(container="kubia", image="kubia:1.0", cause="")
PULL_ERROR = "rpc error: no such host"


def seen(policy: str, knowing: view.Memory, *, now: float = 1, under_way: tuple[plan.Operation, ...] = ()) -> view.View:
    """A pod with only kubia, in a sandbox that runs."""
    subject = pod_cases.pod(inits=(), mains=(changed(pod_cases.KUBIA, image_pull_policy=policy),))
    return see(sandbox(), pod=subject, memory=knowing, now=now, under_way=under_way)


def knowing(image: view.Image) -> view.Memory:
    return remembering({"kubia:1.0": image})


CREATE = "CreateContainer kubia#0: the pod has no init containers"
PULL_IT = "PullImage kubia:1.0 for kubia: the pod has no init containers"


@pytest.mark.parametrize(
    ("policy", "image", "expected"),
    [
        ("IfNotPresent", PRESENT, CREATE),
        ("IfNotPresent", ABSENT, PULL_IT),
        ("Always", PRESENT, PULL_IT),
        ("Always", ABSENT, PULL_IT),
        ("Never", PRESENT, CREATE),
        (
            "Never",
            ABSENT,
            'Wait kubia#0 ErrImageNeverPull: Container image "kubia:1.0" is not present with pull policy of Never',
        ),
        ("IfNotPresent", INVALID, f"Wait kubia#0 InvalidImageName: {INVALID.invalid}"),
        ("Always", INVALID, f"Wait kubia#0 InvalidImageName: {INVALID.invalid}"),
        ("Never", INVALID, f"Wait kubia#0 InvalidImageName: {INVALID.invalid}"),
    ],
)
def test_an_image_is_got_as_the_pull_policy_says(policy: str, image: view.Image, expected: str) -> None:
    assert planned(seen(policy, knowing(image))) == expected


def test_an_image_nobody_asked_about_is_looked_for() -> None:
    assert planned(seen("Always", remembering({}))) == (
        "InspectImage kubia:1.0 for kubia: the pod has no init containers"
    )


def test_looking_and_pulling_are_not_begun_twice() -> None:
    assert planned(seen("Always", remembering({}), under_way=(INSPECT,))) == ""
    assert planned(seen("Always", knowing(PRESENT), under_way=(PULL,))) == ""


def test_images_of_main_containers_are_pulled_after_the_last_init_container() -> None:
    absent = remembering({**pod_cases.ALL_PRESENT, "kubia:1.0": ABSENT, "envoy:1.0": ABSENT})
    assert planned(see(sandbox(), exited("init-demo"), running("network-check"), memory=absent)) == ""
    assert planned(see(sandbox(), *pod_cases.INITS_DONE, memory=absent)) == (
        "PullImage kubia:1.0 for kubia: init container network-check succeeded\n"
        "PullImage envoy:1.0 for envoy: init container network-check succeeded"
    )


def test_a_pulled_image_is_used() -> None:
    pulled = memory.image_pulled(knowing(ABSENT), PULL, PRESENT)
    (create,) = reconcile.reconcile(seen("Always", pulled)).operations
    assert isinstance(create, plan.CreateContainer)
    assert not create.was_present
    (create,) = reconcile.reconcile(seen("IfNotPresent", knowing(PRESENT))).operations
    assert isinstance(create, plan.CreateContainer)
    assert create.was_present


def test_pull_policy_always_pulls_for_every_instance() -> None:
    pulled = memory.image_pulled(knowing(PRESENT), PULL, PRESENT)
    subject = pod_cases.pod(inits=(), mains=(changed(pod_cases.KUBIA, image_pull_policy="Always"),))
    assert planned(see(sandbox(), exited("kubia"), pod=subject, memory=pulled)) == (
        "PullImage kubia:1.0 for kubia: kubia exited 0"
    )


@pytest.mark.parametrize("policy", ["Always", "IfNotPresent"])
def test_an_image_that_vanished_after_its_pull_is_pulled_again(policy: str) -> None:
    pulled = memory.image_pulled(knowing(ABSENT), PULL, PRESENT)
    vanished = memory.image_vanished(pulled, "kubia:1.0")
    assert planned(seen(policy, vanished)) == "InspectImage kubia:1.0 for kubia: the pod has no init containers"
    assert planned(seen(policy, memory.image_inspected(vanished, INSPECT, ABSENT))) == PULL_IT


@pytest.mark.parametrize(("failures", "seconds"), [(1, 10), (2, 20), (3, 40), (5, 160), (6, 300), (50, 300)])
def test_pulls_back_off_from_10_to_300_seconds(failures: int, seconds: int) -> None:
    failed = knowing(ABSENT)
    for _ in range(failures):
        failed = memory.pull_failed(failed, PULL, PULL_ERROR, pod_cases.at(0))
    (wait,) = reconcile.reconcile(seen("IfNotPresent", failed, now=0)).operations
    assert isinstance(wait, plan.Wait)
    assert str(wait) == 'Wait kubia#0 ImagePullBackOff: Back-off pulling image "kubia:1.0"'
    assert wait.until == pod_cases.at(seconds)


def test_after_a_back_off_the_image_is_looked_for_before_it_is_pulled_again() -> None:
    failed = memory.pull_failed(knowing(ABSENT), PULL, PULL_ERROR, pod_cases.at(0))
    (wait,) = reconcile.reconcile(seen("IfNotPresent", failed, now=0)).operations
    assert isinstance(wait, plan.Wait)
    waiting = memory.waiting_began(failed, wait)
    assert planned(seen("IfNotPresent", waiting, now=9)) == "wake at 12:00:10"
    assert planned(seen("IfNotPresent", waiting, now=10)) == (
        "InspectImage kubia:1.0 for kubia: the pod has no init containers"
    )
    assert planned(seen("IfNotPresent", memory.image_inspected(waiting, INSPECT, ABSENT), now=10)) == PULL_IT
    assert planned(seen("IfNotPresent", memory.image_inspected(waiting, INSPECT, PRESENT), now=10)) == CREATE


def test_a_success_ends_the_back_off() -> None:
    failed = memory.pull_failed(knowing(ABSENT), PULL, PULL_ERROR, pod_cases.at(0))
    assert memory.image_pulled(failed, PULL, PRESENT).pull_failures == {}


def test_an_image_that_may_not_be_pulled_is_looked_for_every_10_seconds() -> None:
    (wait,) = reconcile.reconcile(seen("Never", knowing(ABSENT), now=0)).operations
    assert isinstance(wait, plan.Wait)
    waiting = memory.waiting_began(knowing(ABSENT), wait)
    assert planned(seen("Never", waiting, now=1)) == "wake at 12:00:10"
    assert planned(seen("Never", waiting, now=10)) == "InspectImage kubia:1.0 for kubia: the pod has no init containers"


def test_an_invalid_reference_is_not_tried_again() -> None:
    (wait,) = reconcile.reconcile(seen("Always", knowing(INVALID), now=0)).operations
    assert isinstance(wait, plan.Wait)
    waiting = memory.waiting_began(knowing(INVALID), wait)
    assert planned(seen("Always", waiting, now=100_000)) == ""


def test_that_an_image_is_absent_is_not_remembered_until_its_turn_has_come() -> None:
    ahead = plan.InspectImage(container="kubia", image="kubia:1.0", ahead=True, cause="")
    assert memory.image_inspected(remembering({}), ahead, ABSENT).images == {}
    assert memory.image_inspected(remembering({}), ahead, PRESENT).images == {"kubia:1.0": PRESENT}


def test_a_container_that_cannot_be_created_is_tried_again_after_10_seconds() -> None:
    create = plan.CreateContainer(container="kubia", attempt=0, sandbox_id="sandbox-0", was_present=True, cause="")
    refused = memory.create_failed(knowing(PRESENT), create, "invalid mount config", pod_cases.at(0))
    assert planned(seen("IfNotPresent", refused, now=9)) == "wake at 12:00:10"
    assert planned(seen("IfNotPresent", refused, now=10)) == CREATE


def test_what_held_back_an_earlier_instance_does_not_hold_back_the_next() -> None:
    refused = remembering(waiting={"kubia": view.Waiting(0, "CreateContainerError", "", pod_cases.at(10))})
    assert planned(see(*pod_cases.UP[:-2], exited("kubia"), running("envoy"), memory=refused)) == (
        "CreateContainer kubia#1: kubia exited 0"
    )
