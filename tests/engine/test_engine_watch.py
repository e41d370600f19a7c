"""The engine's events as podrunner hears them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import engine_world
from podrunner.engine import client, containers, watch

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


class Heard:
    """Everything a watch says."""

    def __init__(self) -> None:
        self.items: list[watch.Item] = []

    @property
    def events(self) -> list[watch.EngineEvent]:
        return [item for item in self.items if isinstance(item, watch.EngineEvent)]

    @property
    def story(self) -> list[str]:
        """`action container exit-code`, and the class names of the rest."""
        return [
            f"{item.action} {item.owner.container_name} {item.exit_code}"
            if isinstance(item, watch.EngineEvent)
            else type(item).__name__
            for item in self.items
        ]

    async def tells(self, *story: str) -> None:
        async def look() -> bool:
            return self.story == list(story)

        with contextlib.suppress(AssertionError):
            await engine_world.eventually(look)
        assert self.story == list(story)


@contextlib.asynccontextmanager
async def watching(engine: client.Client, instance: str) -> AsyncIterator[Heard]:
    heard = Heard()

    async def listen() -> None:
        async for item in watch.events(engine, instance):
            heard.items.append(item)

    listening = asyncio.create_task(listen())
    try:
        await heard.tells("Reconnected")
        yield heard
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def test_the_life_of_a_container_is_heard_in_order(world: engine_world.World) -> None:
    member = engine_world.shell("exit 3")
    subject = engine_world.a_pod(member)
    async with watching(world.engine, world.instance) as heard:
        sandbox = await world.sandbox(subject)
        container_id = await world.start(subject, member, sandbox)
        story = [
            "Reconnected",
            "create POD None",
            "start POD None",
            "create main None",
            "start main None",
            "die main 3",
        ]
        await heard.tells(*story)
        await containers.remove(world.engine, container_id)
        await heard.tells(*story, "destroy main None")
    assert {event.container_id for event in heard.events} == {sandbox, container_id}
    assert {event.owner.pod_uid for event in heard.events} == {subject.metadata.uid}
    assert all(abs(event.time - datetime.now(UTC)) < timedelta(seconds=20) for event in heard.events)


async def test_other_instances_are_not_heard(world: engine_world.World) -> None:
    async with (
        watching(world.engine, f"{world.instance}-other") as heard,
        watching(world.engine, world.instance) as ours,
    ):
        await world.sandbox(engine_world.a_pod())
        await ours.tells("Reconnected", "create POD None", "start POD None")
        assert heard.story == ["Reconnected"]


async def test_what_happens_while_the_stream_is_broken_is_heard_afterwards(
    world: engine_world.World, tmp_path: Path
) -> None:
    subject = engine_world.a_pod()
    async with engine_world.relayed(tmp_path) as relay:
        engine = await client.Client.connect(relay.environ)
        async with watching(engine, world.instance) as heard:
            sandbox = await containers.create_sandbox(
                world.engine, subject, instance=world.instance, attempt=0, network="bridge"
            )
            await heard.tells("Reconnected", "create POD None")
            await relay.close()
            await containers.start(world.engine, sandbox)

            async def look() -> bool:
                return heard.story[-1] == "Disconnected"

            await engine_world.eventually(look)
            await relay.open()
            await engine_world.eventually(lambda: _has(heard, "start POD None"))
            assert _without_repetition(heard.story) == [
                "Reconnected",
                "create POD None",
                "Disconnected",
                "Reconnected",
                "create POD None",
                "start POD None",
            ]
        await engine.close()


async def _has(heard: Heard, what: str) -> bool:
    return what in heard.story


def _without_repetition(story: list[str]) -> list[str]:
    return [said for said, before in zip(story, ["", *story], strict=False) if said != before]
