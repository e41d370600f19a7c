"""Every manifest below examples/ does what its reader is told. A new one fails here until it has its own test."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import offline_network
from commandline import eventually
from scenario_world import World

pytestmark = pytest.mark.engine

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def hello(world: World, example: str, network: str) -> None:
    running = world.start("run", "--quiet", example)
    assert running.status() == 0
    assert (running.out, running.err) == ("[hello] Hello from hello\n", "")


def kubia_init(world: World, example: str, network: str) -> None:
    running = world.start("run", example, "--network", network)
    running.until("2/2     Running")
    assert world.ask("kubia#0", "https://localhost:8443/").startswith("Hey there, this is kubia-init.")
    running.signal(signal.SIGINT)
    assert running.status() == 130
    assert "[kubia] Received SIGTERM, ending" in running.out.splitlines()


def kubia_init_slow(world: World, example: str, network: str) -> None:
    """There is a minute to enter the init container. The test uses a moment of it."""
    running = world.start("run", example, "--network", network)
    running.until("[init-demo] Initializing ... 1 of 60 seconds\n")
    assert "init-demo 60" in world.execute("init-demo#0", "ps")
    running.signal(signal.SIGINT)
    assert running.status() == 130
    assert world.history("create") == ["create POD#0", "create init-demo#0"]


def kubia_init_fail(world: World, example: str, network: str) -> None:
    running = world.start("run", example, "--network", network)
    assert running.status() == 3
    assert running.err.partition("error: ")[2].splitlines()[:4] == [
        'init container "migrate" of pod "kubia-init-fail" failed with exit code 3 (Error)',
        "the last lines of migrate:",
        "    Applying migration 7 ...",
        "    Migration 7 failed: the column exists already",
    ]
    assert world.history("create") == ["create POD#0", "create init-demo#0", "create migrate#0"]


def job_with_sidecar(world: World, example: str, network: str) -> None:
    running = world.start("run", "--quiet", example)
    assert running.status() == 0, running.err
    lines = running.out.splitlines()
    assert next(line for line in lines if line.startswith("[job]")).startswith(
        "[job] Hey there, this is job-with-sidecar."
    )
    assert world.history("start", "die")[-4:] == ["start job#0", "die job#0 0", "die server#0 0", "die POD#0 137"]


def init_volume(world: World, example: str, network: str) -> None:
    running = world.start("run", example)
    running.until("1/1     Running")
    served = world.execute("web#0", "wget", "-q", "-O", "-", "http://localhost:8080/")
    assert served == "This is init-volume, with a certificate of 47 bytes\n"
    assert world.execute("web#0", "ls", "/authority").startswith("ls: /authority: No such file")
    running.signal(signal.SIGINT)
    assert running.status() == 130


def init_network(world: World, example: str, network: str) -> None:
    running = world.start("run", "--quiet", example)
    assert running.status() == 0, running.out
    assert running.out.splitlines()[-1] == "[main] the main container sees the change and can't undo it"


def init_wait_for_service(world: World, example: str, network: str) -> None:
    """The pod that waited is done; the other one goes on until the run is interrupted."""
    running = world.start("run", example)
    running.until("[app/app] the backend serves\n")
    assert "[app/wait-for-backend] waiting for the backend\n" in running.out
    running.signal(signal.SIGINT)
    assert running.status() == 130


def init_secret_token(world: World, example: str, network: str) -> None:
    running = world.start("run", "--quiet", example)
    assert running.status() == 0, running.out
    assert running.out.splitlines()[-2:] == ["[main] what the token gave access to", "[main] no token here"]


RUNS: dict[str, Callable[[World, str, str], None]] = {
    "hello.yaml": hello,
    "init-network.yaml": init_network,
    "init-secret-token.yaml": init_secret_token,
    "init-volume.yaml": init_volume,
    "init-wait-for-service.yaml": init_wait_for_service,
    "job-with-sidecar.yaml": job_with_sidecar,
    "kubia-init.yaml": kubia_init,
    "kubia-init-slow.yaml": kubia_init_slow,
    "kubia-init-fail.yaml": kubia_init_fail,
}


NOTIFIES = "init-notify.yaml"


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.name != NOTIFIES))
def test_the_example_runs(example: str, world: World, offline: offline_network.OfflineNetwork) -> None:
    RUNS[example](world, str(EXAMPLES / example), offline.name)
    eventually(lambda: world.left() == [])


def test_the_example_that_registers_with_a_system_outside_of_podrunner_runs(world: World, outside: str) -> None:
    running = world.start("run", "--quiet", str(EXAMPLES / NOTIFIES), "--network", outside)
    assert running.status() == 0, running.err
    first, last = running.out.splitlines()
    assert first.startswith("[register] registered name=init-notify&address=")
    assert last == "[main] registered, and at work"
    assert world.left() == []


def test_every_example_that_is_tested_is_there() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == {*RUNS, NOTIFIES}
