"""Running the real command in tests, with a state directory and so a server of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from podrunner import paths
from podrunner.client import api, http

PODRUNNER = str(Path(sys.executable).with_name("podrunner"))
IMAGE = "busybox:1.36"
PATIENCE_SECONDS = 60.0


def eventually(condition: Callable[[], Any], within: float = 15.0) -> Any:
    """The condition's first true value. Fails when there is none in time."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket(type=kind) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def container(script: str, name: str = "main", **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": IMAGE, "command": ["sh", "-c", script], **fields}


def manifest(*containers: dict[str, Any], name: str = "web", init: tuple[dict[str, Any], ...] = (), **spec: Any) -> str:
    spec = {"terminationGracePeriodSeconds": 5, "restartPolicy": "Never", "containers": list(containers), **spec}
    if init:
        spec["initContainers"] = list(init)
    return str(yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}))


class Running:
    """A command under way; what it writes is collected as it comes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._texts: dict[str, list[bytes]] = {"out": [], "err": []}
        self._readers = [
            threading.Thread(target=self._collect, args=(name, stream), daemon=True)
            for name, stream in (("out", process.stdout), ("err", process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def out(self) -> str:
        return b"".join(self._texts["out"]).decode(errors="backslashreplace")

    @property
    def err(self) -> str:
        return b"".join(self._texts["err"]).decode(errors="backslashreplace")

    def until(self, text: str) -> None:
        """Returns when the text was written to either output."""
        eventually(lambda: text in self.out or text in self.err or self.process.poll() is not None)
        assert text in self.out + self.err, self.err

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def status(self) -> int:
        """The exit status, when it has ended and everything it wrote was collected."""
        status = self.process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        return status

    def ends(self, status: int) -> None:
        """Asserts that it ends with that exit status."""
        assert self.status() == status, self.err

    def _collect(self, name: str, stream: Any) -> None:
        while block := stream.read1(65536):
            self._texts[name].append(block)


class Podrunner:
    """The command, with one state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state_dir = directory / "state"

    def start(self, *arguments: str, manifests: str = "", environ: Mapping[str, str] = {}) -> Running:
        """Starts `podrunner ARGUMENTS`; `-` among them stands for the manifests."""
        process = subprocess.Popen(
            [PODRUNNER, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PODRUNNER_STATE_DIR": str(self.state_dir), **environ},
        )  # fmt: skip
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(manifests.encode())
        return Running(process)

    def run(self, manifests: str, *options: str, status: int = 0) -> Running:
        """`podrunner run` of the manifests to its end, which must be with that exit status."""
        running = self.start("run", "-", *options, manifests=manifests)
        running.ends(status)
        return running

    def server_pid(self) -> int:
        return int((self.state_dir / "server.pid").read_text())

    @property
    def ours(self) -> str:
        """The option that makes `docker` tell only of what this state directory's servers made."""
        return f"--filter=label=podrunner.dev/instance={(self.state_dir / 'instance').read_text().strip()}"

    def left_on_engine(self) -> list[str]:
        """The names of the containers, volumes and networks of this state directory's server."""
        return [
            *docker("ps", "--all", "--format={{.Names}}", self.ours),
            *docker("volume", "ls", "--format={{.Name}}", self.ours),
            *docker("network", "ls", "--format={{.Name}}", self.ours),
        ]

    def pods(self) -> int:
        return api.server_info(http.Server(paths.socket_path(self.state_dir))).pods


def docker(*arguments: str) -> list[str]:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.split()


@contextlib.contextmanager
def podrunner(directory: Path) -> Iterator[Podrunner]:
    """The command, whose server is stopped afterwards; then nothing of it may be left on the engine."""
    command = Podrunner(directory)
    try:
        yield command
    finally:
        command.start("server", "stop").status()
        if (command.state_dir / "instance").exists():
            for name in command.left_on_engine():
                subprocess.run(["docker", "rm", "--force", "--volumes", name], check=False, capture_output=True)


def json_lines(text: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in text.splitlines()]
