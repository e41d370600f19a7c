"""A second address of the engine, which can be taken away."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from podrunner.engine import address


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
