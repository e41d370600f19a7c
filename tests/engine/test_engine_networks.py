"""podrunner's own network, one for each instance."""

import pytest

import engine_world
from podrunner import errors
from podrunner.engine import networks, observe
from podrunner.pods import observed

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


async def test_the_default_network_is_made_once_and_removed_when_unused(world: engine_world.World) -> None:
    name = networks.default_name(world.instance)
    assert not await networks.exists(world.engine, name)
    made = await networks.ensure_default(world.engine, world.instance)
    assert await networks.ensure_default(world.engine, world.instance) == made
    assert await networks.exists(world.engine, name)
    await networks.remove_default(world.engine, world.instance)
    assert not await networks.exists(world.engine, name)
    await networks.remove_default(world.engine, world.instance)


async def test_a_network_in_use_stays(world: engine_world.World) -> None:
    network = await networks.ensure_default(world.engine, world.instance)
    sandbox = await world.sandbox(engine_world.a_pod(), network=network)
    await networks.remove_default(world.engine, world.instance)
    assert await networks.exists(world.engine, network)
    found = await observe.inspect(world.engine, sandbox)
    assert found
    assert isinstance(found[1], observed.Sandbox)
    assert len(found[1].ips) == 1


async def test_a_sandbox_on_a_network_that_is_gone_is_refused(world: engine_world.World) -> None:
    network = await networks.ensure_default(world.engine, world.instance)
    await networks.remove_default(world.engine, world.instance)
    with pytest.raises(errors.EngineNotFound, match=rf"network {network} not found"):
        await world.sandbox(engine_world.a_pod(), network=network)
