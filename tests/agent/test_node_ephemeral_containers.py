"""Ephemeral containers of a working node's pods: added, attached to, read, and gone with the pod."""

import asyncio

import msgspec
import pytest

from engine_world import BUSYBOX, eventually, shell, shown
from node_world import NodeWorld
from podrunner.objects.container import EphemeralContainer
from podrunner.objects.pod_status import ContainerState
from podrunner.pods import spec
from podrunner.store import strategy

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


def add(world: NodeWorld, script: str, *, target: str = "", tty: bool = False) -> None:
    """Gives the pod an ephemeral container, as `kubectl debug` does."""
    pod = world.pod()
    debugger = EphemeralContainer(
        name="debugger",
        image=BUSYBOX,
        command=("sh", "-c", script),
        stdin=tty,
        tty=tty,
        target_container_name=target,
    )
    changed = msgspec.structs.replace(pod.spec, ephemeral_containers=(debugger,))
    strategy.replace(world.registry, msgspec.structs.replace(pod, spec=changed), subresource="ephemeralcontainers")


async def state(world: NodeWorld) -> ContainerState:
    """That of the ephemeral container once it is no longer waiting."""

    async def look() -> ContainerState | None:
        status = spec.status(world.pod(), "debugger")
        return status.state if status is not None and status.state.waiting is None else None

    found = await eventually(look)
    assert found is not None
    return found


async def test_one_is_typed_to_while_the_init_container_still_runs(world: NodeWorld) -> None:
    world.create(shell(FOREVER), init=(shell(FOREVER, "setup"),))
    await eventually(lambda: _runs(world, "setup"))
    add(world, "read line; echo got $line; exit 3", tty=True)
    assert (await state(world)).running is not None
    typing = await world.node.attach(world.pod(), "debugger", stdin=True, stdout=True, stderr=True, tty=True)
    await typing.write(b"it\n")
    async with asyncio.timeout(10):
        await shown(typing, b"got it")
    await typing.close()
    await eventually(lambda: _ended_with(world, 3))
    assert world.pod().status.phase == "Pending"
    told = [
        (event.reason, event.involved_object.field_path)
        for event in world.events()
        if "debugger" in event.involved_object.field_path
    ]
    path = "spec.ephemeralContainers{debugger}"
    assert told == [("Pulled", path), ("Created", path), ("Started", path)]
    await world.deleted()


async def test_one_sees_the_processes_of_its_target_and_its_output_is_kept(world: NodeWorld) -> None:
    world.create(shell(f"{FOREVER} # the target"), shell(FOREVER, "other"))
    await world.becomes("Running")
    add(world, "ps | grep '[t]he target' | wc -l; ps | grep -c '[t]rap'", target="main")
    await eventually(lambda: _ended_with(world, 0))
    batches = world.node.logs(world.pod(), "debugger", follow=True)
    assert [line.text async for batch in batches for line in batch] == [b"1", b"1"]
    await world.deleted()


async def _runs(world: NodeWorld, container: str) -> bool:
    status = spec.status(world.pod(), container)
    return status is not None and status.state.running is not None


async def _ended_with(world: NodeWorld, code: int) -> bool:
    status = spec.status(world.pod(), "debugger")
    return status is not None and status.state.terminated is not None and status.state.terminated.exit_code == code
