"""kubectl run with a terminal or with input, and kubectl debug."""

import re
from collections.abc import Iterator

import pytest

import commandline
import kubectl_session
from commandline import container, eventually
from kubectl_session import KubectlWorld

pytestmark = pytest.mark.engine

RUN = ("--image=busybox:1.36", "--restart=Never")
ATTACHED = """\
All commands and output from this session will be recorded in container logs, including credentials and sensitive \
information passed through the command prompt.
If you don't see a command prompt, try pressing enter.
"""
TARGETING = """\
Targeting container "main". If you don't see processes from this container it may be because the container runtime \
doesn't support this feature.
"""
MAIN_PROCESS = "sleep\n1000\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubectlWorld]:
    """A server and the pod `web`, which runs."""
    with kubectl_session.opened(tmp_path_factory.mktemp("run")) as world:
        world.create(commandline.manifest(container("exec sleep 1000"), terminationGracePeriodSeconds=0))
        world.becomes("Running")
        yield world


def test_a_shell_in_a_pod_of_its_own_has_the_terminal_and_leaves_nothing(world: KubectlWorld) -> None:
    shell = world.terminal("kubectl", "run", "shell", *RUN, "--rm", "-it", "--", "sh")
    shell.until("# ")
    shell.type("echo the answer is $((6*7)) on $(hostname) in $(tty)\r")
    shell.until("the answer is 42 on shell in /dev/pts/0\n")
    shell.type("stty size\r")
    shell.until("24 200\n")
    shell.type("exit 5\r")
    assert shell.status() == 5
    assert shell.screen.endswith('pod "shell" deleted from default namespace\npod default/shell terminated (Error)\n')
    eventually(lambda: world.kubectl("get", "pod", "shell", status=None).status == 1)


def test_what_is_piped_into_a_pod_of_its_own_comes_out(world: KubectlWorld) -> None:
    done = world.kubectl("run", "pipe", *RUN, "--rm", "-i", "--", "cat", stdin="one\ntwo\n")
    assert done == (0, 'one\ntwo\npod "pipe" deleted from default namespace\n', ATTACHED)


def test_its_exit_code_is_that_of_kubectl(world: KubectlWorld) -> None:
    done = world.kubectl(
        "run", "three", *RUN, "--rm", "-i", "--", "sh", "-c", "read line; exit 3", stdin="go\n", status=3
    )
    assert done.out == 'pod "three" deleted from default namespace\n'
    assert done.err == f"{ATTACHED}pod default/three terminated (Error)\n"


def test_what_has_ended_before_anyone_attached_is_told_from_its_log(world: KubectlWorld) -> None:
    done = world.kubectl("run", "quick", *RUN, "--rm", "-i", "--quiet", "--", "echo", "out", status=None)
    assert done.status == 0
    assert done.out.startswith("out\n")


def test_commands_of_any_length_end(world: KubectlWorld) -> None:
    """Some end while kubectl attaches to them."""
    for number in range(6):
        script = f"sleep 0.0{number}; exit 4"
        world.kubectl("run", f"brief-{number}", *RUN, "--attach", "--quiet", "--", "sh", "-c", script, status=4)
    world.kubectl("delete", "pods", "-l", "run", "--now")


def test_an_ephemeral_container_sees_the_processes_of_its_target(world: KubectlWorld) -> None:
    looking = world.start_kubectl(
        "debug", "web", "--image=busybox:1.36", "--target=main", "-c", "look", "-i", "--",
        "sh", "-c", "read line; tr '\\0' '\\n' < /proc/1/cmdline",
    )  # fmt: skip
    assert looking.process.stdin
    with looking.process.stdin as keyboard:
        looking.until("try pressing enter.")
        keyboard.write(b"go\n")
        keyboard.flush()
        assert looking.status() == 0
    assert looking.out == TARGETING + MAIN_PROCESS
    assert looking.err.endswith(ATTACHED)
    assert world.kubectl("logs", "web", "-c", "look").out == MAIN_PROCESS
    assert world.pod().status.phase == "Running"


def test_an_ephemeral_container_has_the_terminal(world: KubectlWorld) -> None:
    shell = world.terminal("kubectl", "debug", "-it", "web", "--image=busybox:1.36", "-c", "shell", "--", "sh")
    shell.until("# ")
    shell.type("echo $(hostname) $(tty); exit\r")
    shell.until("web /dev/pts/0\n")
    assert shell.status() == 0


def test_a_copy_of_a_pod_has_the_debugging_container_too(world: KubectlWorld) -> None:
    done = world.kubectl("debug", "web", "--copy-to=copy", "--image=busybox:1.36", "-c", "look", "--", "sleep", "1000")
    assert done.err == ""
    world.kubectl("wait", "pod/copy", "--for=jsonpath={.status.phase}=Running")
    names = world.kubectl("get", "pod", "copy", "-o", "jsonpath={.spec.containers[*].name}").out
    assert names == "main look"
    world.kubectl("delete", "pod", "copy", "--now")


def test_a_pod_that_failed_is_looked_into_by_a_copy_with_a_shell(world: KubectlWorld) -> None:
    world.create(commandline.manifest(container("exit 3", env=[{"name": "MODE", "value": "prod"}]), name="failed"))
    world.becomes("Error", "failed")
    shell = world.terminal("kubectl", "debug", "failed", "--copy-to=copy", "-c", "main", "-it", "--", "sh")
    shell.until("# ")
    shell.type("echo in $MODE; exit\r")
    shell.until("in prod\n")
    assert shell.status() == 0
    world.kubectl("delete", "pod", "failed", "copy", "--now")


def test_a_target_that_the_pod_does_not_have_is_refused(world: KubectlWorld) -> None:
    done = world.kubectl("debug", "web", "--image=busybox:1.36", "--target=none", "-c", "look-2", status=1)
    assert re.sub(r"\[\d\]", "[N]", done.err).splitlines()[-1] == (
        'The Pod "web" is invalid: spec.ephemeralContainers[N].targetContainerName: Not found: "none"'
    )


def test_the_node_is_debugged_by_a_pod_that_has_its_names_and_files(world: KubectlWorld) -> None:
    node = world.kubectl("get", "nodes", "-o", "name").out.strip()
    command = ("sh", "-c", "hostname; ls -d /host/etc")
    done = world.kubectl("debug", node, "--image=busybox:1.36", "--", *command)
    made = re.search(r"Creating debugging pod (\S+) with container debugger on node ", done.out)
    assert made
    assert done.err == ""
    world.kubectl("wait", f"pod/{made[1]}", "--for=jsonpath={.status.phase}=Succeeded")
    assert world.kubectl("logs", made[1]).out.lower().split() == [node.removeprefix("node/"), "/host/etc"]
    world.kubectl("delete", "pod", made[1], "--now")
