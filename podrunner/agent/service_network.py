"""Serves Services: has helpers on the engine as long as there are a Service and a pod, and pods connected to them.

Level-triggered: every look compares the engine with the store. The helpers are in `service_helpers`, what they are made
of in `engine.service_config`, what they are told in `services`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator

from podrunner import errors
from podrunner.agent.network import PodNetwork
from podrunner.agent.node_ports import NodePorts
from podrunner.agent.service_helpers import Helpers
from podrunner.agent.service_visits import Visits
from podrunner.engine import client, networks, service_config, service_containers
from podrunner.engine.service_containers import Sandbox
from podrunner.objects import kinds
from podrunner.objects.endpoint_slice import EndpointSlice
from podrunner.objects.pod import Pod
from podrunner.objects.service import Service
from podrunner.pods import dns
from podrunner.services import proxy_config, serving, zone
from podrunner.services.serving import Serving
from podrunner.store import events, pods, services
from podrunner.store.registry import Registry
from podrunner.store.watch import ChangeType

LOOK_ANEW_EVERY = 30.0
"""Seconds between two looks without a reason."""

TRY_AGAIN_AFTER = 1.0
"""Seconds after a look at which the engine refused something."""

LINGER_SECONDS = 10.0
"""How long the helpers wait for the next pod after the last has gone."""

JOIN_SECONDS = 30.0
"""How long a pod that has just begun waits for the helpers."""

SLICE = kinds.of(EndpointSlice())

_API_SERVER = ("default", "kubernetes")
_USER = "services"
"""By that name it holds podrunner's own network, as pods do by their uid."""

log = logging.getLogger(__name__)


class ServiceNetwork:
    """What serves the Services of one instance. `run` works until it is cancelled."""

    def __init__(self, engine: client.Client, instance: str, network: PodNetwork, registry: Registry) -> None:
        self._engine = engine
        self._instance = instance
        self._network = network
        self._registry = registry
        self._helpers = Helpers(engine, instance)
        self._node_ports = NodePorts(engine, instance, events.Recorder(registry, "kube-proxy"))
        self._visits = Visits(engine, instance)
        self._woken = asyncio.Event()
        self._begun = self._ended = 0
        self._failure: errors.EngineError | None = None
        self._looked = asyncio.Condition()
        self._nothing_left = False

    async def run(self) -> None:
        """Takes the helpers along at the end if there is no pod any more; else the next server finds them."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(services.SERVICE))
                tasks.create_task(self._follow(SLICE))
                tasks.create_task(self._follow(pods.POD, modified=False))
                tasks.create_task(self._look_for_ever())
        finally:
            if not self._has_pods():
                with contextlib.suppress(errors.EngineError):
                    await self._end()

    def look_anew(self) -> None:
        """The engine may have changed."""
        self._woken.set()

    async def join(self, pod: Pod, sandbox_id: str) -> None:
        """Connects a sandbox that has just started, if there is any Service. Raises EngineError.

        What is in the store by then is served when this returns.
        """
        if not self._has_services():
            return
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await self._await_served()
        except TimeoutError as late:
            raise errors.EngineRefused("what serves Services has not started") from late
        if not self._has_services():
            return
        for sandbox in await self._sandboxes():
            if sandbox.id == sandbox_id:
                await self._connect(pod, sandbox)

    async def _await_served(self) -> None:
        if self._helpers.told == _files(self._servings()):
            return
        wanted = self._begun + 1
        self._woken.set()
        async with self._looked:
            await self._looked.wait_for(lambda: self._ended >= wanted)
        if self._failure is not None:
            raise errors.EngineRefused(str(self._failure)) from self._failure

    async def _follow(self, kind: kinds.Kind, *, modified: bool = True) -> None:
        with self._registry.watch(kind, since=None) as changes:
            async for change in changes:
                if modified or change.type is not ChangeType.MODIFIED:
                    self._woken.set()

    async def _look_for_ever(self) -> None:
        lingered = False
        while True:
            self._woken.clear()
            try:
                delay = await self._look(lingered=lingered)
            except errors.PodrunnerError as failure:
                log.warning("Services are not served: %s", failure)
                delay = TRY_AGAIN_AFTER
            lingered = False
            try:
                async with asyncio.timeout(delay):
                    await self._woken.wait()
            except TimeoutError:
                lingered = True

    async def _look(self, *, lingered: bool) -> float:
        """Makes the engine as the store wants it; in how many seconds to look again. Raises EngineError."""
        if not self._has_services():
            async with self._told_to_those_who_wait():
                await self._end()
        elif self._has_pods():
            await self._serve()
        elif self._helpers.told and not lingered:
            return LINGER_SECONDS
        else:
            await self._end()
        return LOOK_ANEW_EVERY

    def _has_services(self) -> bool:
        return any(True for _ in self._services())

    def _has_pods(self) -> bool:
        return bool(self._registry.list(pods.POD, limit=1).items)

    def _pods(self) -> dict[str, Pod]:
        """The pods by their uid."""
        return {pod.metadata.uid: pod for pod in pods.every(self._registry)}

    def _services(self) -> Iterator[Service]:
        """Those that are served: pods can't reach the API, whose Service has no address."""
        for service in services.every(self._registry):
            if (service.metadata.namespace, service.metadata.name) != _API_SERVER:
                yield service

    def _servings(self) -> tuple[Serving, ...]:
        return serving.of(self._services(), self._registry.list(SLICE).items)

    async def _serve(self) -> None:
        self._nothing_left = False
        async with self._told_to_those_who_wait():
            servings = self._servings()
            home = await networks.id_of(self._engine, await self._network.hold(_USER))
            await self._helpers.ensure(home, _files(servings))
        sandboxes = await self._sandboxes()
        self._visits.forget_all_but(sandbox.id for sandbox in sandboxes)
        known = self._pods()
        await asyncio.gather(
            *(self._connect_again(known[sandbox.pod_uid], sandbox) for sandbox in sandboxes if sandbox.pod_uid in known)
        )
        await self._node_ports.ensure(servings, home, await self._helpers.address_on(home))

    @contextlib.asynccontextmanager
    async def _told_to_those_who_wait(self) -> AsyncIterator[None]:
        """They go on when it is done, be it well or not."""
        self._begun += 1
        begun, failure = self._begun, None
        try:
            yield
        except errors.EngineError as error:
            failure = error
            raise
        finally:
            async with self._looked:
                self._ended, self._failure = begun, failure
                self._looked.notify_all()

    async def _connect(self, pod: Pod, sandbox: Sandbox) -> None:
        gateway = await self._helpers.address_on(sandbox.network_id)
        resolver = ""
        if dns.is_cluster_first(pod):
            formed = dns.of(pod, dns.parse(self._helpers.node_resolver), zone.SERVER_IP)
            resolver = dns.text(formed.resolver).rstrip("\n")
        await self._visits.connect(sandbox.id, gateway, resolver, own=dns.is_own(pod))

    async def _connect_again(self, pod: Pod, sandbox: Sandbox) -> None:
        """One that ends meanwhile keeps no other from it."""
        try:
            await self._connect(pod, sandbox)
        except errors.EngineError as failure:
            name = pod.metadata
            log.warning("pod %s/%s is not connected to Services: %s", name.namespace, name.name, failure)

    async def _sandboxes(self) -> list[Sandbox]:
        return await service_containers.sandboxes(self._engine, self._instance)

    async def _end(self) -> None:
        """Nothing is left of it, in pods neither."""
        if self._nothing_left:
            return
        if await service_containers.helpers(self._engine, self._instance):
            # An earlier podrunner's are on that network, which nobody else may have held since.
            await self._network.hold(_USER)
            known = self._pods()
            sandboxes = [sandbox for sandbox in await self._sandboxes() if sandbox.pod_uid in known]
            await asyncio.gather(
                *(self._visits.disconnect(sandbox.id, own=dns.is_own(known[sandbox.pod_uid])) for sandbox in sandboxes)
            )
        await self._helpers.remove()
        await self._network.release(_USER)
        self._nothing_left = True


def _files(servings: tuple[Serving, ...]) -> dict[str, str]:
    of_proxy = proxy_config.files(servings, service_config.CURRENT, service_config.FILES)
    return {**zone.files(servings, service_config.CURRENT), **of_proxy}
