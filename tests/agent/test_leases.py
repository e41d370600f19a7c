"""Pods of runs live as long as their run holds a connection, whenever they came."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest

import engine_world
import virtual_time
from engine_world import shell
from podrunner import clock
from podrunner.agent import leases
from podrunner.agent.network import PodNetwork
from podrunner.objects.pod import Pod
from podrunner.pods import spec
from podrunner.store import pods
from podrunner.store.registry import Registry

pytestmark = pytest.mark.anyio


class _NoNetwork:
    """A network that nobody holds."""

    async def release(self, user: str) -> None:
        return


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return virtual_time.BACKEND


@pytest.fixture
def registry() -> Iterator[Registry]:
    opened = Registry(None, clock.SystemClock())
    yield opened
    opened.close()


def of_run(registry: Registry, run: str) -> Pod:
    """A pod of that run, on a node."""
    subject = engine_world.a_pod(shell("true"))
    named = msgspec.structs.replace(subject.metadata, annotations={spec.RUN: run})
    return pods.bind(registry, pods.create(registry, msgspec.structs.replace(subject, metadata=named)), "here")


def is_being_deleted(registry: Registry) -> bool:
    pod: Pod = registry.get(pods.POD, "default", "web")
    return pod.metadata.deletion_timestamp is not None


async def test_a_pod_that_comes_after_its_run_has_left_is_deleted(registry: Registry) -> None:
    held = leases.Leases(registry, cast("PodNetwork", _NoNetwork()))
    async with held.hold("one"):
        pass
    held.pod_arrived(of_run(registry, "one"))
    assert not is_being_deleted(registry)
    await asyncio.sleep(leases.CLAIM_WITHIN + 1)
    assert is_being_deleted(registry)


async def test_a_run_can_come_back_to_its_pods(registry: Registry) -> None:
    held = leases.Leases(registry, cast("PodNetwork", _NoNetwork()))
    held.pod_arrived(of_run(registry, "one"))
    async with held.hold("one"):
        await asyncio.sleep(leases.CLAIM_WITHIN + 1)
        assert not is_being_deleted(registry)
    assert is_being_deleted(registry)


async def test_a_pod_of_no_run_stays(registry: Registry) -> None:
    held = leases.Leases(registry, cast("PodNetwork", _NoNetwork()))
    subject = pods.bind(registry, pods.create(registry, engine_world.a_pod(shell("true"))), "here")
    held.pod_arrived(subject)
    await asyncio.sleep(leases.CLAIM_WITHIN + 1)
    assert not is_being_deleted(registry)
