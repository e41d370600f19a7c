"""The socket: private, and given back."""

import asyncio
import json
import os
import signal
import socket
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from api_world import PODS, World, manifest
from podrunner import errors, paths
from podrunner.api import listen


def test_the_socket_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "podrunner.sock"
    with listen.bind(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_socket_left_by_a_dead_server_is_replaced(tmp_path: Path) -> None:
    listen.bind(tmp_path / "podrunner.sock").close()
    with listen.bind(tmp_path / "podrunner.sock"), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "podrunner.sock"))


def test_no_socket_is_put_where_others_could_replace_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(errors.ServerError, match="has to be a directory only user"):
        listen.bind(tmp_path / "podrunner.sock")


def test_a_path_that_can_not_be_bound_is_told(tmp_path: Path) -> None:
    (tmp_path / "podrunner.sock").mkdir()
    with pytest.raises(errors.ServerError, match=r"cannot listen at .*podrunner\.sock"):
        listen.bind(tmp_path / "podrunner.sock")


def test_a_server_that_stops_is_gone_promptly_though_streams_are_open(world: World) -> None:
    with world.lines(f"{PODS}?watch=1") as lines:
        started = time.monotonic()
        world.stop()
        assert time.monotonic() - started < 0.5
        assert list(lines) == []
    assert not world.path.exists()


def test_a_server_that_stops_is_not_held_up_by_idle_connections(world: World) -> None:
    with world.connect() as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: podrunner\r\n\r\n")
        sock.recv(4096)
        started = time.monotonic()
        world.stop()
        assert time.monotonic() - started < 0.5


def test_a_server_that_stops_lets_its_answers_be_read(world: World) -> None:
    body = manifest()
    body["metadata"]["annotations"] = {"text": "x" * 250_000}
    for number in range(5):
        body["metadata"]["name"] = f"kubia-{number}"
        world.ask("POST", PODS, body)
    with closing(world.open("GET", PODS)) as response:
        stopping = threading.Thread(target=world.stop)
        stopping.start()
        time.sleep(0.02)
        assert len(json.loads(response.read())["items"]) == 5
        stopping.join()


def test_serving_leaves_the_signals_alone(tmp_path: Path) -> None:
    async def serve() -> object:
        stop = asyncio.Event()
        before = signal.getsignal(signal.SIGTERM)
        listener = listen.bind(tmp_path / "podrunner.sock")
        serving = asyncio.create_task(listen.serve(_nothing, listener, stop))
        await asyncio.sleep(0.01)
        during = signal.getsignal(signal.SIGTERM)
        stop.set()
        await serving
        return before is during

    assert asyncio.run(serve())


async def _nothing(scope: object, receive: object, send: object) -> None:
    """An application nobody asks."""


def test_the_state_directory_is_the_environment_s_else_the_platform_s() -> None:
    assert paths.state_dir({"PODRUNNER_STATE_DIR": "/var/lib/podrunner"}) == Path("/var/lib/podrunner")
    assert paths.state_dir({"PODRUNNER_STATE_DIR": "here"}) == Path.cwd() / "here"
    assert paths.state_dir({}).name == "podrunner"
    assert paths.state_dir({}).is_absolute()


def test_a_path_too_long_for_a_socket_gets_one_elsewhere() -> None:
    assert paths.socket_path(Path("/var/lib/podrunner")) == Path("/var/lib/podrunner/podrunner.sock")
    long = paths.socket_path(Path("/" + "x" * 120))
    assert len(os.fsencode(long)) <= 100
    assert long.parent == Path(f"/tmp/podrunner-{os.getuid()}")
    assert long == paths.socket_path(Path("/" + "x" * 120))
    assert long != paths.socket_path(Path("/" + "y" * 120))


def test_a_request_to_stop_is_read_to_its_end_before_anything_happens(world: World) -> None:
    with world.connect() as sock:
        sock.sendall(
            b"POST /apis/podrunner.dev/v1/server/stop HTTP/1.1\r\nHost: podrunner\r\nContent-Length: 2\r\n\r\n"
        )
        time.sleep(0.02)
        assert not world.control.stopped
        sock.sendall(b"{}")
        assert sock.recv(4096).startswith(b"HTTP/1.1 202 ")
    assert world.control.stopped
