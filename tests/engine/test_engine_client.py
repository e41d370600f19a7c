"""Connecting, calls from many threads, and what is said when it fails."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import engine_world
from podrunner import errors
from podrunner.engine import address, client

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

HERE = address.Address(url="unix:///x.sock", source="DOCKER_HOST")


async def test_the_engine_says_what_machine_it_runs_on(engine: client.Client) -> None:
    info = await engine.info()
    assert info.name
    assert info.cpus >= 1
    assert info.memory_bytes > 1 << 28
    assert info.cgroup_version in ("1", "2")


@pytest.mark.parametrize(
    ("newest", "oldest", "chosen"),
    [("1.41", "1.12", "1.41"), ("1.51", "1.24", "1.51"), ("1.52", "1.44", "1.51"), ("1.100", "1.44", "1.51")],
)
def test_the_api_version_is_the_newest_both_sides_know(newest: str, oldest: str, chosen: str) -> None:
    assert client.negotiate(newest, oldest, HERE) == chosen


def test_an_engine_too_new_is_refused_with_advice() -> None:
    with pytest.raises(errors.EngineUnreachable) as refused:
        client.negotiate("1.60", "1.55", HERE)
    assert str(refused.value) == (
        "the Docker Engine at unix:///x.sock (from DOCKER_HOST) is too new for this podrunner: it speaks API 1.55 or"
        " newer, podrunner up to 1.51; upgrade podrunner"
    )


def test_an_engine_too_old_is_refused() -> None:
    with pytest.raises(errors.EngineUnreachable) as refused:
        client.negotiate("1.39", "1.12", HERE)
    assert str(refused.value) == (
        "the Docker Engine at unix:///x.sock (from DOCKER_HOST) is too old: it speaks API 1.39, podrunner needs 1.41"
        " (Docker Engine 20.10) or newer"
    )


@pytest.mark.parametrize("host", ["unix://{folder}/absent.sock", "tcp://127.0.0.1:1"])
async def test_where_no_engine_answers_the_address_and_its_source_are_named(tmp_path: Path, host: str) -> None:
    url = host.format(folder=tmp_path)
    with pytest.raises(errors.EngineUnreachable) as refused:
        await client.Client.connect({"DOCKER_HOST": url})
    assert str(refused.value).startswith(f"no Docker Engine answers at {url} (from DOCKER_HOST): is it running? (")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_may_not_use_the_socket_is_told_of_the_docker_group(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        as_nobody = (
            "import asyncio, os; from podrunner.engine import client; os.setuid(65534);"
            f"asyncio.run(client.Client.connect({{'DOCKER_HOST': 'unix://{path}', 'HOME': '/nonexistent'}}))"
        )
        command = [sys.executable, "-c", as_nobody]
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert result.stderr.splitlines()[-1] == (
        f"podrunner.errors.EngineUnreachable: permission denied at the Docker Engine's socket unix://{path} (from"
        " DOCKER_HOST): add yourself to its group (`sudo usermod -aG docker $USER`, then log in again) or run as root"
    )


async def test_ssh_without_paramiko_says_what_to_install() -> None:
    with pytest.raises(errors.EngineUnreachable) as refused:
        await client.Client.connect({"DOCKER_HOST": "ssh://nowhere.invalid"})
    assert str(refused.value).endswith("is reached over SSH, which needs: pip install 'podrunner[ssh]'")


async def test_a_broken_config_of_the_docker_cli_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text('{"auths": {"quay.io": {"auth": "not base64"}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(errors.EngineUnreachable, match=r"^the Docker CLI's configuration can't be used: "):
        await client.Client.connect(os.environ)


async def test_many_calls_at_once_share_the_connections(world: engine_world.World) -> None:
    engine = world.engine
    ids = [await world.run("true") for _ in range(4)]
    paths = [f"/containers/{container_id}/json?n={n}" for container_id in ids for n in range(100)]

    def get(path: str) -> int:
        return engine.api.get(f"{engine.api.base_url}/v{engine.api_version}{path}").status_code

    assert await asyncio.gather(*(engine.call(get, path) for path in paths)) == [200] * 400


async def test_a_call_waits_out_a_restart_of_the_engine(tmp_path: Path) -> None:
    async with engine_world.relayed(tmp_path) as relay:
        engine = await client.Client.connect(relay.environ)
        await relay.close()
        pinging = asyncio.create_task(engine.ping())
        await asyncio.sleep(0.3)
        assert not pinging.done()
        await relay.open()
        await pinging
        await engine.close()


async def test_a_call_gives_up_when_the_engine_stays_away(tmp_path: Path) -> None:
    async with engine_world.relayed(tmp_path) as relay:
        engine = await client.Client.connect(relay.environ)
        await relay.close()
        with pytest.raises(errors.EngineUnreachable, match=r"^no Docker Engine answers at unix://.*engine\.sock"):
            await engine.ping()
        await engine.close()


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("/containers/absent/json", errors.EngineNotFound, "No such container: absent"),
        ("/networks/absent", errors.EngineNotFound, "network absent not found"),
        ("/containers/json?filters=x", errors.EngineRefused, "invalid character 'x' looking for beginning of value"),
    ],
)
async def test_refusals_are_in_the_engines_own_words(
    engine: client.Client, path: str, kind: type[errors.EngineError], message: str
) -> None:
    with pytest.raises(kind) as refused:
        await engine.call(engine.open_stream, "GET", path)
    assert str(refused.value) == message
