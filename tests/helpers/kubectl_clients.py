"""kubectl as its users have it: today's, which speaks WebSockets; the same told to speak SPDY; and one of 2021.

The old one is Debian's, see scripts/old-kubectl; PODRUNNER_OLD_KUBECTL names another.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from kubectl_world import KUBECTL

SPDY_ONLY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}
REPOSITORY = Path(__file__).parent.parent.parent
KINDS = ("websocket", "spdy", "old")


class Kubectl(NamedTuple):
    """A program, its environment, and the server it talks to."""

    program: Path
    environment: Mapping[str, str]
    server: str

    def command(self, *arguments: str) -> list[str]:
        return [str(self.program), f"--server={self.server}", *arguments]

    def run(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Runs one command to its end."""
        return subprocess.run(
            self.command(*arguments), input=stdin, env=self.environment, capture_output=True, timeout=60, check=False
        )


def client(kind: str, server: str, home: Path) -> Kubectl:
    """One of KINDS. Skips the test when there is no old one to be had."""
    environment = {"HOME": str(home), "KUBECONFIG": os.devnull, "PATH": os.environ["PATH"]}
    if kind == "old":
        return Kubectl(old(), environment, server)
    return Kubectl(KUBECTL, environment | (SPDY_ONLY if kind == "spdy" else {}), server)


def old() -> Path:
    """The old kubectl's program. Skips the test on machines that are not Debian's, fails when Debian's can't be had."""
    if named := os.environ.get("PODRUNNER_OLD_KUBECTL"):
        return Path(named)
    made = subprocess.run([REPOSITORY / "scripts/old-kubectl"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    program = REPOSITORY / ".old-kubectl/usr/bin/kubectl"
    if not program.exists():
        pytest.skip(made.stdout)
    return program
