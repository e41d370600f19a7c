"""Services and endpoints as rows. Pure; performs no I/O.

Source: `printService`, `formatEndpoints`, kubernetes pkg/printers/internalversion/printers.go.
"""

from datetime import datetime

from podrunner.api.tables import layout
from podrunner.api.tables.layout import AGE, NAME, NONE, UNKNOWN, UNSET, Cell, Column, Layout, wide
from podrunner.objects.endpoint_slice import EndpointSlice
from podrunner.objects.endpoints import Endpoints, EndpointSubset
from podrunner.objects.service import Service, ServicePort

_MOST_ADDRESSES = 3


def _service(service: Service, now: datetime) -> list[Cell]:
    spec = service.spec
    return [
        service.metadata.name,
        spec.type,
        layout.first(spec.cluster_ips),
        _external_ip(service),
        ",".join(map(_port, spec.ports)) or NONE,
        layout.age_of(service, now),
        layout.labels(spec.selector),
    ]


def _external_ip(service: Service) -> str:
    given = service.spec.external_ips
    match service.spec.type:
        case "ClusterIP" | "NodePort":
            return ",".join(given) or NONE
        case "LoadBalancer":
            balancers = {each.ip or each.hostname for each in service.status.load_balancer.ingress} - {""}
            return ",".join((*sorted(balancers), *given)) or "<pending>"
        case "ExternalName":
            return service.spec.external_name
    return UNKNOWN


def _port(port: ServicePort) -> str:
    on_node = f":{port.node_port}" if port.node_port > 0 else ""
    return f"{port.port}{on_node}/{port.protocol}"


def _endpoints(endpoints: Endpoints, now: datetime) -> list[Cell]:
    return [endpoints.metadata.name, _addresses(endpoints), layout.age_of(endpoints, now)]


def _addresses(endpoints: Endpoints) -> str:
    if not endpoints.subsets:
        return NONE
    found = [address for subset in endpoints.subsets for address in _subset(subset)]
    return _first(found) if found else ""


def _subset(subset: EndpointSubset) -> list[str]:
    ips = [address.ip for address in subset.addresses]
    if not subset.ports:
        return ips
    hosts = [f"[{ip}]" if ":" in ip else ip for ip in ips]
    return [f"{host}:{port.port}" for port in subset.ports for host in hosts]


def _endpoint_slice(each: EndpointSlice, now: datetime) -> list[Cell]:
    ports = [str(port.port) if port.port is not None else port.name or "*" for port in each.ports]
    addresses = [address for endpoint in each.endpoints for address in endpoint.addresses]
    return [each.metadata.name, each.address_type, _first(ports), _first(addresses), layout.age_of(each, now)]


def _first(items: list[str]) -> str:
    more = f" + {len(items) - _MOST_ADDRESSES} more..." if len(items) > _MOST_ADDRESSES else ""
    return ",".join(items[:_MOST_ADDRESSES]) + more or UNSET


SERVICE = Layout(
    (
        NAME,
        Column("Type", "How the service can be reached."),
        Column("Cluster-IP", "The service's address inside."),
        Column("External-IP", "The service's addresses outside."),
        Column("Port(s)", "The service's ports and their protocols."),
        AGE,
        wide("Selector", "The labels of the pods behind the service."),
    ),
    _service,
)

ENDPOINTS = Layout((NAME, Column("Endpoints", "The addresses and ports behind the service."), AGE), _endpoints)

ENDPOINT_SLICE = Layout(
    (
        NAME,
        Column("AddressType", "What the addresses are."),
        Column("Ports", "The ports of each of the addresses."),
        Column("Endpoints", "The addresses."),
        AGE,
    ),
    _endpoint_slice,
)
