"""A run whose engine goes away: for a moment, and for good."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from commandline import Podrunner, container, eventually, manifest
from podrunner.engine import address

pytestmark = pytest.mark.engine

COUNTS = "trap exit TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done"


class Way:
    """A socket that leads to the engine as long as it is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = address.resolve({}).url.removeprefix("unix://")
        self._ends: list[socket.socket] = []

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path))
            listener.listen()
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            try:
                yield
            finally:
                self.path.unlink()
                listener.shutdown(socket.SHUT_RDWR)
                for end in self._ends:
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self._engine)
                self._ends += (client, engine)
                for source, target in ((client, engine), (engine, client)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def last_number(out: str) -> int:
    return int(out.split()[-1]) if out else 0


def test_a_run_outlives_a_short_absence_of_the_engine_but_not_a_long_one(fresh_podrunner: Podrunner) -> None:
    way = Way(fresh_podrunner.directory / "engine.sock")
    there = {"DOCKER_HOST": f"unix://{way.path}"}
    with way.open():
        running = fresh_podrunner.start("run", "-", manifests=manifest(container(COUNTS)), environ=there)
        running.until("[main] 10\n")
    running.until("NodeNotReady")
    with way.open():
        missed = last_number(running.out)
        eventually(lambda: last_number(running.out) > missed + 30)
    running.ends(125)
    assert running.out.splitlines() == [f"[main] {number}" for number in range(1, last_number(running.out) + 1)]
    assert "what was started is removed when the engine answers again" in running.err
    with way.open():
        eventually(lambda: not fresh_podrunner.left_on_engine())
        fresh_podrunner.start("server", "stop", environ=there).ends(0)
