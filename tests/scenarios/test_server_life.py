"""Servers and runs that are killed at any moment, alone or together; and how a server comes and goes."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from commandline import PODRUNNER, container, eventually, manifest
from podrunner import paths
from podrunner.client import api
from scenario_world import World

pytestmark = pytest.mark.engine

FOREVER = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
SECOND = "for i in $(seq 1 12); do echo $i; sleep 0.1; done"
STEPS = manifest(
    container("seq 1 12; sleep 0.5", "main-1"),
    container("echo main; sleep 0.5", "main-2"),
    init=(container("echo once; sleep 0.3", "init-1"), container(SECOND, "init-2")),
)
STEPS_CREATED = ["POD#0", "init-1#0", "init-2#0", "main-1#0", "main-2#0"]
STEPS_LINES = sorted(
    ["[init-1] once"]
    + [f"[init-2] {number}" for number in range(1, 13)]
    + [f"[main-1] {number}" for number in range(1, 13)]
    + ["[main-2] main"]
)


def servers_of(world: World) -> list[int]:
    """The processes that are servers of the world's state directory, as `ps` shows them."""
    title = f"podrunner: server of {world.state_dir}"
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if command.startswith(title):
            found.append(int(entry.name))
    return found


def created(world: World) -> list[str]:
    """The containers that were created on the engine, one entry for each time."""
    return sorted(line.split()[1] for line in world.history("create"))


def test_two_runs_at_once_share_one_server(world: World) -> None:
    runs = [world.start("run", "-", manifests=manifest(container(FOREVER), name=name)) for name in ("a", "b")]
    for running in runs:
        running.until("[main] ready")
    assert servers_of(world) == [world.command.server_pid()]
    assert api.server_info(world.server).pods == 2
    for running in runs:
        running.signal(signal.SIGINT)
    assert [running.status() for running in runs] == [130, 130]
    assert world.left() == []


@pytest.mark.parametrize("shown", ["Scheduled", "Init:0/1", "Started container first", "1/1     Running"])
def test_a_run_that_is_killed_leaves_nothing_after_two_seconds(shown: str, world: World) -> None:
    first = container("trap '' TERM; sleep 0.5", "first")
    pod = manifest(container(STUBBORN), init=(first,), terminationGracePeriodSeconds=60)
    running = world.start("run", "-", manifests=pod)
    running.until(shown)
    running.signal(signal.SIGKILL)
    eventually(lambda: not world.left() and world.is_gone(), within=2)


@pytest.mark.parametrize("shown", ["Scheduled", "Init:0/2", "[init-2] 6\n", "PodInitializing", "2/2     Running"])
def test_a_killed_server_is_started_again_and_nothing_runs_twice(shown: str, world: World) -> None:
    running = world.start("run", "-", manifests=STEPS)
    running.until(shown)
    killed = world.kill_server()
    assert running.status() == 0, running.err
    assert sorted(running.out.splitlines()) == STEPS_LINES
    assert [line for line in running.out.splitlines() if "init-2" in line] == [f"[init-2] {i}" for i in range(1, 13)]
    assert created(world) == STEPS_CREATED
    assert killed not in servers_of(world)
    assert world.left() == []


def test_a_server_that_is_killed_again_and_again_gets_there_too(world: World) -> None:
    running = world.start("run", "-", manifests=STEPS)
    running.until("Scheduled")
    for _ in range(4):
        world.kill_server()
        eventually(world.server.answers)
        time.sleep(0.4)
    assert running.status() == 0, running.err
    assert sorted(running.out.splitlines()) == STEPS_LINES
    assert created(world) == STEPS_CREATED


def test_a_server_and_its_run_that_are_killed_together_leave_pods_that_the_next_server_removes(world: World) -> None:
    running = world.start("run", "-", manifests=manifest(container(STUBBORN), terminationGracePeriodSeconds=60))
    running.until("[main] ready")
    world.kill_server()
    running.signal(signal.SIGKILL)
    running.status()
    assert len(world.containers()) == 2
    world.serve()
    # It gives a run that only lost the server five seconds to come back.
    eventually(lambda: not world.left() and world.is_gone(), within=8)


def test_containers_that_the_store_knows_nothing_of_are_removed(world: World) -> None:
    world.serve()
    world.create(manifest(container(FOREVER)))
    world.becomes("Running")
    world.kill_server()
    for file in world.state_dir.glob("store.db*"):
        file.unlink()
    world.serve()
    eventually(lambda: not world.left(), within=5)


@pytest.mark.parametrize("leave", [signal.SIGKILL, signal.SIGTERM])
def test_a_pod_that_no_run_owns_goes_on_without_a_server(leave: signal.Signals, world: World) -> None:
    pid = world.serve()
    world.create(manifest(container(FOREVER), init=(container("true", "first"),)))
    world.becomes("Running")
    os.kill(pid, leave)
    eventually(lambda: not servers_of(world))
    assert world.container("main#0")["State"]["Running"]
    assert world.serve() != pid
    assert world.becomes("Running").status.container_statuses[0].restart_count == 0
    world.delete()
    eventually(world.is_gone)
    assert created(world) == ["POD#0", "first#0", "main#0"]
    assert world.left() == []


def test_what_ended_while_no_server_ran_is_seen_by_the_next_one(world: World) -> None:
    world.serve()
    world.create(manifest(container("sleep 1; exit 3")))
    world.becomes("Running")
    world.kill_server()
    eventually(lambda: not world.container("main#0")["State"]["Running"])
    world.serve()
    assert world.becomes("Error").status.phase == "Failed"


def test_an_idle_server_stays_as_long_as_there_is_a_pod(world: World) -> None:
    world.serve("--idle-timeout", "300ms")
    world.create(manifest(container("sleep 1")))
    world.becomes("Completed")
    time.sleep(0.6)
    assert len(servers_of(world)) == 1
    world.delete()
    eventually(lambda: not servers_of(world), within=3)


def test_status_shows_the_server_the_engine_and_the_pods(world: World) -> None:
    pid = world.serve()
    world.create(manifest(container(FOREVER)))
    shown = world.start("server", "status")
    assert shown.status() == 0
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines] == ["server", "engine", "kubectl", "pods", "state"]
    assert f"process {pid}," in lines[0]
    assert lines[1].startswith(f"engine   {world.engine.version()['Version']} at ")
    assert lines[3] == "pods     1; without any it leaves after 600 s"
    assert lines[4] == f"state    {world.state_dir}"


def test_logs_show_what_the_server_did_and_why(world: World) -> None:
    world.run(manifest(container("true", "main"), init=(container("true", "first"),)))
    shown = world.start("server", "logs")
    assert shown.status() == 0
    assert "default/web: CreateContainer main#0: init container first succeeded\n" in shown.out


def test_only_its_user_can_reach_a_server(world: World) -> None:
    state_dir = world.directory / "other"
    environ = {**os.environ, paths.STATE_DIR_VARIABLE: str(state_dir)}
    subprocess.run([PODRUNNER, "server", "start"], env=environ, umask=0, check=True)
    try:
        assert state_dir.stat().st_mode & 0o777 == 0o700
        assert paths.socket_path(state_dir).stat().st_mode & 0o777 == 0o600
    finally:
        subprocess.run([PODRUNNER, "server", "stop"], env=environ, check=True)
