"""The background server as the command starts, finds, loses and stops it."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from commandline import PODRUNNER, Podrunner, container, eventually, json_lines, manifest
from engine_way import Way

pytestmark = pytest.mark.engine


def test_a_server_that_is_stopped_removes_the_pods_of_runs_first(fresh_podrunner: Podrunner) -> None:
    running = fresh_podrunner.start("run", "-", manifests=manifest(container("echo ready; sleep 60")))
    running.until("[main] ready")
    fresh_podrunner.start("server", "stop").ends(0)
    assert fresh_podrunner.left_on_engine() == []
    running.ends(137)
    assert 'pod "web" was deleted before it had ended' in running.err


def test_status_without_a_server_exits_1(fresh_podrunner: Podrunner) -> None:
    none = fresh_podrunner.start("server", "status")
    none.ends(1)
    assert none.err == f"no server runs for {fresh_podrunner.state_dir}\n"


def test_status_as_json_has_all_of_it(fresh_podrunner: Podrunner) -> None:
    fresh_podrunner.start("server", "start").ends(0)
    shown = fresh_podrunner.start("server", "status", "-o", "json")
    shown.ends(0)
    (status,) = json_lines(shown.out)
    assert status["pid"] == fresh_podrunner.server_pid()
    assert status["engine"].keys() == {"address", "version", "apiVersion"}


def test_a_stopped_server_has_left_when_the_command_returns(fresh_podrunner: Podrunner) -> None:
    fresh_podrunner.start("server", "start").status()
    pid = fresh_podrunner.server_pid()
    fresh_podrunner.start("server", "stop").ends(0)
    assert not (fresh_podrunner.state_dir / "podrunner.sock").exists()
    eventually(lambda: not is_alive(pid), within=1)


def test_an_engine_out_of_reach_exits_125_and_says_where_it_was_looked_for(fresh_podrunner: Podrunner) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{fresh_podrunner.directory}/nothing.sock"}
    running = fresh_podrunner.start("run", "-", manifests=manifest(container("echo")), environ=nowhere)
    running.ends(125)
    assert f"unix://{fresh_podrunner.directory}/nothing.sock" in running.err
    assert "DOCKER_HOST" in running.err
    assert "Traceback" not in running.err


def test_a_server_that_uses_another_engine_is_not_taken_for_the_one_asked_for(fresh_podrunner: Podrunner) -> None:
    fresh_podrunner.start("server", "start").ends(0)
    elsewhere = {"DOCKER_HOST": "unix:///nowhere.sock"}
    refused = fresh_podrunner.start("run", "-", manifests=manifest(container("echo")), environ=elsewhere)
    refused.ends(125)
    assert "this command asks for unix:///nowhere.sock (from DOCKER_HOST)" in refused.err


def test_the_engine_of_another_environment_is_not_used_by_a_command_that_names_none(
    fresh_podrunner: Podrunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    way = Way(fresh_podrunner.directory / "engine.sock")
    with way.open():
        fresh_podrunner.start("server", "start", environ={"DOCKER_HOST": f"unix://{way.path}"}).ends(0)
        refused = fresh_podrunner.start("run", "-", manifests=manifest(container("echo")))
        refused.ends(125)
        fresh_podrunner.start("server", "stop").ends(0)
    assert f"uses the engine at unix://{way.path} (from DOCKER_HOST), this command asks for unix://" in refused.err


def test_a_server_that_is_stopped_by_a_signal_is_not_waited_for_for_ever(fresh_podrunner: Podrunner) -> None:
    fresh_podrunner.start("server", "start").ends(0)
    pid = fresh_podrunner.server_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        refused = fresh_podrunner.start("run", "-", manifests=manifest(container("echo")))
        refused.ends(125)
        assert time.monotonic() - started < 15
    finally:
        os.kill(pid, signal.SIGCONT)
    assert refused.err == (
        f"error: podrunner's server at {fresh_podrunner.state_dir}/podrunner.sock does not answer:"
        f" nothing came for 10 s; `kill -KILL {pid}` ends it, and the next one goes on with what it left\n"
    )


def test_the_server_holds_nothing_of_the_command_that_started_it(fresh_podrunner: Podrunner) -> None:
    read_end, write_end = os.pipe()
    environ = {**os.environ, "PODRUNNER_STATE_DIR": str(fresh_podrunner.state_dir)}
    subprocess.run([PODRUNNER, "server", "start"], pass_fds=[write_end], env=environ, check=True)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        assert pipe.read() == b""


def test_the_state_directory_is_private(fresh_podrunner: Podrunner) -> None:
    fresh_podrunner.start("server", "start").status()
    assert fresh_podrunner.state_dir.stat().st_mode & 0o777 == 0o700
    for file in fresh_podrunner.state_dir.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits for its parent to notice does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
