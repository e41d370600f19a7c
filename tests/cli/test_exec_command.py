"""`podrunner exec` and `podrunner attach`, and that they say what kubectl says."""

import hashlib
import random
import signal
import subprocess
from collections.abc import Iterator

import pytest

import commandline
import kubectl_session
import twins

pytestmark = pytest.mark.engine

KEEP_ON = "trap exit TERM; while :; do sleep 0.1; done"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    """With a pod `web` of two containers that run, and `done`, which has ended."""
    with kubectl_session.opened(tmp_path_factory.mktemp("exec")) as world:
        web = (commandline.container(KEEP_ON), commandline.container(KEEP_ON, "side"))
        world.create(commandline.manifest(*web))
        world.create(commandline.manifest(commandline.container("true"), name="done"))
        world.becomes("Running")
        world.becomes("Completed", "done")
        yield world


@pytest.mark.parametrize(
    ("command", "status", "out", "err"),
    [
        (["pod/web", "-c", "side", "--", "echo", "-n", "hi"], 0, "hi", ""),
        (["web", "--", "echo", "hi"], 0, "hi\n", 'Defaulted container "main" out of: main, side\n'),
        (["web", "-q", "--", "sh", "-c", "echo out; echo err >&2"], 0, "out\n", "err\n"),
        (["web", "-c", "main", "--", "sh", "-c", "exit 3"], 3, "", "command terminated with exit code 3\n"),
        (["-itq", "web", "--", "tty"], 1, "not a tty\n", "command terminated with exit code 1\n"),
        (
            ["web", "-c", "absent", "--", "true"],
            1,
            "",
            "error: container absent is not valid for pod web out of: main, side\n",
        ),
        (["absent", "--", "true"], 1, "", 'Error from server (NotFound): pods "absent" not found\n'),
        (
            ["done", "--", "true"],
            1,
            "",
            "error: cannot exec into a container in a completed pod; current phase is Succeeded\n",
        ),
    ],
)
def test_a_command_is_run_as_kubectl_runs_it(
    world: kubectl_session.KubectlWorld, command: list[str], status: int, out: str, err: str
) -> None:
    ours, theirs = twins.podrunner(world, "exec", *command), twins.kubectl(world, "exec", *command)
    assert ours == (status, out, err)
    assert theirs == ours


def test_stdin_ends_where_ours_does(world: kubectl_session.KubectlWorld) -> None:
    assert twins.podrunner(world, "exec", "-i", "-q", "web", "--", "wc", "-c", stdin=b"x" * 100_000).out == "100000\n"
    assert twins.podrunner(world, "exec", "-q", "web", "--", "wc", "-c", stdin=b"x").out == "0\n"


def test_64_megabytes_come_back_as_they_were(world: kubectl_session.KubectlWorld) -> None:
    sent = random.Random(1).randbytes(1 << 20) * 64
    said = subprocess.run(
        [commandline.PODRUNNER, "exec", "-i", "web", "-c", "main", "--", "cat"],
        input=sent, env={**world.kubectl_environ, "PODRUNNER_STATE_DIR": str(world.state_dir)},
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert hashlib.sha256(said.stdout).digest() == hashlib.sha256(sent).digest()


def test_ctrl_c_ends_it_without_a_terminal(world: kubectl_session.KubectlWorld) -> None:
    running = world.start("exec", "web", "-c", "main", "--", "sh", "-c", "echo begun; sleep 60")
    running.until("begun\n")
    running.signal(signal.SIGINT)
    running.ends(130)


def test_a_shell_has_the_terminal_and_learns_its_size(world: kubectl_session.KubectlWorld) -> None:
    shell = twins.in_terminal(world, "exec", "-it", "web", "-c", "main", "--", "sh")
    shell.until("/ # ")
    shell.type("stty size\n")
    shell.until("24 200\n")
    shell.resize(40, 100)
    shell.process.send_signal(signal.SIGWINCH)  # as the kernel does where it is the session's own terminal
    shell.type("sleep 0.2; stty size\n")
    shell.until("40 100\n")
    shell.type("sh -c 'echo begun; exec sleep 60'\n")
    shell.until("\nbegun\n")
    shell.type("\x03")
    shell.type("exit 5\n")
    assert shell.status() == 5
    assert shell.screen.endswith("command terminated with exit code 5\n")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_as_before_when_it_is_ended(world: kubectl_session.KubectlWorld, how: signal.Signals) -> None:
    started = twins.in_terminal(world, "exec", "-it", "web", "-c", "main", "--", "sh", "-c", "echo begun; sleep 60")
    before = started.settings
    started.until("begun\n")
    assert started.settings != before
    started.process.send_signal(how)
    assert started.status() == 130
    assert started.settings == before


# ---- attach

RECORDED = (
    "All commands and output from this session will be recorded in container logs, including credentials and"
    " sensitive information passed through the command prompt.\n"
)


@pytest.fixture(scope="module")
def attachable(world: kubectl_session.KubectlWorld) -> kubectl_session.KubectlWorld:
    """With pods `reader`, which reads lines, and `shell`, which has a terminal."""
    reads = "while read -r line; do echo read $line; done; echo ended"
    world.create(commandline.manifest(commandline.container(reads, stdin=True, stdinOnce=True), name="reader"))
    world.create(commandline.manifest(commandline.container("sh", stdin=True, tty=True), name="shell"))
    for name in ("reader", "shell"):
        world.becomes("Running", name)
    return world


def test_what_is_typed_is_read_and_what_is_said_is_shown(attachable: kubectl_session.KubectlWorld) -> None:
    said = twins.podrunner(attachable, "attach", "-i", "reader", stdin=b"a\nb\n")
    assert (said.status, said.out) == (0, "read a\nread b\nended\n")
    assert said.err == RECORDED + "If you don't see a command prompt, try pressing enter.\n"
    attachable.becomes("Completed", "reader")
    assert twins.same(attachable, "attach", "reader").err == (
        "error: cannot attach a container in a completed pod; current phase is Succeeded\n"
    )


def test_the_container_s_terminal_can_be_joined_and_left(attachable: kubectl_session.KubectlWorld) -> None:
    joined = twins.in_terminal(attachable, "attach", "-it", "shell")
    joined.until("/ # ")
    joined.type("stty size; exit\n")
    joined.until("24 200\n")
    assert joined.status() == 0
    attachable.becomes("Completed", "shell")


def test_ctrl_c_leaves_the_container_as_it_is(world: kubectl_session.KubectlWorld) -> None:
    joined = world.start("attach", "web", "-c", "side")
    joined.until("command prompt")
    joined.signal(signal.SIGINT)
    joined.ends(130)
    assert twins.podrunner(world, "get", "pod", "web", "--no-headers").out.split()[1:4] == ["2/2", "Running", "0"]


def test_a_container_without_a_terminal_is_told(world: kubectl_session.KubectlWorld) -> None:
    joined = world.start("attach", "-it", "web")
    joined.until("command prompt")
    joined.signal(signal.SIGINT)
    joined.ends(130)
    assert joined.err.splitlines()[:2] == [
        'Defaulted container "main" out of: main, side',
        "error: Unable to use a TTY - container main did not allocate one",
    ]
