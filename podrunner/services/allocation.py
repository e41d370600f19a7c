"""Cluster IPs and node ports, as the API server gives them to Services. Pure; performs no I/O.

Source of rules and words: kubernetes pkg/registry/core/service (storage/alloc.go, ipallocator, portallocator) and
`dropTypeDependentFields` in its strategy. There is one address family, IPv4.
"""

import ipaddress
import random
from collections.abc import Iterable

from msgspec import structs

from podrunner.objects import fielderrors
from podrunner.objects.service import Service, ServicePort, ServiceSpec

ADDRESSES = ipaddress.IPv4Network("10.96.0.0/12")
API, DNS = "10.96.0.1", "10.96.0.10"
"""The addresses that belong to the API and to the DNS server: nobody else gets them."""

FIRST_PORT, LAST_PORT = 30000, 32767

HEADLESS = "None"
_ON_NODE = ("NodePort", "LoadBalancer")
# What is asked for by name lies in the lower part, where nothing is given at random (kubernetes KEP-3070, KEP-3668).
_RESERVED_ADDRESSES, _RESERVED_PORTS = 256, 86

Taken = set[tuple[str, int]]


def without_former_type(new: ServiceSpec, old: ServiceSpec) -> ServiceSpec:
    """An update that changes the type need not say that what only the former type has is to go."""
    if new.type == old.type:
        return new
    if new.type == "ExternalName" and new.cluster_ip == old.cluster_ip:
        new = structs.replace(new, cluster_ip="", cluster_ips=(), ip_families=(), ip_family_policy=None)
    if old.type in _ON_NODE and new.type not in _ON_NODE:
        before = {(port.protocol, port.node_port) for port in old.ports}
        ports = tuple(
            structs.replace(port, node_port=0) if (port.protocol, port.node_port) in before else port
            for port in new.ports
        )
        policy = "" if new.external_traffic_policy == old.external_traffic_policy else new.external_traffic_policy
        new = structs.replace(new, ports=ports, external_traffic_policy=policy)
    return new


def allocate(
    service: Service, others: Iterable[Service], found: fielderrors.Errors, rng: random.Random | None = None
) -> Service:
    """The Service with addresses and ports that none of the `others` has; what can't be goes to `found`."""
    rng, known = rng or random.Random(), tuple(others)
    spec = _with_address(service.spec, {each.spec.cluster_ip for each in known}, found, rng)
    if _needs_node_ports(spec):
        taken = {(port.protocol, port.node_port) for each in known for port in each.spec.ports}
        spec = structs.replace(spec, ports=_with_node_ports(spec.ports, taken, found, rng))
    return structs.replace(service, spec=spec)


def _needs_node_ports(spec: ServiceSpec) -> bool:
    declined = spec.type == "LoadBalancer" and spec.allocate_load_balancer_node_ports is False
    return spec.type in _ON_NODE and not declined


def _with_address(spec: ServiceSpec, taken: set[str], found: fielderrors.Errors, rng: random.Random) -> ServiceSpec:
    if spec.type == "ExternalName":
        return spec
    for index, family in enumerate(spec.ip_families):
        if family != "IPv4":
            found.invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")
    if spec.ip_family_policy == "RequireDualStack":
        detail = "this cluster is not configured for dual-stack services"
        found.invalid("spec.ipFamilyPolicy", spec.ip_family_policy, detail)
    address = spec.cluster_ip
    if address == "":
        address = _free_address(taken, rng)
    elif address != HEADLESS:
        _check_address(address, taken, found)
    return structs.replace(
        spec,
        cluster_ip=address,
        cluster_ips=(address,),
        ip_families=spec.ip_families or ("IPv4",),
        ip_family_policy=spec.ip_family_policy or "SingleStack",
    )


def _check_address(address: str, taken: set[str], found: fielderrors.Errors) -> None:
    about = f"failed to allocate IP {address}: "
    if ipaddress.ip_address(address) not in ADDRESSES:
        detail = f"the provided IP is not in the valid range. The range of valid IPs is {ADDRESSES}"
        found.invalid("spec.clusterIPs", [address], about + detail)
    elif address in taken | {API, DNS}:
        found.invalid("spec.clusterIPs", [address], about + "provided IP is already allocated")


def _free_address(taken: set[str], rng: random.Random) -> str:
    while True:
        offset = rng.randrange(_RESERVED_ADDRESSES, ADDRESSES.num_addresses - 1)
        address = str(ADDRESSES[offset])
        if address not in taken:
            return address


def _with_node_ports(
    ports: tuple[ServicePort, ...], taken: Taken, found: fielderrors.Errors, rng: random.Random
) -> tuple[ServicePort, ...]:
    """One number may serve several protocols of the same Service, as it is with DNS."""
    own = {(port.protocol, port.node_port) for port in ports if port.node_port}
    complete = []
    for index, port in enumerate(ports):
        number = port.node_port
        if number:
            _check_port(port, taken, f"spec.ports[{index}].nodePort", found)
        else:
            number = _free_port(port.protocol, taken | own, rng)
            own.add((port.protocol, number))
        complete.append(structs.replace(port, node_port=number))
    return tuple(complete)


def _check_port(port: ServicePort, taken: Taken, path: str, found: fielderrors.Errors) -> None:
    if not FIRST_PORT <= port.node_port <= LAST_PORT:
        detail = f"provided port is not in the valid range. The range of valid ports is {FIRST_PORT}-{LAST_PORT}"
        found.invalid(path, port.node_port, detail)
    elif (port.protocol, port.node_port) in taken:
        found.invalid(path, port.node_port, "provided port is already allocated")


def _free_port(protocol: str, taken: Taken, rng: random.Random) -> int:
    free = [number for number in range(FIRST_PORT + _RESERVED_PORTS, LAST_PORT + 1) if (protocol, number) not in taken]
    return rng.choice(free)
