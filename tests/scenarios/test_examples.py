"""Every manifest below examples/ does what its reader is told. A new one fails here until it has its own test."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import offline_network
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


RUNS: dict[str, Callable[[World, str, str], None]] = {
    "hello.yaml": hello,
    "job-with-sidecar.yaml": job_with_sidecar,
    "kubia-init.yaml": kubia_init,
    "kubia-init-slow.yaml": kubia_init_slow,
    "kubia-init-fail.yaml": kubia_init_fail,
}


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir()))
def test_the_example_runs(example: str, world: World, offline: offline_network.OfflineNetwork) -> None:
    RUNS[example](world, str(EXAMPLES / example), offline.name)
    assert world.left() == []


def test_every_example_that_is_tested_is_there() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(RUNS)
