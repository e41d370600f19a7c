"""The server: builds store, engine, node and API, and stops them in order.

One process per state directory; a lock on `server.lock` holds that. It leaves when it is told to, or by itself when it
has had nothing to do for a while. It has to be started in a process of its own (`cli.background` forks one).
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import setproctitle

from podrunner import __version__, clock, errors, paths
from podrunner.agent.executor import Services
from podrunner.agent.followers import Followers
from podrunner.agent.network import PodNetwork
from podrunner.agent.node import Node
from podrunner.agent.progress import Progress
from podrunner.api import app, listen
from podrunner.engine import client
from podrunner.objects import kinds
from podrunner.objects.pod import Pod
from podrunner.pods import spec
from podrunner.store.registry import Registry

IDLE_TIMEOUT_SECONDS = 600.0
"""How long the server stays without pods and runs, unless told otherwise."""

LEASED_PODS_END_WITHIN = 10.0
"""Seconds that a leaving server gives the engine to remove the pods of runs."""

log = logging.getLogger(__name__)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is started. `environ` says where the engine is, as it does for the Docker CLI."""

    state_dir: Path
    environ: Mapping[str, str]
    idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS


def serve(settings: Settings, *, on_ready: Callable[[], None]) -> None:
    """Serves until it is stopped; calls `on_ready` when clients can connect.

    Raises ServerRunning if another process serves this state directory, EngineUnreachable, ServerError.
    """
    files = paths.Files(settings.state_dir)
    with _locked(files):
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        setproctitle.setproctitle(f"podrunner: server of {files.directory}")
        asyncio.run(_Server(settings, files).run(on_ready))


@contextlib.contextmanager
def _locked(files: paths.Files) -> Iterator[None]:
    """Holds the state directory. The lock goes with the process, however it ends."""
    files.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(files.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(lock, files)
        yield
    finally:
        os.close(lock)


def _lock(lock: int, files: paths.Files) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        raise errors.ServerRunning(f"a server runs already in {files.directory}") from taken


class _Server:
    """The parts of one running server, and what its API tells of it."""

    def __init__(self, settings: Settings, files: paths.Files) -> None:
        self._settings = settings
        self._files = files
        self._clock = clock.SystemClock()
        self._started_at = self._clock.now()
        self._leave = asyncio.Event()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Builds everything, serves, and takes it down in the opposite order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        async with contextlib.AsyncExitStack() as stack:
            self._engine = await client.Client.connect(self._settings.environ)
            stack.push_async_callback(self._engine.close)
            self._registry = Registry(self._files.store, self._clock)
            stack.callback(self._registry.close)
            self._instance = self._read_instance()
            self._node = await self._build_node()
            working = asyncio.create_task(self._node.run())
            stack.push_async_callback(_cancelled, working)
            listener = listen.bind(self._files.socket)
            self._files.pid.write_text(f"{os.getpid()}\n")
            stack.callback(self._files.pid.unlink, missing_ok=True)
            await self._serve(listener, working, on_ready)

    def info(self) -> dict[str, Any]:
        """What `podrunner server status` shows."""
        return {
            "version": __version__,
            "pid": os.getpid(),
            "instance": self._instance,
            "startedAt": self._started_at,
            "idleTimeoutSeconds": self._settings.idle_timeout_seconds,
            "pods": len(self._pods()),
            "engine": {
                "address": str(self._engine.address),
                "version": self._engine.version,
                "apiVersion": self._engine.api_version,
            },
        }

    def stop(self) -> None:
        """Makes the server leave; `run` returns when it has."""
        self._leave.set()

    async def _build_node(self) -> Node:
        facts = await self._engine.info()
        services = Services(
            engine=self._engine,
            instance=self._instance,
            network=PodNetwork(self._engine, self._instance),
            followers=Followers(),
            progress=Progress(),
            clock=self._clock,
        )
        return Node(self._registry, services, facts.name.lower())

    async def _serve(self, listener: socket.socket, working: asyncio.Task[None], on_ready: Callable[[], None]) -> None:
        api = app.create(self._registry, self._node, self._node.leases, self)
        closing = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(listen.serve(api, listener, closing, on_ready=on_ready))
            idling = tasks.create_task(self._leave_when_idle())
            leaving = tasks.create_task(self._leave.wait())
            await asyncio.wait({serving, leaving, working}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await self._end_runs()
            closing.set()
            idling.cancel()
            leaving.cancel()
        if working.done():
            working.result()

    async def _leave_when_idle(self) -> None:
        """Leaves after a time without pods and without runs."""
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < self._settings.idle_timeout_seconds:
            await asyncio.sleep(min(1.0, self._settings.idle_timeout_seconds / 4))
            if self._pods() or self._node.leases.held:
                idle_since = time.monotonic()
        log.info("leaving: nothing to do for %.0f s", self._settings.idle_timeout_seconds)
        self.stop()

    async def _end_runs(self) -> None:
        """Removes the pods of runs. Others stay, and are found again by the next server."""
        self._node.leases.end_all()
        with self._registry.watch(kinds.of(Pod()), since=None) as changes, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEASED_PODS_END_WITHIN):
                while any(spec.RUN in pod.metadata.annotations for pod in self._pods()):
                    await changes.batch()

    def _pods(self) -> tuple[Pod, ...]:
        listed: tuple[Pod, ...] = self._registry.list(kinds.of(Pod())).items
        return listed

    def _read_instance(self) -> str:
        """The id that labels what this state directory's servers make on the engine."""
        with contextlib.suppress(FileNotFoundError):
            if known := self._files.instance.read_text().strip():
                return known
        instance = uuid.uuid4().hex
        # Whole or not at all: a server killed here must not leave a file that says nothing.
        new = self._files.instance.with_suffix(".new")
        new.write_text(f"{instance}\n")
        new.replace(self._files.instance)
        return instance


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
