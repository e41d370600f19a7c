"""Somebody works on the engine behind podrunner's back: kills, removes and prunes containers."""

from collections.abc import Callable

import pytest

from commandline import container, eventually, manifest
from podrunner.objects.pod_status import ContainerStateTerminated
from scenario_world import World

pytestmark = pytest.mark.engine

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
ONCE = ["create POD#0", "create first#0", "create second#0", "create main#0"]


def pod(policy: str, script: str = FOREVER) -> str:
    inits = (container("echo init", "first"), container("echo init", "second"))
    return manifest(container(script), init=inits, restartPolicy=policy, terminationGracePeriodSeconds=1)


def begin(world: World, policy: str, script: str = FOREVER) -> Callable[[], list[str]]:
    """The pod runs; returns what tells of its READY, STATUS and RESTARTS since."""
    world.serve()
    world.create(pod(policy, script))
    running = world.becomes("Running")
    return lambda: world.course(running)


def restarted(world: World, times: int) -> None:
    """Returns when the main container runs after so many restarts."""
    eventually(lambda: world.becomes("Running").status.container_statuses[0].restart_count == times)


def prune(world: World) -> None:
    """What `docker container prune` does, to our containers only."""
    for name, facts in world.containers().items():
        if not facts["State"]["Running"]:
            world.remove(name)


def end_of_main(world: World) -> ContainerStateTerminated:
    """How the main container ended, now or before its restart."""
    (status,) = world.pod().status.container_statuses
    ended = status.state.terminated or status.last_state.terminated
    assert ended
    return ended


@pytest.mark.parametrize(("lose", "sandbox"), [(World.remove, "POD#0"), (World.kill, "POD#1")])
def test_a_lost_sandbox_is_made_anew_and_initialization_begins_again(
    lose: Callable[[World, str], None], sandbox: str, world: World
) -> None:
    course = begin(world, "Always")
    lose(world, "POD#0")
    restarted(world, 1)
    assert course() == ["1/1 Running", "0/1 Init:0/2", "0/1 Init:1/2", "0/1 Completed", "1/1 Running"]
    assert world.history("create") == [
        *ONCE, f"create {sandbox}", "create first#1", "create second#1", "create main#1",
    ]  # fmt: skip
    assert world.events()[10:] == [
        "Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.",
        "Normal Killing Stopping container main",
    ]
    assert "Normal Started Started container first (x2)" in world.events()
    assert world.container("main#1")["HostConfig"]["NetworkMode"] == f"container:{world.container(sandbox)['Id']}"


def test_a_pod_that_is_never_restarted_and_loses_its_sandbox_during_initialization_has_failed(world: World) -> None:
    world.serve()
    world.create(manifest(container("echo main"), init=(container("sleep 1", "first"),)))
    eventually(lambda: "first#0" in world.containers() and world.container("first#0")["State"]["Running"])
    world.remove("POD#0")
    eventually(lambda: world.pod().status.phase == "Failed")
    assert world.history("create") == ["create POD#0", "create first#0"]


def test_a_pod_that_is_never_restarted_ends_with_its_sandbox(world: World) -> None:
    course = begin(world, "Never", "sleep 60")
    world.remove("POD#0")
    world.becomes("Error")
    assert course() == ["1/1 Running", "0/1 Error"]
    assert world.pod().status.phase == "Failed"
    assert world.history("create") == ONCE


def test_a_pod_of_which_everything_is_removed_is_made_anew(world: World) -> None:
    begin(world, "Always")
    for name in ("POD#0", "first#0", "second#0", "main#0"):
        world.remove(name)
    # podrunner may have restarted the main container before it lost the next one.
    eventually(lambda: len([facts for facts in world.containers().values() if facts["State"]["Running"]]) == 2)
    found = world.becomes("Running")
    assert all(status.ready for status in (*found.status.init_container_statuses, *found.status.container_statuses))


def test_pruned_init_containers_do_not_run_again(world: World) -> None:
    begin(world, "Always")
    prune(world)
    assert sorted(world.containers()) == ["POD#0", "main#0"]
    world.kill("main#0")
    restarted(world, 1)
    ends = [status.state.terminated for status in world.pod().status.init_container_statuses]
    assert [end.reason for end in ends if end] == ["Completed", "Completed"]
    assert world.history("create") == [*ONCE, "create main#1"]


def test_init_containers_that_are_pruned_while_no_server_runs_do_not_run_again(world: World) -> None:
    begin(world, "Always")
    world.kill_server()
    prune(world)
    world.kill("main#0")
    world.serve()
    restarted(world, 1)
    assert world.history("create") == [*ONCE, "create main#1"]


def test_a_pruned_instance_counts_as_a_restart_all_the_same(world: World) -> None:
    begin(world, "Always")
    world.kill("main#0")
    restarted(world, 1)
    prune(world)
    world.kill_server()
    world.serve()
    restarted(world, 1)
    world.kill("main#1")
    world.becomes("CrashLoopBackOff")
    assert world.pod().status.container_statuses[0].restart_count == 1


def test_a_killed_container_is_restarted_at_once_and_from_then_on_after_a_back_off(world: World) -> None:
    course = begin(world, "Always")
    world.kill("main#0")
    restarted(world, 1)
    assert end_of_main(world).exit_code == 137
    world.kill("main#1")
    world.becomes("CrashLoopBackOff")
    assert course() == [
        "1/1 Running", "0/1 Error", "1/1 Running", "0/1 Error", "0/1 CrashLoopBackOff",
    ]  # fmt: skip
    assert world.events()[-1] == "Warning BackOff Back-off restarting failed container"
    assert world.history("create", "die")[-2:] == ["create main#1", "die main#1 137"]


@pytest.mark.parametrize(
    ("policy", "status", "phase"),
    [("Always", "CrashLoopBackOff", "Running"), ("OnFailure", "Completed", "Succeeded")],
)
def test_a_container_that_succeeds_is_restarted_by_policy_always_only(
    policy: str, status: str, phase: str, world: World
) -> None:
    world.serve()
    world.create(pod(policy, "true"))
    assert world.becomes(status).status.phase == phase
    again = ["create main#1"] if policy == "Always" else []
    assert world.history("create") == ONCE + again


@pytest.mark.parametrize(
    ("policy", "status", "phase"),
    [("OnFailure", "CrashLoopBackOff", "Running"), ("Never", "Error", "Failed")],
)
def test_a_container_that_fails_is_not_restarted_by_policy_never(
    policy: str, status: str, phase: str, world: World
) -> None:
    world.serve()
    world.create(pod(policy, "exit 3"))
    assert world.becomes(status).status.phase == phase
    assert end_of_main(world).exit_code == 3
    again = ["create main#1"] if policy == "OnFailure" else []
    assert world.history("create") == ONCE + again


@pytest.mark.parametrize("policy", ["Always", "Never"])
def test_a_container_that_is_removed_while_it_runs_has_been_killed(policy: str, world: World) -> None:
    begin(world, policy)
    world.remove("main#0")
    if policy == "Never":
        world.becomes("Error")
        assert world.pod().status.phase == "Failed"
        assert world.history("create") == ONCE
    else:
        restarted(world, 1)
        assert world.history("create") == [*ONCE, "create main#1"]
    assert end_of_main(world).exit_code == 137


def test_the_first_container_to_end_does_not_end_the_others(world: World) -> None:
    world.serve()
    created = world.create(manifest(container("sleep 0.3", "brief"), container(FOREVER, "lasting")))
    world.becomes("NotReady")
    assert world.course(created)[-2:] == ["2/2 Running", "1/2 NotReady"]
    world.kill("lasting#0", "TERM")
    assert world.becomes("Completed").status.phase == "Succeeded"
