"""Shows a run on a terminal: coloured lines that stay, and below them a live part that is drawn again and again.

The live part is drawn by hand: containers' output must reach the terminal byte for byte, which rich's own live display
can't do. It is erased before anything is written, and drawn at most twenty times a second.
"""

import io
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from rich import filesize
from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.style import Style
from rich.table import Table
from rich.text import Text

from podrunner.cli import output
from podrunner.cli.output import Messages, Output
from podrunner.cli.plain import PlainPrinter
from podrunner.cli.pulls import Pull, Pulls
from podrunner.client.actions import PodRef
from podrunner.client.api import RunMessage
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.pods import age, columns

_CONTAINER_COLOURS = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta", "bright_blue")
_GOOD = frozenset({"Running", "Completed", "Succeeded"})
_ON_THE_WAY = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating", "NotReady"})
_BAR_WIDTH = 20
NARROW = 72
_DRAW_EVERY_SECONDS = 0.05


class TerminalPrinter(PlainPrinter):
    """A `client.runner.Printer` for a standard error that is a terminal, and a standard output that may be one."""

    refresh_seconds = 0.1

    def __init__(
        self, output: Output, messages: Messages, pods: Sequence[Pod], *, colour: bool, output_is_terminal: bool
    ) -> None:
        super().__init__(output, messages, pods)
        self._console = Console(file=io.StringIO(), force_terminal=True, no_color=not colour, highlight=False)
        self._colours_output = colour and output_is_terminal
        self._prefixes: dict[tuple[PodRef, str], bytes] = {}
        self._pods: dict[PodRef, Pod] = {}
        self._pulls = Pulls()
        self._spinner = Spinner("dots", style="cyan")
        self._live_rows = 0
        self._drawn_at = 0.0

    def status(self, pod: Pod) -> None:
        self._pods[PodRef.of(pod)] = pod
        if not self._header_shown:
            self._header_shown = True
            self._say(Text(self._rows.header(), style="bold"))
        text = columns.status(pod)
        line = Text(self._rows.status(pod, datetime.now(UTC)))
        line.highlight_words([text], status_style(text))
        self._say(line)

    def event(self, event: Event) -> None:
        if event.reason in ("Pulled", "Failed"):
            about = event.involved_object
            self._pulls.ended(about.namespace, about.name, about.field_path.partition("{")[2].rstrip("}"))
        self._say(Text(self._rows.event(event), style="dim" if event.type == "Normal" else "yellow"))

    def output(self, pod: PodRef, container: str, lines: Sequence[bytes]) -> None:
        prefix = self._prefixes.get((pod, container))
        if prefix is None:
            prefix = self._prefixes[pod, container] = self._coloured_prefix(pod, container)
        self._erase()
        self._output.write(b"".join([prefix + line + b"\n" for line in lines]))
        self._draw()

    def pull(self, message: RunMessage) -> None:
        self._pulls.progressed(message)
        self._draw()

    def notice(self, text: str) -> None:
        self._say(Text(f"podrunner: {text}", style="bold"))

    def problem(self, text: str, container: str, lines: Sequence[bytes]) -> None:
        told = Text(output.problem_text(text, container, lines))
        told.stylize("bold red", 0, len("error:"))
        self._say(told)

    def refresh(self) -> None:
        self._draw()

    def close(self) -> None:
        self._erase()

    def _say(self, line: Text) -> None:
        self._erase()
        self._messages.write(self._rendered(line, soft_wrap=True) + "\n")
        self._draw()

    def _erase(self) -> None:
        if self._live_rows:
            self._messages.write(f"\r\x1b[{self._live_rows}A\x1b[J")
            self._live_rows = 0

    def _draw(self) -> None:
        now = time.monotonic()
        if now < self._drawn_at + _DRAW_EVERY_SECONDS:
            return
        self._drawn_at = now
        rows = self._rendered(self._live_part()).splitlines(keepends=True)[: self._console.height - 1]
        self._erase()
        self._messages.write("".join(rows))
        self._live_rows = len(rows)

    def _live_part(self) -> RenderableType:
        """A line for each pull and each pod. Where the terminal is narrow only the most telling columns are left."""
        narrow = self._console.width < NARROW
        pods = [_live_status(pod, self._spinner, narrow=narrow) for pod in self._pods.values()]
        return Group(
            *bars(self._pulls, narrow=narrow),
            _grid(pods, 0 if narrow else 1),
        )

    def _coloured_prefix(self, pod: PodRef, container: str) -> bytes:
        plain = self._rows.prefix(pod.name, container)
        if not self._colours_output:
            return plain.encode()
        colour = _CONTAINER_COLOURS[len(self._prefixes) % len(_CONTAINER_COLOURS)]
        return Style(color=colour).render(plain).encode()

    def _rendered(self, what: RenderableType, *, soft_wrap: bool = False) -> str:
        with self._console.capture() as captured:
            self._console.print(what, soft_wrap=soft_wrap, end="")
        return captured.get()


def status_style(status: str) -> str:
    """Green where all is well, yellow on the way there, red otherwise."""
    if status in _GOOD:
        return "green"
    on_the_way = status in _ON_THE_WAY or status.removeprefix("Init:")[:1].isdigit()
    return "yellow" if on_the_way else "red"


def _live_status(pod: Pod, spinner: Spinner, *, narrow: bool) -> tuple[RenderableType, ...]:
    created = pod.metadata.creation_timestamp or datetime.now(UTC)
    status = columns.status(pod)
    name, coloured = Text(pod.metadata.name, style="bold"), Text(status, style=status_style(status))
    if narrow:
        return name, coloured
    return spinner, name, Text(columns.ready(pod)), coloured, Text(age.text(datetime.now(UTC) - created), style="dim")


def bars(pulls: Pulls, *, narrow: bool) -> list[RenderableType]:
    """A line for each pull that is under way."""
    return [_grid([_bar(pull, narrow=narrow)], 0) for pull in pulls.under_way()]


def _bar(pull: Pull, *, narrow: bool) -> tuple[RenderableType, ...]:
    layers = Text(f"{pull.done_layers}/{pull.layers} layers", style="dim")
    if narrow:
        return Text(pull.reference), layers
    known = pull.size > 0
    bar = ProgressBar(total=pull.size if known else None, completed=pull.fetched, width=_BAR_WIDTH, pulse=not known)
    sizes = f"{filesize.decimal(pull.fetched)} of {filesize.decimal(pull.size)}" if known else ""
    return Text(pull.reference), bar, Text(sizes), layers


def _grid(rows: Sequence[tuple[RenderableType, ...]], name: int) -> Table:
    """Rows of one line each; where they are too long, the column `name` is cut first."""
    table = Table.grid(padding=(0, 2))
    for column in range(len(rows[0]) if rows else 0):
        # What may wrap is cut first, and names, which have no spaces, are cut rather than wrapped.
        table.add_column(no_wrap=column != name, overflow="ellipsis")
    for row in rows:
        table.add_row(*row)
    return table
