"""Has the DNS server and the proxy of Services on the engine, told what they are to serve.

Level-triggered: what is there is found by its labels and kept as long as it is what would be made now.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from podrunner import errors
from podrunner.engine import client, service_config, service_containers
from podrunner.engine.service_config import Role
from podrunner.engine.service_containers import Helper
from podrunner.services import proxy_config, zone


class Helpers:
    """The helpers of one instance."""

    def __init__(self, engine: client.Client, instance: str) -> None:
        self._engine = engine
        self._instance = instance
        self._changing = asyncio.Lock()
        self._holder_id = ""
        self.told: Mapping[str, str] = {}
        self.addresses: Mapping[str, str] = {}
        self.node_resolver = ""

    async def ensure(self, home: str, files: Mapping[str, str]) -> None:
        """They run, on `home` and every network that has a pod, and serve what `files` say. Raises EngineError.

        Then `told` are these files, `addresses` their addresses by network id, and `node_resolver` is the resolv.conf
        that the engine gave them.
        """
        async with self._changing:
            found = await service_containers.helpers(self._engine, self._instance)
            holder_id = await self._ensure_holder(found, home)
            if files != self.told:
                await service_containers.replace_files(self._engine, holder_id, files)
            await self._ensure_servers(found, holder_id, changed=files != self.told)
            self.told = files
            await self._ensure_networks(home)

    async def address_on(self, network: str) -> str:
        """Their address on the network, which they join unless they are on it. Raises EngineError."""
        async with self._changing:
            if network not in self.addresses:
                await self._join({*self.addresses, network})
            if network not in self.addresses:
                raise errors.EngineRefused(f"the helpers of Services have no IPv4 address on network {network}")
            return self.addresses[network]

    async def remove(self) -> bool:
        """Nothing is left of them; whether there was anything. Raises EngineError."""
        async with self._changing:
            found = await service_containers.helpers(self._engine, self._instance)
            await service_containers.remove(self._engine, found)
            self.told, self.addresses, self._holder_id = {}, {}, ""
            return bool(found)

    async def _ensure_holder(self, found: list[Helper], home: str) -> str:
        body = service_config.holder(self._instance, home)
        kept = _kept(found, Role.NETWORK, body)
        if not self._holder_id:
            left = [helper for helper in found if helper.role is Role.VISITOR]
            await service_containers.remove(self._engine, left)
        if kept is None:
            # The others have its network namespace.
            await service_containers.remove(self._engine, found)
            found.clear()
            self.told = {}
            holder_id = await self._make(Role.NETWORK, body)
        else:
            holder_id = kept.id
        if holder_id != self._holder_id:
            self.node_resolver = await service_containers.read_resolver(self._engine, holder_id)
            self._holder_id = holder_id
        return holder_id

    async def _ensure_servers(self, found: list[Helper], holder_id: str, *, changed: bool) -> None:
        dns = service_config.name_server(self._instance, holder_id)
        proxy = service_config.proxy(self._instance, holder_id)
        made = await asyncio.gather(
            self._ensure_server(found, Role.DNS, dns), self._ensure_server(found, Role.PROXY, proxy)
        )
        if any(made):
            await service_containers.await_ready(self._engine, holder_id, zone.SERVER_IP, proxy_config.ADMIN_PORT)
        kept = _kept(found, Role.DNS, dns)
        if changed and kept is not None:
            await service_containers.reload(self._engine, kept.id)

    async def _ensure_server(self, found: list[Helper], role: Role, body: dict[str, Any]) -> bool:
        """Whether it had to be made."""
        if _kept(found, role, body) is not None:
            return False
        await service_containers.remove(self._engine, [helper for helper in found if helper.role is role])
        await self._make(role, body)
        return True

    async def _make(self, role: Role, body: dict[str, Any]) -> str:
        name = f"podrunner-{self._instance[:8]}-services-{role}"
        return await service_containers.make(self._engine, service_config.made_for(body, role), name)

    async def _ensure_networks(self, home: str) -> None:
        sandboxes = await service_containers.sandboxes(self._engine, self._instance)
        await self._join({home, *(sandbox.network_id for sandbox in sandboxes)})

    async def _join(self, wanted: Iterable[str]) -> None:
        self.addresses = await service_containers.join_networks(self._engine, self._holder_id, wanted)


def _kept(found: Iterable[Helper], role: Role, body: dict[str, Any]) -> Helper | None:
    """The helper of that role that would be made of that body."""
    wanted = service_config.label_of(body, role)
    return next((helper for helper in found if helper.running and helper.made_for == wanted), None)
