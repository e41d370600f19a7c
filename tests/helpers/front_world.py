"""The API as Kubernetes clients reach it: over TLS, with a state directory for the port and the credentials."""

import asyncio
import contextlib
import functools
import http.client
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

import api_world
from podrunner import paths
from podrunner.api.front import Front
from podrunner.credentials import keyring


class FrontWorld(api_world.World):
    """A running API, or another application in its place. Requests have the token unless they say otherwise."""

    def __init__(self, directory: Path, app: ASGIApp | None = None) -> None:
        super().__init__(directory / "podrunner.sock")
        self.files = paths.Files(directory)
        self.ring = keyring.Keyring(self.files.credentials)
        self._app = app

    def __enter__(self) -> "FrontWorld":
        super().__enter__()
        return self

    async def _serve(self, api: ASGIApp) -> None:
        self.front = Front(self.files, self.registry.clock)
        self.front.open()
        serving = asyncio.create_task(self.front.serve(self._app or api, publish=lambda _: self._ready.set()))
        await self._stopping.wait()
        serving.cancel()
        await asyncio.wait({serving})

    @property
    def token(self) -> str:
        return self.ring.token.read_text().strip()

    def client_context(self) -> ssl.SSLContext:
        """As strict as Python's clients will be from 3.13 on."""
        context = ssl.create_default_context(cafile=str(self.ring.authority))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def connect_tcp(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.front.port), timeout=5)

    def connect(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        return (context or self._usual_context).wrap_socket(self.connect_tcp(), server_hostname="127.0.0.1")

    @functools.cached_property
    def _usual_context(self) -> ssl.SSLContext:
        return self.client_context()

    def open(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """A header that is "" is not sent."""
        usual = {"Host": f"127.0.0.1:{self.front.port}", "Authorization": f"Bearer {self.token}"}
        sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value}
        return super().open(method, path, body, sent)


def read_to_the_end(sock: socket.socket) -> bytes:
    """What still comes until the server ends the connection or breaks it off. Raises TimeoutError if it does not."""
    came = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while block := sock.recv(65536):
            came += block
    return came
