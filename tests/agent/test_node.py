"""The node on a real engine, where defects of ours strike, and where events of the engine never come."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

import engine_world
from engine_world import shell
from node_world import NodeWorld
from podrunner.agent import executor, node
from podrunner.agent.outcome import Outcome
from podrunner.engine import client, watch
from podrunner.objects.pod import Pod, PodSchedulingGate
from podrunner.pods import observed, plan, reconcile
from podrunner.pods.view import View
from podrunner.store import pods

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The node hears nothing from the engine, and looks by itself more often than usual."""

    async def silence(engine: client.Client, instance: str) -> AsyncIterator[watch.Item]:
        await asyncio.Event().wait()
        yield watch.Reconnected()

    monkeypatch.setattr(watch, "events", silence)
    monkeypatch.setattr(node, "LOOK_ANEW_EVERY", 0.2)


@pytest.mark.usefixtures("deaf")
async def test_a_pod_gets_there_although_no_event_of_the_engine_arrives(world: NodeWorld) -> None:
    world.create(shell("echo main"), init=(shell("true", "first"), shell("true", "second")))
    await world.becomes("Running")
    assert [status.restart_count for status in world.pod().status.init_container_statuses] == [0, 0]
    await world.deleted()


async def test_a_pod_with_scheduling_gates_waits_for_their_end(world: NodeWorld) -> None:
    gated = engine_world.a_pod(shell(FOREVER))
    spec = msgspec.structs.replace(gated.spec, scheduling_gates=(PodSchedulingGate(name="example.com/quota"),))
    pods.create(world.registry, msgspec.structs.replace(gated, spec=spec))
    world.create(shell(FOREVER), name="open")
    await world.becomes("Running", "open")
    assert (world.pod().spec.node_name, world.pod().status.phase) == ("", "Pending")
    spec = msgspec.structs.replace(world.pod().spec, scheduling_gates=())
    world.registry.update(msgspec.structs.replace(world.pod(), spec=spec))
    await world.becomes("Running")


async def test_a_defect_that_hits_one_pod_leaves_the_others_alone(
    world: NodeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = reconcile.reconcile
    failures: Iterator[Exception] = iter([RuntimeError("out of order")])

    def faulty(view: View) -> plan.Plan:
        if view.pod.metadata.name == "unlucky":
            for failure in failures:
                raise failure
        return decide(view)

    monkeypatch.setattr(reconcile, "reconcile", faulty)
    monkeypatch.setattr(node, "WORK_AGAIN_AFTER", 0.1)
    world.create(shell(FOREVER), name="unlucky")
    world.create(shell(FOREVER), name="lucky")
    await world.becomes("Running", "lucky")
    await world.becomes("Running", "unlucky")
    told = [(event.involved_object.name, event.message) for event in world.events() if event.reason == "FailedSync"]
    assert told == [("unlucky", "error syncing pod: out of order")]


async def test_an_operation_that_fails_on_a_defect_is_begun_again(
    world: NodeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform = executor.Executor.perform
    failures: Iterator[Exception] = iter([RuntimeError("out of order")])

    async def faulty(self: executor.Executor, pod: Pod, has: observed.Observed, operation: plan.Operation) -> Outcome:
        if isinstance(operation, plan.StartContainer):
            for failure in failures:
                raise failure
        return await perform(self, pod, has, operation)

    monkeypatch.setattr(executor.Executor, "perform", faulty)
    monkeypatch.setattr(node, "WORK_AGAIN_AFTER", 0.1)
    world.create(shell(FOREVER))
    await world.becomes("Running")
    assert [event.reason for event in world.events()].count("FailedSync") == 1
    assert world.pod().status.container_statuses[0].restart_count == 0
