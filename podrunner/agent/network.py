"""Which engine network a pod joins. podrunner's own exists exactly as long as someone needs it."""

import asyncio
from collections.abc import Hashable, Iterable

from podrunner import errors
from podrunner.engine import client, networks
from podrunner.objects.pod import Pod
from podrunner.pods import spec


class PodNetwork:
    """Keeps podrunner's own bridge network while at least one user (a pod, a run about to create pods) holds it.

    With a `default` network, nobody needs podrunner's own: pods that name none join that one.
    """

    def __init__(self, engine: client.Client, instance: str, default: str = "") -> None:
        self._engine = engine
        self._instance = instance
        self._default = default
        self._users: set[Hashable] = set()
        self._changing = asyncio.Lock()
        self._name = ""

    async def adopt(self, users: Iterable[Hashable]) -> None:
        """At the start: those who are on the network already hold it; without any, one that was left over goes."""
        async with self._changing:
            self._users.update(users)
            if not self._users:
                await networks.remove_default(self._engine, self._instance)

    async def of(self, pod: Pod) -> str:
        """The network that the pod joins; podrunner's own is made and held for it. Raises EngineError.

        A pod on the network of the engine's machine joins none.
        """
        if pod.spec.host_network:
            return ""
        named = pod.metadata.annotations.get(spec.NETWORK) or self._default
        if not named:
            name = await self.hold(pod.metadata.uid)
            # The pod holds it now in place of its run, so that it is gone before the pod is.
            self._users.discard(pod.metadata.annotations.get(spec.RUN))
            return name
        if not await networks.exists(self._engine, named):
            raise errors.EngineNotFound(f"network {named} not found")
        return named

    async def hold(self, user: Hashable) -> str:
        """Makes podrunner's own network unless it is there, and keeps it for `user`. Raises EngineError."""
        if self._default:
            return self._default
        async with self._changing:
            self._users.add(user)
            if not self._name:
                self._name = await networks.ensure_default(self._engine, self._instance)
            return self._name

    async def release(self, user: Hashable) -> None:
        """`user` needs it no longer; the last one that held it takes it along. One that others still use stays."""
        async with self._changing:
            if self._users == {user}:
                self._name = ""
                await networks.remove_default(self._engine, self._instance)
            self._users.discard(user)

    async def vanished(self) -> bool:
        """Whether someone removed podrunner's own network (`docker network prune`); then the next pod gets another."""
        async with self._changing:
            if self._name and not await networks.exists(self._engine, self._name):
                self._name = ""
                return True
            return False

    def forget(self) -> None:
        """Whether the network is still there has to be asked again: the engine was away, or refused a sandbox."""
        self._name = ""
