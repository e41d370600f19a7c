"""`podrunner run` as a user has it: exit statuses, output, interruption, and that nothing is left."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from commandline import PODRUNNER, Podrunner, container, docker, eventually, json_lines, manifest

pytestmark = pytest.mark.engine

SLEEPS = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


def events(err: str) -> list[str]:
    """The event lines' reasons and messages."""
    return [" ".join(line.split()[1:]) for line in err.splitlines() if line.startswith("  ")]


def rows(err: str) -> list[str]:
    """The status rows' READY and STATUS."""
    return [" ".join(line.split()[1:3]) for line in err.splitlines() if re.match(r"\S+ +\d/\d ", line)]


def test_a_pod_that_succeeds_exits_0_and_is_gone(podrunner: Podrunner) -> None:
    ended = podrunner.run(manifest(container("echo hello; printf partial")))
    assert ended.out == "[main] hello\n[main] partial\n"
    assert [row for row in rows(ended.err) if row != "1/1 Running"] == [
        "0/1 Pending", "0/1 ContainerCreating", "0/1 Completed",
    ]  # fmt: skip
    assert podrunner.left_on_engine() == []


def test_init_containers_come_before_main_containers(podrunner: Podrunner) -> None:
    pod = manifest(container("echo main"), init=(container("echo 1", "first"), container("echo 2", "second")))
    ended = podrunner.run(pod)
    assert ended.out == "[first] 1\n[second] 2\n[main] main\n"
    created = [event.rpartition(" ")[2] for event in events(ended.err) if event.startswith("Created")]
    assert created == ["first", "second", "main"]


def test_the_exit_status_is_that_of_the_container_that_failed_first(podrunner: Podrunner) -> None:
    pod = manifest(container("sleep 0.6; exit 3", "slow"), container("exit 4", "quick"), container("exit 0", "fine"))
    assert 'container "quick" of pod "web" failed with exit code 4' in podrunner.run(pod, status=4).err


def test_a_container_that_a_signal_ended_exits_128_more(podrunner: Podrunner) -> None:
    running = podrunner.start("run", "-", manifests=manifest(container(SLEEPS, "killed")))
    running.until("[killed] ready")
    docker("kill", *docker("ps", "--quiet", podrunner.ours, "--filter=label=io.kubernetes.container.name=killed"))
    running.ends(137)


def test_a_failing_init_container_ends_the_run_whatever_the_restart_policy(podrunner: Podrunner) -> None:
    failing = container("seq 30; exit 7", "check")
    ended = podrunner.run(manifest(container("echo main"), init=(failing,), restartPolicy="Always"), status=7)
    report = ended.err[ended.err.index("error: ") :].splitlines()[:22]
    assert report[0] == 'error: init container "check" of pod "web" failed with exit code 7 (Error)'
    assert report[1:] == ["the last lines of check:", *(f"    {number}" for number in range(11, 31))]
    assert not any("main" in event for event in events(ended.err))


def test_without_fail_fast_an_init_container_is_tried_again(podrunner: Podrunner) -> None:
    failing = container("echo try; exit 7", "check")
    pod = manifest(container("echo main"), init=(failing,), restartPolicy="Always")
    ended = podrunner.run(pod, "--no-fail-fast", "--timeout", "3s", status=124)
    assert ended.out.count("try") > 1
    assert 'timed out: pod "web" was Init:' in ended.err


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"image": "nosuchimage:1", "imagePullPolicy": "Never"}, 125, "ErrImageNeverPull: .*; build or pull the image"),
        ({"image": "Busy_Box:UPPER:1"}, 125, "InvalidImageName: .*; correct the image's name"),
        ({"image": "localhost:1/none:1"}, 125, "ErrImagePull: .*; check the image's name"),
        ({"command": ["/no/such/command"]}, 127, "RunContainerError: .*no such file or directory"),
        ({"command": ["/etc"]}, 126, "RunContainerError: .*permission denied"),
    ],
)
def test_a_container_that_can_never_run_ends_the_run(
    podrunner: Podrunner, fields: dict[str, str], status: int, told: str
) -> None:
    ended = podrunner.run(manifest(container("", **fields), restartPolicy="Always"), status=status)
    assert re.search(f"^error: .*{told}", ended.err, re.MULTILINE)


def test_an_engine_network_that_is_not_there_ends_the_run(podrunner: Podrunner) -> None:
    ended = podrunner.run(manifest(container("echo")), "--network", "nosuchnetwork", status=125)
    assert re.search(r'^error: pod "web" can\'t start: .*nosuchnetwork', ended.err, re.MULTILINE)


def test_an_interrupt_stops_the_containers_and_leaves_nothing(podrunner: Podrunner) -> None:
    running = podrunner.start("run", "-", manifests=manifest(container(SLEEPS), restartPolicy="Always"))
    running.until("[main] ready")
    running.signal(signal.SIGINT)
    running.ends(130)
    assert running.out == "[main] ready\n[main] bye\n"
    assert "0/1 Terminating" in rows(running.err)
    assert podrunner.left_on_engine() == []


def test_a_sigterm_does_the_same(podrunner: Podrunner) -> None:
    running = podrunner.start("run", "-", manifests=manifest(container(SLEEPS)))
    running.until("[main] ready")
    running.signal(signal.SIGTERM)
    running.ends(130)
    assert running.out.endswith("[main] bye\n")


def test_a_second_interrupt_kills_at_once(podrunner: Podrunner) -> None:
    running = podrunner.start("run", "-", manifests=manifest(container(STUBBORN), terminationGracePeriodSeconds=60))
    running.until("[main] ready")
    running.signal(signal.SIGINT)
    running.until("stopping")
    started = time.monotonic()
    running.signal(signal.SIGINT)
    running.ends(130)
    assert time.monotonic() - started < 10
    assert podrunner.left_on_engine() == []


def test_an_interrupt_while_init_containers_run_ends_it_too(podrunner: Podrunner) -> None:
    running = podrunner.start("run", "-", manifests=manifest(container("echo"), init=(container(SLEEPS, "slow"),)))
    running.until("[slow] ready")
    running.signal(signal.SIGINT)
    running.ends(130)
    assert "[main]" not in running.out
    assert podrunner.left_on_engine() == []


def test_a_run_that_is_killed_leaves_nothing_after_two_seconds(podrunner: Podrunner) -> None:
    running = podrunner.start("run", "-", manifests=manifest(container(STUBBORN), terminationGracePeriodSeconds=60))
    running.until("[main] ready")
    running.signal(signal.SIGKILL)
    eventually(lambda: not podrunner.left_on_engine(), within=2)


def test_a_pod_that_is_being_removed_is_waited_for(podrunner: Podrunner) -> None:
    stubborn = manifest(container(STUBBORN), terminationGracePeriodSeconds=2)
    first = podrunner.start("run", "-", manifests=stubborn)
    first.until("[main] ready")
    first.signal(signal.SIGINT)
    first.until("Terminating")
    assert podrunner.run(manifest(container("echo second"))).out == "[main] second\n"
    first.ends(130)


def test_a_timeout_stops_the_pod_and_exits_124(podrunner: Podrunner) -> None:
    ended = podrunner.run(manifest(container(SLEEPS)), "--timeout", "2s", status=124)
    assert 'error: timed out: pod "web" was Running' in ended.err
    assert ended.out == "[main] ready\n[main] bye\n"


def test_a_reader_that_leaves_ends_the_run_quietly(podrunner: Podrunner) -> None:
    pod = manifest(container("trap exit TERM; while :; do echo y; sleep 0.01; done"))
    command = f"{PODRUNNER} run -q - | head -n 3; echo ${{PIPESTATUS[0]}}"
    environ = {**os.environ, "PODRUNNER_STATE_DIR": str(podrunner.state_dir)}
    done = subprocess.run(
        ["bash", "-c", command], input=pod, capture_output=True, text=True, env=environ, timeout=30, check=True
    )
    assert (done.stdout, done.stderr) == ("[main] y\n[main] y\n[main] y\n141\n", "")
    assert podrunner.left_on_engine() == []


def test_every_line_of_a_fast_container_arrives_in_order(podrunner: Podrunner) -> None:
    ended = podrunner.run(manifest(container("seq 300000")))
    assert ended.out == "".join(f"[main] {number}\n" for number in range(1, 300001))


def test_control_characters_pass_unchanged(podrunner: Podrunner) -> None:
    ended = podrunner.run(manifest(container(r"printf '\000\033[1mbold\r\n'")))
    assert ended.out == "[main] \x00\x1b[1mbold\r\n"


def test_every_instance_of_a_restarted_container_is_shown(podrunner: Podrunner) -> None:
    pod = manifest(container("echo once more; exit 1"), restartPolicy="OnFailure")
    ended = podrunner.run(pod, "--timeout", "4s", status=124)
    restarts = max(int(line.split()[3]) for line in ended.err.splitlines() if line.startswith("web "))
    assert restarts >= 1
    assert ended.out.count("once more") == restarts + 1


def test_quiet_says_nothing_but_what_containers_write(podrunner: Podrunner) -> None:
    ended = podrunner.run(manifest(container("echo hello"), schedulingGates=[]), "--quiet")
    assert (ended.out, ended.err) == ("[main] hello\n", "")


def test_json_lines_tell_status_events_and_logs(podrunner: Podrunner) -> None:
    ended = podrunner.run(manifest(container("echo hello")), "-o", "json")
    lines = json_lines(ended.out)
    assert {line["type"] for line in lines} == {"status", "event", "log"}
    assert [line["line"] for line in lines if line["type"] == "log"] == ["hello"]
    assert [line["status"] for line in lines if line["type"] == "status"][-1] == "Completed"
    assert [line["reason"] for line in lines if line["type"] == "event"] == [
        "Scheduled",
        "Pulled",
        "Created",
        "Started",
    ]
    assert ended.err == ""


def test_several_pods_run_together_and_end_together(podrunner: Podrunner) -> None:
    pods = f"{manifest(container('echo one'), name='a')}---\n{manifest(container('echo two; exit 5'), name='b')}"
    ended = podrunner.run(pods, status=5)
    assert sorted(ended.out.splitlines()) == ["[a/main] one", "[b/main] two"]
    assert podrunner.left_on_engine() == []


def test_a_pod_that_exists_is_an_error_unless_it_is_to_be_replaced(podrunner: Podrunner) -> None:
    first = podrunner.start("run", "-", manifests=manifest(container(SLEEPS), restartPolicy="Always"))
    first.until("[main] ready")
    both = f"{manifest(container('echo'), name='other')}---\n{manifest(container('echo'))}"
    refused = podrunner.run(both, status=2)
    assert refused.err.splitlines()[-1] == (
        'error: pod "web" exists already in namespace "default" (Running); --replace removes it first'
    )
    assert podrunner.run(manifest(container("echo replaced")), "--replace").out == "[main] replaced\n"
    first.ends(1)
    assert 'pod "web" was deleted before it had ended' in first.err


def test_a_kept_pod_goes_on_and_is_there_to_be_replaced(podrunner: Podrunner) -> None:
    kept = podrunner.start("run", "-", "--keep", manifests=manifest(container(SLEEPS)))
    kept.until("1/1     Running")
    kept.signal(signal.SIGINT)
    kept.ends(130)
    assert len(docker("ps", "--quiet", podrunner.ours)) == 2
    podrunner.run(manifest(container("echo")), "--replace")


REPLACED = manifest(container(STUBBORN), terminationGracePeriodSeconds=30)


@pytest.fixture
def stubborn(podrunner: Podrunner) -> Iterator[None]:
    """A pod `web` that takes half a minute to be removed, of a run that is killed in the end."""
    owner = podrunner.start("run", "-", manifests=REPLACED)
    owner.until("[main] ready")
    yield
    owner.signal(signal.SIGKILL)
    owner.status()


@pytest.mark.usefixtures("stubborn")
def test_a_pod_that_is_replaced_is_waited_for_within_the_timeout(podrunner: Podrunner) -> None:
    started = time.monotonic()
    ended = podrunner.run(manifest(container("echo")), "--replace", "--timeout", "1s", status=124)
    assert time.monotonic() - started < 5
    assert ended.err.splitlines() == [
        'podrunner: waiting until pod "web" in namespace "default" is removed',
        'error: timed out before the pods were created, waiting for the removal of pod "web" in namespace "default"',
    ]


@pytest.mark.usefixtures("stubborn")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_wait_for_a_pod_that_is_replaced_can_be_interrupted(podrunner: Podrunner, number: signal.Signals) -> None:
    both = f"{manifest(container('echo'), name='other')}---\n{manifest(container('echo'))}"
    waiting = podrunner.start("run", "-", "--replace", "--keep", manifests=both)
    waiting.until("waiting until")
    waiting.signal(number)
    waiting.ends(130)
    assert podrunner.pods() == 1


def test_a_timeout_of_nothing_is_none(podrunner: Podrunner) -> None:
    assert podrunner.run(manifest(container("echo hello")), "--timeout", "0").out == "[main] hello\n"


def test_the_longest_timeout_there_is_and_a_very_long_grace_period_are_no_problem(podrunner: Podrunner) -> None:
    pod = manifest(container(SLEEPS), terminationGracePeriodSeconds=10**9)
    running = podrunner.start("run", "-", "--timeout", "2562047h", manifests=pod)
    running.until("[main] ready")
    running.signal(signal.SIGINT)
    running.ends(130)


def test_a_published_port_is_reached_from_this_machine(podrunner: Podrunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    pod = manifest(container("trap exit TERM; while :; do echo here | nc -l -p 80 & wait; done"))
    running = podrunner.start("run", "-", "--publish", f"{port}:80", manifests=pod)
    running.until("1/1     Running")
    assert eventually(lambda: greeting(port)) == b"here\n"
    running.signal(signal.SIGINT)
    running.ends(130)


def greeting(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(100)
    except OSError:
        return b""
