"""What is left of pods that someone deleted by force, and of containers that someone removed."""

import pytest

from engine_world import eventually, shell
from node_world import NodeWorld
from podrunner import errors
from podrunner.engine import client, containers, networks, observe
from podrunner.pods import spec
from podrunner.store import pods

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


async def test_the_containers_of_a_pod_that_was_deleted_by_force_may_still_end_by_themselves(
    world: NodeWorld, engine: client.Client, instance: str
) -> None:
    world.create(shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"))
    await world.becomes("Running")
    pod = world.pod()
    reading = world.node.logs(pod, "main", follow=True)
    assert [line.text for line in await anext(reading)] == [b"up"]
    pods.delete(world.registry, "default", "web", grace_seconds=0, stays=False)
    with pytest.raises(errors.NotFound):
        world.pod()
    assert [line.text async for batch in reading for line in batch] == [b"bye"]

    async def nothing_is_left() -> bool:
        seen = await observe.pod(engine, instance, pod.metadata.uid)
        return not seen.sandboxes and not await networks.exists(engine, networks.default_name(instance))

    await eventually(nothing_is_left)


async def test_the_log_of_a_former_instance_that_someone_removed_is_refused(
    world: NodeWorld, engine: client.Client
) -> None:
    world.create(shell("exit 1"))

    async def former_instance() -> str:
        status = spec.status(world.pod(), "main")
        ended = status.last_state.terminated if status else None
        return ended.container_id if ended else ""

    former = await eventually(former_instance)
    await containers.remove(engine, former.removeprefix("docker://"))
    with pytest.raises(errors.BadRequest) as refused:
        await anext(world.node.logs(world.pod(), "main", previous=True))
    assert str(refused.value) == f"unable to retrieve container logs for {former}"
    await world.deleted()
