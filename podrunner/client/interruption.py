"""Ctrl-C and its like during a run: passed on to whatever the run is doing."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from podrunner.client import outcome

_PATIENCE = 2
"""After so many signals the next one leaves on the spot: the main thread may be stuck in writing its output."""


class Interruption:
    """Calls `on_interrupt` for every signal, in the main thread, between any two steps of what it does."""

    def __init__(self, on_interrupt: Callable[[], None]) -> None:
        self._on_interrupt = on_interrupt
        self._count = 0

    def redirect(self, on_interrupt: Callable[[], None]) -> None:
        """Has another function called from now on; a signal that came before is told to it too."""
        self._on_interrupt = on_interrupt
        for _ in range(self._count):
            on_interrupt()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        before = [(number, signal.signal(number, self._on_signal)) for number in _signals()]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > _PATIENCE:
            os._exit(outcome.INTERRUPTED)
        self._on_interrupt()


def _signals() -> tuple[signal.Signals, ...]:
    """Those that end a run. Under nohup the end of the terminal does not."""
    under_nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if under_nohup else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
