"""Builds the images of a run, one after the other, before its pods are created."""

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from podrunner import errors
from podrunner.client import api, deadlines, http
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
    """Builds the images. Raises UsageError, EngineRefused for one that can't be built, TimedOut at the deadline."""
    with contextlib.closing(display):
        for wanted in builds:
            began = time.monotonic()
            display.began(wanted)
            with contextlib.closing(_open(link, wanted)) as stream, deadlines.reached(deadline, stream.close):
                _follow(stream, wanted, display, deadline)
            display.ended(wanted, time.monotonic() - began)


def _open(link: Link, wanted: Build) -> http.Stream:
    try:
        return link.reach(lambda: api.build_image(link.server, wanted.reference, wanted.directory))
    except errors.BadRequest as error:
        raise errors.UsageError(str(error)) from error


def _follow(stream: http.Stream, wanted: Build, display: Display, deadline: float | None) -> None:
    """Shows the build to its end."""
    output = _Output(display)
    for message in api.run_messages(stream):
        match message.type:
            case "PULL":
                display.pull(message)
            case "OUTPUT":
                output.wrote(message.text)
            case "BUILT":
                return
            case "FAILED":
                display.failed(wanted, output.end())
                raise errors.EngineRefused(f"cannot build image {wanted.reference}: {message.text}")
    if deadline is not None and time.monotonic() >= deadline:
        raise errors.TimedOut(f"timed out before image {wanted.reference} was built")
    raise http.Disconnected(f"podrunner's server went away while it built image {wanted.reference}")


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
