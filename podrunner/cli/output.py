"""Where a run writes: containers' bytes to standard output as they are, everything else to standard error as text."""

import os
from collections.abc import Sequence
from typing import Protocol, TextIO

from podrunner.cli import standard_streams


class Raw(Protocol):
    """An unbuffered stream of bytes; `write` takes some of them and says how many, or raises OSError."""

    def write(self, data: memoryview, /) -> int: ...


class Output:
    """Standard output for bytes. Unbuffered, so that it stays in order with standard error on a terminal."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._failed = False

    def write(self, data: bytes) -> None:
        """Writes all of it. Raises OSError once when that can't be done, and does nothing from then on."""
        rest = memoryview(data)
        while rest and not self._failed:
            try:
                rest = rest[self._raw.write(rest) :]
            except OSError:
                self._failed = True
                raise


class Messages:
    """Standard error for text. Nobody is told when it can't be written: there is no place left to tell it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return

    def warning(self, text: str) -> None:
        self.write(f"warning: {text}\n")

    def notice(self, text: str) -> None:
        self.write(f"podrunner: {text}\n")

    def problem(self, text: str, container: str, lines: Sequence[bytes]) -> None:
        self.write(f"{problem_text(text, container, lines)}\n")


def problem_text(text: str, container: str, lines: Sequence[bytes]) -> str:
    """What went wrong, and the last lines of the container that is to blame, if one is."""
    told = [f"error: {text}"]
    if container:
        told.append(f"the last lines of {container}:" if lines else f"{container} has written nothing")
    return "\n".join([*told, *(f"    {line.decode(errors='backslashreplace')}" for line in lines)])


def standard_output() -> Output:
    return Output(standard_streams.Patient(1))


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
