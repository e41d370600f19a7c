"""Each image does what the chapter says of it, on a real engine. Nothing here can send a packet off the machine."""

import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

import offline_network

pytestmark = pytest.mark.engine

ROOT = pathlib.Path(__file__).parent.parent.parent
LABEL = "podrunner.dev/test-images"
SANDBOX = ("--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges")
CLIENT = """
const [url] = process.argv.slice(1);
require(url.split(':')[0]).get(url, { rejectUnauthorized: false }, (response) => response.pipe(process.stdout));
"""

Start = Callable[..., str]


def docker(*arguments: str) -> str:
    command = ["docker", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def run(*arguments: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
    command = ["docker", "run", "--rm", "--label", LABEL, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stop(container: str, signal: str = "TERM") -> tuple[int, float]:
    """Signals the container's first process; returns its exit status and the seconds that the engine saw it take."""
    started = time.monotonic()
    docker("kill", "--signal", signal, container)
    status = int(docker("wait", container))
    return status, time.monotonic() - started


def await_port(container: str, port: int) -> None:
    """Returns when something listens on the port; asks the kernel from inside: a line a socket, 0A is LISTEN."""

    def listens() -> bool:
        sockets = docker("exec", container, "sh", "-c", "cat /proc/net/tcp*").splitlines()
        return any(f":{port:04X} " in socket and " 0A " in socket for socket in sockets)

    eventually(listens)


def ask(container: str, url: str) -> str:
    """What `url` answers Node.js inside a kubia container."""
    return docker("exec", container, "node", "-e", CLIENT, url)


def address(container: str, network: offline_network.OfflineNetwork) -> str:
    template = f'{{{{(index .NetworkSettings.Networks "{network.name}").IPAddress}}}}'
    return docker("inspect", f"--format={template}", container)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a container, detached, and removes it in the end."""
    started: list[str] = []

    def start(*arguments: str) -> str:
        started.append(docker("run", "--detach", "--label", LABEL, *arguments))
        return started[-1]

    yield start
    for container in reversed(started):
        docker("rm", "--force", container)


def test_init_demo_prints_a_few_lines_over_five_seconds() -> None:
    started = time.monotonic()
    result = run("--network=none", "luksa/init-demo:1.0")
    assert 5 < time.monotonic() - started < 8
    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        "Initialization started, will take 5 seconds",
        "Initializing ... 1 of 5 seconds",
        "Initializing ... 2 of 5 seconds",
        "Initializing ... 3 of 5 seconds",
        "Initializing ... 4 of 5 seconds",
        "Initializing ... 5 of 5 seconds",
        "Initialization complete",
    ]


def test_init_demo_takes_the_seconds_it_is_given() -> None:
    assert run("--network=none", "luksa/init-demo:1.0", "0").stdout.splitlines() == [
        "Initialization started, will take 0 seconds",
        "Initialization complete",
    ]


def test_init_demo_ends_at_once_when_told_to(start: Start) -> None:
    container = start("--network=none", "luksa/init-demo:1.0", "60")
    eventually(lambda: "started" in docker("logs", container))
    status, seconds = stop(container)
    assert status == 143
    assert seconds < 0.8


def test_the_checker_finds_the_chapters_address_reachable(offline: offline_network.OfflineNetwork) -> None:
    result = run(f"--network={offline.name}", "luksa/network-connectivity-checker:1.0")
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout == "Checking network connectivity to 1.1.1.1 ...\nHost appears to be reachable\n"


def test_the_checker_fails_within_seconds_when_nothing_answers(offline: offline_network.OfflineNetwork) -> None:
    result = run(f"--network={offline.name}", "luksa/network-connectivity-checker:1.0", "1.1.1.254", timeout=10)
    assert result.returncode == 1
    assert result.stdout == "Checking network connectivity to 1.1.1.254 ...\n"
    assert result.stderr == "Host does not appear to be reachable\n"


def test_envoy_answers_https_with_what_kubia_says_next_door(start: Start) -> None:
    kubia = start("--hostname=kubia-init", "--network=none", "luksa/kubia:1.0")
    envoy = start(f"--network=container:{kubia}", "luksa/kubia-ssl-proxy:1.0")
    for port in (8080, 8443, 9901):
        await_port(kubia, port)
    assert ask(kubia, "http://127.0.0.1:8080/") == "Hey there, this is kubia-init. Your IP is ::ffff:127.0.0.1."
    assert ask(kubia, "https://127.0.0.1:8443/a/b") == "Hey there, this is kubia-init. Your IP is ::ffff:127.0.0.1."
    assert ask(kubia, "http://127.0.0.1:9901/ready") == "LIVE"
    assert "GET /a/b from ::ffff:127.0.0.1" in docker("logs", kubia).splitlines()
    assert '"GET /a/b HTTP/1.1" 200' in docker("logs", envoy)


def test_kubia_tells_another_host_its_address(start: Start, offline: offline_network.OfflineNetwork) -> None:
    kubia = start(f"--network={offline.name}", "--hostname=kubia-init", "luksa/kubia:1.0")
    client = start(f"--network={offline.name}", "luksa/kubia:1.0")
    await_port(kubia, 8080)
    said = ask(client, f"http://{address(kubia, offline)}:8080/")
    assert said == f"Hey there, this is kubia-init. Your IP is ::ffff:{address(client, offline)}."


@pytest.mark.parametrize(("image", "port"), [("luksa/kubia:1.0", 8080), ("luksa/kubia-ssl-proxy:1.0", 8443)])
def test_a_server_ends_well_and_at_once_when_told_to(image: str, port: int, start: Start) -> None:
    container = start("--network=none", image)
    await_port(container, port)
    status, seconds = stop(container)
    assert status == 0
    assert seconds < 1


@pytest.mark.parametrize("signal", ["TERM", "INT"])
@pytest.mark.parametrize("init", ["--init", "--init=false"])
def test_the_pause_container_ends_well_and_at_once_when_told_to(signal: str, init: str, start: Start) -> None:
    container = start(*SANDBOX, init, "podrunner/pause:1.4")
    eventually(lambda: "sleep 2147483647" in docker("exec", container, "ps"))
    status, seconds = stop(container, signal)
    assert status == 0
    assert seconds < 1


def test_the_pause_container_never_wakes_up(start: Start) -> None:
    container = start(*SANDBOX, "podrunner/pause:1.4")
    eventually(lambda: "sleep 2147483647" in docker("exec", container, "ps"))

    def switches() -> list[str]:
        status = docker("exec", container, "cat", "/proc/1/status")
        return [line for line in status.splitlines() if "ctxt_switches" in line]

    before = switches()
    assert len(before) == 2
    time.sleep(1.5)
    assert switches() == before


def test_the_pause_container_is_an_unprivileged_user_with_the_tools_to_work_on_volumes(start: Start) -> None:
    container = start(*SANDBOX, "podrunner/pause:1.4")
    assert docker("exec", container, "id") == "uid=65535 gid=65535 groups=65535"
    tools = ["sh", "nc", "ln", "mv", "mkdir", "cat", "tar"]
    assert len(docker("exec", container, "which", *tools).splitlines()) == len(tools)


def test_the_pause_image_needs_nothing_but_its_dockerfile() -> None:
    dockerfile = (ROOT / "images" / "pause" / "Dockerfile").read_text()
    build = subprocess.run(
        ["docker", "build", "--quiet", "--label", LABEL, "-"],
        input=dockerfile,
        check=True,
        capture_output=True,
        text=True,
    )
    image = build.stdout.strip()
    told = docker("image", "inspect", "--format={{.Config.Entrypoint}} {{.Config.User}}", image)
    assert told == "[/podrunner/busybox sh /pause] 65535:65535"
    docker("image", "rm", image)


def test_images_that_are_there_are_not_built_again() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "images.py")]
    subprocess.run(command, check=True, capture_output=True)
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert again.stdout == ""
