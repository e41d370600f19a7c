"""Connects the sandboxes of pods to what serves Services, and disconnects them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from podrunner import errors
from podrunner.engine import client, service_config, service_containers

AT_ONCE = 4
"""Sandboxes that are visited at the same time: each visit is a container for a moment."""


class Visits:
    """Which sandboxes have been connected, and how, as far as this process knows."""

    def __init__(self, engine: client.Client, instance: str) -> None:
        self._engine = engine
        self._instance = instance
        self._connected: dict[str, tuple[str, str]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._room = asyncio.Semaphore(AT_ONCE)

    async def connect(self, sandbox_id: str, gateway: str, resolver: str, *, own: bool) -> None:
        """The sandbox has its route over `gateway`, and this resolv.conf unless it is empty. Raises EngineError.

        `own`: its pod has a resolv.conf that is not the engine's.
        """
        async with self._locks[sandbox_id]:
            if self._connected.get(sandbox_id) != (gateway, resolver):
                engines = "" if own else resolver
                await self._visit(service_config.connect(self._instance, sandbox_id, gateway, engines))
                if own and resolver:
                    await service_containers.put_resolver(self._engine, sandbox_id, resolver)
                self._connected[sandbox_id] = gateway, resolver

    async def disconnect(self, sandbox_id: str, *, own: bool) -> None:
        """The sandbox has what it had before. One that is gone is no error. Raises EngineError."""
        async with self._locks[sandbox_id]:
            try:
                await self._visit(service_config.disconnect(self._instance, sandbox_id))
                if own:
                    await service_containers.restore_resolver(self._engine, sandbox_id)
            except errors.EngineRefused:
                if any(sandbox.id == sandbox_id for sandbox in await self._sandboxes()):
                    raise
            self._connected.pop(sandbox_id, None)

    async def _sandboxes(self) -> list[service_containers.Sandbox]:
        return await service_containers.sandboxes(self._engine, self._instance)

    def forget_all_but(self, sandbox_ids: Iterable[str]) -> None:
        """The others are gone."""
        for gone in self._locks.keys() - set(sandbox_ids):
            if not self._locks[gone].locked():
                del self._locks[gone]
                self._connected.pop(gone, None)

    async def _visit(self, body: dict[str, object]) -> None:
        async with self._room:
            await service_containers.perform(self._engine, body)
