"""Where Kubernetes clients find the server: a port that stays the same, certificates, and why they can't at the moment.

Whatever is wrong here is told and, where that can help, tried again; it ends nothing else, as the command line uses the
Unix socket. The port is never changed for another one, as kubeconfigs name it.
"""

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable
from pathlib import Path

from starlette.types import ASGIApp

from podrunner import clock, errors, files, paths
from podrunner.api import auth, context, https
from podrunner.credentials import keyring, names

PORTS = range(20000, 30000)
"""Where a port is chosen: below those that systems give to outgoing connections and Kubernetes to services."""

_TRIES = 100
_AGAIN_SECONDS = 5.0
_RENEWAL_SECONDS = 12 * 3600.0

log = logging.getLogger(__name__)


class Front:
    """The listener for Kubernetes clients of one state directory."""

    def __init__(self, where: paths.Files, time: clock.Clock) -> None:
        self._port_file = where.port
        self._ring = keyring.Keyring(where.credentials)
        self._time = time
        self._listener: socket.socket | None = None
        self._guard: auth.Guarded | None = None
        self.port = 0
        self.ready = False
        self.problem = ""
        """Why it is not going to be ready, "" if it is or will be in a moment."""

    @property
    def address(self) -> str:
        """The URL for clients."""
        return f"https://{names.HOST}:{self.port}"

    def user_of_token(self, token: str) -> context.User | None:
        """Who shows this token; None when it is not ours."""
        return None if self._guard is None else self._guard.user_of_token(token.encode())

    def open(self, asked: int = 0) -> None:
        """Takes the port: the one asked for, which is kept from now on, else the kept one, else any that is free.

        Raises errors.ServerError if the one asked for can't be had; any other is tried again by `serve`.
        """
        kept = _read_port(self._port_file)
        self.port = asked or kept
        try:
            self._listener = https.bind(names.HOST, self.port) if self.port else _bind_free()
        except OSError as error:
            problem = f"cannot listen at {self.address}: {error.strerror}"
            if asked:
                raise errors.ServerError(problem) from error
            self._tell(f"{problem}; `podrunner server start --port` takes another port")
            return
        self.problem = ""
        self.port = self._listener.getsockname()[1]
        if self.port != kept:
            files.write_whole(self._port_file, f"{self.port}\n".encode())

    def close(self) -> None:
        """Lets the port go, if `serve` does not have it."""
        if self._listener is not None:
            self._listener.close()

    async def serve(self, app: ASGIApp, *, publish: Callable[[str], None]) -> None:
        """Answers until it is cancelled, or returns when that is not possible; `problem` says why.

        `publish` is given the certificate that clients have to trust, as PEM.
        """
        try:
            opened = await asyncio.to_thread(keyring.open_for_server, self._ring, self._time.now())
        except errors.ServerError as error:
            self._tell(str(error))
            return
        publish(opened.authority)
        while self._listener is None:
            await self._time.sleep(_AGAIN_SECONDS)
            self.open()
        self.ready = True
        log.info("listening at %s; `podrunner kubeconfig` tells kubectl", self.address)
        async with asyncio.TaskGroup() as tasks:
            self._guard = auth.Guarded(app, opened.token)
            tasks.create_task(https.serve(self._guard, self._listener, opened.context))
            tasks.create_task(self._renew(opened))

    async def _renew(self, opened: keyring.Opened) -> None:
        """Replaces the certificate before it ends, for connections from then on."""
        while True:
            await self._time.sleep(_RENEWAL_SECONDS)
            try:
                await asyncio.to_thread(keyring.open_for_server, self._ring, self._time.now())
                opened.context.load_cert_chain(self._ring.certificate, self._ring.key)
            except (errors.ServerError, OSError) as error:
                log.warning("the certificate is not looked after: %s", error)

    def _tell(self, problem: str) -> None:
        if problem != self.problem:
            log.warning(problem)
        self.problem = problem


def _read_port(file: Path) -> int:
    """The port that was kept, 0 if none was."""
    with contextlib.suppress(OSError, ValueError):
        return int(file.read_text())
    return 0


def _bind_free() -> socket.socket:
    for port in random.sample(PORTS, _TRIES):
        with contextlib.suppress(OSError):
            return https.bind(names.HOST, port)
    return https.bind(names.HOST, 0)
