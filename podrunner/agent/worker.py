"""Takes one pod from its object to its containers and back: observe, decide, do, report.

The worker decides nothing itself (`pods.reconcile`, `pods.status`) and waits for nothing but to be woken: operations
run as tasks, and their ends wake it like the engine's events, changes of the object, and timers.
"""

import asyncio
import logging
from datetime import datetime
from typing import NamedTuple

import msgspec

from podrunner import errors
from podrunner.agent import configuration
from podrunner.agent.announcer import Announcer
from podrunner.agent.executor import Executor, announce_mount_failure
from podrunner.agent.outcome import Outcome
from podrunner.agent.prober import Prober
from podrunner.agent.services import Services
from podrunner.engine import observe, volumes as engine_volumes
from podrunner.objects import meta
from podrunner.objects.pod import Pod
from podrunner.pods import (
    conditions,
    ending,
    memory,
    messages,
    observed,
    plan,
    probing,
    reconcile,
    spec,
    status,
    volumes,
)
from podrunner.pods.view import Memory, View
from podrunner.store import events, pods
from podrunner.store.registry import Registry

SHORTEST_GRACE_SECONDS = 2
"""What the containers of a pod get that was deleted by force (kubelet: minimumGracePeriodInSeconds)."""

LOST_AFTER = 3.0
"""Seconds without the engine after which the pod is reported as not ready."""

LOOK_FOR_ENGINE_EVERY = 0.5
"""Seconds between two looks whether a lost engine is back."""

log = logging.getLogger(__name__)

_NOTHING = plan.Plan()


class Worker:
    """One pod's worker; `run` returns when nothing is left of the pod, neither on the engine nor in the store."""

    def __init__(
        self,
        pod: Pod,
        seen: observed.Observed,
        services: Services,
        registry: Registry,
        recorder: events.Recorder,
    ) -> None:
        self._pod = pod
        self._observed = seen
        self._memory = Memory()
        self._remember(seen)
        self._services = services
        self._registry = registry
        self._configuration = configuration.gather(registry, services, pod)
        self._under_way: dict[plan.Key, _Begun] = {}
        self._announcer = Announcer(recorder, self._under_way.keys, self._unstarted)
        self._executor = Executor(services, self._announcer, registry)
        self._outcomes: list[Outcome] = []
        self._changed: set[str] = set()
        self._stale = False
        self._over = False
        self._woken = asyncio.Event()

    @property
    def pod(self) -> Pod:
        """The pod's object as the worker knows it."""
        return self._pod

    @property
    def has(self) -> observed.Observed:
        """What the engine has of the pod, as the worker knows it."""
        return self._observed

    @property
    def sandbox(self) -> observed.Sandbox | None:
        """The pod's sandbox if it runs."""
        newest = self._observed.sandbox
        return newest if newest is not None and newest.state is observed.State.RUNNING else None

    def pod_changed(self, pod: Pod) -> None:
        """The object changed in the store. The worker's own writes, which it knows, come back this way too."""
        if int(pod.metadata.resource_version) > int(self._pod.metadata.resource_version):
            self._pod = pod
            self._configuration = configuration.gather(self._registry, self._services, pod)
            self._woken.set()

    def pod_removed(self) -> None:
        """The object is gone although the worker had not finished: what is left of it ends soon."""
        now = self._services.clock.now()
        grace = min(spec.own_grace_seconds(self._pod), SHORTEST_GRACE_SECONDS)
        gone = msgspec.structs.replace(self._pod.metadata, deletion_timestamp=now, deletion_grace_period_seconds=grace)
        self._pod = msgspec.structs.replace(self._pod, metadata=gone)
        self._woken.set()

    def container_changed(self, engine_id: str, action: str) -> None:
        """The engine told of a container of this pod. What our own operations do is looked at when they end."""
        if action == "destroy":
            self._forget(engine_id)
        elif any(_expects(begun.operation, engine_id, action) for begun in self._under_way.values()):
            return
        else:
            self._changed.add(engine_id)
        self._woken.set()

    def configuration_changed(self) -> None:
        """Something that the pod refers to changed."""
        self._configuration = configuration.gather(self._registry, self._services, self._pod)
        self._memory = memory.configuration_changed(self._memory)
        self._woken.set()

    def _unstarted(self) -> set[str]:
        return {known.name for known in self._observed.containers if known.state is observed.State.CREATED}

    def look_anew(self) -> None:
        """Events may have been missed: everything of the pod is looked at again."""
        self._stale = True
        self._woken.set()

    async def run(self) -> None:
        """Works until the pod is gone. After a failure it may be called again: what is, is looked at anew."""
        self._under_way.clear()
        self._outcomes.clear()
        wake_at: datetime | None = self._services.clock.now()
        async with asyncio.TaskGroup() as self._tasks:
            prober = Prober(self._services, self._announcer, self._tasks, self._probe_came_to_a_result)
            while not self._over:
                await self._sleep_until(wake_at)
                try:
                    await self._observe()
                except errors.EngineUnreachable as lost:
                    await self._outlast(str(lost))
                wake_at = self._settle()
                prober.run(probing.wanted(self._view()), self._pod, self.sandbox)
            prober.run(frozenset(), self._pod, None)
            for begun in self._under_way.values():
                begun.task.cancel()

    def _probe_came_to_a_result(self, which: probing.Probing, succeeded: bool) -> None:
        instance = next((known for known in self._observed.containers if known.id == which.instance_id), None)
        if instance is None:
            return
        before = self._view().results(instance)
        results = probing.with_result(before, which.kind, succeeded)
        if results != before:
            self._memory = memory.probed(self._memory, which.instance_id, results)
            self._woken.set()

    async def _sleep_until(self, wake_at: datetime | None) -> None:
        try:
            seconds = None if wake_at is None else (wake_at - self._services.clock.now()).total_seconds()
            async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _observe(self) -> None:
        """Brings the snapshot up to date with what changed since the last look. Raises EngineUnreachable."""
        engine, uid = self._services.engine, self._pod.metadata.uid
        if self._stale:
            self._stale = False
            self._changed.clear()
            self._observed = await observe.pod(engine, self._services.instance, uid)
            self._remember(self._observed)
            return
        while self._changed:
            engine_id = self._changed.pop()
            found = await observe.inspect(engine, engine_id)
            if found is None:
                self._forget(engine_id)
            else:
                self._see(found[1])

    def _see(self, what: observed.Sandbox | observed.Container) -> None:
        if isinstance(what, observed.Sandbox):
            self._observed = self._observed.with_sandbox(what)
        else:
            self._observed = self._observed.with_container(what)
            self._memory = memory.container_observed(self._memory, what)

    def _forget(self, engine_id: str) -> None:
        """The engine has the container no longer. How it ended is told first, as nobody will know it later."""
        ended = next((known for known in messages.unread(self._view()) if known.id == engine_id), None)
        if ended is not None:
            self._memory = memory.message_read(self._memory, engine_id, "")
            self._report()
        self._observed = self._observed.without(engine_id)
        self._memory = memory.container_gone(self._memory, engine_id)

    def _remember(self, seen: observed.Observed) -> None:
        for container in seen.containers:
            self._memory = memory.container_observed(self._memory, container)

    async def _outlast(self, lost: str) -> None:
        """Waits for the engine to come back, and says so in the pod's status if that takes long."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        self._stale = True
        while self._stale:
            if loop.time() - since >= LOST_AFTER and not self._memory.engine_lost:
                message = f"Node is not ready: {lost}"
                self._memory = memory.engine_lost(self._memory, message)
                self._announcer.of_pod(self._pod, "Warning", conditions.NODE_NOT_READY, message)
                self._report()
            await asyncio.sleep(LOOK_FOR_ENGINE_EVERY)
            try:
                await self._observe()
            except errors.EngineUnreachable:
                self._stale = True
        self._memory = memory.engine_found(self._memory)
        self._services.network.forget()

    def _settle(self) -> datetime | None:
        """Takes in what operations led to, reports, and begins what is due; returns when to wake at the latest."""
        self._take_outcomes()
        while not self._over:
            basis = self._basis()
            decided = reconcile.reconcile(self._view())
            if not self._view().during(decided).starting:
                self._announcer.release(self._pod)
            self._report(decided)
            if self._basis() != basis:
                continue
            for key in decided.cancel:
                self._under_way[key].task.cancel()
            at_once = [self._begin(operation) for operation in decided.operations]
            if not any(at_once):
                self._announcer.release(self._pod)
                return decided.wake_at
        return None

    def _basis(self) -> tuple[object, ...]:
        """What a report can change of what was decided on: the phase, and a deletion that the report came across."""
        about = self._pod.metadata
        return self._pod.status.phase, about.deletion_timestamp, about.deletion_grace_period_seconds

    def _take_outcomes(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        for outcome in outcomes:
            self._under_way.pop(outcome.operation.key, None)
            if outcome.seen is not None:
                self._see(outcome.seen)
            if outcome.removed is not None:
                self._forget(outcome.removed)
            if outcome.learned is not None:
                self._memory = outcome.learned(self._memory)
            if outcome.stale:
                self.look_anew()

    def _view(self) -> View:
        return View(
            pod=self._pod,
            observed=self._observed,
            memory=self._memory,
            configuration=self._configuration,
            under_way=frozenset(self._under_way),
            now=self._services.clock.now(),
            backoff_scale=spec.backoff_scale(self._pod, self._services.backoff_scale),
        )

    def _report(self, decided: plan.Plan = _NOTHING) -> None:
        """Reports the pod as it is, with what is about to begin as if it had begun."""
        name = self._pod.metadata
        written = pods.write_status(
            self._registry,
            name.namespace,
            name.name,
            name.uid,
            status.build(self._view().during(decided), node_ip=self._services.node_ip),
        )
        if written is not None:
            self._pod = written

    def _begin(self, operation: plan.Operation) -> bool:
        """Begins an operation; True if it is done already, because it concerns podrunner alone."""
        log.info("%s/%s: %s", self._pod.metadata.namespace, self._pod.metadata.name, operation)
        match operation:
            case plan.Wait():
                self._wait(operation)
            case plan.AnnounceStop():
                self._announcer.of_container(
                    self._pod, operation.container, "Normal", "Killing", operation.announcement
                )
                self._memory = memory.stop_announced(self._memory, operation, self._services.clock.now())
            case plan.ReportMountFailure():
                announce_mount_failure(self._announcer, self._pod, operation.volume, operation.message)
                self._memory = memory.mount_failed(self._memory, operation.volume, self._services.clock.now())
            case plan.ReportMountTimeout():
                self._announcer.of_pod(self._pod, "Warning", "FailedMount", _mount_timeout(operation))
                self._memory = memory.mount_timeout_told(self._memory)
            case plan.ReportSandboxChanged() | plan.ReportDeadlineExceeded():
                self._announcer.of_pod(self._pod, "Normal", *_REPORTS[type(operation)])
                self._memory = memory.reported(self._memory, operation)
            case plan.ReportEnd():
                self._announcer.of_pod(self._pod, "Warning", operation.reason, operation.message)
                self._memory = memory.reported(self._memory, operation)
            case _:
                if isinstance(operation, plan.SignalContainer):
                    self._memory = memory.signalled(self._memory, operation, self._services.clock.now())
                task = self._tasks.create_task(self._perform(self._pod, operation), name=str(operation))
                self._under_way[operation.key] = _Begun(operation, task)
                return False
        return True

    def _wait(self, operation: plan.Wait) -> None:
        self._memory = memory.waiting_began(self._memory, operation)
        for type_, reason, message in _WAITS[operation.reason]:
            text = message.format(message=operation.message)
            self._announcer.of_container(self._pod, operation.container, type_, reason, text)

    async def _perform(self, pod: Pod, operation: plan.Operation) -> None:
        outcome = Outcome(operation)
        try:
            if isinstance(operation, plan.RemovePod):
                await self._remove_pod(pod.metadata)
            else:
                outcome = await self._executor.perform(pod, self._observed, operation)
        except errors.EngineError as failure:
            log.warning("%s/%s: %s: %s", pod.metadata.namespace, pod.metadata.name, operation, failure)
            # What failed is begun again as soon as it is no longer under way; not as fast as the engine can refuse.
            await asyncio.sleep(LOOK_FOR_ENGINE_EVERY)
            outcome = Outcome(operation, stale=True)
        finally:
            self._outcomes.append(outcome)
            self._woken.set()

    async def _remove_pod(self, name: meta.ObjectMeta) -> None:
        await self._services.network.release(name.uid)
        if any(map(volumes.is_the_pods_own, self._pod.spec.volumes)):
            await engine_volumes.remove_of_pod(self._services.engine, self._services.instance, name.uid)
        pods.remove(self._registry, name.namespace, name.name, name.uid)
        self._over = True


class _Begun(NamedTuple):
    """An operation under way."""

    operation: plan.Operation
    task: asyncio.Task[None]


_REPORTS: dict[type[plan.Operation], tuple[str, str]] = {
    plan.ReportSandboxChanged: ("SandboxChanged", "Pod sandbox changed, it will be killed and re-created."),
    plan.ReportDeadlineExceeded: (ending.DEADLINE_EXCEEDED, ending.DEADLINE_MESSAGE),
}
"""The event reasons and messages of what is said of a pod as a whole."""

_WAITS = {
    "CrashLoopBackOff": [("Warning", "BackOff", "Back-off restarting failed container")],
    "ImagePullBackOff": [("Normal", "BackOff", "{message}"), ("Warning", "Failed", "Error: ImagePullBackOff")],
    "ErrImageNeverPull": [
        ("Warning", "ErrImageNeverPull", "{message}"),
        ("Warning", "Failed", "Error: ErrImageNeverPull"),
    ],
    "CreateContainerConfigError": [("Warning", "Failed", "Error: {message}")],
    "InvalidImageName": [("Warning", "InspectFailed", "{message}"), ("Warning", "Failed", "Error: InvalidImageName")],
}
"""The events that go with a wait, by its reason: type, event reason, message."""


def _mount_timeout(operation: plan.ReportMountTimeout) -> str:
    names = " ".join(operation.volumes)
    return (
        f"Unable to attach or mount volumes: unmounted volumes=[{names}], unattached volumes=[], "
        "failed to process volumes=[]: context deadline exceeded"
    )


def _expects(operation: plan.Operation, engine_id: str, action: str) -> bool:
    """Whether the engine tells of what `operation` is about to look at itself."""
    match operation:
        case plan.CreateSandbox() | plan.CreateContainer():
            return action == "create"
        case plan.StartSandbox():
            return action == "start" and operation.sandbox_id == engine_id
        case plan.StartContainer():
            return action == "start" and operation.container_id == engine_id
        case plan.Remove():
            return operation.engine_id == engine_id
    return False
