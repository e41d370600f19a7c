"""The progress of image pulls, told to whoever listens. Nothing waits for a listener."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from podrunner.engine.pulls import PullProgress
from podrunner.objects.pod import Pod

QUEUED = 1000
"""Reports kept for a slow listener; it loses the oldest beyond that, and a later one tells the same layer's state."""


class Report(NamedTuple):
    """One layer's progress, and which container it is pulled for."""

    namespace: str
    pod: str
    container: str
    progress: PullProgress


class Progress:
    """All pulls of the node. Used from the event loop only."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Report]] = set()

    def teller(self, pod: Pod, container: str) -> Callable[[PullProgress], None]:
        """What a pull for this container reports its progress to."""

        def tell(progress: PullProgress) -> None:
            report = Report(pod.metadata.namespace, pod.metadata.name, container, progress)
            for listener in self._listeners:
                if listener.full():
                    listener.get_nowait()
                listener.put_nowait(report)

        return tell

    async def reports(self) -> AsyncIterator[Report]:
        """Every report from now on."""
        with self._listening() as queue:
            while True:
                yield await queue.get()

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Queue[Report]]:
        queue: asyncio.Queue[Report] = asyncio.Queue(QUEUED)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
