"""Publishes the node ports of Services on the engine's host, by one helper for each Service.

The engine can publish no port of a container that runs already.
"""

import logging
from collections.abc import Iterable
from typing import Any

from podrunner import errors
from podrunner.engine import client, service_config, service_containers
from podrunner.engine.service_config import Role
from podrunner.services import proxy_config
from podrunner.services.serving import Serving

log = logging.getLogger(__name__)


class NodePorts:
    """The publishers of one instance."""

    def __init__(self, engine: client.Client, instance: str) -> None:
        self._engine = engine
        self._instance = instance

    async def ensure(self, services: Iterable[Serving], network: str, address: str) -> None:
        """The node ports of these Services, and no others, lead to the proxy at `address` on the network.

        A port that the engine can't publish is logged and tried again at the next look. Raises EngineError.
        """
        found = await service_containers.helpers(self._engine, self._instance)
        there = {helper.made_for: helper for helper in found if helper.role is Role.PUBLISHER and helper.running}
        wanted = {
            service_config.label_of(body, name): (name, body)
            for name, body in self._bodies(services, network, address).items()
        }
        gone = [
            helper for helper in found if helper.role is Role.PUBLISHER and there.get(helper.made_for) is not helper
        ]
        gone += [helper for label, helper in there.items() if label not in wanted]
        await service_containers.remove(self._engine, gone)
        for label, (name, body) in wanted.items():
            if label not in there:
                await self._publish(name, body)

    def _bodies(self, services: Iterable[Serving], network: str, address: str) -> dict[str, dict[str, Any]]:
        return {
            f"{each.service.metadata.namespace}-{each.service.metadata.name}": service_config.publisher(
                self._instance, network, published, address
            )
            for each in services
            if (published := proxy_config.published_ports(each))
        }

    async def _publish(self, name: str, body: dict[str, Any]) -> None:
        try:
            await service_containers.make(
                self._engine,
                service_config.made_for(body, name),
                f"podrunner-{self._instance[:8]}-node-ports-{name}",
            )
        except errors.EngineRefused as refusal:
            log.warning("the node ports of Service %s are not published: %s", name, refusal)
