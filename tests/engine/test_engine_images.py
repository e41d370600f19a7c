"""Pulling from a registry on this machine, with and without credentials; what an image says of itself."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import engine_world
import local_registry
from podrunner import errors
from podrunner.engine import client, images, pulls

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


def ignore(progress: pulls.PullProgress) -> None:
    """Who pulls without watching."""


@pytest.fixture
async def cli_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration of the Docker CLI, and a directory for credential helpers that comes first on PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
async def engine(cli_config: Path) -> AsyncIterator[client.Client]:
    connected = await client.Client.connect(os.environ)
    yield connected
    await connected.close()


@pytest.fixture
async def forget(engine: client.Client) -> AsyncIterator[list[str]]:
    """Image references that are removed afterwards."""
    references: list[str] = []
    yield references
    for reference in references:
        if await images.inspect(engine, reference):
            await engine.call(engine.api.remove_image, reference, force=True)


def add_helper(cli_config: Path, script: str) -> None:
    helper = cli_config / "bin/docker-credential-test"
    helper.write_text(f"#!/bin/sh\n{script}\n")
    helper.chmod(0o755)


def configure(cli_config: Path, content: object) -> None:
    (cli_config / "config.json").write_text(json.dumps(content))


async def test_a_pull_tells_its_progress_and_what_the_image_says(engine: client.Client, forget: list[str]) -> None:
    with local_registry.serving(local_registry.Registry()) as registry:
        reference = f"{registry.host}/image:1"
        forget.append(reference)
        assert await images.inspect(engine, reference) is None
        told: list[pulls.PullProgress] = []
        facts = await pulls.Pulls(engine).pull(reference, told.append)
    assert facts == await images.inspect(engine, reference)
    assert (facts.entrypoint, facts.command, facts.user, facts.stop_signal) == (
        ("/content",),
        ("now",),
        "1000:1000",
        "SIGQUIT",
    )
    assert facts.repo_tags == (reference,)
    assert {progress.reference for progress in told} == {reference}
    (layer,) = {progress.layer for progress in told if progress.layer}
    states = [progress.status for progress in told if progress.layer == layer]
    assert states[0] == "Pulling fs layer"
    assert states[-1] == "Pull complete"
    loaded = [progress for progress in told if progress.status == "Downloading"]
    assert all(0 < progress.current <= progress.total and progress.total > 300_000 for progress in loaded)
    assert loaded


async def test_only_the_wanted_tag_is_pulled(engine: client.Client, forget: list[str]) -> None:
    with local_registry.serving(local_registry.Registry()) as registry:
        forget.append(f"{registry.host}/image:latest")
        facts = await pulls.Pulls(engine).pull(f"{registry.host}/image", ignore)
        assert facts.repo_tags == (f"{registry.host}/image:latest",)
        assert not any("tags/list" in path for path in registry.requests)


async def test_an_image_that_does_not_exist_is_refused_at_once_in_the_engines_words(engine: client.Client) -> None:
    with local_registry.serving(local_registry.Registry()) as registry:
        reference = f"{registry.host}/absent:1"
        with pytest.raises(errors.EngineNotFound, match=r"manifest unknown$"):
            await pulls.Pulls(engine).pull(reference, ignore)
        assert len([path for path in registry.requests if path.endswith("/manifests/1")]) <= 2


async def test_a_registry_that_is_not_there_is_not_asked_again(
    engine: client.Client, unused_tcp_port_number: int
) -> None:
    with pytest.raises(errors.EngineRefused, match=r"connect: connection refused$"):
        async with asyncio.timeout(1.5):
            await pulls.Pulls(engine).pull(f"127.0.0.1:{unused_tcp_port_number}/image:1", ignore)


@pytest.fixture
def unused_tcp_port_number() -> int:
    with local_registry.serving(local_registry.Registry()) as registry:
        return int(registry.server_address[1])


async def test_a_registry_that_stumbles_is_asked_again(engine: client.Client, forget: list[str]) -> None:
    with local_registry.serving(local_registry.Registry()) as registry:
        reference = f"{registry.host}/image:2"
        forget.append(reference)
        # The engine itself asks once with HEAD and once with GET.
        registry.failures += [503, 503, 503]
        assert (await pulls.Pulls(engine).pull(reference, ignore)).repo_tags == (reference,)
        assert registry.failures == []


async def test_a_cancelled_pull_stops_loading(engine: client.Client, forget: list[str]) -> None:
    slow = local_registry.Registry(layer_bytes=20_000_000, bytes_per_second=2_000_000)
    with local_registry.serving(slow) as registry:
        loading = asyncio.Event()

        def watch(progress: pulls.PullProgress) -> None:
            if progress.status == "Downloading":
                loading.set()

        reference = f"{registry.host}/image:3"
        forget.append(reference)
        pulling = asyncio.create_task(pulls.Pulls(engine).pull(reference, watch))
        async with asyncio.timeout(10):
            await loading.wait()
        pulling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pulling
        await asyncio.sleep(0.5)
        sent = registry.sent
        assert sent < 20_000_000
        await asyncio.sleep(0.5)
        assert registry.sent == sent
        assert await images.inspect(engine, reference) is None


@pytest.mark.parametrize(
    "login",
    [
        {"auths": {"{host}": {"auth": base64.b64encode(b"ann:s3cret").decode()}}},
        {"credsStore": "test"},
        {"credHelpers": {"{host}": "test"}},
        {"auths": {"{host}": {"auth": base64.b64encode(b"ann:s3cret").decode()}}, "credHelpers": {"other": "test"}},
    ],
    ids=["auths", "credsStore", "credHelpers", "auths beside a helper"],
)
async def test_the_docker_clis_credentials_are_used(
    engine: client.Client, cli_config: Path, forget: list[str], login: object
) -> None:
    with local_registry.serving(local_registry.Registry(private=True)) as registry:
        answer = json.dumps({"Username": local_registry.USER, "Secret": local_registry.PASSWORD})
        add_helper(cli_config, f"""test "$1 $(cat)" = "get {registry.host}" && echo '{answer}'""")
        configure(cli_config, json.loads(json.dumps(login).replace("{host}", registry.host)))
        reference = f"{registry.host}/image:4"
        forget.append(reference)
        assert (await pulls.Pulls(engine).pull(reference, ignore)).repo_tags == (reference,)


async def test_without_credentials_a_private_image_is_refused(engine: client.Client) -> None:
    private = local_registry.Registry(private=True)
    with local_registry.serving(private), pytest.raises(errors.EngineRefused) as refused:
        await pulls.Pulls(engine).pull(f"{private.host}/image:5", ignore)
    assert str(refused.value).endswith("no basic auth credentials")


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo credentials locked; exit 1", "Credentials store docker-credential-test exited with"),
        ("echo not JSON", "JSONDecodeError"),
        (None, "docker-credential-test not installed or not available in PATH"),
    ],
    ids=["failing", "babbling", "missing"],
)
@pytest.mark.filterwarnings("ignore:docker-credential-test not installed")
async def test_a_broken_credential_helper_is_named_and_public_images_still_come(
    engine: client.Client, cli_config: Path, forget: list[str], script: str | None, complaint: str
) -> None:
    if script:
        add_helper(cli_config, script)
    configure(cli_config, {"credsStore": "test"})
    with local_registry.serving(local_registry.Registry()) as registry:
        reference = f"{registry.host}/image:6"
        forget.append(reference)
        assert (await pulls.Pulls(engine).pull(reference, ignore)).repo_tags == (reference,)
    private = local_registry.Registry(private=True)
    with local_registry.serving(private), pytest.raises(errors.EngineRefused) as refused:
        await pulls.Pulls(engine).pull(f"{private.host}/image:7", ignore)
    assert "no basic auth credentials (no credentials for 127.0.0.1:" in str(refused.value)
    assert complaint in str(refused.value)


async def test_what_is_no_reference_is_refused_before_the_engine_sees_it(engine: client.Client) -> None:
    for operation in (images.inspect(engine, "Nginx"), pulls.Pulls(engine).pull("Nginx", ignore)):
        with pytest.raises(images.InvalidReference, match=r'^couldn\'t parse image reference "Nginx": '):
            await operation


async def test_the_pause_image_is_built_once(
    engine: client.Client, forget: list[str], monkeypatch: pytest.MonkeyPatch, instance: str
) -> None:
    monkeypatch.setattr(images, "PAUSE", f"podrunner-test/pause:{instance}")
    forget.append(images.PAUSE)
    assert await images.ensure_pause(engine) == images.PAUSE
    built = await images.inspect(engine, images.PAUSE)
    assert built
    assert (built.entrypoint, built.user) == (("/podrunner/busybox", "sh", "/pause"), "65535:65535")
    assert await images.ensure_pause(engine) == images.PAUSE
    assert await images.inspect(engine, images.PAUSE) == built


async def test_an_image_has_an_id_and_a_size(engine: client.Client) -> None:
    facts = await images.inspect(engine, engine_world.BUSYBOX)
    assert facts
    assert facts.id.startswith("sha256:")
    assert facts.size_bytes > 100_000
