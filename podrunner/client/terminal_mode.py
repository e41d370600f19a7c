"""The user's terminal while a process elsewhere has it: every key goes there, and the window's size too."""

import contextlib
import os
import signal
import termios
import tty
from collections.abc import Iterator
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Raw:
    """A terminal in raw mode. Made by `raw`.

    `redrawn`: it is told to be larger at first, so that what runs there already draws its screen anew.
    """

    def __init__(self, descriptor: int, resized: int, *, redrawn: bool) -> None:
        self._descriptor = descriptor
        self._redrawn = redrawn
        self.resized = resized
        """A descriptor that can be read when the size has changed."""

    def first_sizes(self) -> Iterator[os.terminal_size]:
        """Those to tell at first."""
        size = os.get_terminal_size(self._descriptor)
        if self._redrawn:
            yield os.terminal_size((size.columns + 1, size.lines + 1))
        yield size

    def new_sizes(self) -> Iterator[os.terminal_size]:
        """The size after a change."""
        os.read(self.resized, 4096)
        yield os.get_terminal_size(self._descriptor)


@contextlib.contextmanager
def raw(descriptor: int, *, redrawn: bool = False) -> Iterator[Raw]:
    """Puts the terminal into raw mode, and back whatever happens; a signal to end raises KeyboardInterrupt."""
    before = termios.tcgetattr(descriptor)
    resized, tell = os.pipe()
    for end in (resized, tell):
        os.set_blocking(end, False)

    def on_resize(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(tell, b"\0")

    handlers = {signal.SIGWINCH: on_resize, **dict.fromkeys(_ENDING, signal.default_int_handler)}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        tty.setraw(descriptor)
        yield Raw(descriptor, resized, redrawn=redrawn)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in previous.items():
            signal.signal(number, handler)
        os.close(resized)
        os.close(tell)
