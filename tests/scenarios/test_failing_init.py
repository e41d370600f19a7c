"""A pod whose second init container fails: no main container ever exists, by the engine's own events."""

import pytest

from commandline import container, manifest
from scenario_world import World

pytestmark = pytest.mark.engine

FIRST = container("echo ready", "prepare")
FAILING = container("seq 1 30; sleep 0.3; exit 7", "migrate")
MAIN = container("echo main", "main")


def pod(second: dict[str, object], policy: str) -> str:
    return manifest(MAIN, init=(FIRST, second), restartPolicy=policy)


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
def test_no_main_container_is_ever_created(policy: str, world: World) -> None:
    ended = world.run(pod(FAILING, policy), status=7)
    assert world.history("create", "die") == [
        "create POD#0", "create prepare#0", "die prepare#0 0", "create migrate#0", "die migrate#0 7", "die POD#0 137",
    ]  # fmt: skip
    assert ended.err.partition("error: ")[2].splitlines()[:22] == [
        'init container "migrate" of pod "web" failed with exit code 7 (Error)',
        "the last lines of migrate:",
        *(f"    {number}" for number in range(11, 31)),
    ]
    assert world.left() == []


def test_an_init_container_that_a_signal_ends_gives_the_exit_status_of_a_shell(world: World) -> None:
    running = world.start("run", "-", manifests=pod(container("echo here; sleep 60", "migrate"), "Always"))
    running.until("[migrate] here")
    world.kill("migrate#0", "KILL")
    assert running.status() == 137
    assert 'init container "migrate" of pod "web" failed with exit code 137 (Error)' in running.err


def test_without_fail_fast_a_failing_init_container_goes_to_crash_loop_back_off(world: World) -> None:
    ended = world.run(pod(FAILING, "Always"), "--no-fail-fast", "--timeout", "4s", status=124)
    rows = [" ".join(line.split()[1:4]) for line in ended.err.splitlines() if line.startswith("web")]
    assert [row for row in rows if "Terminating" not in row] == [
        "0/1 Pending 0",
        "0/1 Init:0/2 0",
        "0/1 Init:1/2 0",
        "0/1 Init:Error 0",
        "0/1 Init:1/2 1",
        "0/1 Init:Error 1",
        "0/1 Init:CrashLoopBackOff 1",
    ]
    assert "  Warning   BackOff     Back-off restarting failed container" in ended.err.splitlines()
    assert world.history("create") == [
        "create POD#0", "create prepare#0", "create migrate#0", "create migrate#1",
    ]  # fmt: skip


def test_without_fail_fast_and_with_policy_never_the_pod_has_failed(world: World) -> None:
    ended = world.run(pod(FAILING, "Never"), "--no-fail-fast", status=7)
    assert "web    0/1     Init:Error" in ended.err
    assert world.history("create") == ["create POD#0", "create prepare#0", "create migrate#0"]


def test_an_init_container_that_succeeds_at_its_second_try_lets_the_pod_go_on(world: World) -> None:
    # /dev/shm is the pod's: what the first try leaves there the second one finds.
    second = container("if [ -e /dev/shm/tried ]; then exit 0; fi; touch /dev/shm/tried; exit 7", "migrate")
    ended = world.run(pod(second, "OnFailure"), "--no-fail-fast")
    assert ended.out == "[prepare] ready\n[main] main\n"
    assert world.history("create") == [
        "create POD#0", "create prepare#0", "create migrate#0", "create migrate#1", "create main#0",
    ]  # fmt: skip
