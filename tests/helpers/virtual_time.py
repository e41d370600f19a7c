"""An event loop whose time passes only while nothing can be done, and then at once: timers fire without a wait.

For coroutines that wait for nothing but timers and each other. In a test module:

    @pytest.fixture
    def anyio_backend() -> tuple[str, dict[str, Any]]:
        return virtual_time.BACKEND
"""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class _Leaping(selectors.SelectSelector):
    """Passes the time over instead of waiting for a timer."""

    def __init__(self, leap: Callable[[float], None]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self._leap(timeout)
        return ready


class Loop(asyncio.SelectorEventLoop):
    """Its time is in seconds since it was made."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_Leaping(self._leap))

    def time(self) -> float:
        return self._seconds

    def _leap(self, seconds: float) -> None:
        self._seconds += seconds


BACKEND: tuple[str, dict[str, Any]] = ("asyncio", {"loop_factory": Loop})


def now() -> float:
    """The running loop's time, for code that asks `time.monotonic`."""
    return asyncio.get_running_loop().time()
