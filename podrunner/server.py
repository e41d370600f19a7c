"""The server: builds store, engine, node and API, and stops them in order.

One process per state directory. It leaves when it is told to, when it has had nothing to do for a while, or when its
state directory is gone. It has to be started in a process of its own (`cli.background` forks one).
"""

import asyncio
import contextlib
import logging
import math
import os
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import setproctitle

from podrunner import __version__, clock, errors, holding, paths
from podrunner.agent import registration
from podrunner.agent.followers import Followers
from podrunner.agent.network import PodNetwork
from podrunner.agent.node import Node
from podrunner.agent.progress import Progress
from podrunner.agent.service_network import ServiceNetwork
from podrunner.agent.services import Machine, Services
from podrunner.api import activity, app, auth, context, front, listen
from podrunner.credentials import tokens
from podrunner.engine import client, networks, pulls
from podrunner.pods import spec
from podrunner.store import housekeeping, pods, system
from podrunner.store.registry import Registry

IDLE_TIMEOUT_SECONDS = 600.0
"""How long the server stays without pods, runs and requests, unless told otherwise."""

NETWORK_VARIABLE = "PODRUNNER_NETWORK"
BACKOFF_SCALE_VARIABLE = "PODRUNNER_BACKOFF_SCALE"
SECCOMP_VARIABLE = "PODRUNNER_SECCOMP_ROOT"

LEASED_PODS_END_WITHIN = 10.0
"""Seconds that a leaving server gives the engine to remove the pods of runs."""

_LOOK_SECONDS = 1.0
"""How often it is looked whether the server is still of use."""

log = logging.getLogger(__name__)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is started. `environ` says where the engine is, as it does for the Docker CLI.

    `idle_timeout_seconds` 0: it never leaves by itself. `port` 0: the one that Kubernetes clients have always used.
    `network`: the engine network of pods that name none; without it $PODRUNNER_NETWORK, else podrunner's own.
    `backoff_scale`: how much of Kubernetes' back-off is waited for; without it $PODRUNNER_BACKOFF_SCALE, else all.
    Seccomp profiles that pods name are below $PODRUNNER_SECCOMP_ROOT, else below `seccomp` in the state directory, as
    a kubelet has them in its own.
    """

    state_dir: Path
    environ: Mapping[str, str]
    idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS
    port: int = 0
    network: str = ""
    backoff_scale: float | None = None


def serve(settings: Settings, *, on_ready: Callable[[], None]) -> None:
    """Serves until it is stopped; calls `on_ready` when the command line can connect, Kubernetes clients soon after.

    Raises ServerRunning if another process serves this state directory, EngineError, ServerError.
    """
    # What is made from now on, the store's files too, is for nobody else.
    os.umask(0o077)
    files = paths.Files(settings.state_dir)
    with holding.held(files) as hold:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        setproctitle.setproctitle(f"podrunner: server of {files.directory}")
        asyncio.run(_Server(settings, files, hold).run(on_ready))


class _Server:
    """The parts of one running server, and what its API tells of it."""

    def __init__(self, settings: Settings, files: paths.Files, hold: holding.Hold) -> None:
        self._settings = settings
        self._network = settings.network or settings.environ.get(NETWORK_VARIABLE, "")
        self._backoff_scale = _backoff_scale(settings)
        seccomp_root = settings.environ.get(SECCOMP_VARIABLE)
        self._seccomp_root = Path(seccomp_root).absolute() if seccomp_root else files.directory / "seccomp"
        self._files = files
        self._hold = hold
        self._clock = clock.SystemClock()
        self._started_at = self._clock.now()
        self._front = front.Front(files, self._clock)
        self._leave = asyncio.Event()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Builds everything, serves, and takes it down in the opposite order."""
        self._heed_signals()
        async with contextlib.AsyncExitStack() as stack:
            self._engine = await client.Client.connect(self._settings.environ)
            stack.push_async_callback(self._engine.close)
            await self._check_network()
            self._registry = Registry(self._files.store, self._clock)
            stack.callback(self._registry.close)
            system.ensure(self._registry)
            self._instance = self._hold.instance()
            self._node = await self._build_node()
            self._api = activity.Activity(app.create(self._registry, self._node, self._node.leases, self))
            working = asyncio.create_task(self._node.run())
            stack.push_async_callback(_cancelled, working)
            self._front.open(self._settings.port)
            stack.callback(self._front.close)
            listener = listen.bind(self._files.socket)
            stack.enter_context(self._hold.pid_file())
            await self._serve(listener, working, on_ready)

    def info(self) -> dict[str, Any]:
        """What `podrunner server status` shows."""
        return {
            "version": __version__,
            "pid": os.getpid(),
            "instance": self._instance,
            "startedAt": self._started_at,
            "idleTimeoutSeconds": self._settings.idle_timeout_seconds,
            "network": self._network,
            "backoffScale": self._backoff_scale,
            "https": {
                "address": self._front.address,
                "port": self._front.port,
                "ready": self._front.ready,
                "problem": self._front.problem,
            },
            "pods": len(pods.every(self._registry)),
            "engine": {
                "address": str(self._engine.address),
                "version": self._engine.version,
                "apiVersion": self._engine.api_version,
            },
        }

    def stop(self) -> None:
        """Makes the server leave; `run` returns when it has."""
        self._leave.set()

    def user_of_token(self, token: str) -> context.User | None:
        """Who shows this token to the API; None when it is not ours."""
        return self._front.user_of_token(token)

    def _heed_signals(self) -> None:
        """Those that end a server. Under nohup the end of the terminal does not."""
        under_nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        for number in (signal.SIGTERM, signal.SIGINT, *(() if under_nohup else (signal.SIGHUP,))):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    async def _check_network(self) -> None:
        if self._network and not await networks.exists(self._engine, self._network):
            raise errors.EngineNotFound(f"the engine has no network {self._network}, which pods were to join")

    async def _build_node(self) -> Node:
        facts = await self._engine.info()
        machine = registration.Machine(facts.name.lower(), self._engine.machine_ip, facts, self._engine.version)
        network = PodNetwork(self._engine, self._instance, self._network)
        services = Services(
            engine=self._engine,
            instance=self._instance,
            network=network,
            service_network=ServiceNetwork(self._engine, self._instance, network, self._registry),
            followers=Followers(),
            progress=Progress(),
            pulls=pulls.Pulls(self._engine),
            clock=self._clock,
            tokens=tokens.Signer(self._files.token_key),
            node_ip=machine.ip,
            allocatable=registration.resources(facts),
            backoff_scale=self._backoff_scale,
            machine=Machine(
                memory_bytes=facts.memory_bytes,
                app_armor="apparmor" in facts.security_options,
                remaps_users="userns" in facts.security_options,
                seccomp_root=self._seccomp_root,
            ),
        )
        return Node(self._registry, services, machine)

    async def _serve(self, listener: socket.socket, working: asyncio.Task[None], on_ready: Callable[[], None]) -> None:
        closing = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(listen.serve(auth.Trusted(self._api), listener, closing, on_ready=on_ready))
            leaving = tasks.create_task(self._leave.wait())
            fronting = tasks.create_task(self._front.serve(self._api, publish=self._publish))
            tidying = tasks.create_task(housekeeping.Housekeeper(self._registry).run())
            watching = tasks.create_task(self._leave_in_time())
            await asyncio.wait({serving, leaving, working}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await self._end_runs()
            closing.set()
            for helper in (leaving, fronting, tidying, watching):
                helper.cancel()
        if working.done():
            working.result()

    def _publish(self, authority: str) -> None:
        try:
            system.publish_certificate(self._registry, authority)
        except errors.PodrunnerError as error:
            log.warning("the certificate of the API is not in every namespace: %s", error)

    async def _leave_in_time(self) -> None:
        """Leaves after a time without pods, runs and requests, or when the state directory is gone."""
        timeout = self._settings.idle_timeout_seconds or math.inf
        idle_since = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, timeout / 4))
            now = asyncio.get_running_loop().time()
            if self._hold.lost:
                log.warning("leaving: the state directory %s was removed", self._files.directory)
                return self.stop()
            if self._registry.list(pods.POD, limit=1).items or self._node.leases.held:
                idle_since = now
            if min(now - idle_since, self._api.idle_seconds) >= timeout:
                log.info("leaving: nothing to do for %.0f s", timeout)
                return self.stop()

    async def _end_runs(self) -> None:
        """Removes the pods of runs. Others stay, and are found again by the next server."""
        self._node.leases.end_all()
        with self._registry.watch(pods.POD, since=None) as changes, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEASED_PODS_END_WITHIN):
                while any(spec.RUN in pod.metadata.annotations for pod in pods.every(self._registry)):
                    await changes.batch()


def _backoff_scale(settings: Settings) -> float:
    """Raises UsageError for a variable that is no such factor."""
    given = settings.environ.get(BACKOFF_SCALE_VARIABLE, "")
    if settings.backoff_scale is not None or not given:
        return 1.0 if settings.backoff_scale is None else settings.backoff_scale
    scale = spec.parse_backoff_scale(given)
    if scale is None:
        raise errors.UsageError(f"${BACKOFF_SCALE_VARIABLE} is {given!r}: it {spec.BACKOFF_SCALE_RULE}")
    return scale


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
