"""A node on the real engine."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node_world import NodeWorld
from podrunner import clock
from podrunner.agent.followers import Followers
from podrunner.agent.network import PodNetwork
from podrunner.agent.node import Node
from podrunner.agent.progress import Progress
from podrunner.agent.registration import Machine
from podrunner.agent.service_network import ServiceNetwork
from podrunner.agent.services import Services
from podrunner.credentials import tokens
from podrunner.engine import client
from podrunner.engine.pulls import Pulls
from podrunner.store import system as store_system
from podrunner.store.registry import Registry


@pytest.fixture
async def engine() -> AsyncIterator[client.Client]:
    connected = await client.Client.connect(os.environ)
    yield connected
    await connected.close()


@pytest.fixture
async def network(engine: client.Client, instance: str) -> PodNetwork:
    return PodNetwork(engine, instance)


@pytest.fixture
async def world(engine: client.Client, instance: str, network: PodNetwork, tmp_path: Path) -> AsyncIterator[NodeWorld]:
    system = clock.SystemClock()
    registry = Registry(None, system)
    store_system.ensure(registry)
    machine = Machine("here", "127.0.0.1", await engine.info(), engine.version)
    services = Services(
        engine,
        instance,
        network,
        ServiceNetwork(engine, instance, network, registry),
        Followers(),
        Progress(),
        Pulls(engine),
        system,
        tokens.Signer(tmp_path / "tokens.key"),
        machine.ip,
        {"cpu": "2"},
    )
    node = Node(registry, services, machine)
    working = asyncio.create_task(node.run())
    yield NodeWorld(node, registry)
    working.cancel()
    await asyncio.wait({working})
    registry.close()
