import os
from collections.abc import AsyncIterator

import pytest

import engine_world
from podrunner.engine import client


@pytest.fixture
async def engine() -> AsyncIterator[client.Client]:
    """A client of the engine that the environment names."""
    connected = await client.Client.connect(os.environ)
    yield connected
    await connected.close()


@pytest.fixture
async def world(engine: client.Client, instance: str) -> engine_world.World:
    return engine_world.World(engine, instance)
