"""kubectl as its users have it: today's, which speaks WebSockets; the same told to speak SPDY; and one of 2021.

The old one is Debian's. It is taken from there once and kept in pytest's cache; PODRUNNER_OLD_KUBECTL names another.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from kubectl_world import KUBECTL

SPDY_ONLY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}
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


def client(kind: str, server: str, home: Path, cache: pytest.Cache) -> Kubectl:
    """One of KINDS. Skips the test when there is no old one to be had."""
    environment = {"HOME": str(home), "KUBECONFIG": os.devnull, "PATH": os.environ["PATH"]}
    if kind == "old":
        return Kubectl(_old(cache), environment, server)
    return Kubectl(KUBECTL, environment | (SPDY_ONLY if kind == "spdy" else {}), server)


def _old(cache: pytest.Cache) -> Path:
    if named := os.environ.get("PODRUNNER_OLD_KUBECTL"):
        return Path(named)
    directory = cache.mkdir("old-kubectl")
    program = directory / "usr" / "bin" / "kubectl"
    if not program.exists():
        _unpack(directory)
    return program


def _unpack(directory: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip("Debian's kubernetes-client can only be had on Debian; PODRUNNER_OLD_KUBECTL may name a kubectl")
    download = subprocess.run(
        ["apt-get", "download", "kubernetes-client"], cwd=directory, capture_output=True, text=True, check=False
    )
    packages = sorted(directory.glob("kubernetes-client_*.deb"))
    if not packages:
        pytest.skip(f"no kubernetes-client from this distribution: {download.stderr.strip()}")
    subprocess.run(["dpkg-deb", "-x", str(packages[-1]), str(directory)], check=True)
    packages[-1].unlink()
