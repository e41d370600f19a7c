"""Serving the API on a Unix socket: binding it privately, one uvicorn protocol per connection, an end that is prompt.

Uvicorn's protocol is used without its Server, which would take the signals over, poll ten times a second and wait for
streams that have no end of their own.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from podrunner import errors, paths
from podrunner.api import connection

LEAVE_SECONDS = 2.0
"""How long requests under way may take once the server is told to stop; streams end at once."""

KEEP_ALIVE_SECONDS = 90
"""How long a connection may stay without requests; as long as Go's clients, and the API server, keep theirs."""

_BACKLOG = 128

_LOOK_AGAIN_SECONDS = 0.005


def bind(path: Path) -> socket.socket:
    """A socket listening at `path`, for this user only; a socket left there by a dead server is replaced.

    The caller holds the state directory's lock, so that no living server is displaced. Raises errors.ServerError.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths.check_private(path.parent)
        path.unlink(missing_ok=True)
        with _umask(0o177):
            listener.bind(os.fspath(path))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise errors.ServerError(f"cannot listen at {path}: {error.strerror}") from error
    except errors.ServerError:
        listener.close()
        raise
    return listener


async def serve(
    app: ASGIApp, listener: socket.socket, stop: asyncio.Event, *, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Answers requests until `stop` is set or the call is cancelled; then lets those under way end and closes.

    Closes the listener and removes its path, unless somebody else has put something there.
    """
    settings, ours = config(app), _identity(listener)
    state, stopping = ServerState(), asyncio.Event()
    server = await asyncio.get_running_loop().create_unix_server(
        lambda: connection.Connection(settings, state, stopping), sock=listener
    )
    try:
        on_ready()
        await stop.wait()
    finally:
        _remove(listener, ours)
        server.close()
        stopping.set()
        await finish(state)


def _identity(listener: socket.socket) -> tuple[int, int] | None:
    """What is at the listener's path, None if nothing is."""
    with contextlib.suppress(OSError):
        status = Path(listener.getsockname()).stat()
        return status.st_dev, status.st_ino
    return None


def _remove(listener: socket.socket, ours: tuple[int, int] | None) -> None:
    """Removes the listener's path, unless another server's socket is there: the directory was removed meanwhile."""
    if _identity(listener) == ours:
        Path(listener.getsockname()).unlink(missing_ok=True)


def config(app: ASGIApp) -> Config:
    """What uvicorn's protocol has to know."""
    settings = Config(
        cast("Any", app),
        http=connection.Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    settings.load()
    return settings


async def finish(state: ServerState) -> None:
    """Lets answers under way be written and read, but not for ever."""
    for open_connection in tuple(state.connections):
        open_connection.shutdown()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEAVE_SECONDS):
            while state.connections:  # noqa: ASYNC110 (uvicorn tells nobody when the last one has gone)
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    for task in tuple(state.tasks):
        task.cancel()
    for open_connection in tuple(state.connections):
        open_connection.transport.abort()


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    previous = os.umask(mask)
    try:
        yield
    finally:
        os.umask(previous)
