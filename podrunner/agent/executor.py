"""Performs a plan's operations on the engine and says what happened. It decides nothing.

Event reasons and messages are the kubelet's (kubernetes pkg/kubelet/events/event.go and where they are used).
"""

import time
from datetime import timedelta
from typing import NamedTuple

from podrunner import clock, errors
from podrunner.agent.announcer import Announcer
from podrunner.agent.followers import Followers
from podrunner.agent.network import PodNetwork
from podrunner.agent.outcome import Outcome
from podrunner.agent.progress import Progress
from podrunner.engine import client, containers, images, observe, ports
from podrunner.objects.pod import Pod
from podrunner.pods import memory, plan, restarts, spec
from podrunner.pods.view import Image


class Services(NamedTuple):
    """What the executors of all pods share."""

    engine: client.Client
    instance: str
    network: PodNetwork
    followers: Followers
    progress: Progress
    clock: clock.Clock
    node_ip: str


class Executor:
    """Performs the operations of one pod, and records the events that go with them."""

    def __init__(self, services: Services, announcer: Announcer) -> None:
        self._services = services
        self._engine = services.engine
        self._announcer = announcer

    async def perform(self, pod: Pod, operation: plan.Operation) -> Outcome:
        """Does it, for `pod` as it was when the operation was decided on.

        What the engine refuses of making a pod is an outcome; any other EngineError is raised.
        """
        match operation:
            case plan.CreateSandbox():
                return await self._create_sandbox(pod, operation)
            case plan.StartSandbox():
                return await self._start_sandbox(pod, operation)
            case plan.StopSandbox():
                await containers.kill(self._engine, operation.sandbox_id, "SIGKILL")
                return await self._look(operation, operation.sandbox_id)
            case plan.InspectImage():
                return await self._inspect_image(operation)
            case plan.PullImage():
                return await self._pull_image(pod, operation)
            case plan.CreateContainer():
                return await self._create_container(pod, operation)
            case plan.StartContainer():
                return await self._start_container(pod, operation)
            case plan.SignalContainer():
                return await self._signal_container(pod, operation)
            case plan.Remove():
                await self._services.followers.drained(operation.engine_id, forced=spec.grace_seconds(pod) == 0)
                await containers.remove(self._engine, operation.engine_id)
                return Outcome(operation, removed=operation.engine_id)
        raise AssertionError(f"no operation of the engine: {operation}")

    async def _create_sandbox(self, pod: Pod, operation: plan.CreateSandbox) -> Outcome:
        try:
            sandbox_id = await containers.create_sandbox(
                self._engine,
                pod,
                instance=self._services.instance,
                attempt=operation.attempt,
                network=await self._services.network.of(pod),
                publish=ports.parse(pod.metadata.annotations.get(spec.PUBLISH, "")),
            )
        except (errors.EngineRefused, errors.UsageError) as refusal:
            return self._sandbox_failed(pod, operation, refusal)
        return await self._look(operation, sandbox_id)

    async def _start_sandbox(self, pod: Pod, operation: plan.StartSandbox) -> Outcome:
        try:
            await containers.start(self._engine, operation.sandbox_id)
        except errors.EngineRefused as refusal:
            # What could not be started is in nobody's way; the next attempt is a new sandbox.
            await containers.remove(self._engine, operation.sandbox_id)
            if isinstance(refusal, errors.EngineNotFound) and await self._services.network.vanished():
                return Outcome(operation, removed=operation.sandbox_id)
            return self._sandbox_failed(pod, operation, refusal)._replace(removed=operation.sandbox_id)
        return (await self._look(operation, operation.sandbox_id))._replace(learned=memory.sandbox_started)

    def _sandbox_failed(self, pod: Pod, operation: plan.Operation, refusal: errors.PodrunnerError) -> Outcome:
        self._announcer.of_pod(pod, "Warning", "FailedCreatePodSandBox", f"Failed to create pod sandbox: {refusal}")
        self._services.network.forget()
        now = self._services.clock.now()
        stale = isinstance(refusal, errors.EngineConflict)
        return Outcome(operation, learned=lambda known: memory.sandbox_failed(known, now), stale=stale)

    async def _inspect_image(self, operation: plan.InspectImage) -> Outcome:
        try:
            facts = await images.inspect(self._engine, operation.image)
            image = Image(id=facts.id) if facts else Image()
        except images.InvalidReference as invalid:
            image = Image(invalid=f'Failed to apply default image tag "{operation.image}": {invalid}')
        return Outcome(operation, learned=lambda known: memory.image_inspected(known, operation, image))

    async def _pull_image(self, pod: Pod, operation: plan.PullImage) -> Outcome:
        name, image = operation.container, operation.image
        self._announcer.of_container(pod, name, "Normal", "Pulling", f'Pulling image "{image}"')
        began = time.monotonic()
        try:
            facts = await images.pull(self._engine, image, self._services.progress.teller(pod, name))
        except errors.EngineRefused as refusal:
            message = f"rpc error: code = Unknown desc = Error response from daemon: {refusal}"
            self._announcer.of_container(pod, name, "Warning", "Failed", f'Failed to pull image "{image}": {message}')
            self._announcer.of_container(pod, name, "Warning", "Failed", "Error: ErrImagePull")
            now = self._services.clock.now()
            return Outcome(operation, learned=lambda known: memory.pull_failed(known, operation, message, now))
        took = time.monotonic() - began
        duration = f"{took:.3g}s" if took < 60 else restarts.text(timedelta(seconds=took))
        pulled = f'Successfully pulled image "{image}" in {duration}'
        self._announcer.of_container(pod, name, "Normal", "Pulled", pulled)
        return Outcome(operation, learned=lambda known: memory.image_pulled(known, operation, Image(id=facts.id)))

    async def _create_container(self, pod: Pod, operation: plan.CreateContainer) -> Outcome:
        container = spec.container(pod, operation.container)
        if container is None:
            return Outcome(operation, stale=True)
        if operation.was_present:
            present = f'Container image "{container.image}" already present on machine'
            self._announcer.of_container(pod, container.name, "Normal", "Pulled", present)
        try:
            container_id = await containers.create_container(
                self._engine,
                pod,
                container,
                instance=self._services.instance,
                attempt=operation.attempt,
                sandbox_id=operation.sandbox_id,
                joins=operation.joins,
            )
        except errors.EngineNotFound as missing:
            if await self._has(container.image, operation.sandbox_id):
                return self._create_failed(pod, operation, missing)
            return Outcome(operation, learned=lambda known: memory.image_vanished(known, container.image), stale=True)
        except errors.EngineRefused as refusal:
            return self._create_failed(pod, operation, refusal)
        self._announcer.of_container(pod, container.name, "Normal", "Created", f"Created container {container.name}")
        return await self._look(operation, container_id)

    async def _has(self, image: str, sandbox_id: str) -> bool:
        """Whether both things that a creation can miss are there: then it was something else."""
        found = await images.inspect(self._engine, image), await observe.inspect(self._engine, sandbox_id)
        return None not in found

    def _create_failed(self, pod: Pod, operation: plan.CreateContainer, refusal: errors.EngineRefused) -> Outcome:
        message = f"Error response from daemon: {refusal}"
        self._announcer.of_container(pod, operation.container, "Warning", "Failed", f"Error: {message}")
        now = self._services.clock.now()
        return Outcome(
            operation,
            learned=lambda known: memory.create_failed(known, operation, message, now),
            stale=isinstance(refusal, errors.EngineConflict),
        )

    async def _start_container(self, pod: Pod, operation: plan.StartContainer) -> Outcome:
        name = operation.container
        try:
            await containers.start(self._engine, operation.container_id)
        except errors.EngineRefused as refusal:
            message = f'failed to start container "{name}": Error response from daemon: {refusal}'
            self._announcer.of_container(pod, name, "Warning", "Failed", f"Error: {message}")
            ended = await self._look(operation, operation.container_id)
            return ended._replace(learned=lambda known: memory.start_failed(known, operation, message))
        self._announcer.of_container(pod, name, "Normal", "Started", f"Started container {name}")
        running = await self._look(operation, operation.container_id)
        return running._replace(learned=lambda known: memory.started(known, operation))

    async def _signal_container(self, pod: Pod, operation: plan.SignalContainer) -> Outcome:
        name = operation.container
        if operation.first:
            message = operation.message or f"Stopping container {name}"
            self._announcer.of_container(pod, name, "Normal", "Killing", message)
        await containers.kill(self._engine, operation.container_id, operation.signal)
        return Outcome(operation)

    async def _look(self, operation: plan.Operation, engine_id: str) -> Outcome:
        """The outcome of an operation that made or changed the container `engine_id`."""
        found = await observe.inspect(self._engine, engine_id)
        if found is None:
            return Outcome(operation, removed=engine_id)
        return Outcome(operation, seen=found[1])
