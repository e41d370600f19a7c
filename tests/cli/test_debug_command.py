"""`podrunner debug`: containers that look into a pod, copies, and failed containers with a shell."""

import re
from collections.abc import Iterator

import pytest

import commandline
import kubectl_session
import twins
from commandline import container, manifest

pytestmark = pytest.mark.engine

KEEP_ON = "trap exit TERM; while :; do sleep 0.1; done"
IMAGE = f"--image={commandline.IMAGE}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    """With pods `web`, which runs, `failed` and `stuck`, whose init container fails again and again."""
    with kubectl_session.opened(tmp_path_factory.mktemp("debug")) as world:
        world.create(manifest(container(KEEP_ON)))
        world.create(
            manifest(
                container("exit 7", workingDir="/tmp", env=[{"name": "MODE", "value": "careful"}]),
                container("true", "good"),
                name="failed",
            )
        )
        init = (container("true", "first"), container("exit 4", "second"))
        world.create(manifest(container(KEEP_ON), name="stuck", init=init, restartPolicy="Always"))
        world.becomes("Running")
        world.becomes("Error", "failed")
        world.becomes("Init:CrashLoopBackOff", "stuck")
        yield world


def spec(world: kubectl_session.KubectlWorld, pod: str, path: str) -> str:
    return twins.podrunner(world, "get", "pod", pod, "-o", f"jsonpath={{.spec{path}}}").out


def test_a_debugging_container_sees_the_target_s_processes(world: kubectl_session.KubectlWorld) -> None:
    shell = twins.in_terminal(world, "debug", "web", "-it", IMAGE, "--target=main", "-c", "look", "--", "sh")
    shell.until("/ # ")
    shell.type("ps | grep -c 'trap exi[t]'; hostname; exit\n")
    shell.until("\n1\nweb\n")
    assert shell.status() == 0
    assert shell.screen.startswith('Targeting container "main".')


def test_what_a_container_wrote_before_it_could_be_joined_is_shown(world: kubectl_session.KubectlWorld) -> None:
    said = twins.podrunner(world, "debug", "web", IMAGE, "--attach", "--env=A=1", "--", "sh", "-c", "echo $A; exit 3")
    assert (said.status, said.out) == (0, "1\n")
    assert said.err.startswith("Defaulting debug container name to debugger-")


def test_a_copy_has_another_container_and_shares_its_processes(world: kubectl_session.KubectlWorld) -> None:
    said = twins.podrunner(world, "debug", "web", IMAGE, "--copy-to=more", "-c", "look", "--", "sleep", "60")
    assert said == (0, "", "")
    assert spec(world, "more", ".containers[*].name") == "main look"
    assert spec(world, "more", ".shareProcessNamespace") == "true"


def test_a_copy_can_have_another_command_in_its_container(world: kubectl_session.KubectlWorld) -> None:
    said = twins.podrunner(
        world, "debug", "web", "-i", "--copy-to=other", "-c", "main", "--rm", "--", "sh", "-c", "read a; echo got $a",
        stdin=b"it\n",
    )  # fmt: skip
    assert (said.status, said.out.partition("got it\n")[1]) == (0, "got it\n")
    assert said.err.endswith('pod "other" deleted from default namespace\n')


def test_the_failed_container_is_started_with_a_shell(world: kubectl_session.KubectlWorld) -> None:
    shell = twins.in_terminal(world, "debug", "failed", "-it", "--rm")
    shell.until("/tmp # ")
    shell.type("echo $MODE; exit\n")
    shell.until("\ncareful\n")
    assert shell.status() == 0
    lines = shell.screen.splitlines()
    assert lines[0] == 'Starting container "main" of pod "failed" anew in pod "failed-debug".'
    assert lines[-1] == 'pod "failed-debug" deleted from default namespace'
    commandline.eventually(lambda: "failed-debug" not in twins.podrunner(world, "get", "pods").out)


def test_the_init_container_that_failed_can_be_run_by_hand(world: kubectl_session.KubectlWorld) -> None:
    said = twins.podrunner(world, "debug", "stuck", "-i", stdin=b"hostname; exit\n")
    assert (said.status, said.out) == (0, "stuck-debug\n")
    assert spec(world, "stuck-debug", ".containers[*].name") == "second"


@pytest.mark.parametrize(
    ("command", "err"),
    [
        ("web", "error: no container of pod web has failed: you must specify --image, or --copy-to and a container\n"),
        (
            f"failed {IMAGE}",
            "error: cannot add an ephemeral container in a completed pod; current phase is Failed\n",
        ),
        (f"web {IMAGE} --env=A", 'error: --env needs NAME=VALUE, not "A"\n'),
        (f"web {IMAGE} --rm", "error: --rm may only be used with a copy: containers can't be removed from a pod\n"),
    ],
)
def test_what_makes_no_sense_is_refused(world: kubectl_session.KubectlWorld, command: str, err: str) -> None:
    said = twins.podrunner(world, "debug", *command.split())
    assert said.err == err
    assert said.status != 0


def test_the_server_s_refusals_are_told_as_kubectl_tells_them(world: kubectl_session.KubectlWorld) -> None:
    for more in (("--target=nope", "-c", "e"), ("-c", "main")):
        ours, theirs = (each(world, "debug", "web", IMAGE, *more) for each in (twins.podrunner, twins.kubectl))
        told = [re.sub(r"\[\d+\]", "[N]", said.err.splitlines()[-1]) for said in (ours, theirs)]
        assert told[0] == told[1]
        assert (ours.status, theirs.status) == (1, 1)
