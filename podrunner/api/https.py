"""Serving the API over TLS on a TCP port: bounded, so that clients without credentials can't exhaust the server.

Connections are accepted here and not by asyncio's server, which takes as many as come.
"""

import asyncio
import contextlib
import logging
import resource
import socket
import ssl
from collections.abc import Callable
from typing import cast

from starlette.types import ASGIApp
from uvicorn.server import ServerState

from podrunner.api import connection, listen

HANDSHAKE_SECONDS = 10.0
"""How long a client may take for the handshake."""

CREDENTIALS_SECONDS = 15.0
"""How long a client may take from there to its first request with credentials."""

GOODBYE_SECONDS = 0.5
"""How long a connection that was closed waits for the client to close its side."""

MOST_CONNECTIONS = 500
"""At the same time; fewer where that were more than half of the files that the process may have open."""

_BACKLOG = 128
_BREATH_SECONDS = 0.1

log = logging.getLogger(__name__)


def bind(host: str, port: int) -> socket.socket:
    """A socket listening there. Raises OSError."""
    # With the protocol named asyncio sets TCP_NODELAY; without, each answer waits 40 ms for the client's delayed ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port of connections that have just ended can be had at once; one that somebody listens on can't.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


async def serve(app: ASGIApp, listener: socket.socket, context: ssl.SSLContext) -> None:
    """Answers requests until it is cancelled; then lets those under way end and closes. Closes the listener."""
    config = listen.config(app)
    state, stopping = ServerState(), asyncio.Event()
    try:
        await _accept(listener, context, lambda: _Visitor(config, state, stopping))
    finally:
        listener.close()
        stopping.set()
        await listen.finish(state)


class _Visitor(connection.Connection):
    """A connection from anybody: it is broken off unless a request soon calls the `welcome` of its state."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._deadline = self.loop.call_later(CREDENTIALS_SECONDS, cast("asyncio.Transport", transport).abort)
        self.app_state["welcome"] = self._deadline.cancel

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)


async def _accept(listener: socket.socket, context: ssl.SSLContext, protocol: Callable[[], asyncio.Protocol]) -> None:
    loop, most = asyncio.get_running_loop(), _most_connections()
    accepted: list[socket.socket] = []
    async with asyncio.TaskGroup() as handshakes:
        while True:
            accepted = [sock for sock in accepted if sock.fileno() >= 0]
            if len(accepted) >= most:
                await asyncio.sleep(_BREATH_SECONDS)
                continue
            try:
                sock, _ = await loop.sock_accept(listener)
            except OSError as error:
                log.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(_BREATH_SECONDS)
                continue
            accepted.append(sock)
            handshakes.create_task(_shake_hands(sock, context, protocol))


async def _shake_hands(sock: socket.socket, context: ssl.SSLContext, protocol: Callable[[], asyncio.Protocol]) -> None:
    """Makes a connection of the socket. One with whom it does not come about is left; it has to be the other side."""
    with contextlib.suppress(OSError):
        await asyncio.get_running_loop().connect_accepted_socket(
            protocol,
            sock,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=GOODBYE_SECONDS,
        )


def _most_connections() -> int:
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if open_files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, open_files // 2)
