"""The chapter's session: a person in four terminals, with kubectl and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kubectl_session
import offline_network

pytestmark = pytest.mark.engine

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

STATUSES = [
    "NAME READY STATUS RESTARTS AGE",
    "kubia-init 0/2 Pending 0",
    "kubia-init 0/2 Init:0/2 0",
    "kubia-init 0/2 Init:1/2 0",
    "kubia-init 0/2 PodInitializing 0",
    "kubia-init 2/2 Running 0",
]

EVENTS = [
    "LAST SEEN TYPE REASON OBJECT MESSAGE",
    "Normal Scheduled pod/kubia-init Successfully assigned default/kubia-init to NODE",
    'Normal Pulled pod/kubia-init Container image "luksa/init-demo:1.0" already present on machine',
    "Normal Created pod/kubia-init Created container init-demo",
    "Normal Started pod/kubia-init Started container init-demo",
    'Normal Pulled pod/kubia-init Container image "luksa/network-connectivity-checker:1.0" already present on machine',
    "Normal Created pod/kubia-init Created container network-check",
    "Normal Started pod/kubia-init Started container network-check",
    'Normal Pulled pod/kubia-init Container image "luksa/kubia:1.0" already present on machine',
    "Normal Created pod/kubia-init Created container kubia",
    "Normal Started pod/kubia-init Started container kubia",
    'Normal Pulled pod/kubia-init Container image "luksa/kubia-ssl-proxy:1.0" already present on machine',
    "Normal Created pod/kubia-init Created container envoy",
    "Normal Started pod/kubia-init Started container envoy",
]


@pytest.fixture
def world(tmp_path: Path, offline: offline_network.OfflineNetwork) -> Iterator[kubectl_session.KubectlWorld]:
    """A server whose pods are on the network where the chapter's address answers."""
    with kubectl_session.opened(tmp_path, "--network", offline.name) as world:
        yield world


def rows(screen: str) -> list[str]:
    """What the rows of a table say, without ages, and without a row that says what the one before said."""
    told: list[str] = []
    for line in screen.splitlines():
        row = " ".join(word for word in line.split() if not re.fullmatch(r"\d+m?\d*s", word))
        if row not in told[-1:]:
            told.append(row)
    return told


def test_the_chapters_session_in_four_terminals(world: kubectl_session.KubectlWorld) -> None:
    pods = world.terminal("kubectl", "get", "pods", "-w")
    events = world.terminal("kubectl", "get", "events", "-w")
    applied = world.terminal("kubectl", "apply", "-f", str(EXAMPLES / "kubia-init.yaml"))
    assert applied.status() == 0
    assert applied.screen == "pod/kubia-init created\n"
    pods.until("2/2     Running")
    events.until("Started container envoy")
    node = world.kubectl("get", "nodes", "-o", "name").out.strip().removeprefix("node/")

    assert rows(pods.screen) == STATUSES
    assert rows(events.screen.replace(f"kubia-init to {node}", "kubia-init to NODE")) == EVENTS
    assert world.kubectl("logs", "kubia-init", "-c", "network-check").out == (
        "Checking network connectivity to 1.1.1.1 ...\nHost appears to be reachable\n"
    )


def test_a_shell_in_a_running_init_container_ends_with_it(world: kubectl_session.KubectlWorld) -> None:
    world.kubectl("apply", "-f", str(EXAMPLES / "kubia-init-slow.yaml"))
    world.becomes("Init:0/2", "kubia-init-slow")
    world.kubectl("wait", "pod/kubia-init-slow", "--for=jsonpath={.status.initContainerStatuses[0].state.running}")

    shell = world.terminal("kubectl", "exec", "-it", "kubia-init-slow", "-c", "init-demo", "--", "sh")
    shell.until("# ")
    shell.type("echo the answer is $((6*7)) on $(hostname)\r")
    shell.until("the answer is 42 on kubia-init-slow\n")
    shell.type("kill -9 1; kill 1\r")

    assert shell.status(within=90) == 137
    world.kubectl("delete", "pod", "kubia-init-slow", "--now")
