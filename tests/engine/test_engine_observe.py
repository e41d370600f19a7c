"""Snapshots of what the engine has."""

import ipaddress

import pytest

import engine_world
from podrunner.engine import containers, labels, observe
from podrunner.pods import observed

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


async def test_a_snapshot_has_every_pod_of_this_instance(world: engine_world.World) -> None:
    member = engine_world.shell("sleep 100")
    one, two = engine_world.a_pod(member, name="one"), engine_world.a_pod(member, name="two")
    sandbox = await world.sandbox(one)
    other = await containers.create_sandbox(world.engine, two, instance=world.instance, attempt=0, network="bridge")
    first = await world.create(one, member, sandbox)
    second = await world.start(one, member, sandbox, attempt=1)
    snapshot = await observe.pods(world.engine, world.instance)
    assert snapshot.keys() == {one.metadata.uid, two.metadata.uid}
    seen = snapshot[one.metadata.uid]
    assert seen == await observe.pod(world.engine, world.instance, one.metadata.uid)
    assert [(c.id, c.attempt, c.state) for c in seen.containers] == [
        (first, 0, observed.State.CREATED),
        (second, 1, observed.State.RUNNING),
    ]
    assert seen.sandbox
    assert (seen.sandbox.id, seen.sandbox.state) == (sandbox, observed.State.RUNNING)
    assert [ipaddress.ip_address(ip).version for ip in seen.sandbox.ips][:1] == [4]
    assert snapshot[two.metadata.uid].sandboxes[0].id == other
    assert snapshot[two.metadata.uid].sandboxes[0].ips == ()


async def test_other_instances_are_not_seen(world: engine_world.World) -> None:
    await world.sandbox(engine_world.a_pod())
    assert await observe.pods(world.engine, f"{world.instance}-other") == {}


async def test_the_owner_comes_with_the_container(world: engine_world.World) -> None:
    subject = engine_world.a_pod()
    found = await observe.inspect(world.engine, await world.sandbox(subject))
    assert found
    assert found[0] == labels.Owner(
        pod_uid=subject.metadata.uid,
        namespace="default",
        pod_name="web",
        container_name="POD",
        is_sandbox=True,
        attempt=0,
        instance=world.instance,
    )


async def test_what_is_gone_or_foreign_is_none(world: engine_world.World) -> None:
    assert await observe.inspect(world.engine, "0" * 64) is None
    assert await observe.inspect(world.engine, await world.run("true")) is None
