"""What a Service serves with: its object and the endpoints behind it. Pure; performs no I/O.

Sources: kubernetes pkg/proxy/topology.go (`CategorizeEndpoints`: endpoints that end still serve where none is ready);
CoreDNS plugin/kubernetes (a headless Service's names are those of its ready endpoints).
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from podrunner.objects.endpoint_slice import EndpointSlice
from podrunner.objects.service import Service
from podrunner.services import allocation, endpoints

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
        return self.service.spec.type != EXTERNAL_NAME and self.service.spec.cluster_ip == allocation.HEADLESS

    @property
    def cluster_ip(self) -> str:
        """Its address; empty if it is reached in another way."""
        spec = self.service.spec
        return "" if spec.type == EXTERNAL_NAME or spec.cluster_ip == allocation.HEADLESS else spec.cluster_ip

    @property
    def ready(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for endpoint in self.endpoints if endpoint.ready)

    @property
    def reachable(self) -> tuple[Endpoint, ...]:
        """Those that get what is sent to the Service."""
        return self.ready or tuple(endpoint for endpoint in self.endpoints if endpoint.ending)


def of(services: Iterable[Service], slices: Iterable[EndpointSlice]) -> tuple[Serving, ...]:
    """Each Service with the endpoints of its slices, sorted by namespace and name. IPv4 only."""
    behind: dict[tuple[str, str], list[Endpoint]] = {}
    for each in slices:
        if each.address_type == "IPv4":
            key = each.metadata.namespace, each.metadata.labels.get(endpoints.SERVICE_NAME, "")
            behind.setdefault(key, []).extend(_endpoints(each))
    return tuple(
        Serving(service=service, endpoints=tuple(sorted(behind.get(_key(service), ()), key=_address)))
        for service in sorted(services, key=_key)
    )


def _key(service: Service) -> tuple[str, str]:
    return service.metadata.namespace, service.metadata.name


def _address(endpoint: Endpoint) -> str:
    return endpoint.address


def _endpoints(of_slice: EndpointSlice) -> Iterator[Endpoint]:
    """All addresses of one endpoint are the same thing, and clients take the first (API reference)."""
    ports = {port.name or "": (port.protocol or "TCP", port.port) for port in of_slice.ports if port.port is not None}
    for each in of_slice.endpoints:
        state = each.conditions
        for address in each.addresses[:1]:
            yield Endpoint(
                address=address,
                ports=ports,
                hostname=each.hostname or "",
                ready=state.ready is not False,
                ending=bool(state.terminating) and state.serving is not False,
            )
