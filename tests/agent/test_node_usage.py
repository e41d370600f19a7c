"""What pods use, measured on a working node."""

import pytest

from engine_world import shell
from node_world import NodeWorld

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

IDLE = "trap 'exit 0' TERM; while :; do sleep 0.2; done"
BUSY = "trap 'exit 0' TERM; while :; do :; done"


async def test_a_busy_container_uses_more_than_an_idle_one(world: NodeWorld) -> None:
    world.create(shell(IDLE, "idle"), shell(BUSY, "busy"))
    await world.becomes("Running")
    (usage,) = await world.node.usage([world.pod()])
    busy, idle = usage.containers
    assert (busy.name, idle.name) == ("busy", "idle")
    assert busy.cpu_nanocores > 5 * idle.cpu_nanocores
    assert busy.cpu_nanocores > 100_000_000
    assert 4096 <= idle.memory_bytes < 64 * 2**20
    assert 0.9 <= usage.window_seconds < 10
    await world.deleted()


async def test_a_pod_of_which_nothing_runs_uses_nothing(world: NodeWorld) -> None:
    created = world.create(shell(IDLE))
    assert await world.node.usage([created]) == []
    await world.becomes("Running")
    await world.deleted()
