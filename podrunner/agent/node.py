"""The node: a worker for every pod, and what can be asked of a pod's containers.

Pods reach their workers from the store, changes of containers from the engine. What the store does not know (a server
was killed at the wrong moment) is removed from the engine.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from podrunner import errors
from podrunner.agent import claims, configuration, container_logs, endpoint_controller, registration, sessions, worker
from podrunner.agent.leases import Leases
from podrunner.agent.progress import Report
from podrunner.agent.services import Services
from podrunner.agent.usage import PodUsage, Usage
from podrunner.engine import builds, containers, logs, observe, passing, volumes, watch
from podrunner.engine.pulls import PullProgress
from podrunner.engine.session import Session
from podrunner.engine.tunnels import Tunnel
from podrunner.objects import kinds
from podrunner.objects.pod import Pod
from podrunner.objects.storage import PersistentVolumeClaim
from podrunner.pods import configuration as pods_configuration, observed, spec
from podrunner.store import claims as stored_claims, events, pods
from podrunner.store.registry import Registry
from podrunner.store.watch import Change, ChangeType

LOOK_ANEW_EVERY = 30.0
"""Seconds between two full looks at the engine: events only make it faster."""

WORK_AGAIN_AFTER = 1.0
"""Seconds before a worker that failed on a defect of ours begins anew."""

log = logging.getLogger(__name__)


class Node:
    """The one node. `run` works until it is cancelled."""

    def __init__(self, registry: Registry, services: Services, machine: registration.Machine) -> None:
        self.name = machine.name
        self.leases = Leases(registry, services.network)
        self._registry = registry
        self._services = services
        self._recorder = events.Recorder(registry, "kubelet", machine.name)
        self._scheduler = events.Recorder(registry, "default-scheduler")
        self._registration = registration.Registration(registry, machine, services.clock)
        self._usage = Usage(services.engine)
        self._workers: dict[str, worker.Worker] = {}

    async def run(self) -> None:
        """Works for the pods of the store. Raises EngineError if the engine can't be asked at the start."""
        self._registration.register()
        self.leases.adopt()
        engine, instance = self._services.engine, self._services.instance
        # Together: a server that is started for a run holds that up.
        seen, with_volumes, _ = await asyncio.gather(
            observe.pods(engine, instance), volumes.owners(engine, instance), passing.remove_left(engine, instance)
        )
        for uid in with_volumes:
            seen.setdefault(uid, observed.Observed())
        elsewhere = {pod.metadata.uid for pod in pods.every(self._registry) if spec.joins_other_network(pod)}
        await self._services.network.adopt(seen.keys() - elsewhere)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_store(tasks, seen))
            tasks.create_task(self._follow_engine())
            for kind in configuration.KINDS:
                tasks.create_task(self._follow_configuration(kind))
            tasks.create_task(endpoint_controller.EndpointController(self._registry).run())
            tasks.create_task(claims.Claims(self._registry, self._services).run())
            tasks.create_task(self._services.service_network.run())
            tasks.create_task(self._look_anew_regularly())
            tasks.create_task(self._registration.run())

    def logs(
        self,
        pod: Pod,
        container: str,
        *,
        follow: bool = False,
        previous: bool = False,
        since: datetime | None = None,
        tail: int | None = None,
    ) -> AsyncIterator[list[logs.Line]]:
        """The output of a container of the pod, in batches. See `container_logs.read`."""
        return container_logs.read(
            self._services, pod, container, follow=follow, previous=previous, since=since, tail=tail
        )

    async def exec(
        self, pod: Pod, container: str, command: Sequence[str], *, stdin: bool, stdout: bool, stderr: bool, tty: bool
    ) -> Session:
        """Starts a command in a running container of the pod. See `sessions.exec`."""
        return await sessions.exec(
            self._services.engine,
            pod,
            self._has(pod),
            container,
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            tty=tty,
        )

    async def attach(self, pod: Pod, container: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> Session:
        """Attaches to a running container. Like the kubelet, to a terminal if its spec, not `tty`, asks for one."""
        return await sessions.attach(
            self._services.engine, pod, self._has(pod), container, stdin=stdin, stdout=stdout, stderr=stderr
        )

    async def port_forward(self, pod: Pod, port: int) -> Tunnel:
        """Connects to a port of the pod. See `sessions.forward`."""
        known = self._workers.get(pod.metadata.uid)
        return await sessions.forward(self._services.engine, pod, known.sandbox if known else None, port)

    def _has(self, pod: Pod) -> observed.Observed:
        known = self._workers.get(pod.metadata.uid)
        return known.has if known else observed.Observed()

    async def usage(self, pods: Iterable[Pod]) -> list[PodUsage]:
        """What those of the pods use that run. See `usage.Usage.of`."""
        return await self._usage.of(pods)

    def build(self, reference: str, directory: Path) -> AsyncGenerator[str | PullProgress, None]:
        """Builds an image on the engine. See `builds.build`; raises what `builds.check` does at once."""
        return builds.build(self._services.engine, builds.check(reference, directory), directory)

    def progress(self) -> AsyncIterator[Report]:
        """The progress of image pulls from now on."""
        return self._services.progress.reports()

    async def _follow_store(self, tasks: asyncio.TaskGroup, seen: dict[str, observed.Observed]) -> None:
        with self._registry.watch(pods.POD, since=None) as changes:
            for uid in seen.keys() - {pod.metadata.uid for pod in pods.every(self._registry)}:
                tasks.create_task(self._remove_orphans(uid, seen.pop(uid)))
            async for change in changes:
                if isinstance(change.object, Pod):
                    self._pod_changed(tasks, change, change.object, seen)

    async def _follow_configuration(self, kind: kinds.Kind) -> None:
        with self._registry.watch(kind, since=None) as changes:
            async for change in changes:
                for known in self._workers.values():
                    if configuration.concerns(known.pod, change.object):
                        known.configuration_changed()
                if isinstance(change.object, PersistentVolumeClaim):
                    self._schedule_waiting()

    def _pod_changed(
        self, tasks: asyncio.TaskGroup, change: Change, pod: Pod, seen: dict[str, observed.Observed]
    ) -> None:
        known = self._workers.get(pod.metadata.uid)
        if change.type is ChangeType.DELETED:
            if known is not None:
                known.pod_removed()
        elif known is not None:
            known.pod_changed(pod)
        elif not pod.spec.node_name:
            self._schedule(pod)
        else:
            started = worker.Worker(
                pod,
                seen.pop(pod.metadata.uid, observed.Observed()),
                self._services,
                self._registry,
                self._recorder,
            )
            self._workers[pod.metadata.uid] = started
            tasks.create_task(self._work(started))
            self.leases.pod_arrived(pod)

    def _schedule(self, pod: Pod) -> None:
        """Gives a new pod to this node, once it has no scheduling gates; what the scheduler of a cluster does."""
        if pod.spec.scheduling_gates or not self._has_its_claims(pod):
            return
        with contextlib.suppress(errors.NotFound, errors.Conflict):
            pods.bind(self._registry, pod, self.name)
            name = pod.metadata
            self._scheduler.record(
                pod, "Normal", "Scheduled", f"Successfully assigned {name.namespace}/{name.name} to {self.name}"
            )

    def _schedule_waiting(self) -> None:
        """Looks again at the pods that have no node: what they waited for may be there."""
        for pod in pods.every(self._registry):
            if not pod.spec.node_name and pod.metadata.deletion_timestamp is None:
                self._schedule(pod)

    def _has_its_claims(self, pod: Pod) -> bool:
        """Whether all claims of the pod have their volumes; says so of one that is not there, as the scheduler does."""
        for name in sorted(pods_configuration.references(pod).claims):
            try:
                claim: PersistentVolumeClaim = self._registry.get(stored_claims.CLAIM, pod.metadata.namespace, name)
            except errors.NotFound:
                message = f'0/1 nodes are available: persistentvolumeclaim "{name}" not found.'
                if pods.cannot_be_scheduled(self._registry, pod, message):
                    self._scheduler.record(pod, "Warning", "FailedScheduling", message)
                return False
            if claim.status.phase != "Bound":
                return False
        return True

    async def _work(self, started: worker.Worker) -> None:
        uid = started.pod.metadata.uid
        while self._workers.get(uid) is started:
            try:
                await started.run()
                del self._workers[uid]
            except* Exception as failures:  # a defect of ours must not take the other pods along
                log.exception("the worker of pod %s failed", uid, exc_info=failures)
                message = f"error syncing pod: {failures.exceptions[0]}"
                with contextlib.suppress(errors.ServerError):  # the failure may be the store's own
                    self._recorder.record(started.pod, "Warning", "FailedSync", message)
                await asyncio.sleep(WORK_AGAIN_AFTER)
                started.look_anew()

    async def _follow_engine(self) -> None:
        async for event in watch.events(self._services.engine, self._services.instance):
            match event:
                case watch.EngineEvent():
                    known = self._workers.get(event.owner.pod_uid)
                    if known is not None:
                        known.container_changed(event.container_id, event.action)
                case watch.Reconnected():
                    self._registration.engine_back()
                    self._look_anew()
                case watch.Disconnected():
                    self._registration.engine_lost()
                    self._look_anew()

    async def _look_anew_regularly(self) -> None:
        while True:
            await asyncio.sleep(LOOK_ANEW_EVERY)
            self._look_anew()
            try:
                events.expire(self._registry)
            except errors.ServerError as failure:
                log.warning("old events are not removed: %s", failure)

    def _look_anew(self) -> None:
        self._services.service_network.look_anew()
        for known in self._workers.values():
            known.look_anew()

    async def _remove_orphans(self, uid: str, orphans: observed.Observed) -> None:
        """Removes what is left of a pod that the store does not know; tries again as long as the engine refuses."""
        left = [found.id for found in orphans.containers] + [found.id for found in orphans.sandboxes]
        while True:
            try:
                for engine_id in left:
                    log.info("removing %s, whose pod is not known", engine_id)
                    await containers.remove(self._services.engine, engine_id)
                await volumes.remove_of_pod(self._services.engine, self._services.instance, uid)
                return await self._services.network.release(uid)
            except errors.EngineError as failure:
                log.warning("what is left of pod %s is not removed yet: %s", uid, failure)
                await asyncio.sleep(LOOK_ANEW_EVERY)
