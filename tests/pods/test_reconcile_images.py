"""How a container gets its image: looked for, pulled, waited for, as its pull policy says."""

import pytest

import pod_cases
from pod_cases import PRESENT, changed, exited, planned, remembering, running, sandbox, see
from podrunner.pods import memory, observed, plan, reconcile, spec, view

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


def two(policy: str, knowing: view.Memory, *, now: float = 1, under_way: tuple[plan.Operation, ...] = ()) -> view.View:
    """A pod whose two containers have the same image, in a sandbox that runs."""
    kubia = changed(pod_cases.KUBIA, image_pull_policy=policy)
    subject = pod_cases.pod(inits=(), mains=(kubia, changed(kubia, name="again")))
    return see(sandbox(), pod=subject, memory=knowing, now=now, under_way=under_way)


def test_an_image_that_two_containers_want_is_pulled_for_one_after_the_other() -> None:
    assert planned(two("IfNotPresent", knowing(ABSENT))) == PULL_IT
    assert planned(two("IfNotPresent", knowing(ABSENT), under_way=(PULL,))) == ""
    pulled = memory.image_pulled(knowing(ABSENT), PULL, PRESENT)
    assert planned(two("IfNotPresent", pulled)) == f"{CREATE}\nCreateContainer again#0: the pod has no init containers"
    assert planned(two("Always", pulled)) == (
        f"{CREATE}\nPullImage kubia:1.0 for again: the pod has no init containers"
    )


def test_the_back_off_is_that_of_the_image_in_the_pod_whichever_container_wants_it() -> None:
    failed = memory.pull_failed(knowing(ABSENT), PULL, PULL_ERROR, pod_cases.at(0))
    assert planned(two("IfNotPresent", failed)) == (
        'Wait kubia#0 ImagePullBackOff: Back-off pulling image "kubia:1.0"\n'
        'Wait again#0 ImagePullBackOff: Back-off pulling image "kubia:1.0"'
    )
    other = changed(pod_cases.KUBIA, image="kubia:2.0")
    patched = see(sandbox(), pod=pod_cases.pod(inits=(), mains=(other,)), memory=failed)
    assert planned(patched) == "InspectImage kubia:2.0 for kubia: the pod has no init containers"


def prefetching(
    knowing: view.Memory, *engine: observed.Container, policy: str = "IfNotPresent", asked: str = "true"
) -> view.View:
    """A pod that wants the images of its main containers early, in a sandbox that runs."""
    kubia = changed(pod_cases.KUBIA, image_pull_policy=policy)
    bare = pod_cases.pod(mains=(kubia, pod_cases.ENVOY, changed(kubia, name="again")))
    annotated = changed(bare.metadata, annotations={spec.PREFETCH: asked})
    return see(sandbox(), *engine, pod=changed(bare, metadata=annotated), memory=knowing)


INITS_PRESENT = {known.image: PRESENT for known in (pod_cases.INIT_DEMO, pod_cases.NETWORK_CHECK)}
INIT_RUNS = (exited("init-demo"), running("network-check"))
AHEAD = plan.PrefetchImage(container="kubia", image="kubia:1.0", renew=False, cause="")
PREFETCH = "PrefetchImage kubia:1.0: its turn will come"
PREFETCH_BOTH = f"{PREFETCH}\nPrefetchImage envoy:1.0: its turn will come"


def test_the_images_of_main_containers_are_pulled_ahead_where_the_pod_asks_for_it() -> None:
    assert planned(prefetching(remembering(INITS_PRESENT))) == (
        f"CreateContainer init-demo#0: it is the first init container\n{PREFETCH_BOTH}"
    )
    assert planned(prefetching(remembering(INITS_PRESENT), *INIT_RUNS)) == PREFETCH_BOTH
    assert planned(prefetching(remembering(INITS_PRESENT), *INIT_RUNS, asked="false")) == ""


def test_what_is_there_or_may_not_be_pulled_or_was_tried_is_not_pulled_ahead() -> None:
    has = remembering({**INITS_PRESENT, "envoy:1.0": PRESENT})
    assert planned(prefetching(has, *INIT_RUNS)) == PREFETCH
    assert planned(prefetching(has, *INIT_RUNS, policy="Never")) == ""
    assert planned(prefetching(memory.image_prefetched(has, AHEAD, ABSENT), *INIT_RUNS)) == ""
    assert planned(prefetching(memory.image_prefetched(has, AHEAD, PRESENT), *INIT_RUNS)) == ""
    everything = remembering({**pod_cases.ALL_PRESENT, "kubia:1.0": INVALID})
    assert planned(prefetching(everything, *INIT_RUNS, policy="Always")) == ""


def test_with_policy_always_an_image_that_is_there_is_pulled_ahead_and_again_when_its_turn_comes() -> None:
    has = remembering(pod_cases.ALL_PRESENT)
    assert planned(prefetching(has, *INIT_RUNS, policy="Always")) == PREFETCH
    done = memory.image_prefetched(has, AHEAD, PRESENT)
    assert planned(prefetching(done, *pod_cases.INITS_DONE, policy="Always")) == (
        "PullImage kubia:1.0 for kubia: init container network-check succeeded\n"
        "CreateContainer envoy#0: init container network-check succeeded"
    )


def test_when_the_turn_comes_everything_goes_as_if_nothing_had_been_tried() -> None:
    turn = remembering({**INITS_PRESENT, "envoy:1.0": PRESENT})
    failed = memory.image_prefetched(turn, AHEAD, ABSENT)
    look = "InspectImage kubia:1.0 for {}: init container network-check succeeded"
    assert planned(prefetching(failed, *pod_cases.INITS_DONE)) == (
        f"{look.format('kubia')}\n"
        "CreateContainer envoy#0: init container network-check succeeded\n"
        f"{look.format('again')}"
    )
    assert planned(prefetching(memory.image_prefetched(turn, AHEAD, PRESENT), *pod_cases.INITS_DONE)) == (
        "CreateContainer kubia#0: init container network-check succeeded\n"
        "CreateContainer envoy#0: init container network-check succeeded\n"
        "CreateContainer again#0: init container network-check succeeded"
    )


def test_a_pull_ahead_is_cancelled_with_the_pod() -> None:
    gone = pod_cases.deleted(pod_cases.pod())
    assert planned(see(sandbox(), pod=gone, under_way=(AHEAD,))) == (
        "Remove sandbox#0: the pod is being deleted\ncancel PrefetchImage kubia:1.0"
    )
