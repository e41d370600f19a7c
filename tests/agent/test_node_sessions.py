"""Sessions with the containers of a pod on a working node."""

import asyncio

import pytest

from engine_world import eventually, shell, shown
from node_world import NodeWorld
from podrunner import errors
from podrunner.pods import spec

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


async def test_a_command_runs_in_an_init_container_and_ends_with_it(world: NodeWorld) -> None:
    world.create(shell(FOREVER), init=(shell("until [ -e /tmp/go ]; do sleep 0.05; done", "setup"),))
    await eventually(lambda: _runs(world, "setup"))
    typing = await world.node.exec(world.pod(), "setup", ["sh"], stdin=True, stdout=True, stderr=True, tty=True)
    await typing.write(b"touch /tmp/go; echo do''ne\n")
    async with asyncio.timeout(10):
        await shown(typing, b"done")
        while await typing.read() is not None:
            continue
        assert await typing.exit_code() == 137
    await typing.close()
    await world.becomes("Running")
    with pytest.raises(errors.ObjectError, match="container not found"):
        await world.node.exec(world.pod(), "setup", ["sh"], stdin=True, stdout=True, stderr=True, tty=True)
    await world.deleted()


async def test_a_port_of_the_pod_is_reached(world: NodeWorld) -> None:
    world.create(shell("exec nc -ll -p 8000 -e echo hello"))
    await world.becomes("Running")

    async def greeting() -> bytes:
        tunnel = await world.node.port_forward(world.pod(), 8000)
        try:
            return await tunnel.read()
        except errors.ObjectError:
            return b""
        finally:
            await tunnel.close()

    assert await eventually(greeting) == b"hello\n"
    await world.deleted()


async def _runs(world: NodeWorld, container: str) -> bool:
    status = spec.status(world.pod(), container)
    return status is not None and status.state.running is not None
