"""What the command makes of a server that is there, and of a state directory it can't use. Nothing is started."""

import json
import os
from pathlib import Path

import pytest

from literal_server import LiteralServer, literal_server, whole
from podrunner import __version__, errors, paths
from podrunner.cli import background
from podrunner.client import http

WEB = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: main, image: busybox}]}\n"


def info(engine: str, version: str = __version__) -> bytes:
    told = {
        "version": version,
        "pid": 42,
        "engine": {"address": engine},
        "pods": 0,
        "idleTimeoutSeconds": 600,
        "startedAt": "2026-01-01T00:00:00Z",
    }
    return whole(json.dumps(told).encode())


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private one, for an environment that names no engine; the engine's usual socket is looked for in it too."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    tmp_path.chmod(0o700)
    return tmp_path


def refusal(server: LiteralServer, state_dir: Path, answer: bytes) -> str:
    server.answers(answer)
    with pytest.raises(errors.ServerError) as caught:
        background.ensure(state_dir)
    return str(caught.value)


def test_the_engine_of_the_environment_is_used_or_the_server_refused(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with literal_server(paths.socket_path(state_dir)) as server:
        told = refusal(server, state_dir, info("unix:///elsewhere.sock (from DOCKER_HOST)"))
        assert told.startswith(
            "podrunner's server uses the engine at unix:///elsewhere.sock (from DOCKER_HOST), this command asks for unix://"
        )
        assert "(from the well-known sockets); `podrunner server stop` ends the server" in told
        monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere.sock")
        server.answers(info("unix:///elsewhere.sock (from the well-known sockets)"))
        background.ensure(state_dir)


def test_an_engine_is_the_same_by_whatever_path_it_is_reached(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (state_dir / "run").mkdir()
    (state_dir / "var").symlink_to("run")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{state_dir}/var/docker.sock")
    with literal_server(paths.socket_path(state_dir)) as server:
        server.answers(info(f"unix://{state_dir}/run/docker.sock (from DOCKER_HOST)"))
        background.ensure(state_dir)


def test_a_server_of_another_version_is_refused(state_dir: Path) -> None:
    with literal_server(paths.socket_path(state_dir)) as server:
        told = refusal(server, state_dir, info("unix:///x", version="0.0.9"))
    assert told == (
        f"podrunner's server is of version 0.0.9, this command of {__version__};"
        " `podrunner server stop` ends it, and pods that were kept go on running under the next one"
    )


def test_a_server_that_hangs_is_named_with_its_process(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.02)
    (state_dir / "server.pid").write_text("4711\n")
    with literal_server(paths.socket_path(state_dir)) as server:
        server.answers(b"", keep=True)
        with pytest.raises(errors.ServerError, match=r"does not answer: nothing came for 0.02 s; `kill -KILL 4711`"):
            background.ensure(state_dir)


ELSEWHERE = "PODRUNNER_STATE_DIR can name another place"


def unusable(state_dir: Path) -> str:
    with pytest.raises(errors.ServerError) as caught:
        background.ensure(state_dir)
    return str(caught.value)


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert unusable(tmp_path / "file").startswith(f"{tmp_path}/file, where the server's socket lies, has to be")
    assert unusable(tmp_path / "file").endswith(f"; {ELSEWHERE}")
    for place, reason in (
        (tmp_path / "file/state", "Not a directory"),
        (Path("/proc/podrunner"), "No such file or directory"),
    ):
        assert unusable(place) == f"{place}: {reason}; podrunner keeps its files in {place}, {ELSEWHERE}"


def test_a_state_directory_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with literal_server(paths.socket_path(tmp_path)) as server:
        told = unusable(tmp_path)
        assert server.asked == []
    assert told.startswith(f"{tmp_path}, where the server's socket lies, has to be a directory only user {os.getuid()}")


def test_a_file_that_the_server_cannot_use_is_named_without_a_traceback(
    state_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (state_dir / "server.log").mkdir()
    assert unusable(state_dir) == (
        f"{state_dir}/server.log: Is a directory; podrunner keeps its files in {state_dir}, {ELSEWHERE}"
    )
    assert capfd.readouterr().err == ""
