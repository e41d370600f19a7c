"""podrunner's own network is there as long as somebody holds it."""

import asyncio

import pytest

import engine_world
from podrunner import errors
from podrunner.agent.network import PodNetwork
from podrunner.engine import client, networks
from podrunner.objects.pod import Pod

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


def a_pod(**annotations: str) -> Pod:
    pod = engine_world.a_pod(engine_world.shell("true"))
    pod.metadata.annotations.update({f"podrunner.dev/{name}": value for name, value in annotations.items()})
    return pod


async def test_the_last_user_takes_it_along(network: PodNetwork, engine: client.Client) -> None:
    name = await network.hold("first")
    assert await network.hold("second") == name
    await network.release("first")
    assert await networks.exists(engine, name)
    await network.release("second")
    assert not await networks.exists(engine, name)


async def test_users_that_come_at_once_share_one(network: PodNetwork, engine: client.Client, instance: str) -> None:
    names = await asyncio.gather(*(network.hold(user) for user in range(8)))
    assert len(set(names)) == 1
    labelled = {"label": f"podrunner.dev/instance={instance}"}
    assert len(await engine.call(engine.api.networks, filters=labelled)) == 1


async def test_a_pod_holds_it_in_place_of_its_run(network: PodNetwork, engine: client.Client) -> None:
    pod = a_pod(run="run-1")
    name = await network.hold("run-1")
    assert await network.of(pod) == name
    await network.release(pod.metadata.uid)
    assert not await networks.exists(engine, name)


async def test_a_pod_on_a_network_of_its_choice_needs_none(network: PodNetwork, engine: client.Client) -> None:
    assert await network.of(a_pod(network="bridge")) == "bridge"
    with pytest.raises(errors.EngineNotFound, match=r"^network nosuchnetwork not found$"):
        await network.of(a_pod(network="nosuchnetwork"))


async def test_those_that_are_on_it_at_the_start_hold_it(
    network: PodNetwork, engine: client.Client, instance: str
) -> None:
    name = await network.hold("a pod of a server that was killed")
    after_restart = PodNetwork(engine, instance)
    await after_restart.adopt(["a pod of a server that was killed"])
    assert await networks.exists(engine, name)
    await after_restart.release("a pod of a server that was killed")
    assert not await networks.exists(engine, name)


async def test_one_that_was_left_over_goes_at_the_start(
    network: PodNetwork, engine: client.Client, instance: str
) -> None:
    name = await network.hold("a run of a server that was killed")
    await PodNetwork(engine, instance).adopt([])
    assert not await networks.exists(engine, name)


async def test_one_that_somebody_removed_is_made_again_once_that_was_noticed(
    network: PodNetwork, engine: client.Client
) -> None:
    name = await network.hold("first")
    await engine.call(engine.api.remove_network, name)
    network.forget()
    assert await networks.exists(engine, await network.hold("second"))


async def test_with_a_default_network_nobody_needs_podrunner_s_own(engine: client.Client, instance: str) -> None:
    network = PodNetwork(engine, instance, "bridge")
    assert await network.hold("a run") == "bridge"
    assert await network.of(a_pod()) == "bridge"
    assert await network.of(a_pod(network="host")) == "host"
    assert await engine.call(engine.api.networks, filters={"label": f"podrunner.dev/instance={instance}"}) == []
