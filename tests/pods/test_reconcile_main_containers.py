"""Main containers: started together, started again as the policy says, with the kubelet's back-off."""

from datetime import timedelta

import pytest
from msgspec import structs

import pod_cases
from pod_cases import created, exited, planned, remembering, running, sandbox, see, unstartable
from podrunner.pods import memory, observed, plan, reconcile, restarts, view

START_KUBIA = plan.StartContainer(container="kubia", attempt=0, container_id="kubia-0", cause="")


def crashed(attempt: int, *, ran: float = 1, code: int = 1) -> tuple[observed.Sandbox | observed.Container, ...]:
    """kubia ended at noon, having run for so long."""
    return (
        sandbox(created=-ran - 10),
        *pod_cases.INITS_DONE,
        exited("kubia", code, attempt, since=-ran, until=0),
        running("envoy"),
    )


def test_main_containers_are_created_together() -> None:
    assert planned(see(sandbox(), pod=pod_cases.pod(inits=()))) == (
        "CreateContainer kubia#0: the pod has no init containers\n"
        "CreateContainer envoy#0: the pod has no init containers"
    )


def test_main_containers_are_started_each_when_it_is_created() -> None:
    create_envoy = plan.CreateContainer(container="envoy", attempt=0, sandbox_id="", was_present=True, cause="")
    ahead = see(sandbox(), *pod_cases.INITS_DONE, created("kubia"), under_way=(create_envoy,))
    assert planned(ahead) == "StartContainer kubia#0: init container network-check succeeded"


def test_nothing_is_begun_twice() -> None:
    starting = see(sandbox(), *pod_cases.INITS_DONE, created("kubia"), running("envoy"), under_way=(START_KUBIA,))
    assert planned(starting) == ""


def test_a_running_pod_needs_nothing() -> None:
    assert planned(see(*pod_cases.UP)) == ""


def test_an_exit_seen_before_the_start_has_answered_is_no_restart_yet() -> None:
    early = see(sandbox(), *pod_cases.INITS_DONE, exited("kubia", 1), running("envoy"), under_way=(START_KUBIA,))
    assert planned(early) == ""


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [
        ("Always", 0, "CreateContainer kubia#1: kubia exited 0"),
        ("Always", 1, "CreateContainer kubia#1: kubia exited 1"),
        ("OnFailure", 0, ""),
        ("OnFailure", 1, "CreateContainer kubia#1: kubia exited 1"),
        ("Never", 0, ""),
        ("Never", 1, ""),
    ],
)
def test_a_container_that_ended_is_restarted_as_the_policy_says(policy: str, code: int, expected: str) -> None:
    assert planned(see(*crashed(0, code=code), pod=pod_cases.pod(policy=policy), now=0)) == expected


def test_a_container_that_could_not_start_is_restarted_like_one_that_failed() -> None:
    broken = see(*pod_cases.UP[:-1], unstartable("envoy"), pod=pod_cases.pod(policy="OnFailure"))
    assert planned(broken) == "CreateContainer envoy#1: envoy exited 127"


def test_a_restart_waits_in_crash_loop_back_off() -> None:
    waits = see(*crashed(2), now=0)
    assert planned(waits) == "Wait kubia#2 CrashLoopBackOff: kubia exited 1"


def test_the_message_of_a_back_off_is_the_kubelets() -> None:
    seen = see(*crashed(5), now=0)
    (wait,) = reconcile.reconcile(seen).operations
    assert isinstance(wait, plan.Wait)
    assert wait.message == "back-off 2m40s restarting failed container=kubia pod=kubia-init_default(1234)"


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (7, 300), (400, 300)]
)
def test_back_off_doubles_from_10_to_300_seconds_after_the_first_restart(attempt: int, seconds: float) -> None:
    seen = see(*crashed(attempt), now=0)
    (wait,) = reconcile.reconcile(seen).operations
    assert isinstance(wait, plan.Wait)
    knowing = memory.waiting_began(seen.memory, wait)
    wake = pod_cases.at(seconds)
    assert planned(see(*crashed(attempt), memory=knowing, now=0)) == f"wake at {wake:%H:%M:%S}"
    assert planned(see(*crashed(attempt), memory=knowing, now=seconds - 0.01)) == f"wake at {wake:%H:%M:%S}"
    assert planned(see(*crashed(attempt), memory=knowing, now=seconds)) == (
        f"CreateContainer kubia#{attempt + 1}: kubia exited 1"
    )


def test_the_back_off_of_an_earlier_instance_does_not_count() -> None:
    earlier = remembering(waiting={"kubia": view.Waiting(1, "CrashLoopBackOff", "back-off 10s", pod_cases.at(-5))})
    assert planned(see(*crashed(2), memory=earlier, now=0)) == "Wait kubia#2 CrashLoopBackOff: kubia exited 1"


def test_a_run_of_ten_minutes_makes_the_next_restart_the_first_again() -> None:
    assert planned(see(*crashed(5, ran=600), now=0)) == "CreateContainer kubia#6: kubia exited 1"
    assert planned(see(*crashed(5, ran=599), now=0)) == "Wait kubia#5 CrashLoopBackOff: kubia exited 1"


def test_after_a_run_of_ten_minutes_back_off_begins_anew() -> None:
    steady = exited("kubia", 1, 5, since=-600, until=0)
    knowing = memory.container_observed(remembering(), steady)
    (wait,) = reconcile.reconcile(see(*crashed(6), memory=knowing, now=0)).operations
    assert isinstance(wait, plan.Wait)
    assert wait.until == pod_cases.at(10)


def test_the_first_restart_is_at_once_though_the_engines_clock_is_ahead() -> None:
    assert planned(see(*crashed(0), now=-5)) == "CreateContainer kubia#1: kubia exited 1"


def test_each_container_backs_off_for_itself() -> None:
    both = see(*crashed(1)[:-1], exited("envoy", 1, since=-1, until=0), now=0)
    assert planned(both) == ("Wait kubia#1 CrashLoopBackOff: kubia exited 1\nCreateContainer envoy#1: envoy exited 1")


def test_the_last_ended_instance_is_kept_for_its_logs_and_older_ones_are_removed() -> None:
    crashing = see(
        *pod_cases.UP[:-2],
        *(exited("kubia", 1, attempt) for attempt in range(3)),
        running("kubia", 3),
        running("envoy"),
    )
    assert planned(crashing) == (
        "Remove kubia#0: only the last ended instance is kept\nRemove kubia#1: only the last ended instance is kept"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(10, "10s"), (40, "40s"), (60, "1m0s"), (80, "1m20s"), (160, "2m40s"), (300, "5m0s")]
)
def test_delays_are_written_as_go_writes_them(seconds: int, text: str) -> None:
    assert restarts.text(timedelta(seconds=seconds)) == text


# ---- a container whose image was changed

NEWER = pod_cases.pod(mains=(pod_cases.changed(pod_cases.KUBIA, image="kubia:2.0"), pod_cases.ENVOY), policy="Never")
NEWER_IMAGES = {**pod_cases.ALL_PRESENT, "kubia:2.0": pod_cases.PRESENT}
STOPPED = view.Stop(pod_cases.at(1), "SIGTERM", pod_cases.at(1), again=True)


def test_a_running_container_whose_image_was_changed_is_stopped() -> None:
    seen = see(*pod_cases.UP, pod=NEWER)
    assert planned(seen) == "SignalContainer kubia#0 with SIGTERM: its image changed\nwake at 12:00:31"
    (signal,) = reconcile.reconcile(seen).operations
    assert isinstance(signal, plan.SignalContainer)
    assert signal.message == "Container kubia definition changed, will be restarted"


def test_what_was_stopped_for_its_image_is_started_with_the_new_one_whatever_the_policy() -> None:
    stopped = remembering(NEWER_IMAGES, stops={"kubia-0": STOPPED})
    ended = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 143), running("envoy"))
    assert planned(see(*ended, pod=NEWER, memory=stopped)) == "CreateContainer kubia#1: its image changed"
    next_one = structs.replace(created("kubia", 1), image="kubia:2.0")
    assert planned(see(*ended, next_one, pod=NEWER, memory=stopped)).startswith("StartContainer kubia#1: ")


def test_a_pod_whose_only_container_is_replaced_goes_on_running() -> None:
    alone = pod_cases.pod(inits=(), mains=NEWER.spec.containers[:1], policy="Never", phase="Running")
    stopped = remembering(NEWER_IMAGES, stops={"kubia-0": STOPPED})
    assert pod_cases.reported(see(sandbox(), exited("kubia", 0), pod=alone, memory=stopped)).status.phase == "Running"


def test_what_had_ended_before_its_image_was_changed_stays_ended() -> None:
    ended = (sandbox(), *pod_cases.INITS_DONE, exited("kubia", 0), running("envoy"))
    assert planned(see(*ended, pod=NEWER)) == ""
