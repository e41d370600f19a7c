"""Publishes the node ports of Services on the engine's host, by one helper for each Service.

The engine can publish no port of a container that runs already. The event of a port that is taken has its reason from
kubernetes pkg/registry/core/service/portallocator/controller/repair.go.
"""

import logging
import re
from collections.abc import Iterable
from typing import Any

from podrunner import errors
from podrunner.engine import client, service_config, service_containers
from podrunner.engine.service_config import Role
from podrunner.objects.service import Service
from podrunner.services import proxy_config
from podrunner.services.serving import Serving
from podrunner.store import events

_TAKEN = re.compile(r"port is already allocated|address already in use")

log = logging.getLogger(__name__)


class NodePorts:
    """The publishers of one instance."""

    def __init__(self, engine: client.Client, instance: str, recorder: events.Recorder) -> None:
        self._engine = engine
        self._instance = instance
        self._recorder = recorder

    async def ensure(self, services: Iterable[Serving], network: str, address: str) -> None:
        """The node ports of these Services, and no others, lead to the proxy at `address` on the network.

        A port that the engine can't publish is told of and tried again at the next look. Raises EngineError.
        """
        found = await service_containers.helpers(self._engine, self._instance)
        there = {helper.made_for: helper for helper in found if helper.role is Role.PUBLISHER and helper.running}
        wanted = {}
        for each in services:
            if published := proxy_config.published_ports(each):
                body = service_config.publisher(self._instance, network, published, address)
                wanted[service_config.label_of(body, _name(each.service))] = each.service, body
        gone = [
            helper for helper in found if helper.role is Role.PUBLISHER and there.get(helper.made_for) is not helper
        ]
        gone += [helper for label, helper in there.items() if label not in wanted]
        await service_containers.remove(self._engine, gone)
        for label, (service, body) in wanted.items():
            if label not in there:
                await self._publish(service, body)

    async def _publish(self, service: Service, body: dict[str, Any]) -> None:
        name = _name(service)
        container = f"podrunner-{self._instance[:8]}-node-ports-{name}"
        try:
            await service_containers.make(self._engine, service_config.made_for(body, name), container)
        except errors.EngineRefused as refusal:
            log.warning("the node ports of Service %s are not published: %s", name, refusal)
            if _TAKEN.search(str(refusal)):
                self._recorder.record(service, "Warning", "PortAlreadyAllocated", str(refusal))


def _name(service: Service) -> str:
    return f"{service.metadata.namespace}.{service.metadata.name}"
