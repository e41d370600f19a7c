"""Builds the images of a run, one after the other, before its pods are created."""

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from podrunner import errors
from podrunner.client import api, deadlines, http
from podrunner.client.interruption import Interruption
from podrunner.client.link import Link

KEPT_LINES = 1000
"""Lines of a build's output that are shown when it fails."""


class Build(NamedTuple):
    """An image to be built: its name as the user gave it, and an absolute path."""

    reference: str
    directory: Path


class Display(Protocol):
    """Where builds show themselves."""

    def began(self, build: Build) -> None: ...

    def pull(self, message: api.RunMessage) -> None: ...

    def output(self, line: str) -> None: ...

    def ended(self, build: Build, seconds: float) -> None: ...

    def failed(self, build: Build, lines: Sequence[str]) -> None:
        """With the last lines the build wrote."""

    def close(self) -> None: ...


def build_all(link: Link, builds: Sequence[Build], display: Display, deadline: float | None) -> None:
    """Builds the images. Must be called from the main thread.

    Raises UsageError, EngineRefused for one that can't be built, TimedOut at the deadline, KeyboardInterrupt when a
    signal ended it.
    """
    builder = _Builder(link, display, deadline)
    with contextlib.closing(display), Interruption(builder.interrupt).listening():
        for wanted in builds:
            builder.build(wanted)


class _Builder:
    def __init__(self, link: Link, display: Display, deadline: float | None) -> None:
        self._link = link
        self._display = display
        self._deadline = deadline
        self._stream: http.Stream | None = None
        self._interrupted = False

    def interrupt(self) -> None:
        """May be called by a signal handler."""
        self._interrupted = True
        if self._stream is not None:
            self._stream.close()

    def build(self, wanted: Build) -> None:
        began = time.monotonic()
        self._display.began(wanted)
        self._stream = self._open(wanted)
        with contextlib.closing(self._stream), deadlines.reached(self._deadline, self._stream.close):
            if self._interrupted or not self._follow(self._stream, wanted):
                raise self._broken_off(wanted)
        self._display.ended(wanted, time.monotonic() - began)

    def _open(self, wanted: Build) -> http.Stream:
        try:
            return self._link.reach(lambda: api.build_image(self._link.server, wanted.reference, wanted.directory))
        except errors.BadRequest as error:
            raise errors.UsageError(str(error)) from error

    def _follow(self, stream: http.Stream, wanted: Build) -> bool:
        """Shows the build to its end; False if that did not come. Raises EngineRefused for a build that failed."""
        output = _Output(self._display)
        for message in api.run_messages(stream):
            match message.type:
                case "PULL":
                    self._display.pull(message)
                case "OUTPUT":
                    output.wrote(message.text)
                case "BUILT":
                    return True
                case "FAILED":
                    self._display.failed(wanted, output.end())
                    raise errors.EngineRefused(f"cannot build image {wanted.reference}: {message.text}")
        return False

    def _broken_off(self, wanted: Build) -> BaseException:
        if self._interrupted:
            return KeyboardInterrupt()
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return errors.TimedOut(f"timed out before image {wanted.reference} was built")
        return http.Disconnected(f"podrunner's server went away while it built image {wanted.reference}")


class _Output:
    """A build's output, which comes in pieces, as lines."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._rest = ""
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)

    def wrote(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._lines.append(line)
            self._display.output(line)

    def end(self) -> Sequence[str]:
        """The last lines, one that was not completed too."""
        return [*self._lines, *([self._rest] if self._rest else [])]
