"""What a pod's manifest asks for is what its containers find. One server for all tests here."""

import re
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import scenario_world
from commandline import container, eventually, free_port, manifest
from lifecycle_world import FOREVER
from scenario_world import World

pytestmark = pytest.mark.engine

SERVES = "trap 'exit 0' TERM; httpd -p 80 -h /etc; while :; do sleep 0.05; done"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with scenario_world.opened(tmp_path_factory.mktemp("fields")) as world:
        world.serve()
        yield world


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    yield from scenario_world.tidied(shared)


def output(world: World, *containers: dict[str, Any], **spec: Any) -> list[str]:
    """The lines of the only container of a pod that succeeds, or of all."""
    return [line.partition("] ")[2] for line in world.run(manifest(*containers, **spec), "-q").out.splitlines()]


def greeting(port: int) -> str:
    """What a web server at our own port answers for /hostname, "" if none listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"GET /hostname HTTP/1.0\r\n\r\n")
            return connection.makefile().read().splitlines()[-1]
    except (OSError, IndexError):
        return ""


def test_the_host_name_is_the_pods_or_the_one_it_asks_for(world: World) -> None:
    ask = 'hostname; grep -c "$(hostname)$" /etc/hosts'
    assert output(world, container(ask)) == ["web", "1"]
    assert output(world, container(ask), hostname="elsewhere") == ["elsewhere", "1"]


def test_a_long_name_is_cut_to_what_the_kernel_takes(world: World) -> None:
    name = f"{'x' * 62}-{'y' * 30}"
    assert world.run(manifest(container("hostname"), name=name), "-q").out == f"[main] {'x' * 62}\n"


def test_variables_refer_to_those_before_them_in_values_commands_and_args(world: World) -> None:
    env = [
        {"name": "GREETING", "value": "hello"},
        {"name": "WHOLE", "value": "$(GREETING), $(NAME) $$(GREETING)"},
        {"name": "NAME", "value": "world"},
        {"name": "EMPTY"},
    ]
    script = 'echo "$WHOLE"; echo "$0 $1"; echo "[$EMPTY]"; env | grep -c ^EMPTY='
    asks = {"name": "main", "image": "busybox:1.36", "env": env}
    asks |= {"command": ["sh", "-c", script], "args": ["$(NAME)", "$$(NAME) $(OTHER)"]}
    assert output(world, asks) == ["hello, $(NAME) $(GREETING)", "world $(NAME) $(OTHER)", "[]", "1"]


def test_args_alone_go_to_the_images_entrypoint(world: World) -> None:
    asks = {"name": "main", "image": "luksa/init-demo:1.0", "args": ["0"]}
    assert output(world, asks) == ["Initialization started, will take 0 seconds", "Initialization complete"]


def test_the_working_directory_is_made_where_it_is_missing(world: World) -> None:
    assert output(world, container("pwd", workingDir="/not/there/yet")) == ["/not/there/yet"]


def test_containers_can_share_a_process_namespace(world: World) -> None:
    looks = container("until ps | grep -q '[h]ttpd -p 80'; do sleep 0.05; done; echo seen", "main-2")
    world.create(manifest(container(SERVES, "main-1"), looks, shareProcessNamespace=True))
    world.becomes("NotReady")
    assert world.log("main-2") == "seen\n"


def test_a_host_port_is_published_and_a_container_port_is_not(world: World) -> None:
    port = free_port()
    ports = [{"containerPort": 80, "hostPort": port}, {"containerPort": 8080}]
    world.create(manifest(container(SERVES, ports=ports)))
    world.becomes("Running")
    assert eventually(lambda: greeting(port)) == "web"
    published = world.container("POD#0")["NetworkSettings"]["Ports"]
    assert {binding["HostPort"] for binding in published["80/tcp"]} == {str(port)}
    assert not published.get("8080/tcp")


def test_a_host_port_that_is_taken_is_told_and_tried_again(world: World) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        world.create(manifest(container(SERVES, ports=[{"containerPort": 80, "hostPort": port}])))
        (told,) = eventually(lambda: [event for event in world.events() if event.startswith("Warning")])
        assert told.startswith("Warning FailedCreatePodSandBox Failed to create pod sandbox: ")
        assert str(port) in told
    world.becomes("Running")
    assert eventually(lambda: greeting(port)) == "web"
    assert not any("SandboxChanged" in event for event in world.events())


def test_a_host_port_that_is_taken_ends_a_run(world: World) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        refused = world.run(manifest(container(SERVES, ports=[{"containerPort": 80, "hostPort": port}])), status=125)
    assert re.search(rf'^error: pod "web" can\'t start: Failed to create pod sandbox: .*{port}', refused.err, re.M)


def test_a_pod_tells_its_address_at_which_another_pod_reaches_it(world: World) -> None:
    world.create(manifest(container(SERVES)))
    address = world.becomes("Running").status.pod_ip
    asks = container(f"until wget -q -O - http://{address}/hostname; do sleep 0.05; done")
    assert world.run(manifest(asks, name="other"), "-q").out == "[main] web\n"


def test_a_terminal_is_one_and_its_log_has_the_lines_as_it_wrote_them(world: World) -> None:
    world.create(manifest(container("test -t 0 && test -t 1 && echo terminal; stty size", tty=True, stdin=True)))
    world.becomes("Completed")
    assert world.log("main").splitlines()[0] == "terminal"
    assert world.log("main").startswith("terminal\r\n")


@pytest.mark.parametrize(("stdin", "status"), [(False, "Completed"), (True, "Running")])
def test_standard_input_is_empty_or_open_as_the_manifest_says(stdin: bool, status: str, world: World) -> None:
    world.create(manifest(container("cat", stdin=stdin)))
    world.becomes(status)


def test_standard_input_that_is_open_once_ends_with_its_first_writer(world: World) -> None:
    world.create(manifest(container("cat", stdin=True, stdinOnce=True)))
    world.becomes("Running")
    identity = world.container("main#0")["Id"]
    subprocess.run(["docker", "attach", identity], input=b"from outside\n", check=True, capture_output=True)
    world.becomes("Completed")
    assert world.log("main") == "from outside\n"


def test_other_tools_find_the_containers_by_kubernetes_names_and_labels(world: World) -> None:
    uid = world.create(manifest(container(FOREVER))).metadata.uid
    world.becomes("Running")
    sandbox, main = world.container("POD#0"), world.container("main#0")
    assert (sandbox["Name"], main["Name"]) == (f"/k8s_POD_web_default_{uid}_0", f"/k8s_main_web_default_{uid}_0")
    labels = {key: value for key, value in main["Config"]["Labels"].items() if key.startswith("io.kubernetes.")}
    assert labels == {
        "io.kubernetes.pod.name": "web",
        "io.kubernetes.pod.namespace": "default",
        "io.kubernetes.pod.uid": uid,
        "io.kubernetes.container.name": "main",
        "io.kubernetes.docker.type": "container",
        "io.kubernetes.sandbox.id": sandbox["Id"],
    }
