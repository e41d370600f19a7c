"""In which order a pod's containers run, by the engine's own clock; and what they share. One pod for all tests here."""

from collections.abc import Iterator
from datetime import datetime

import pytest

import scenario_world
from commandline import container, eventually, manifest
from scenario_world import World

pytestmark = pytest.mark.engine

NAMESPACES = "for kind in net ipc uts mnt pid; do readlink /proc/self/ns/$kind; done"
FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
SERVER = f"{NAMESPACES}; echo 'hello from main-1' > /tmp/index.html; httpd -p 127.0.0.1:8080 -h /tmp; {FOREVER}"
# The server may need a moment: main containers start together.
CLIENT = f"{NAMESPACES}; until wget -q -O - http://localhost:8080/ 2> /dev/null; do sleep 0.05; done; {FOREVER}"
POD = manifest(
    container(SERVER, "main-1"),
    container(CLIENT, "main-2"),
    init=(container(f"{NAMESPACES}; sleep 0.3", "init-1"), container(f"{NAMESPACES}; sleep 0.3", "init-2")),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The pod runs, and its client has had an answer."""
    with scenario_world.opened(tmp_path_factory.mktemp("order")) as world:
        world.serve()
        world.create(POD)
        world.becomes("Running")
        eventually(lambda: "hello" in world.log("main-2"))
        yield world


def moment(world: World, container: str, key: str) -> datetime:
    """StartedAt or FinishedAt, to the microsecond."""
    return datetime.fromisoformat(world.container(container)["State"][key])


def test_an_init_container_starts_after_the_one_before_it_finished(running: World) -> None:
    assert moment(running, "POD#0", "StartedAt") < moment(running, "init-1#0", "StartedAt")
    assert moment(running, "init-1#0", "FinishedAt") < moment(running, "init-2#0", "StartedAt")


@pytest.mark.parametrize("main", ["main-1#0", "main-2#0"])
def test_a_main_container_starts_after_the_last_init_container_finished(running: World, main: str) -> None:
    assert moment(running, "init-2#0", "FinishedAt") < moment(running, main, "StartedAt")


def test_main_containers_run_at_the_same_time(running: World) -> None:
    assert running.container("main-1#0")["State"]["Running"]
    assert running.container("main-2#0")["State"]["Running"]


def test_no_main_container_is_created_before_the_last_init_container_has_ended(running: World) -> None:
    happened = running.history("create", "start", "die")
    assert happened[:8] == [
        "create POD#0", "create init-1#0", "start POD#0", "start init-1#0", "die init-1#0 0",
        "create init-2#0", "start init-2#0", "die init-2#0 0",
    ]  # fmt: skip
    assert sorted(happened[8:]) == ["create main-1#0", "create main-2#0", "start main-1#0", "start main-2#0"]


def test_a_main_container_reaches_another_on_localhost(running: World) -> None:
    assert running.log("main-2").splitlines()[-1] == "hello from main-1"


def test_containers_share_network_and_ipc_but_neither_files_nor_processes(running: World) -> None:
    kinds = ["net", "ipc", "uts", "mnt", "pid"]
    seen = {
        name: dict(zip(kinds, running.log(name).splitlines(), strict=False))
        for name in ("init-1", "init-2", "main-1", "main-2")
    }
    for kind in ("net", "ipc"):
        assert len({namespaces[kind] for namespaces in seen.values()}) == 1
        assert seen["init-1"][kind].startswith(f"{kind}:[")
    # Numbers of namespaces that are gone come back, so only what runs at the same time can be told apart.
    for kind in ("mnt", "pid"):
        assert seen["main-1"][kind] != seen["main-2"][kind]
