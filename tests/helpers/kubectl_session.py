"""kubectl against a podrunner under test: its commands as a user types them, in pipes and in terminals."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import commandline
import scenario_world
from commandline import PATIENCE_SECONDS, eventually

KUBECTL = str(Path(sys.executable).with_name("kubectl"))

_MASKS = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "TIME"),
    (re.compile(r"\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"), "DATE"),
    (re.compile(r"\b(172\.\d+|192\.168)\.\d+\.\d+\b"), "IP"),
    (re.compile(r"https://127\.0\.0\.1:\d+"), "https://SERVER"),
)


def masked(text: str) -> str:
    """The text with what differs from run to run replaced: UIDs, container ids, times, pod addresses, the port."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text


class Done(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str


class Terminal:
    """A command in a pseudo-terminal of its own, and what its screen was sent."""

    def __init__(self, command: list[str], environ: Mapping[str, str], rows: int = 24, columns: int = 200) -> None:
        self._ours, theirs = pty.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True
        )
        os.close(theirs)
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def screen(self) -> str:
        """Everything the command has written, its line ends as in a file."""
        return self._seen.decode(errors="backslashreplace").replace("\r\n", "\n")

    @property
    def settings(self) -> list[Any]:
        """The terminal's modes, as `termios` tells them."""
        return termios.tcgetattr(self._ours)

    def type(self, text: str) -> None:
        """What a person at the keyboard types."""
        os.write(self._ours, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """The size of the window, in characters."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text: str, within: float = 60.0) -> None:
        """Returns when the text is on the screen."""
        eventually(lambda: text in self.screen or self.process.poll() is not None, within)
        assert text in self.screen, self.screen

    def interrupt(self) -> None:
        """Ends the command as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.status()

    def status(self, within: float = PATIENCE_SECONDS) -> int:
        """The exit status, when the command has ended and its screen is complete."""
        status = self.process.wait(within)
        self._reader.join(PATIENCE_SECONDS)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.status()
        os.close(self._ours)

    def _read(self) -> None:
        # A terminal whose last program has ended is read as an error.
        with contextlib.suppress(OSError):
            while block := os.read(self._ours, 65536):
                self._seen += block


class KubectlWorld(scenario_world.World):
    """A running server, and a kubeconfig for it. Made by `opened`.

    `program` is the kubectl that is used, `settings` what its environment has besides.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.kubeconfig = directory / "kubeconfig"
        self.program = KUBECTL
        self.settings: Mapping[str, str] = {}
        self._terminals: list[Terminal] = []

    def open_server(self, *options: str) -> None:
        """Starts the server and writes the kubeconfig."""
        self.serve(*options)
        written = self.start("kubeconfig", "--write", str(self.kubeconfig))
        assert written.status() == 0, written.err

    @property
    def kubectl_environ(self) -> dict[str, str]:
        """kubectl's caches and settings are the test's own."""
        return {
            **os.environ,
            "HOME": str(self.directory),
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.directory / "kube-cache"),
            **self.settings,
        }

    def kubectl(
        self, *arguments: str, stdin: str | bytes = "", status: int | None = 0, environ: Mapping[str, str] = {}
    ) -> Done:
        """`kubectl ARGUMENTS` to its end, which has to be with that exit status (None: any)."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [self.program, *arguments],
            input=given,
            capture_output=True,
            env={**self.kubectl_environ, **environ},
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        out, err = done.stdout.decode(errors="backslashreplace"), done.stderr.decode(errors="backslashreplace")
        assert status in (None, done.returncode), f"exit status {done.returncode}\n{out}{err}"
        return Done(done.returncode, out, err)

    def start_kubectl(self, *arguments: str) -> commandline.Running:
        """`kubectl ARGUMENTS`, under way."""
        process = subprocess.Popen(
            [self.program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.kubectl_environ,
        )
        running = commandline.Running(process)
        self._runs.append(running)
        return running

    def terminal(self, *command: str) -> Terminal:
        """A command in a terminal of its own; `kubectl` is the one under test."""
        program = self.program if command[0] == "kubectl" else command[0]
        opened = Terminal([program, *command[1:]], self.kubectl_environ)
        self._terminals.append(opened)
        return opened

    def close(self) -> None:
        for each in self._terminals:
            each.close()
        super().close()


@contextlib.contextmanager
def opened(directory: Path, *options: str) -> Iterator[KubectlWorld]:
    """A running server of one's own; `options` are those of `podrunner server start`."""
    world = KubectlWorld(directory)
    try:
        world.open_server(*options)
        yield world
    finally:
        world.close()
