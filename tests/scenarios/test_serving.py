"""`podrunner serve`: the server in the foreground; its port, its network, and when servers leave."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from commandline import Running, container, docker, eventually, manifest
from podrunner.client import api, http
from scenario_world import PODS, World

pytestmark = pytest.mark.engine

FOREVER = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"
OF_ANOTHER_VERSION = """
import podrunner, sys
podrunner.__version__ = "0.0.1"
from podrunner.cli import main
sys.exit(main.run(["server", "start"]))
"""


@pytest.fixture
def network() -> Iterator[str]:
    """A network of the engine's that is not podrunner's."""
    name = f"podrunner-test-{uuid4().hex[:8]}"
    docker("network", "create", name)
    yield name
    docker("network", "rm", name)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def serve(world: World, *options: str, **environ: str) -> Running:
    running = world.start("serve", *options, environ=environ)
    running.until("listening at https://127.0.0.1:")
    return running


def networks_of(world: World, container: str) -> list[str]:
    return list(world.container(container)["NetworkSettings"]["Networks"])


def test_serve_says_where_it_is_and_ends_on_ctrl_c(world: World) -> None:
    running = serve(world)
    info = api.server_info(world.server)
    assert f"podrunner: serving the pods of {world.state_dir} until Ctrl-C\n" in running.err
    assert f"listening at {info.https.address}; `podrunner kubeconfig` tells kubectl\n" in running.err
    assert (info.pid, info.idle_timeout_seconds, info.https.ready) == (running.process.pid, 0, True)
    world.create(manifest(container(FOREVER)))
    world.becomes("Running")
    running.signal(signal.SIGINT)
    running.ends(0)
    assert running.out == ""
    assert not world.files.socket.exists()
    assert not world.files.pid.exists()
    assert world.container("main#0")["State"]["Running"]
    serve(world)
    world.delete()
    eventually(world.is_gone)


def test_what_the_foreground_server_writes_is_for_nobody_else(world: World) -> None:
    world.files.instance.chmod(0o600)
    serve(world)
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in world.state_dir.iterdir() if file.is_file()}
    assert set(modes.values()) == {"0o600"}, modes
    assert {"instance", "server.pid", "server.port", "store.db"} < modes.keys()


def test_a_run_uses_the_server_in_the_foreground(world: World) -> None:
    running = serve(world)
    assert world.run(manifest(container("echo hello"))).out == "[main] hello\n"
    assert world.command.server_pid() == running.process.pid


def test_there_is_one_server_for_each_state_directory(world: World) -> None:
    serve(world)
    second = world.start("serve")
    second.ends(125)
    assert second.err == f"error: a server runs already in {world.state_dir}; `podrunner server stop` ends it\n"


def test_options_that_a_running_server_does_not_have_are_no_secret(world: World) -> None:
    world.serve("--idle-timeout", "5m")
    world.serve()
    world.serve("--idle-timeout", "300s")
    other = world.start("server", "start", "--idle-timeout", "0", "--network", "bridge")
    other.ends(125)
    assert other.err == (
        "error: a server runs already, without this --idle-timeout and --network; `podrunner server stop` ends it\n"
    )


def test_a_port_that_was_asked_for_is_kept_and_one_that_is_taken_refused(world: World, taken_port: int) -> None:
    refused = world.start("serve", "--port", str(taken_port))
    refused.ends(125)
    assert refused.err == f"error: cannot listen at https://127.0.0.1:{taken_port}: Address already in use\n"
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    world.serve("--port", str(free))
    world.start("server", "stop").ends(0)
    world.serve()
    assert api.server_info(world.server).https.address == f"https://127.0.0.1:{free}"


def test_a_server_whose_port_is_taken_says_so_and_does_its_other_work(world: World, taken_port: int) -> None:
    world.files.port.write_text(f"{taken_port}\n")
    world.serve()
    problem = f"cannot listen at https://127.0.0.1:{taken_port}: Address already in use;"
    shown = world.start("server", "status")
    shown.ends(0)
    assert f"kubectl  {problem} `podrunner server start --port` takes another port\n" in shown.out
    assert problem in world.files.log.read_text()
    kubeconfig = world.start("kubeconfig")
    kubeconfig.ends(125)
    assert f"error: kubectl can't reach podrunner's server: {problem}" in kubeconfig.err
    assert world.run(manifest(container("echo hello"))).out == "[main] hello\n"


def test_pods_that_name_no_network_join_the_server_s(world: World, network: str) -> None:
    serve(world, "--network", network)
    world.create(manifest(container(FOREVER)))
    world.becomes("Running")
    assert networks_of(world, "POD#0") == [network]
    world.run(manifest(container("true"), name="of-a-run"))
    assert (
        docker("network", "ls", "--format={{.Name}}", f"--filter=label=podrunner.dev/instance={world.instance}") == []
    )
    assert f"network  {network}, for pods that name none\n" in shown(world)
    world.delete()
    eventually(world.is_gone)


def test_the_environment_names_the_network_of_a_server_in_the_background(world: World, network: str) -> None:
    world.start("server", "start", environ={"PODRUNNER_NETWORK": network}).ends(0)
    world.create(
        manifest(container(FOREVER)).replace(
            "  name: web\n", "  name: web\n  annotations: {podrunner.dev/network: bridge}\n"
        )
    )
    world.becomes("Running")
    assert networks_of(world, "POD#0") == ["bridge"]
    assert api.server_info(world.server).network == network
    world.delete()
    eventually(world.is_gone)


def test_the_environment_names_the_network_of_runs_though_the_server_knows_none(world: World, network: str) -> None:
    world.serve()
    running = world.start("run", "-", manifests=manifest(container(FOREVER)), environ={"PODRUNNER_NETWORK": network})
    running.until("[main] ready")
    assert networks_of(world, "POD#0") == [network]
    running.signal(signal.SIGINT)
    running.ends(130)


def shown(world: World) -> str:
    status = world.start("server", "status")
    status.ends(0)
    return status.out


@pytest.mark.parametrize("command", ["serve", "server start"])
def test_an_unknown_network_is_an_error_at_the_start(command: str, world: World) -> None:
    refused = world.start(*command.split(), "--network", "no-such-network")
    refused.ends(125)
    assert refused.err == "error: the engine has no network no-such-network, which pods were to join\n"


def test_a_server_stays_while_somebody_watches_and_not_for_those_who_ask_how_it_is(world: World) -> None:
    pid = world.serve("--idle-timeout", "500ms")
    with contextlib.closing(world.server.stream("GET", PODS, query={"watch": "1"})):
        time.sleep(1.2)
        assert api.server_info(world.server).pid == pid
    began = time.monotonic()
    while world.server.answers():
        with contextlib.suppress(http.Disconnected):
            api.server_info(world.server)
        assert time.monotonic() < began + 5
    assert time.monotonic() > began + 0.4


def test_no_idle_timeout_is_told_as_never(world: World) -> None:
    world.serve("--idle-timeout", "0")
    assert "pods     0; it never leaves by itself\n" in shown(world)


def test_a_server_whose_state_directory_was_removed_leaves_and_touches_nothing_of_its_successor_s(
    world: World,
) -> None:
    first = serve(world)
    shutil.rmtree(world.state_dir)
    second = serve(world)
    first.ends(0)
    assert f"leaving: the state directory {world.state_dir} was removed\n" in first.err
    assert "Traceback" not in first.err
    assert world.command.server_pid() == second.process.pid
    assert api.server_info(world.server).pid == second.process.pid


def test_the_pods_of_runs_go_with_the_state_directory(world: World) -> None:
    server = serve(world)
    running = world.start("run", "-", manifests=manifest(container(FOREVER)))
    running.until("[main] ready")
    shutil.rmtree(world.state_dir)
    server.ends(0)
    assert running.status() != 0
    assert not world.containers()


def test_a_server_of_another_version_is_not_used(world: World) -> None:
    environ = {**os.environ, "PODRUNNER_STATE_DIR": str(world.state_dir)}
    subprocess.run([sys.executable, "-c", OF_ANOTHER_VERSION], env=environ, check=True)
    running = world.start("run", "-", manifests=manifest(container("true")))
    running.ends(125)
    assert running.err.startswith("error: podrunner's server is of version 0.0.1, this command of ")
    assert "`podrunner server stop` ends it" in running.err
    world.start("server", "stop").ends(0)
    world.run(manifest(container("true")))
