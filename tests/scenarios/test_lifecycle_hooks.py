"""Hooks and the end of containers on a real engine: obligations of kubernetes test/e2e/common/node/lifecycle_hook.go
and test/e2e_node/container_lifecycle_test.go.
"""

import time
from typing import Any

import pytest

from commandline import container, eventually, manifest
from lifecycle_world import FOREVER, SERVING, exec_, finished, restarts, serve, started
from scenario_world import World

pytestmark = pytest.mark.engine

SAYS_SO = "echo hooked > /proc/1/fd/1"


def hooked(script: str = FOREVER, **hooks: Any) -> dict[str, Any]:
    return container(script, lifecycle=hooks)


def followed(world: World) -> str:
    """What the pod's containers wrote, with its deletion."""
    follower = world.start("logs", "web", "-f", "--all-containers")
    follower_began = time.monotonic()
    eventually(lambda: world.pod().status.phase == "Running")
    time.sleep(max(0.0, 0.5 - (time.monotonic() - follower_began)))
    world.delete()
    eventually(world.is_gone)
    follower.status()
    return follower.out


def test_a_post_start_command_is_run(world: World) -> None:
    """Source: "should execute poststart exec hook properly"."""
    serve(world).create(manifest(hooked(postStart=exec_(SAYS_SO))))
    world.becomes("Running")
    assert "hooked" in world.log("main")


def test_a_pre_stop_command_is_run_before_the_signal(world: World) -> None:
    """Source: "should execute prestop exec hook properly"."""
    ends = "trap 'echo ended; exit 0' TERM; while :; do sleep 0.05; done"
    serve(world).create(manifest(hooked(ends, preStop=exec_(SAYS_SO))))
    world.becomes("Running")
    assert followed(world).splitlines()[-2:] == ["hooked", "ended"]


@pytest.mark.parametrize("hook", ["postStart", "preStop"])
def test_http_hooks_are_requests_to_the_pod(world: World, hook: str) -> None:
    """Source: "should execute poststart (prestop) http hook properly"."""
    serve(world)
    serving = f"httpd -v -p 8080 -h /tmp 2>&1; {FOREVER}"
    request = {"httpGet": {"path": "/asked", "port": 8080}}
    world.create(
        manifest(
            container(
                "httpd -fvv -p 8080 -h /tmp & trap 'kill %1; exit 0' TERM; while :; do sleep 0.05; done",
                lifecycle={"preStop": request} if hook == "preStop" else {},
            )
        )
    )
    world.becomes("Running")
    if hook == "preStop":
        assert "/asked" in followed(world)
        return
    ip = world.pod().status.pod_ip
    world.create(manifest(hooked(serving, postStart={"httpGet": {**request["httpGet"], "host": ip}}), name="asking"))
    eventually(lambda: "/asked" in world.log("main"))


def test_a_failed_post_start_hook_kills_the_container(world: World) -> None:
    """Source: "PostStart hook fails: the container is killed"; the rows are in the golden case."""
    serve(world).create(manifest(hooked(postStart=exec_("echo no; exit 3")), restartPolicy="Always"))
    eventually(lambda: restarts(world) > 0)
    told = "\n".join(world.events())
    assert "Warning FailedPostStartHook Exec lifecycle hook ([sh -c echo no; exit 3]) for Container" in told
    assert "Normal Killing FailedPostStartHook" in told


def test_a_failed_pre_stop_hook_is_an_event_and_the_stop_goes_on(world: World) -> None:
    """Source: `killContainer`: a failed preStop hook is told and does not hold up the end."""
    serve(world).create(manifest(hooked(preStop=exec_("exit 3"))))
    world.becomes("Running")
    world.delete()
    eventually(world.is_gone)
    assert any("Warning FailedPreStopHook" in event for event in world.events())


def test_a_tcp_socket_hook_is_accepted_and_fails(world: World) -> None:
    """Source: API reference, LifecycleHandler.tcpSocket: deprecated, "will fail at runtime when it is specified"."""
    serve(world).create(manifest(hooked(preStop={"tcpSocket": {"port": 80}})))
    world.becomes("Running")
    world.delete()
    eventually(world.is_gone)
    assert any("FailedPreStopHook Cannot run handler: invalid handler" in event for event in world.events())


def test_one_can_look_into_a_container_whose_post_start_hook_does_not_end(world: World) -> None:
    """Source: `GetExec`, pkg/kubelet/kubelet_pods.go: it is the runtime that is asked, not the reported status."""
    serve(world).create(manifest(hooked(postStart=exec_("sleep 60"))))
    eventually(lambda: "start main#0" in world.history("start"))
    looked = world.start("exec", "web", "--", "ps")
    assert looked.status() == 0, looked.err
    assert "sleep 60" in looked.out
    assert world.pod().status.container_statuses[0].state.waiting is not None


def test_a_sleeping_hook_delays_the_signal(world: World) -> None:
    """Source: "when create a pod with lifecycle hook using sleep action: valid prestop hook"."""
    serve(world).create(manifest(hooked(preStop={"sleep": {"seconds": 1}})))
    world.becomes("Running")
    begun = time.monotonic()
    world.delete()
    eventually(world.is_gone)
    assert 1 < time.monotonic() - begun < 4


def test_a_shorter_grace_period_cuts_a_sleeping_hook(world: World) -> None:
    """Source: "reduce GracePeriodSeconds during runtime"."""
    serve(world).create(manifest(hooked(preStop={"sleep": {"seconds": 60}}), terminationGracePeriodSeconds=100))
    world.becomes("Running")
    world.delete()
    begun = time.monotonic()
    world.delete(grace_seconds=1)
    eventually(world.is_gone)
    assert time.monotonic() - begun < 6


def test_a_sleeping_hook_ends_with_its_container(world: World) -> None:
    """Source: "ignore terminated container"."""
    serve(world).create(
        manifest(hooked("sleep 1.5", preStop={"sleep": {"seconds": 60}}), terminationGracePeriodSeconds=100)
    )
    world.becomes("Running")
    world.delete()
    eventually(world.is_gone)


def test_a_hook_that_exceeds_the_grace_period_leaves_two_seconds(world: World) -> None:
    """Source: `killContainer`, minimumGracePeriodInSeconds."""
    ends = "trap 'sleep 0.5; echo ended; exit 0' TERM; while :; do sleep 0.05; done"
    serve(world).create(manifest(hooked(ends, preStop=exec_("sleep 60")), terminationGracePeriodSeconds=1))
    world.becomes("Running")
    assert "ended" in followed(world)


def test_hooks_of_main_containers_run_beside_each_other(world: World) -> None:
    """Source: "should call PreStop hooks of all containers simultaneously" (killContainersWithSyncResult)."""
    slow = {"preStop": exec_("sleep 1")}
    serve(world).create(
        manifest(container(FOREVER, "main-1", lifecycle=slow), container(FOREVER, "main-2", lifecycle=slow))
    )
    world.becomes("Running")
    begun = time.monotonic()
    world.delete()
    eventually(world.is_gone)
    assert time.monotonic() - begun < 2.5


def test_main_containers_after_one_with_a_hook_start_when_it_is_done(world: World) -> None:
    """Source: "should not launch second container before PostStart of the first container completes"."""
    first = container(FOREVER, "main-1", lifecycle={"postStart": exec_("sleep 1")})
    serve(world).create(manifest(first, container(FOREVER, "main-2")))
    world.becomes("Running")
    assert (started(world, "main-2#0") - started(world, "main-1#0")).total_seconds() > 1


def test_a_stop_signal_takes_the_place_of_sigterm(world: World) -> None:
    """Source: "StopSignal" of pods.go ("stop signal defined in the container spec")."""
    ends = "trap 'exit 5' USR1; trap '' TERM; while :; do sleep 0.05; done"
    pod = manifest(hooked(ends, stopSignal="SIGUSR1"), os={"name": "linux"})
    serve(world).create(pod)
    world.becomes("Running")
    assert world.pod().status.container_statuses[0].stop_signal == "SIGUSR1"
    world.delete()
    eventually(world.is_gone)
    assert "die main#0 5" in world.history("die")


def test_a_deadline_stops_the_containers_before_the_pod_has_failed(world: World) -> None:
    """Source: pods.go, activeDeadlineSeconds; the containers' grace period holds there too."""
    ends = "trap 'sleep 0.5; exit 0' TERM; while :; do sleep 0.05; done"
    serve(world).create(manifest(container(ends), activeDeadlineSeconds=2, restartPolicy="Always"))
    eventually(lambda: world.pod().status.phase == "Failed")
    status = world.pod().status
    assert (status.reason, status.container_statuses[0].state.running) == ("DeadlineExceeded", None)
    assert finished(world, "main#0")
    assert sum("DeadlineExceeded" in event for event in world.events()) == 1


def test_a_run_that_exceeds_its_deadline_says_so(world: World) -> None:
    """`podrunner run` names the deadline, not the exit code that stopping left."""
    running = world.run(manifest(container(SERVING), activeDeadlineSeconds=1), status=1)
    assert "DeadlineExceeded: Pod was active on the node longer than the specified deadline" in running.err
