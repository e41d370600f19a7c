"""kubectl exec, attach, cp, port-forward and logs -f: today's over WebSockets and over SPDY, and that of 2021."""

import concurrent.futures
import contextlib
import hashlib
import os
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import commandline
import kubectl_clients
import kubectl_session
from commandline import container, eventually
from kubectl_session import KubectlWorld, masked

pytestmark = pytest.mark.engine

MUCH = os.urandom(1 << 20) * 64
WEB = "mkdir /www; cp /proc/version /www/small; head -c 67108864 /dev/urandom > /www/big; httpd -f -p 8080 -h /www"
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""
REFUSED = (
    "error forwarding port 9 to pod web, uid UID: failed to connect to localhost:9 inside namespace "
    '"ID", IPv4: dial tcp4 127.0.0.1:9: connect: connection refused'
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubectlWorld]:
    """A server and a pod with a container that has ended, one that runs, and a web server."""
    with kubectl_session.opened(tmp_path_factory.mktemp("streams")) as world:
        world.create(
            commandline.manifest(
                container("exec sleep 1000"),
                container(WEB, "server", ports=[{"name": "http", "containerPort": 8080}]),
                init=(container("true", "first"),),
                terminationGracePeriodSeconds=0,
            )
        )
        world.becomes("Running")
        world.kubectl(
            "exec",
            "web",
            "-c",
            "server",
            "--",
            "sh",
            "-c",
            "until wget -qO /dev/null http://127.0.0.1:8080/small; do sleep 0.1; done",
        )
        yield world


@pytest.fixture(params=kubectl_clients.KINDS)
def world(request: pytest.FixtureRequest, shared: KubectlWorld) -> Iterator[KubectlWorld]:
    """The shared server, for one of the clients."""
    shared.program = str(kubectl_clients.old()) if request.param == "old" else kubectl_session.KUBECTL
    shared.settings = kubectl_clients.SPDY_ONLY if request.param == "spdy" else {}
    yield shared
    shared.program, shared.settings = kubectl_session.KUBECTL, {}


@contextlib.contextmanager
def forwarded(world: KubectlWorld, port: int | str, target: str = "web") -> Iterator[tuple[str, commandline.Running]]:
    """A URL that leads to the port of the pod, and the kubectl that sees to it."""
    running = world.start_kubectl("port-forward", target, f":{port}")
    running.until("Forwarding from 127.0.0.1:")
    found = re.search(r"Forwarding from (127\.0\.0\.1:\d+) -> ", running.out)
    assert found
    yield f"http://{found[1]}", running
    running.process.kill()


def download(url: str) -> str:
    """The SHA-256 of what is there."""
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=30) as answer:
        while block := answer.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def test_output_errors_and_the_exit_code_come_through(world: KubectlWorld) -> None:
    done = world.kubectl("exec", "web", "-c", "main", "--", "sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    assert (done.out, done.err) == ("out\n", "err\ncommand terminated with exit code 7\n")


def test_a_command_that_a_signal_ends_has_its_number(world: KubectlWorld) -> None:
    done = world.kubectl("exec", "web", "-c", "main", "--", "sh", "-c", "kill -9 $$", status=137)
    assert (done.out, done.err) == ("", "command terminated with exit code 137\n")


def test_a_command_that_does_not_exist_is_named(world: KubectlWorld) -> None:
    done = world.kubectl("exec", "web", "-c", "main", "--", "no-such-command", status=None)
    assert done.status in (126, 127)  # engines differ
    assert '"no-such-command": executable file not found in $PATH' in done.out
    assert done.err == f"command terminated with exit code {done.status}\n"


def test_a_container_that_has_ended_takes_no_command(world: KubectlWorld) -> None:
    done = world.kubectl("exec", "web", "-c", "first", "--", "true", status=1)
    assert done.err in (
        'error: unable to upgrade connection: container not found ("first")\n',
        'Error from server (InternalError): container not found ("first")\n',  # the old one
    )


def test_64_mb_go_through_cat_unchanged(world: KubectlWorld, tmp_path: Path) -> None:
    given, taken = tmp_path / "given", tmp_path / "taken"
    given.write_bytes(MUCH)
    done = world.terminal("sh", "-c", f"{world.program} exec -i web -c main -- cat < {given} > {taken}")
    assert (done.status(), done.screen) == (0, "")
    assert taken.read_bytes() == MUCH


def test_the_terminal_s_size_is_followed(world: KubectlWorld) -> None:
    shell = world.terminal("kubectl", "exec", "-it", "web", "-c", "main", "--", "sh")
    shell.until("# ")
    shell.type("stty size\r")
    shell.until("24 200\n")
    shell.resize(37, 101)
    shell.process.send_signal(signal.SIGWINCH)
    shell.type("until [ \"$(stty size)\" = '37 101' ]; do :; done; echo re''sized\r")
    shell.until("resized\n")
    shell.type("exit 9\r")
    assert shell.status() == 9
    assert shell.screen.endswith("exit 9\ncommand terminated with exit code 9\n")


def test_what_is_typed_to_a_container_is_answered_and_its_end_ends_attach(world: KubectlWorld) -> None:
    world.create(
        commandline.manifest(
            container("stty -echo; echo early; read word; echo got $word; exit 3", stdin=True, tty=True), name="asks"
        )
    )
    eventually(lambda: world.pod("asks").status.phase == "Running" and "early" in world.log("main", "asks"))
    attached = world.terminal("kubectl", "attach", "-it", "asks")
    attached.until("press")
    attached.type("this\r")
    assert attached.status() == 0
    assert "try pressing enter.\ngot this\n" in attached.screen
    world.kubectl("delete", "pod", "asks", "--now")


def test_standard_input_that_ends_ends_that_of_the_container(world: KubectlWorld) -> None:
    world.create(commandline.manifest(container("cat; echo end", stdin=True, stdinOnce=True), name="takes"))
    world.becomes("Running", "takes")
    assert world.kubectl("attach", "-i", "takes", stdin="one\ntwo\n").out == "one\ntwo\nend\n"
    world.kubectl("delete", "pod", "takes", "--now")


def test_whoever_leaves_a_container_leaves_it_running(world: KubectlWorld) -> None:
    attached = world.terminal("kubectl", "attach", "web", "-c", "main")
    attached.until("try pressing enter")
    attached.interrupt()
    assert world.pod().status.phase == "Running"
    assert "kill main#0" not in " ".join(world.history("kill"))


def test_files_and_directories_are_copied_both_ways(world: KubectlWorld, tmp_path: Path) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/one").write_bytes(MUCH[:5_000_000])
    (tmp_path / "tree/sub/two").write_text("two\n")
    world.kubectl("cp", f"{tmp_path}/tree", "web:/tmp/there", "-c", "main")
    world.kubectl("cp", f"{tmp_path}/tree/sub/two", "web:/tmp/there/three", "-c", "main")
    listed = world.kubectl("exec", "web", "-c", "main", "--", "sh", "-c", "cd /tmp/there; find . | sort").out
    assert listed == ".\n./one\n./sub\n./sub/two\n./three\n"

    world.kubectl("cp", "web:/tmp/there", f"{tmp_path}/back", "-c", "main")
    world.kubectl("cp", "web:/tmp/there/three", f"{tmp_path}/three", "-c", "main")
    assert (tmp_path / "back/one").read_bytes() == MUCH[:5_000_000]
    assert (tmp_path / "back/sub/two").read_text() == (tmp_path / "three").read_text() == "two\n"
    world.kubectl("exec", "web", "-c", "main", "--", "rm", "-r", "/tmp/there")


def test_a_download_through_a_forwarded_port_is_intact_also_ten_at_once(world: KubectlWorld) -> None:
    there = world.kubectl("exec", "web", "-c", "server", "--", "sha256sum", "/www/big").out.split()[0]
    small = world.kubectl("exec", "web", "-c", "server", "--", "sha256sum", "/www/small").out.split()[0]
    with forwarded(world, 8080) as (url, _), concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert download(f"{url}/big") == there
        assert set(pool.map(download, [f"{url}/small"] * 10)) == {small}


def test_a_port_is_forwarded_by_its_name_and_by_a_service_s(world: KubectlWorld) -> None:
    small = world.kubectl("exec", "web", "-c", "server", "--", "sha256sum", "/www/small").out.split()[0]
    world.kubectl("label", "pod", "web", "app=web", "--overwrite")
    world.kubectl("apply", "-f", "-", stdin=SERVICE)
    for port, target in (("http", "pod/web"), (80, "service/web")):
        with forwarded(world, port, target) as (url, _):
            assert download(f"{url}/small") == small


def test_a_port_where_nothing_listens_is_told(world: KubectlWorld) -> None:
    with forwarded(world, 9) as (url, running):
        with pytest.raises((urllib.error.URLError, OSError)):
            download(url)
        running.until("connection refused")
        assert REFUSED in masked(running.err.replace("\\", ""))


def test_a_log_is_followed_up_to_the_container_s_end(world: KubectlWorld) -> None:
    world.create(commandline.manifest(container("echo one; sleep 1; echo two; exit 3"), name="talks"))
    eventually(lambda: world.pod("talks").status.phase == "Running")
    assert world.kubectl("logs", "-f", "talks").out == "one\ntwo\n"
    world.kubectl("delete", "pod", "talks", "--now")


def test_a_command_ends_with_its_pod(world: KubectlWorld) -> None:
    world.create(commandline.manifest(container("sleep 1000"), name="brief", terminationGracePeriodSeconds=0))
    world.becomes("Running", "brief")
    command = world.start_kubectl("exec", "brief", "--", "sh", "-c", "echo runs; sleep 1000")
    command.until("runs")
    world.kubectl("delete", "pod", "brief")
    assert (command.status(), command.out) == (137, "runs\n")
    assert command.err == "command terminated with exit code 137\n"


def test_a_command_ends_with_the_server(tmp_path: Path) -> None:
    with kubectl_session.opened(tmp_path) as world:
        world.create(commandline.manifest(container("sleep 1000"), terminationGracePeriodSeconds=0))
        world.becomes("Running")
        command = world.start_kubectl("exec", "web", "--", "sh", "-c", "echo runs; sleep 1000")
        command.until("runs")
        world.start("server", "stop").ends(0)
        assert (command.status(), command.out) == (1, "runs\n")
        assert command.err.endswith("next reader: websocket: close 1006 (abnormal closure): unexpected EOF\n")
