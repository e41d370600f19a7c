"""Performs a run: does and shows what the session decides, until it decides to end.

One queue brings everything to the main thread, which alone touches the session and the printer; so a signal is acted
on at once, whatever else is going on.
"""

import contextlib
import os
import queue
import signal
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Protocol

from podrunner.client import actions, api, ordering, outcome
from podrunner.client.link import Lease, Link
from podrunner.client.session import Options, Session
from podrunner.client.streams import Happening, Streams
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod

_PATIENCE = 2
"""After so many signals the next one leaves on the spot: the main thread may be stuck in writing its output."""


class Printer(Protocol):
    """Where a run shows itself."""

    @property
    def refresh_seconds(self) -> float | None:
        """How often `refresh` wants to be called; None: never."""

    def status(self, pod: Pod) -> None: ...

    def event(self, event: Event) -> None: ...

    def output(self, pod: actions.PodRef, container: str, lines: Sequence[bytes]) -> None:
        """Raises OSError when nobody reads the output; what comes later is ignored."""

    def pull(self, message: api.RunMessage) -> None: ...

    def notice(self, text: str) -> None: ...

    def problem(self, text: str, container: str, lines: Sequence[bytes]) -> None: ...

    def refresh(self) -> None: ...

    def close(self) -> None: ...


def run(link: Link, lease: Lease, pods: Sequence[Pod], options: Options, printer: Printer) -> int:
    """Follows the created pods to their end; the exit status. Must be called from the main thread."""
    newest = max(int(pod.metadata.resource_version) for pod in pods)
    runner = _Runner(link, Session(pods, options), printer, newest)
    with contextlib.closing(printer), contextlib.closing(lease), runner.signals_are_happenings():
        return runner.loop(lease)


def _signals() -> tuple[signal.Signals, ...]:
    """Those that end a run. Under nohup the end of the terminal does not."""
    under_nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if under_nohup else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Runner:
    def __init__(self, link: Link, session: Session, printer: Printer, newest: int) -> None:
        """`newest`: the number of the store's newest change that the session knows."""
        # SimpleQueue, because a signal handler puts into it while the same thread may be in get().
        self._happenings: queue.SimpleQueue[tuple[Happening, int | None]] = queue.SimpleQueue()
        self._stored: ordering.Ordering[Happening] = ordering.Ordering(newest)
        self._streams = Streams(link, session, lambda happening, version: self._happenings.put((happening, version)))
        self._session = session
        self._printer = printer
        self._signals = 0

    def loop(self, lease: Lease) -> int:
        self._streams.lease(lease, self._printer.pull)
        happenings: Sequence[Happening] = [self._session.began]
        while True:
            for happening in happenings:
                for action in happening(time.monotonic()):
                    if isinstance(action, actions.End):
                        return action.exit_status
                    self._perform(action)
            happenings = self._next()

    def _next(self) -> Sequence[Happening]:
        """What happens next: one thing, or several that were stored one after the other."""
        while True:
            if stored := self._stored.due(time.monotonic()):
                return stored
            wake_at = self._session.wake_at
            try:
                happening, version = self._happenings.get(timeout=self._patience(wake_at))
            except queue.Empty:
                self._printer.refresh()
                if wake_at is not None and time.monotonic() >= wake_at:
                    return [self._session.time_passed]
            else:
                if version is None:
                    return [happening]
                self._stored.add(version, happening, time.monotonic())

    def _patience(self, wake_at: float | None) -> float | None:
        """How long nothing may happen before something is to be done all the same, in seconds."""
        now = time.monotonic()
        moments = [max(0.0, moment - now) for moment in (wake_at, self._stored.wake_at) if moment is not None]
        if self._printer.refresh_seconds is not None:
            moments.append(self._printer.refresh_seconds)
        return min(moments, default=None)

    def _perform(self, action: actions.Action) -> None:
        match action:
            case actions.Watch():
                self._streams.watch(action)
            case actions.WatchEvents():
                self._streams.watch_events(action)
            case actions.Follow():
                self._streams.follow(action)
            case actions.Delete():
                self._streams.delete(action)
            case actions.ShowStatus():
                self._printer.status(action.pod)
            case actions.ShowEvent():
                self._printer.event(action.event)
            case actions.ShowOutput():
                self._show_output(action)
            case actions.ShowNotice():
                self._printer.notice(action.text)
            case actions.ShowProblem():
                self._printer.problem(action.text, action.container, action.lines)

    def _show_output(self, output: actions.ShowOutput) -> None:
        try:
            self._printer.output(output.pod, output.container, output.lines)
        except OSError:
            self._happenings.put((self._session.output_closed, None))

    @contextlib.contextmanager
    def signals_are_happenings(self) -> Iterator[None]:
        before = [(number, signal.signal(number, self._on_signal)) for number in _signals()]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > _PATIENCE:
            os._exit(outcome.INTERRUPTED)
        self._happenings.put((self._session.interrupted, None))
