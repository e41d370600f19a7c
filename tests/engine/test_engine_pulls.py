"""Pulls at the same time: of one image by several, of several images; and which credentials are tried."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import engine_world
import local_registry
from podrunner import errors
from podrunner.engine import client, images, pulls
from podrunner.pods.keyring import Login

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[client.Client]:
    """The engine, for a user who is logged in nowhere."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    connected = await client.Client.connect(os.environ)
    yield connected
    await connected.close()


async def forget(engine: client.Client, *references: str) -> None:
    for reference in references:
        if await images.inspect(engine, reference):
            await engine.call(engine.api.remove_image, reference, force=True)


def ignore(progress: pulls.PullProgress) -> None:
    """Who pulls without watching."""


def slow() -> local_registry.Registry:
    return local_registry.Registry(layer_bytes=3_000_000, bytes_per_second=3_000_000)


async def downloading(told: list[pulls.PullProgress]) -> None:
    async def began() -> bool:
        return any(progress.status == "Downloading" for progress in told)

    await engine_world.eventually(began)


async def test_who_wants_the_same_image_shares_a_pull_which_goes_on_when_one_leaves(engine: client.Client) -> None:
    with local_registry.serving(slow()) as registry:
        reference, shared = f"{registry.host}/image:1", pulls.Pulls(engine)
        told: tuple[list[pulls.PullProgress], ...] = ([], [], [])
        waiting = [asyncio.create_task(shared.pull(reference, each.append)) for each in told]
        await asyncio.gather(*map(downloading, told))
        waiting[0].cancel()
        first, *others = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(first, asyncio.CancelledError)
        assert others == [await images.inspect(engine, reference)] * 2
        assert [each[-1].status.partition(":")[0] for each in told[1:]] == ["Status", "Status"]
        assert sum("/blobs/" in path for path in registry.requests) == 2
        asked = len(registry.requests)
        await shared.pull(reference, ignore)
        assert len(registry.requests) > asked
        await forget(engine, reference)


async def test_a_failure_is_everybodys_and_the_next_try_is_a_new_one(engine: client.Client) -> None:
    with local_registry.serving(local_registry.Registry()) as registry:
        shared = pulls.Pulls(engine)
        wishes = [shared.pull(f"{registry.host}/absent:1", ignore) for _ in range(3)]
        failures = await asyncio.gather(*wishes, return_exceptions=True)
        assert {type(failure) for failure in failures} == {errors.EngineNotFound}
        asked = registry.requests.count("/v2/absent/manifests/1")
        with pytest.raises(errors.EngineNotFound):
            await shared.pull(f"{registry.host}/absent:1", ignore)
        assert registry.requests.count("/v2/absent/manifests/1") == 2 * asked


async def test_different_images_are_pulled_beside_each_other(engine: client.Client) -> None:
    with local_registry.serving(slow()) as one, local_registry.serving(slow()) as other:
        references, shared = [f"{registry.host}/image:1" for registry in (one, other)], pulls.Pulls(engine)
        told: list[pulls.PullProgress] = []
        await asyncio.gather(*(shared.pull(reference, told.append) for reference in references))
        loading = [progress.reference for progress in told if progress.status == "Downloading"]
        both = [loading.index(reference) for reference in references]
        assert max(both) < min(len(loading) - 1 - loading[::-1].index(reference) for reference in references)
        await forget(engine, *references)


async def test_credentials_are_tried_in_turn_and_all_refusals_told_at_once(engine: client.Client) -> None:
    with local_registry.serving(local_registry.Registry(private=True)) as registry:
        reference, shared = f"{registry.host}/image:1", pulls.Pulls(engine)
        wrong = Login(registry.host, "ann", "wrong")
        right = Login(registry.host, local_registry.USER, local_registry.PASSWORD)
        with pytest.raises(errors.EngineRefused) as refused:
            await shared.pull(reference, ignore, [wrong, Login(registry.host, "bob", "wrong")])
        assert "wrong" not in str(refused.value)
        assert (await shared.pull(reference, ignore, [wrong, right])).repo_tags == (reference,)
        await forget(engine, reference)
