"""Performs a plan's operations on the engine and says what happened. It decides nothing.

Event reasons and messages are the kubelet's (kubernetes pkg/kubelet/events/event.go and where they are used).
"""

import asyncio
import contextlib
from collections.abc import Callable

from podrunner import errors
from podrunner.agent import configuration, confining, handlers, hooks, volumes
from podrunner.agent.announcer import Announcer
from podrunner.agent.outcome import Outcome
from podrunner.agent.pulling import Puller
from podrunner.agent.services import Services
from podrunner.engine import (
    confinement,
    containers,
    host_paths,
    image_volumes,
    images,
    messages as engine_messages,
    observe,
    ports,
)
from podrunner.objects.container import Container, LifecycleHandler
from podrunner.objects.pod import Pod
from podrunner.pods import dns, environment, memory, messages, observed, plan, spec, volumes as pod_volumes
from podrunner.pods.view import Image
from podrunner.store.registry import Registry

_LOOK_FOR_FILES_EVERY = 0.005
"""Seconds."""


class Executor:
    """Performs the operations of one pod, and records the events that go with them.

    What the containers' own hooks are made of is in `hooks`, what they leave to say at their end in `engine.messages`.
    """

    def __init__(self, services: Services, announcer: Announcer, registry: Registry) -> None:
        self._services = services
        self._registry = registry
        self._engine = services.engine
        self._announcer = announcer
        self._filling = asyncio.Lock()
        self._puller = Puller(services, announcer, registry)

    async def perform(self, pod: Pod, has: observed.Observed, operation: plan.Operation) -> Outcome:
        """Does it, for `pod` and what the engine `has` of it as they were when the operation was decided on.

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
            case plan.WriteVolumes():
                return await self._write_volumes(pod, has, operation)
            case plan.MeasureVolumes():
                overfull = await volumes.overfull(self._services, pod, operation)
                now = self._services.clock.now()
                return Outcome(operation, learned=lambda known: memory.volumes_measured(known, overfull, now))
            case plan.InspectImage():
                return await self._inspect_image(operation)
            case plan.PullImage():
                return await self._puller.pull(pod, operation)
            case plan.PrefetchImage():
                return await self._puller.prefetch(pod, operation)
            case plan.CreateContainer():
                return await self._create_container(pod, has, operation)
            case plan.StartContainer():
                return await self._start_container(pod, operation)
            case plan.RunPostStart():
                return await self._run_post_start(pod, has, operation)
            case plan.RunPreStop():
                return await self._run_pre_stop(pod, has, operation)
            case plan.ReadMessage():
                return await self._read_message(pod, has, operation)
            case plan.SignalContainer():
                return await self._signal_container(pod, operation)
            case plan.Remove():
                await self._services.followers.drained(operation.engine_id, forced=spec.grace_seconds(pod) == 0)
                await containers.remove(self._engine, operation.engine_id)
                return Outcome(operation, removed=operation.engine_id)
        raise AssertionError(f"no operation of the engine: {operation}")

    async def _create_sandbox(self, pod: Pod, operation: plan.CreateSandbox) -> Outcome:
        for complaint in dns.of(pod, dns.OF_ENGINE).complaints:
            self._announcer.of_pod(pod, "Warning", "DNSConfigForming", complaint)
        gathered = configuration.gather(self._registry, self._services, pod)
        try:
            confinement.check_sandbox(pod, remapped=self._services.machine.remaps_users)
            await volumes.make_host_paths(self._services, pod)
            sandbox_id = await containers.create_sandbox(
                self._engine,
                pod,
                instance=self._services.instance,
                attempt=operation.attempt,
                network=await self._services.network.of(pod),
                publish=ports.parse(pod.metadata.annotations.get(spec.PUBLISH, "")),
                messages_of=operation.messages_of,
                runtime=confining.runtime(self._registry, pod),
                has=gathered,
            )
        except errors.MountError as problem:
            return self._mount_failed(pod, operation, problem)
        except (errors.EngineRefused, errors.SandboxRefused, errors.UsageError) as refusal:
            if isinstance(refusal, errors.EngineRefused) and (absent := host_paths.refused(pod, refusal)):
                return self._mount_failed(pod, operation, absent)
            return self._sandbox_failed(pod, operation, refusal)
        try:
            await host_paths.check(self._engine, pod, sandbox_id)
        except errors.MountError as problem:
            await containers.remove(self._engine, sandbox_id)
            return self._mount_failed(pod, operation, problem)._replace(removed=sandbox_id)
        return await self._look(operation, sandbox_id)

    def _mount_failed(self, pod: Pod, operation: plan.Operation, problem: errors.MountError) -> Outcome:
        announce_mount_failure(self._announcer, pod, problem.volume, str(problem))
        now = self._services.clock.now()
        return Outcome(operation, learned=lambda known: memory.mount_failed(known, problem.volume, now, of_engine=True))

    async def _write_volumes(self, pod: Pod, has: observed.Observed, operation: plan.WriteVolumes) -> Outcome:
        sandbox = _sandbox(has, operation.sandbox_id)
        if sandbox is None:
            return Outcome(operation, stale=True)
        gathered = configuration.gather(self._registry, self._services, pod)
        written = await volumes.write(self._services, pod, gathered, sandbox, operation)
        return Outcome(operation, learned=lambda known: memory.volumes_written(known, operation.sandbox_id, written))

    async def _start_sandbox(self, pod: Pod, operation: plan.StartSandbox) -> Outcome:
        try:
            await containers.start(self._engine, operation.sandbox_id)
        except errors.EngineRefused as refusal:
            # What could not be started is in nobody's way; the next attempt is a new sandbox.
            await containers.remove(self._engine, operation.sandbox_id)
            if isinstance(refusal, errors.EngineNotFound) and await self._services.network.vanished():
                return Outcome(operation, removed=operation.sandbox_id)
            return self._sandbox_failed(pod, operation, refusal)._replace(removed=operation.sandbox_id)
        try:
            await self._services.service_network.join(pod, operation.sandbox_id)
        except errors.EngineError as failure:
            self._announcer.of_pod(pod, "Warning", "NetworkNotReady", f"network is not ready: {failure}")
        return (await self._written(operation))._replace(learned=memory.sandbox_started)

    async def _written(self, operation: plan.StartSandbox) -> Outcome:
        """The outcome as soon as the sandbox has its files, or has ended: no container may start before that."""
        while True:
            # Both at once: to tell of the files takes the engine less time than to tell of the sandbox.
            outcome, written = await asyncio.gather(
                self._look(operation, operation.sandbox_id),
                containers.has_written_files(self._engine, operation.sandbox_id),
            )
            if written or outcome.seen is None or outcome.seen.state is not observed.State.RUNNING:
                return outcome
            await asyncio.sleep(_LOOK_FOR_FILES_EVERY)

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

    async def _create_container(self, pod: Pod, has: observed.Observed, operation: plan.CreateContainer) -> Outcome:
        container, sandbox = spec.container(pod, operation.container), _sandbox(has, operation.sandbox_id)
        if container is None or sandbox is None:
            return Outcome(operation, stale=True)
        if operation.was_present:
            present = f'Container image "{container.image}" already present on machine'
            self._announcer.of_container(pod, container.name, "Normal", "Pulled", present)
        gone = await self._fill_image_volumes(pod, container, sandbox)
        if gone:
            return Outcome(operation, learned=lambda known: memory.image_vanished(known, gone), stale=True)
        try:
            found = await self._found(pod, container, sandbox)
            container_id = await containers.create_container(
                self._engine,
                pod,
                container,
                instance=self._services.instance,
                attempt=operation.attempt,
                sandbox_id=operation.sandbox_id,
                environment=found.environment,
                joins=operation.joins,
                message_files=sandbox.messages,
                volume_mounts=await volumes.mounts_of(self._services, found, sandbox),
                surroundings=await confining.of_container(self._services, pod, container, sandbox),
            )
        except errors.CreateContainerConfigError as problem:
            return self._config_failed(pod, operation, str(problem))
        except errors.CreateContainerError as problem:
            return self._create_failed(pod, operation, str(problem))
        except errors.EngineNotFound as missing:
            if await self._has(container.image, operation.sandbox_id):
                return self._refused(pod, operation, missing)
            return Outcome(operation, learned=lambda known: memory.image_vanished(known, container.image), stale=True)
        except errors.EngineRefused as refusal:
            return self._refused(pod, operation, refusal)
        self._announcer.of_container(pod, container.name, "Normal", "Created", f"Created container {container.name}")
        return await self._look(operation, container_id)

    async def _fill_image_volumes(self, pod: Pod, container: Container, sandbox: observed.Sandbox) -> str:
        """Fills the volumes with images that the container mounts; the image that is gone again, "" if none is."""
        async with self._filling:  # main containers are created together and may mount the same one
            for each in pod_volumes.of_images(pod, container):
                image = each.image.reference if each.image is not None else ""
                try:
                    await image_volumes.fill(self._engine, sandbox.id, each.name, image, self._services.instance)
                except errors.EngineNotFound:
                    return image
        return ""

    async def _found(self, pod: Pod, container: Container, sandbox: observed.Sandbox) -> volumes.Found:
        """What the container is made with. Raises CreateContainerConfigError, EngineError."""
        gathered = configuration.gather(self._registry, self._services, pod)
        files = await volumes.files_of(self._services, container, sandbox)
        variables = environment.resolve(pod, container, environment.Sources(gathered, sandbox.ips, files))
        return volumes.Found(pod, container, gathered, variables)

    def _config_failed(self, pod: Pod, operation: plan.CreateContainer, message: str) -> Outcome:
        self._announcer.of_container(pod, operation.container, "Warning", "Failed", f"Error: {message}")
        now = self._services.clock.now()
        return Outcome(operation, learned=lambda known: memory.config_failed(known, operation, message, now))

    async def _has(self, image: str, sandbox_id: str) -> bool:
        """Whether both things that a creation can miss are there: then it was something else."""
        found = await images.inspect(self._engine, image), await observe.inspect(self._engine, sandbox_id)
        return None not in found

    def _refused(self, pod: Pod, operation: plan.CreateContainer, refusal: errors.EngineRefused) -> Outcome:
        failed = self._create_failed(pod, operation, f"Error response from daemon: {refusal}")
        return failed._replace(stale=isinstance(refusal, errors.EngineConflict))

    def _create_failed(self, pod: Pod, operation: plan.CreateContainer, message: str) -> Outcome:
        self._announcer.of_container(pod, operation.container, "Warning", "Failed", f"Error: {message}")
        now = self._services.clock.now()
        return Outcome(operation, learned=lambda known: memory.create_failed(known, operation, message, now))

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
        container = spec.container(pod, name)
        hooked = container is not None and spec.post_start(container) is not None
        return running._replace(learned=lambda known: memory.started(known, operation, hooked=hooked))

    async def _run_post_start(self, pod: Pod, has: observed.Observed, operation: plan.RunPostStart) -> Outcome:
        failure = await self._run_hook(pod, has, operation, spec.post_start)
        if failure is None:
            return Outcome(operation, learned=lambda known: memory.post_start_succeeded(known, operation))
        self._announcer.of_container(pod, operation.container, "Warning", "FailedPostStartHook", failure.message)
        return Outcome(
            operation,
            learned=lambda known: memory.post_start_failed(known, operation, failure.error, failure.message),
        )

    async def _run_pre_stop(self, pod: Pod, has: observed.Observed, operation: plan.RunPreStop) -> Outcome:
        failure = await self._run_hook(pod, has, operation, spec.pre_stop)
        if failure is not None:
            self._announcer.of_container(pod, operation.container, "Warning", "FailedPreStopHook", failure.message)
        return Outcome(operation, learned=lambda known: memory.pre_stop_ended(known, operation))

    async def _run_hook(
        self,
        pod: Pod,
        has: observed.Observed,
        operation: plan.RunPostStart | plan.RunPreStop,
        hook_of: Callable[[Container], LifecycleHandler | None],
    ) -> hooks.Failure | None:
        container = spec.container(pod, operation.container)
        hook = None if container is None else hook_of(container)
        if container is None or hook is None:
            return None
        target = handlers.Target(pod, container, operation.container_id, has.sandbox)
        return await hooks.run(self._engine, target, hook)

    async def _read_message(self, pod: Pod, has: observed.Observed, operation: plan.ReadMessage) -> Outcome:
        """A message that can't be read is none: the end of a container is reported all the same."""
        container, message = spec.container(pod, operation.container), ""
        with contextlib.suppress(errors.EngineError):
            sandbox = _sandbox(has, operation.sandbox_id)
            files = sandbox.messages if sandbox else None
            if container is not None and container.termination_message_path and files is not None:
                file = messages.file_name(files, messages.instance(operation.container, operation.attempt))
                message = await engine_messages.read(self._engine, operation.sandbox_id, file)
            if container is not None and not message and messages.falls_back_to_logs(container, operation.exit_code):
                message = await engine_messages.tail_of_log(self._engine, operation.container_id)
        return Outcome(operation, learned=lambda known: memory.message_read(known, operation.container_id, message))

    async def _signal_container(self, pod: Pod, operation: plan.SignalContainer) -> Outcome:
        name = operation.container
        if operation.first:
            self._announcer.of_container(pod, name, "Normal", "Killing", operation.announcement)
        await containers.kill(self._engine, operation.container_id, operation.signal)
        return Outcome(operation)

    async def _look(self, operation: plan.Operation, engine_id: str) -> Outcome:
        """The outcome of an operation that made or changed the container `engine_id`."""
        found = await observe.inspect(self._engine, engine_id)
        if found is None:
            return Outcome(operation, removed=engine_id)
        return Outcome(operation, seen=found[1])


def announce_mount_failure(announcer: Announcer, pod: Pod, volume: str, message: str) -> None:
    """The kubelet's event about a volume that can't be set up."""
    text = f'MountVolume.SetUp failed for volume "{volume}" : {message}'
    announcer.of_pod(pod, "Warning", "FailedMount", text)


def _sandbox(has: observed.Observed, sandbox_id: str) -> observed.Sandbox | None:
    return next((known for known in has.sandboxes if known.id == sandbox_id), None)
