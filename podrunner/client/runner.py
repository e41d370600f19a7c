"""Performs a run: creates its pods, then does and shows what the session decides, until it decides to end.

One queue brings everything to the main thread, which alone touches the session and the printer; so a signal is acted
on at once, whatever else is going on.
"""

import contextlib
import functools
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from podrunner.client import actions, api, ordering
from podrunner.client.creation import Creation
from podrunner.client.interruption import Interruption
from podrunner.client.link import Lease, Link
from podrunner.client.session import Options, Session
from podrunner.client.streams import Happening, Streams
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod


class Printer(Protocol):
    """Where a run shows itself.

    Whatever writes to standard output raises OSError, once, when that can't be written; what comes later is ignored.
    """

    @property
    def refresh_seconds(self) -> float | None:
        """How often `refresh` wants to be called; None: never."""

    def status(self, pod: Pod) -> None: ...

    def event(self, event: Event) -> None: ...

    def output(self, pod: actions.PodRef, container: str, lines: Sequence[bytes]) -> None: ...

    def pull(self, message: api.RunMessage) -> None: ...

    def notice(self, text: str) -> None: ...

    def problem(self, text: str, container: str, lines: Sequence[bytes]) -> None: ...

    def refresh(self) -> None: ...

    def close(self) -> None: ...


def run(
    link: Link, lease: Lease, creation: Creation, options: Options, show: Callable[[Sequence[Pod]], Printer]
) -> int:
    """Creates the pods and follows them to their end; the exit status. `show` makes the printer for the created pods.

    Must be called from the main thread. Raises what `Creation.create` does, KeyboardInterrupt when a signal ended that.
    """
    interruption = Interruption(lambda: creation.give_up(KeyboardInterrupt()))
    with contextlib.closing(lease), interruption.listening():
        pods = creation.create()
        newest = max(int(pod.metadata.resource_version) for pod in pods)
        with contextlib.closing(show(pods)) as printer:
            runner = _Runner(link, Session(pods, options), printer, newest)
            interruption.redirect(runner.interrupted)
            exit_status = runner.loop(lease)
            creation.take_along()
            return exit_status


class _Runner:
    def __init__(self, link: Link, session: Session, printer: Printer, newest: int) -> None:
        """`newest`: the number of the store's newest change that the session knows."""
        # SimpleQueue, because a signal handler puts into it while the same thread may be in get().
        self._happenings: queue.SimpleQueue[tuple[Happening, int | None]] = queue.SimpleQueue()
        self._stored: ordering.Ordering[Happening] = ordering.Ordering(newest)
        self._streams = Streams(link, session, lambda happening, version: self._happenings.put((happening, version)))
        self._session = session
        self._printer = printer

    def interrupted(self) -> None:
        """May be called by a signal handler."""
        self._happenings.put((self._session.interrupted, None))

    def loop(self, lease: Lease) -> int:
        self._streams.lease(lease, self._printer.pull)
        happenings: Sequence[Happening] = [self._session.began]
        while True:
            for happening in happenings:
                exit_status = self._act_on(happening)
                if exit_status is not None:
                    return exit_status
            happenings = self._next()

    def _act_on(self, happening: Happening) -> int | None:
        """Performs what the session answers; the exit status, if it answers that the run ends."""
        exit_status = failure = None
        for action in happening(time.monotonic()):
            if isinstance(action, actions.End):
                exit_status = action.exit_status
            else:
                failure = self._perform(action) or failure
        # An end may have been decided on before this was known; then it is decided on again.
        return self._act_on(failure) if failure else exit_status

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
        return min(*moments, threading.TIMEOUT_MAX) if moments else None

    def _perform(self, action: actions.Action) -> Happening | None:
        """Does it; what happened if standard output can't be written."""
        try:
            self._do(action)
        except ConnectionError:
            return functools.partial(self._session.output_failed, "")
        except OSError as error:
            return functools.partial(self._session.output_failed, error.strerror or str(error))
        return None

    def _do(self, action: actions.Action) -> None:
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
                self._printer.output(action.pod, action.container, action.lines)
            case actions.ShowNotice():
                self._printer.notice(action.text)
            case actions.ShowProblem():
                self._printer.problem(action.text, action.container, action.lines)
