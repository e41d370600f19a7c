"""kubectl logs in all its forms."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import commandline
import kubectl_session
from commandline import container, eventually
from kubectl_session import KubectlWorld, masked

pytestmark = pytest.mark.engine

QUICK: dict[str, Any] = {"terminationGracePeriodSeconds": 0}
FIVE = "line 1\nline 2\nline 3\nline 4\nline 5\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubectlWorld]:
    """A server and the pods `web` (two containers that run, one init container) and `other`."""
    with kubectl_session.opened(tmp_path_factory.mktemp("logs")) as world:
        counts = container("for i in 1 2 3 4 5; do echo line $i; done; exec sleep 1000")
        speaks = container("echo side; sleep 0.2; echo stderr >&2; exec sleep 1000", "side")
        first = container("echo first", "first")
        another = container("echo another; exec sleep 1000")
        world.create(labelled(commandline.manifest(counts, speaks, init=(first,), **QUICK)))
        world.create(labelled(commandline.manifest(another, name="other", **QUICK)))
        world.becomes("Running")
        world.becomes("Running", "other")
        eventually(lambda: world.log("main") == FIVE and world.log("main", "other") and "stderr" in world.log("side"))
        yield world


def labelled(manifest: str) -> str:
    """The manifest, its pod with the label that the tests select by."""
    return manifest.replace("metadata:\n", "metadata:\n  labels: {app: talkative}\n")


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ("web -c main", FIVE),
        ("web side", "side\nstderr\n"),
        ("pod/web -c first", "first\n"),
        ("web -c main --tail=2", "line 4\nline 5\n"),
        ("web -c main --tail=0", ""),
        ("web -c main --limit-bytes=9", "line 1\nli"),
        ("web -c main --since=1h", FIVE),
        ("web -c main --since-time=2000-01-01T00:00:00Z", FIVE),
        ("web -c main --since-time=2099-01-01T00:00:00Z", ""),
        ("web -c main --timestamps --tail=1", "TIME line 5\n"),
    ],
)
def test_what_is_asked_for_is_printed(world: KubectlWorld, arguments: str, printed: str) -> None:
    done = world.kubectl("logs", *arguments.split())
    assert (masked(done.out), done.err) == (printed, "")


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (
            "web --all-containers --tail=1",
            ["[pod/web/first] first", "[pod/web/main] line 5", "[pod/web/side] stderr"],
        ),
        ("-l app=talkative --tail=1 -c main", ["[pod/other/main] another", "[pod/web/main] line 5"]),
    ],
)
def test_lines_of_several_containers_have_their_names(world: KubectlWorld, arguments: str, printed: list[str]) -> None:
    done = world.kubectl("logs", "--prefix", *arguments.split())
    assert sorted(done.out.splitlines()) == printed  # kubectl asks for them in any order


def test_without_a_container_it_is_the_first_main_one(world: KubectlWorld) -> None:
    done = world.kubectl("logs", "web")
    assert (done.out, done.err) == (FIVE, 'Defaulted container "main" out of: main, side, first (init)\n')


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("web -c none", "error: container none is not valid for pod web out of: main, side, first (init)\n"),
        ("none", 'error: error from server (NotFound): pods "none" not found in namespace "default"\n'),
        (
            "web -c main -p",
            'Error from server (BadRequest): previous terminated container "main" in pod "web" not found\n',
        ),
        (
            "web -c main --since=1s --since-time=2099-01-01T00:00:00Z",
            "error: at most one of `sinceTime` or `sinceSeconds` may be specified\n",
        ),
    ],
)
def test_what_can_not_be_printed_is_told(world: KubectlWorld, arguments: str, error: str) -> None:
    done = world.kubectl("logs", *arguments.split(), status=1)
    assert (done.out, done.err) == ("", error)


def test_a_selector_that_selects_nothing_is_told(world: KubectlWorld) -> None:
    done = world.kubectl("logs", "-l", "app=none")
    assert (done.out, done.err) == ("", "No resources found in default namespace.\n")


def test_an_init_container_s_log_can_be_followed_while_it_runs_and_read_when_it_has_ended(world: KubectlWorld) -> None:
    slow = container("echo begins; until test -e /go; do sleep 0.05; done; echo ends", "slow")
    world.create(commandline.manifest(container("exec sleep 1000"), name="starting", init=(slow,), **QUICK))
    eventually(lambda: world.pod("starting").status.init_container_statuses[0].state.running)
    waiting = world.kubectl("logs", "starting", "-c", "main", status=1)
    assert waiting.err == (
        'Error from server (BadRequest): container "main" in pod "starting" is waiting to start: PodInitializing\n'
    )

    followed = world.start_kubectl("logs", "-f", "starting", "-c", "slow")
    followed.until("begins")
    world.kubectl("exec", "starting", "-c", "slow", "--", "touch", "/go")
    assert (followed.status(), followed.out, followed.err) == (0, "begins\nends\n", "")
    assert world.kubectl("logs", "starting", "-c", "slow").out == "begins\nends\n"
    world.kubectl("delete", "pod", "starting", "--now")


def test_a_log_that_is_followed_ends_with_the_attempt_and_the_previous_one_can_be_read(world: KubectlWorld) -> None:
    script = "echo attempt of $(cat /proc/uptime); until test -e /go; do sleep 0.05; done; exit 3"
    world.create(commandline.manifest(container(script), name="restarting", restartPolicy="Always", **QUICK))
    world.becomes("Running", "restarting")
    followed = world.start_kubectl("logs", "-f", "restarting")
    followed.until("attempt of")
    world.kubectl("exec", "restarting", "--", "touch", "/go")
    assert followed.status() == 0
    assert re.fullmatch(r"attempt of \d+\.\d+ \d+\.\d+\n", followed.out)

    eventually(lambda: world.pod("restarting").status.container_statuses[0].restart_count == 1)
    eventually(lambda: world.log("main", "restarting"))
    assert world.kubectl("logs", "restarting", "--previous").out == followed.out
    assert world.kubectl("logs", "restarting").out != followed.out
    world.kubectl("delete", "pod", "restarting", "--now")


def test_logs_of_several_pods_are_followed_at_once(world: KubectlWorld) -> None:
    followed = world.start_kubectl("logs", "-f", "-l", "app=talkative", "--all-containers", "--prefix", "--tail=1")
    for line in ("[pod/web/side] stderr\n", "[pod/other/main] another\n", "[pod/web/first] first\n"):
        followed.until(line)
    followed.process.kill()
