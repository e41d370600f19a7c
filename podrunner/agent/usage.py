"""What the pods use: processor time as a rate, between two looks at each container.

Nobody is looked at until somebody asks. Source of the rules: the metrics server's `pkg/storage`.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from podrunner.engine import client, stats
from podrunner.objects.pod import Pod

SHORTEST_WINDOW = 1.0
"""Seconds between two looks that give a rate worth telling."""

LONGEST_WINDOW = 60.0
"""Seconds after which an older look says nothing of the present."""


class ContainerUsage(NamedTuple):
    """A container's use: billionths of a processor, and bytes of working set."""

    name: str
    cpu_nanocores: int
    memory_bytes: int


class PodUsage(NamedTuple):
    """The use of a pod's running containers, measured over `window_seconds` before `at`."""

    pod: Pod
    at: datetime
    window_seconds: float
    containers: tuple[ContainerUsage, ...]


class Usage:
    """Measures, and remembers the last looks."""

    def __init__(self, engine: client.Client) -> None:
        self._engine = engine
        self._last: dict[str, stats.Sample] = {}
        self._measuring = asyncio.Lock()

    async def of(self, pods: Iterable[Pod]) -> list[PodUsage]:
        """The use of those of the pods that have a running container, in their order.

        Takes a second if one of them was not looked at lately. Raises EngineError.
        """
        running = [(pod, _running(pod)) for pod in pods]
        async with self._measuring:
            ids = [engine_id for _, containers in running for _, engine_id in containers]
            now = await self._look(ids)
            if any(not self._gives_rate(engine_id, sample) for engine_id, sample in now.items()):
                self._last.update({each: sample for each, sample in now.items() if not self._gives_rate(each, sample)})
                await asyncio.sleep(SHORTEST_WINDOW)
                now = await self._look(ids)
            before, self._last = self._last, {**self._recent(now), **now}
        measured = (_measured(pod, containers, before, now) for pod, containers in running)
        return [usage for usage in measured if usage is not None]

    async def _look(self, ids: list[str]) -> dict[str, stats.Sample]:
        samples = await asyncio.gather(*(stats.sample(self._engine, engine_id) for engine_id in ids))
        return {engine_id: sample for engine_id, sample in zip(ids, samples, strict=True) if sample is not None}

    def _gives_rate(self, engine_id: str, now: stats.Sample) -> bool:
        last = self._last.get(engine_id)
        return last is not None and SHORTEST_WINDOW * 0.9 <= (now.at - last.at).total_seconds() <= LONGEST_WINDOW

    def _recent(self, now: dict[str, stats.Sample]) -> dict[str, stats.Sample]:
        """The looks at other containers that still say something."""
        newest = max((sample.at for sample in now.values()), default=None)
        if newest is None:
            return {}
        return {
            engine_id: sample
            for engine_id, sample in self._last.items()
            if (newest - sample.at).total_seconds() <= LONGEST_WINDOW
        }


def _running(pod: Pod) -> list[tuple[str, str]]:
    """Names and engine ids."""
    status = pod.status
    every = (*status.init_container_statuses, *status.container_statuses, *status.ephemeral_container_statuses)
    return [
        (each.name, each.container_id.removeprefix("docker://")) for each in every if each.state.running is not None
    ]


def _measured(
    pod: Pod, running: list[tuple[str, str]], before: dict[str, stats.Sample], now: dict[str, stats.Sample]
) -> PodUsage | None:
    containers, windows = [], []
    for name, engine_id in running:
        if engine_id not in before or engine_id not in now:
            continue
        last, current = before[engine_id], now[engine_id]
        window = (current.at - last.at).total_seconds()
        if window > 0:
            rate = round((current.cpu_nanoseconds - last.cpu_nanoseconds) / window)
            containers.append(ContainerUsage(name, max(0, rate), current.memory_bytes))
            windows.append((current.at, window))
    if not containers:
        return None
    at, window = max(windows)
    return PodUsage(pod, at, window, tuple(containers))
