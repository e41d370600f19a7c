"""Shows builds on a terminal: the step that a build is at, and a bar for each image that it pulls."""

import re
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from podrunner.cli import terminal
from podrunner.cli.builds import PlainDisplay
from podrunner.cli.output import Messages
from podrunner.cli.pulls import Pulls
from podrunner.client import api
from podrunner.client.building import Build

_STEP = re.compile(r"Step [0-9]+/[0-9]+ : ")


class TerminalDisplay(PlainDisplay):
    """A `client.building.Display`; what it draws is gone when a build is over."""

    def __init__(self, messages: Messages, *, colour: bool) -> None:
        super().__init__(messages)
        self._console = Console(stderr=True, no_color=not colour, highlight=False)
        self._live: Live | None = None
        self._pulls = Pulls()
        self._spinner = Spinner("dots", style="cyan")

    def began(self, build: Build) -> None:
        super().began(build)
        self._spinner.update(text=Text("sending the files"))
        self._live = Live(self._drawn(), console=self._console, transient=True, refresh_per_second=10)
        self._live.start()

    def pull(self, message: api.RunMessage) -> None:
        self._pulls.progressed(message)
        self._update()

    def output(self, line: str) -> None:
        if _STEP.match(line):
            # What the step before has pulled is there.
            self._pulls = Pulls()
            self._spinner.update(text=Text(line, no_wrap=True, overflow="ellipsis"))
            self._update()

    def ended(self, build: Build, seconds: float) -> None:
        self.close()
        super().ended(build, seconds)

    def failed(self, build: Build, lines: Sequence[str]) -> None:
        self.close()
        super().failed(build, lines)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
        self._live, self._pulls = None, Pulls()

    def _update(self) -> None:
        if self._live is not None:
            self._live.update(self._drawn())

    def _drawn(self) -> Group:
        narrow = self._console.width < terminal.NARROW
        return Group(*terminal.bars(self._pulls, narrow=narrow), self._spinner)
