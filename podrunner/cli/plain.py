"""Shows a run in plain lines that are only ever appended: for files, pipes and CI logs."""

from collections.abc import Sequence
from datetime import UTC, datetime

from podrunner.cli.output import Messages, Output
from podrunner.cli.rows import Rows
from podrunner.client.actions import PodRef
from podrunner.client.api import RunMessage
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod


class PlainPrinter:
    """A `client.runner.Printer`. `quiet` leaves nothing but containers' output and what went wrong."""

    refresh_seconds: float | None = None

    def __init__(self, output: Output, messages: Messages, pods: Sequence[Pod], *, quiet: bool = False) -> None:
        self._output = output
        self._messages = messages
        self._rows = Rows(pods)
        self._quiet = quiet
        self._header_shown = False

    def status(self, pod: Pod) -> None:
        if self._quiet:
            return
        header = "" if self._header_shown else f"{self._rows.header()}\n"
        self._header_shown = True
        self._messages.write(f"{header}{self._rows.status(pod, datetime.now(UTC))}\n")

    def event(self, event: Event) -> None:
        if not self._quiet:
            self._messages.write(f"{self._rows.event(event)}\n")

    def output(self, pod: PodRef, container: str, lines: Sequence[bytes]) -> None:
        prefix = self._rows.prefix(pod.name, container).encode()
        self._output.write(b"".join([prefix + line + b"\n" for line in lines]))

    def pull(self, message: RunMessage) -> None:
        """Nothing: the Pulling and Pulled events tell enough."""

    def notice(self, text: str) -> None:
        if not self._quiet:
            self._messages.notice(text)

    def problem(self, text: str, container: str, lines: Sequence[bytes]) -> None:
        self._messages.problem(text, container, lines)

    def refresh(self) -> None:
        """Nothing changes by itself."""

    def close(self) -> None:
        """Nothing is open."""
