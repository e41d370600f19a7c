"""The engine goes out of reach in the middle of things, and may come back. A relay plays that; the engine runs on."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

import local_registry
from commandline import container, eventually, manifest
from engine_world import Relay
from scenario_world import World

pytestmark = pytest.mark.engine

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


class Connection:
    """What leads to the engine, run by a thread of its own."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.restore()

    def cut(self) -> None:
        self._wait_for(self._relay.close())

    def restore(self) -> None:
        self._wait_for(self._relay.open())

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


@pytest.fixture
def engine(world: World) -> Iterator[Connection]:
    """The way from the world's server to the engine; open again when the world ends, so that it can tidy up."""
    relay = Relay(world.directory / "engine.sock")
    connection = Connection(relay)
    world.environ = {name: value for name, value in relay.environ.items() if name == "DOCKER_HOST"}
    yield connection
    connection.cut()
    connection.restore()


def ready(world: World) -> tuple[str, str]:
    """Status and reason of the pod's condition Ready."""
    return next((one.status, one.reason) for one in world.pod().status.conditions if one.type == "Ready")


def not_ready_events(world: World) -> list[str]:
    return [event for event in world.events() if event.startswith("Warning NodeNotReady")]


def test_a_pod_is_not_ready_while_the_engine_is_away_and_then_goes_on(world: World, engine: Connection) -> None:
    world.serve()
    world.create(manifest(container(FOREVER), init=(container("true", "first"),)))
    world.becomes("Running")
    engine.cut()
    eventually(lambda: ready(world) == ("False", "NodeNotReady"), within=6)
    (told,) = not_ready_events(world)
    assert told.startswith("Warning NodeNotReady Node is not ready: ")
    assert f"{world.directory}/engine.sock" in told
    engine.restore()
    eventually(lambda: ready(world) == ("True", ""), within=3)
    assert world.history("create") == ["create POD#0", "create first#0", "create main#0"]


def test_a_moment_without_the_engine_is_not_even_told(world: World, engine: Connection) -> None:
    world.serve()
    world.create(manifest(container(FOREVER), init=(container("sleep 1.5", "first"),)))
    eventually(lambda: "Normal Started Started container first" in world.events())
    engine.cut()
    time.sleep(1)
    engine.restore()
    world.becomes("Running")
    assert not_ready_events(world) == []
    assert world.history("create") == ["create POD#0", "create first#0", "create main#0"]


def test_what_ended_while_the_engine_was_out_of_reach_is_seen_afterwards(world: World, engine: Connection) -> None:
    world.serve()
    world.create(manifest(container("sleep 0.5; exit 3")))
    world.becomes("Running")
    engine.cut()
    eventually(lambda: not world.container("main#0")["State"]["Running"])
    engine.restore()
    world.becomes("Error")
    assert world.log("main") == ""


def test_a_pull_that_broke_with_the_connection_is_begun_again(world: World, engine: Connection) -> None:
    slow = local_registry.Registry(layer_bytes=400_000, bytes_per_second=200_000)
    with local_registry.serving(slow) as registry:
        world.serve()
        world.create(manifest(container("", image=f"{registry.host}/image:1")))
        eventually(lambda: registry.sent > 50_000)
        engine.cut()
        engine.restore()
        eventually(lambda: any("Successfully pulled image" in event for event in world.events()))
        world.engine.remove_image(f"{registry.host}/image:1", force=True)


def test_a_pod_that_is_deleted_without_the_engine_goes_when_it_is_back(world: World, engine: Connection) -> None:
    world.serve()
    world.create(manifest(container(FOREVER)))
    world.becomes("Running")
    engine.cut()
    world.delete()
    eventually(lambda: not_ready_events(world), within=6)
    assert sorted(world.containers()) == ["POD#0", "main#0"]
    engine.restore()
    eventually(world.is_gone, within=5)


def test_a_server_that_finds_no_engine_does_not_start(world: World, engine: Connection) -> None:
    engine.cut()
    started = world.start("server", "start")
    assert started.status() == 125
    assert started.err.startswith(f"error: no Docker Engine answers at unix://{world.directory}/engine.sock")
    assert not world.files.socket.exists()
