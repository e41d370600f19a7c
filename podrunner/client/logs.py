"""Which logs of a pod's containers to follow, and what of them has been shown. Pure; performs no I/O.

Every instance of a container has a log of its own. They are followed one after the other, so that a container's output
comes complete and in order: the log of a restarted container starts when the one before it has ended. A stream that
broke is read again from its start, without the lines that were shown already.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from podrunner.client import actions
from podrunner.objects import pod, pod_status

TAIL_LINES = 20

LONGEST_LINE_BYTES = 1024 * 1024
"""A longer line is shown as several of that length: containers may write without ever ending a line."""


class Transcript:
    """The log of one instance of a container, cut into lines.

    Where a long line is cut depends on nothing but the line, so that a log read again is cut alike.
    """

    def __init__(self) -> None:
        self.tail: deque[bytes] = deque(maxlen=TAIL_LINES)
        self._rest = bytearray()
        self._shown = 0
        self._to_skip = 0

    def received(self, data: bytes) -> Sequence[bytes]:
        """The lines that `data` completes."""
        head, newline, rest = data.rpartition(b"\n")
        lines: list[bytes] = []
        if newline:
            self._rest += head
            lines = [piece for line in bytes(self._rest).split(b"\n") for piece in _pieces(line)]
            self._rest.clear()
        self._rest += rest
        while len(self._rest) > LONGEST_LINE_BYTES:
            lines.append(bytes(self._rest[:LONGEST_LINE_BYTES]))
            del self._rest[:LONGEST_LINE_BYTES]
        skipped = min(self._to_skip, len(lines))
        self._to_skip -= skipped
        return self._show(lines[skipped:])

    def ended(self) -> Sequence[bytes]:
        """The last line, where the container did not end it."""
        last = bytes(self._rest)
        self._rest.clear()
        return self._show([last]) if last and not self._to_skip else ()

    def broken(self) -> None:
        """The stream broke: it will be received from its start again."""
        self._rest.clear()
        self._to_skip = self._shown

    def _show(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        self._shown += len(lines)
        self.tail.extend(lines)
        return lines


def _pieces(line: bytes) -> Sequence[bytes]:
    if len(line) <= LONGEST_LINE_BYTES:
        return (line,)
    return [line[start : start + LONGEST_LINE_BYTES] for start in range(0, len(line), LONGEST_LINE_BYTES)]


class Logs:
    """The logs of one pod's containers."""

    def __init__(self) -> None:
        self._pod: pod.Pod | None = None
        self._transcripts: dict[actions.LogStream, Transcript] = {}
        self._waiting: dict[str, deque[actions.LogStream]] = {}
        self._open: dict[str, actions.LogStream] = {}

    def pod_changed(self, changed: pod.Pod) -> list[actions.Follow]:
        """The streams to open for instances not seen before."""
        self._pod = changed
        for status in statuses(changed):
            for instance in _instances(status):
                stream = actions.LogStream(actions.PodRef.of(changed), status.name, instance)
                if stream not in self._transcripts:
                    self._transcripts[stream] = Transcript()
                    self._waiting.setdefault(status.name, deque()).append(stream)
        return [follow for container in list(self._waiting) for follow in self._next(container)]

    def received(self, stream: actions.LogStream, data: bytes) -> Sequence[bytes]:
        """The lines to show."""
        return self._transcripts[stream].received(data)

    def ended(self, stream: actions.LogStream) -> tuple[Sequence[bytes], list[actions.Follow]]:
        """The lines that remained to be shown, and the stream to open next."""
        self._open.pop(stream.container, None)
        return self._transcripts[stream].ended(), self._next(stream.container)

    def broken(self, stream: actions.LogStream) -> actions.Follow:
        """The stream, to be opened again."""
        self._transcripts[stream].broken()
        return self._follow(stream)

    def pending(self, container: str = "") -> bool:
        """Whether something may still come from that container (of any, if none is named)."""
        if container:
            return container in self._open or bool(self._waiting.get(container))
        return bool(self._open) or any(self._waiting.values())

    def tail(self, container: str) -> Sequence[bytes]:
        """The last lines of the container's newest instance that was followed."""
        newest = [stream for stream in self._transcripts if stream.container == container]
        return tuple(self._transcripts[newest[-1]].tail) if newest else ()

    def _next(self, container: str) -> list[actions.Follow]:
        waiting = self._waiting.get(container)
        if not waiting or container in self._open:
            return []
        stream = self._open[container] = waiting.popleft()
        return [self._follow(stream)]

    def _follow(self, stream: actions.LogStream) -> actions.Follow:
        assert self._pod is not None
        current = next((s.container_id for s in statuses(self._pod) if s.name == stream.container), "")
        return actions.Follow(stream, previous=stream.instance != current)


def statuses(of: pod.Pod) -> Iterator[pod_status.ContainerStatus]:
    """The statuses of all of the pod's containers, init containers first."""
    yield from of.status.init_container_statuses
    yield from of.status.container_statuses
    yield from of.status.ephemeral_container_statuses


def _instances(status: pod_status.ContainerStatus) -> Iterator[str]:
    """The containerIDs the status tells of, oldest first. A container that was only created has no log to follow."""
    ended = status.last_state.terminated
    if ended is not None and ended.container_id:
        yield ended.container_id
    started = status.state.running is not None or status.state.terminated is not None
    if started and status.container_id:
        yield status.container_id
