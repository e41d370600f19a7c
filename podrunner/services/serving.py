"""What a Service serves with: its object and the endpoints behind it. Pure; performs no I/O.

Sources: kubernetes pkg/proxy/topology.go (`CategorizeEndpoints`: endpoints that end still serve where none is ready);
CoreDNS plugin/kubernetes (a headless Service's names are those of its ready endpoints).
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from podrunner.objects import meta
from podrunner.objects.endpoints import Endpoints
from podrunner.objects.service import Service

HEADLESS = "None"
EXTERNAL_NAME = "ExternalName"
PUBLISHED_TYPES = ("NodePort", "LoadBalancer")
PROTOCOLS = ("TCP", "UDP")
"""Those that the proxy can pass on; SCTP is not among them."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address behind a Service, and protocol and number of its ports by the names that the Service gives them."""

    address: str
    ports: Mapping[str, tuple[str, int]]
    hostname: str = ""
    ready: bool = True
    ending: bool = False


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """A Service and all the endpoints behind it, sorted by address."""

    service: Service
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def is_headless(self) -> bool:
        return self.service.spec.type != EXTERNAL_NAME and self.service.spec.cluster_ip == HEADLESS

    @property
    def cluster_ip(self) -> str:
        """Its address; empty if it is reached in another way."""
        spec = self.service.spec
        return "" if spec.type == EXTERNAL_NAME or spec.cluster_ip == HEADLESS else spec.cluster_ip

    @property
    def ready(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for endpoint in self.endpoints if endpoint.ready)

    @property
    def reachable(self) -> tuple[Endpoint, ...]:
        """Those that get what is sent to the Service."""
        return self.ready or tuple(endpoint for endpoint in self.endpoints if endpoint.ending)


def of(services: Iterable[Service], endpoints: Iterable[Endpoints]) -> tuple[Serving, ...]:
    """Each Service with the endpoints of its slices, sorted by namespace and name. IPv4 only."""
    behind = {
        _key(each.metadata): sorted(_endpoints(each), key=lambda endpoint: endpoint.address) for each in endpoints
    }
    return tuple(
        Serving(service=service, endpoints=tuple(behind.get(_key(service.metadata), ())))
        for service in sorted(services, key=lambda service: _key(service.metadata))
    )


def _key(metadata: meta.ObjectMeta) -> tuple[str, str]:
    return metadata.namespace, metadata.name


def _endpoints(of_service: Endpoints) -> Iterator[Endpoint]:
    for subset in of_service.subsets:
        ports = {port.name: (port.protocol or "TCP", port.port) for port in subset.ports}
        for address in subset.addresses:
            yield Endpoint(address=address.ip, ports=ports, hostname=address.hostname)
        for address in subset.not_ready_addresses:
            yield Endpoint(address=address.ip, ports=ports, hostname=address.hostname, ready=False)
