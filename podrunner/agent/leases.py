"""Which runs are alive: a run that is gone, for whatever reason, takes its pods along, and what came with them."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager

from podrunner import errors
from podrunner.agent.network import PodNetwork
from podrunner.objects import kinds, meta
from podrunner.objects.options import DeleteOptions
from podrunner.objects.pod import Pod
from podrunner.pods import spec
from podrunner.store import events, pods, strategy
from podrunner.store.registry import Registry

CLAIM_WITHIN = 5.0
"""Seconds that a run without a connection has to come back to its pods, which a killed server may have left."""

log = logging.getLogger(__name__)


class Leases:
    """The runs that hold a connection. A pod of a run names it in the annotation podrunner.dev/run."""

    def __init__(self, registry: Registry, network: PodNetwork) -> None:
        self._registry = registry
        self._network = network
        self._holders: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def held(self) -> int:
        """How many runs are alive."""
        return len(self._holders)

    @asynccontextmanager
    async def hold(self, run: str, *, network: bool = False) -> AsyncIterator[None]:
        """Keeps the pods of `run` alive. When its last holder leaves, they are deleted with no grace period.

        `network`: the run will need podrunner's own network, which takes longer to make than its pods to arrive.
        """
        self._holders[run] += 1
        # The pods of a run that has come back, after its server was killed, hold the network themselves.
        if network and not self._pods_of(run):
            self._in_background(self._prepare(run))
        try:
            yield
        finally:
            self._holders[run] -= 1
            if not self._holders[run]:
                del self._holders[run]
                self._end(run)
                self._in_background(self._release(run))

    def pod_arrived(self, pod: Pod) -> None:
        """The node got this pod. If it is of a run that nobody holds, it is deleted unless the run comes back soon."""
        run = pod.metadata.annotations.get(spec.RUN)
        if run is not None and run not in self._holders:
            self._in_background(self._end_unless_claimed(run))

    def adopt(self) -> None:
        """At the start: what came with the pods of a run that nobody holds goes, unless the run comes back soon."""
        for run in {obj.metadata.annotations[spec.RUN] for _, obj in self._objects()}:
            self._in_background(self._end_unless_claimed(run))

    def end_all(self) -> None:
        """Deletes the pods of every run, and what came with them: the server leaves."""
        for run in {obj.metadata.annotations[spec.RUN] for _, obj in self._objects()}:
            self._end(run)
        for pod in pods.every(self._registry):
            if spec.RUN in pod.metadata.annotations:
                self._delete(pod)

    async def _prepare(self, run: str) -> None:
        # The sandbox asks again and says what is wrong.
        with contextlib.suppress(errors.EngineError):
            await self._network.hold(run)

    async def _release(self, run: str) -> None:
        try:
            await self._network.release(run)
        except errors.EngineError as failure:
            log.warning("podrunner's own network is not removed yet: %s", failure)

    async def _end_unless_claimed(self, run: str) -> None:
        await asyncio.sleep(CLAIM_WITHIN)
        if run not in self._holders:
            self._end(run)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self, run: str) -> None:
        for pod in self._pods_of(run):
            self._delete(pod)
        for kind, obj in self._objects():
            if obj.metadata.annotations[spec.RUN] == run:
                log.info("%s %s/%s: its run has ended", kind.name, obj.metadata.namespace, obj.metadata.name)
                with contextlib.suppress(errors.NotFound):
                    strategy.delete(self._registry, kind, obj.metadata.namespace, obj.metadata.name, DeleteOptions())

    def _objects(self) -> Iterator[tuple[kinds.Kind, meta.Object]]:
        """What came with the pods of runs."""
        for kind in kinds.KINDS:
            if kind.namespaced and kind not in (pods.POD, events.EVENT):
                for obj in self._registry.list(kind).items:
                    if spec.RUN in obj.metadata.annotations:
                        yield kind, obj

    def _delete(self, pod: Pod) -> None:
        log.info("%s/%s: its run has ended", pod.metadata.namespace, pod.metadata.name)
        pods.delete(self._registry, pod.metadata.namespace, pod.metadata.name, grace_seconds=0, uid=pod.metadata.uid)

    def _pods_of(self, run: str) -> list[Pod]:
        return [pod for pod in pods.every(self._registry) if pod.metadata.annotations.get(spec.RUN) == run]
