"""`podrunner logs` says what kubectl says, of the same pods."""

from collections.abc import Iterator

import pytest
import yaml

import commandline
import kubectl_session
import twins

pytestmark = pytest.mark.engine

KEEP_ON = "trap exit TERM; while :; do sleep 0.1; done"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    """With a pod `web` of an init container and two that run, and `done-1` and `done-2`, which have ended."""
    with kubectl_session.opened(tmp_path_factory.mktemp("logs")) as world:
        web = commandline.manifest(
            commandline.container(f"seq 1 20; {KEEP_ON}"),
            commandline.container(f"echo beside; {KEEP_ON}", "side"),
            init=(commandline.container("echo set up", "setup"),),
        )
        for manifest in (web, *(labelled(f"done-{number}") for number in (1, 2))):
            world.create(manifest)
        world.becomes("Running")
        for number in (1, 2):
            world.becomes("Completed", f"done-{number}")
        yield world


def labelled(name: str) -> str:
    pod = yaml.safe_load(commandline.manifest(commandline.container(f"seq 1 12; echo {name}"), name=name))
    pod["metadata"]["labels"] = {"app": "done"}
    return str(yaml.safe_dump(pod))


def test_the_first_container_is_the_default_and_that_is_told(world: kubectl_session.KubectlWorld) -> None:
    lines = "".join(f"{number}\n" for number in range(1, 21))
    told = 'Defaulted container "main" out of: main, side, setup (init)\n'
    assert twins.same(world, "logs", "web") == (0, lines, told)


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("logs pod/web -c setup", "set up\n"),
        ("logs web -c main --tail=2", "19\n20\n"),
        ("logs web -c main --tail=0", ""),
        ("logs web -c main --limit-bytes=3", "1\n2"),
        ("logs web -c main --since=1h --tail=1", "20\n"),
        ("logs web -c main --since-time=2999-01-01T00:00:00Z", ""),
        ("logs web --all-containers --tail=1", "set up\n20\nbeside\n"),
        (
            "logs web --all-containers --tail=1 --prefix",
            "[pod/web/setup] set up\n[pod/web/main] 20\n[pod/web/side] beside\n",
        ),
        ("logs -l app=done --tail=1", "done-1\ndone-2\n"),
        ("logs done-1 -f --tail=1", "done-1\n"),
    ],
)
def test_what_is_asked_for_is_shown(world: kubectl_session.KubectlWorld, command: str, out: str) -> None:
    ours, theirs = twins.podrunner(world, *command.split()), twins.kubectl(world, *command.split())
    assert ours == (0, out, "")
    # Of several containers kubectl shows one after the other, too, but in any order.
    assert sorted(theirs.out.splitlines()) == sorted(out.splitlines())


def test_of_several_pods_ten_lines_each_are_shown(world: kubectl_session.KubectlWorld) -> None:
    lines = [*map(str, range(4, 13))]
    said = twins.podrunner(world, "logs", "-l", "app=done")
    assert said.out.splitlines() == [*lines, "done-1", *lines, "done-2"]


def test_several_are_followed_at_once_until_all_have_ended(world: kubectl_session.KubectlWorld) -> None:
    said = twins.podrunner(world, "logs", "-l", "app=done", "-f", "--tail=1", "--prefix")
    assert sorted(said.out.splitlines()) == ["[pod/done-1/main] done-1", "[pod/done-2/main] done-2"]
    assert said.status == 0


def test_a_line_is_shown_when_it_is_written(world: kubectl_session.KubectlWorld) -> None:
    following = world.start("logs", "web", "-c", "side", "-f")
    following.until("beside\n")
    assert following.process.poll() is None


@pytest.mark.parametrize(
    ("command", "err"),
    [
        (
            "logs web -c absent",
            "error: container absent is not valid for pod web out of: main, side, setup (init)\n",
        ),
        (
            "logs web -c main -p",
            'Error from server (BadRequest): previous terminated container "main" in pod "web" not found\n',
        ),
        ("logs -l app=none", "No resources found in default namespace.\n"),
        ("logs web -l app=web", "error: only a selector (-l) or a POD name is allowed\n"),
        (
            "logs web -f --all-containers --max-log-requests=2",
            (
                "error: you are attempting to follow 3 log streams, but maximum allowed concurrency is 2,"
                " use --max-log-requests to increase the limit\n"
            ),
        ),
        (
            "logs web --since=1m --since-time=2026-01-01T00:00:00Z",
            "error: at most one of `sinceTime` or `sinceSeconds` may be specified\n",
        ),
    ],
)
def test_what_can_not_be_shown_is_refused(world: kubectl_session.KubectlWorld, command: str, err: str) -> None:
    ours, theirs = twins.podrunner(world, *command.split()), twins.kubectl(world, *command.split())
    assert ours.err == err
    assert theirs.err.replace("See 'kubectl logs -h' for help and examples\n", "") == err


def test_a_pod_there_is_not_is_told(world: kubectl_session.KubectlWorld) -> None:
    said = twins.podrunner(world, "logs", "absent")
    assert said == (1, "", 'Error from server (NotFound): pods "absent" not found\n')
