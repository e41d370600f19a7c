"""Moments after which a thing is given up."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def reached(deadline: float | None, act: Callable[[], None]) -> Iterator[None]:
    """Calls `act`, in a thread of its own, if the block still runs at the deadline (time.monotonic's; None: never)."""
    if deadline is None:
        yield
        return
    left = min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
    timer = threading.Timer(left, act)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
