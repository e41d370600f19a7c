"""Sidecars: started in turn with the init containers, kept running beside the main ones, stopped after them.

Obligations of kubernetes `computeInitContainerActions` (pkg/kubelet/kuberuntime/kuberuntime_container.go) and
kuberuntime_termination_order.go.
"""

import pytest
from msgspec import structs

import pod_cases
from pod_cases import changed, created, deleted, exited, planned, remembering, running, sandbox, see
from podrunner.objects.container import Container, ExecAction, Lifecycle, LifecycleHandler, Probe
from podrunner.objects.pod import Pod
from podrunner.pods import observed, plan, reconcile, view

PROBE = Probe(exec=ExecAction(command=("true",)))
HOOK = Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(command=("true",))))
PROXY = changed(pod_cases.INIT_DEMO, name="proxy", image="proxy:1.0", restart_policy="Always")
LOGGER = changed(PROXY, name="logger", image="logger:1.0")
IMAGES = dict.fromkeys((*pod_cases.ALL_PRESENT, "proxy:1.0", "logger:1.0"), pod_cases.PRESENT)

UP = (sandbox(), running("proxy"), exited("network-check"), running("logger"), running("kubia"))


def pod(
    *, proxy: Container = PROXY, logger: Container = LOGGER, main: Container = pod_cases.KUBIA, policy: str = "Always"
) -> Pod:
    """A sidecar, an init container, another sidecar and a main container."""
    return pod_cases.pod(inits=(proxy, pod_cases.NETWORK_CHECK, logger), mains=(main,), policy=policy)


GOOD = pod()


def seen(*what: observed.Sandbox | observed.Container, pod: Pod = GOOD, now: float = 1, **entries: object) -> view.View:
    return see(*what, pod=pod, now=now, memory=remembering(IMAGES, **entries))


def stops(*names: str, signal: str = "SIGTERM", at: float = 1) -> dict[str, view.Stop]:
    return {f"{name}-0": view.Stop(pod_cases.at(at), signal, pod_cases.at(at) if signal else None) for name in names}


# ---- their turn


def test_the_next_init_container_waits_until_a_sidecar_runs() -> None:
    assert planned(seen(sandbox(), created("proxy"))) == "StartContainer proxy#0: it is the first init container"
    assert planned(seen(sandbox(), running("proxy"))) == "CreateContainer network-check#0: sidecar proxy started"


def test_the_main_containers_wait_for_the_last_sidecar() -> None:
    before = (sandbox(), running("proxy"), exited("network-check"))
    assert planned(seen(*before)) == "CreateContainer logger#0: init container network-check succeeded"
    assert planned(seen(*before, running("logger"))) == "CreateContainer kubia#0: sidecar logger started"


@pytest.mark.parametrize(("result", "goes_on"), [(None, False), (False, False), (True, True)])
def test_a_sidecar_with_a_startup_probe_has_started_when_that_has_succeeded(result: bool | None, goes_on: bool) -> None:
    probed = pod(proxy=changed(PROXY, startup_probe=PROBE))
    up = seen(sandbox(), running("proxy"), pod=probed, probes={"proxy-0": view.Results(startup=result)})
    assert ("CreateContainer network-check#0" in planned(up)) is goes_on


def test_neither_liveness_nor_readiness_of_a_sidecar_holds_back_the_next_container() -> None:
    probed = pod(proxy=changed(PROXY, liveness_probe=PROBE, readiness_probe=PROBE))
    assert planned(seen(sandbox(), running("proxy"), pod=probed)).startswith("CreateContainer network-check#0")


def test_a_sidecar_has_started_when_its_post_start_hook_is_done() -> None:
    hooked = pod(proxy=changed(PROXY, lifecycle=Lifecycle(post_start=HOOK.pre_stop)))
    up = (sandbox(), running("proxy"))
    assert planned(seen(*up, pod=hooked)) == "RunPostStart proxy#0: it has started"
    done = seen(*up, pod=hooked, post_started={"proxy-0": True})
    assert planned(done) == "CreateContainer network-check#0: sidecar proxy started"


# ---- restarts


def test_a_sidecar_that_ends_is_restarted_while_a_later_init_container_goes_on() -> None:
    ended = seen(sandbox(), exited("proxy", 0), running("network-check"))
    assert planned(ended) == "CreateContainer proxy#1: proxy exited 0"


def test_an_init_container_is_not_run_again_when_a_sidecar_before_it_restarts() -> None:
    again = seen(sandbox(), exited("proxy", 1), running("proxy", 1), exited("network-check"), created("logger"))
    assert planned(again) == "StartContainer logger#0: init container network-check succeeded"


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
@pytest.mark.parametrize("code", [0, 1])
def test_a_sidecar_is_restarted_whatever_the_policy_of_its_pod(policy: str, code: int) -> None:
    ended = seen(sandbox(), exited("proxy", code), *UP[2:], pod=pod(policy=policy))
    assert planned(ended) == f"CreateContainer proxy#1: proxy exited {code}"


def test_a_sidecar_that_keeps_ending_backs_off() -> None:
    ended = seen(sandbox(), exited("proxy", 1, 1, since=0, until=1), *UP[2:])
    assert planned(ended) == "Wait proxy#1 CrashLoopBackOff: proxy exited 1"


@pytest.mark.parametrize(("kind", "word"), [("startup", "startup"), ("liveness", "liveness")])
def test_a_sidecar_whose_probe_failed_is_stopped_and_restarted(kind: str, word: str) -> None:
    probed = pod(proxy=changed(PROXY, startup_probe=PROBE, liveness_probe=PROBE))
    results = structs.replace(view.Results(startup=True), **{kind: False})
    failed = seen(*UP, pod=probed, probes={"proxy-0": results})
    (signal,) = reconcile.reconcile(failed).operations
    assert isinstance(signal, plan.SignalContainer)
    assert (signal.signal, signal.again) == ("SIGTERM", True)
    assert signal.message == f"Init container proxy failed {word} probe"


def test_a_sidecar_whose_image_was_changed_is_restarted_alone() -> None:
    newer = seen(*UP, pod=pod(proxy=changed(PROXY, image="proxy:2.0")))
    (signal,) = reconcile.reconcile(newer).operations
    assert isinstance(signal, plan.SignalContainer)
    assert (signal.container, signal.message) == ("proxy", "Init container proxy definition changed")


# ---- the end


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (1, "Failed")])
def test_sidecars_do_not_keep_a_pod_from_ending(code: int, phase: str) -> None:
    never = pod(policy="Never")
    ended = seen(*UP[:-1], exited("kubia", code), pod=never)
    assert planned(ended) == (
        "SignalContainer logger#0 with SIGTERM: its main containers have ended\n"
        "AnnounceStop proxy#0: its main containers have ended\n"
        "wake at 12:00:31"
    )
    assert pod_cases.reported(ended).status.phase == "Running"
    stopped = (sandbox(), exited("proxy", 143), exited("network-check"), exited("logger", 143), exited("kubia", code))
    assert planned(seen(*stopped, pod=never)) == "StopSandbox sandbox-0: its main containers have ended"
    assert pod_cases.reported(seen(*stopped, pod=never)).status.phase == phase


def test_a_sidecar_is_not_restarted_once_the_main_containers_have_ended() -> None:
    over = seen(sandbox(), exited("proxy", 1), *UP[2:-1], exited("kubia"), pod=pod(policy="OnFailure"))
    assert "CreateContainer" not in planned(over)


GONE = deleted(pod())


def test_deletion_stops_main_containers_first_and_announces_the_stop_of_sidecars() -> None:
    assert planned(seen(*UP, pod=GONE)) == (
        "SignalContainer kubia#0 with SIGTERM: the pod is being deleted\n"
        "AnnounceStop logger#0: the pod is being deleted\n"
        "AnnounceStop proxy#0: the pod is being deleted\n"
        "wake at 12:00:31"
    )


def test_a_sidecar_waits_for_the_main_containers_and_for_the_sidecars_after_it() -> None:
    waiting = stops("logger", "proxy", signal="") | stops("kubia")
    assert planned(seen(*UP, pod=GONE, stops=waiting, now=5)) == "wake at 12:00:31"
    mains_ended = (*UP[:-1], exited("kubia", 143))
    assert planned(seen(*mains_ended, pod=GONE, stops=waiting, now=5)) == (
        "SignalContainer logger#0 with SIGTERM: the pod is being deleted\nwake at 12:00:31"
    )
    logger_ended = (*UP[:3], exited("logger", 143), exited("kubia", 143))
    assert planned(seen(*logger_ended, pod=GONE, stops=waiting, now=6)) == (
        "SignalContainer proxy#0 with SIGTERM: the pod is being deleted\nwake at 12:00:31"
    )


def test_a_sidecar_whose_turn_never_came_gets_two_seconds_after_the_grace_period() -> None:
    waiting = stops("logger", "proxy", signal="") | stops("kubia")
    late = planned(seen(*UP, pod=GONE, stops=waiting, now=31))
    assert "SignalContainer proxy#0 with SIGTERM: the pod is being deleted" in late
    assert "SignalContainer kubia#0 with SIGKILL" in late
    asked = stops("kubia", signal="SIGKILL", at=1) | {
        name: view.Stop(pod_cases.at(1), "SIGTERM", pod_cases.at(31)) for name in ("logger-0", "proxy-0")
    }
    assert "SIGKILL" not in planned(seen(*UP[:-1], pod=GONE, stops=asked, now=32.9))
    assert planned(seen(*UP[:-1], pod=GONE, stops=asked, now=33)).count("SIGKILL") == 2


def test_the_hooks_of_sidecars_run_before_their_turn_comes() -> None:
    hooked = deleted(pod(proxy=changed(PROXY, lifecycle=HOOK)))
    waiting = stops("logger", "proxy", signal="") | stops("kubia")
    assert planned(seen(*UP, pod=hooked, stops=waiting, now=2)) == (
        "RunPreStop proxy#0: the pod is being deleted, first its hook\nwake at 12:00:31"
    )


def test_without_grace_sidecars_are_killed_with_the_others() -> None:
    assert planned(seen(*UP, pod=deleted(pod(), grace=0))).count("SIGKILL") == 3


def test_a_restarting_sidecar_waits_for_nobody() -> None:
    probed = pod(proxy=changed(PROXY, liveness_probe=PROBE))
    failed = seen(*UP, pod=probed, probes={"proxy-0": view.Results(liveness=False)})
    assert planned(failed).startswith("SignalContainer proxy#0 with SIGTERM: it failed liveness probe")


# ---- what is reported


def test_a_pod_is_pending_until_its_sidecars_have_started_once() -> None:
    probed = pod(proxy=changed(PROXY, startup_probe=PROBE))
    starting = pod_cases.reported(seen(sandbox(), running("proxy"), pod=probed)).status
    assert (starting.phase, starting.init_container_statuses[0].started) == ("Pending", False)
    up = pod_cases.reported(seen(*UP, pod=probed, probes={"proxy-0": view.Results(startup=True)})).status
    assert (up.phase, up.init_container_statuses[0].started) == ("Running", True)


def test_a_sidecar_that_restarts_takes_nothing_back() -> None:
    restarting = pod_cases.reported(seen(sandbox(), exited("proxy", 1), *UP[2:])).status
    conditions = {condition.type: condition for condition in restarting.conditions}
    assert (restarting.phase, conditions["Initialized"].status) == ("Running", "True")


def test_the_readiness_of_sidecars_counts_for_the_pod() -> None:
    probed = pod(proxy=changed(PROXY, readiness_probe=PROBE))
    conditions = {
        condition.type: condition for condition in pod_cases.reported(seen(*UP, pod=probed)).status.conditions
    }
    assert conditions["ContainersReady"].message == "containers with unready status: [proxy]"
    assert conditions["Ready"].status == "False"
    ready = seen(*UP, pod=probed, probes={"proxy-0": view.Results(readiness=True)})
    assert all(condition.status == "True" for condition in pod_cases.reported(ready).status.conditions)
