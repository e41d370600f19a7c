"""A node in the test's own process, with a store in memory."""

import contextlib

import msgspec

import engine_world
from podrunner import errors
from podrunner.agent.node import Node
from podrunner.objects import container
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.store import events, pods
from podrunner.store.registry import Registry


class NodeWorld:
    """A node that works, and its store."""

    def __init__(self, node: Node, registry: Registry) -> None:
        self.node = node
        self.registry = registry

    def create(self, *mains: container.Container, init: tuple[container.Container, ...] = (), name: str = "web") -> Pod:
        """A pod of these containers, in the store."""
        subject = engine_world.a_pod(*mains, name=name)
        spec = msgspec.structs.replace(subject.spec, init_containers=init, termination_grace_period_seconds=1)
        return pods.create(self.registry, msgspec.structs.replace(subject, spec=spec))

    def pod(self, name: str = "web") -> Pod:
        found: Pod = self.registry.get(pods.POD, "default", name)
        return found

    def events(self) -> list[Event]:
        return list(self.registry.list(events.EVENT).items)

    async def becomes(self, phase: str, name: str = "web") -> None:
        """Returns when the pod has that phase."""

        async def look() -> bool:
            return self.pod(name).status.phase == phase

        await engine_world.eventually(look)

    async def deleted(self, name: str = "web") -> None:
        """Deletes the pod, and returns when it is gone."""
        pods.delete(self.registry, "default", name, grace_seconds=0)

        async def look() -> bool:
            with contextlib.suppress(errors.NotFound):
                return not self.pod(name)
            return True

        await engine_world.eventually(look)
