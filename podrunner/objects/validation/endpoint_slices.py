"""EndpointSlices. Pure; performs no I/O.

Rules are `ValidateEndpointSlice` of Kubernetes' pkg/apis/discovery/validation.
"""

from podrunner.objects import endpoint_slice
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names

_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MOST_ADDRESSES = 100
_MOST_ENDPOINTS = 1000
_MOST_PORTS = 20000


def check(obj: endpoint_slice.EndpointSlice, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    if not obj.address_type:
        found.required("addressType")
    elif obj.address_type not in _ADDRESS_TYPES:
        found.unsupported("addressType", obj.address_type, _ADDRESS_TYPES)
    if len(obj.endpoints) > _MOST_ENDPOINTS:
        found.too_many("endpoints", len(obj.endpoints), _MOST_ENDPOINTS)
        return
    for index, each in enumerate(obj.endpoints):
        _check_endpoint(each, obj.address_type, f"endpoints[{index}]", found)
    if len(obj.ports) > _MOST_PORTS:
        found.too_many("ports", len(obj.ports), _MOST_PORTS)
        return
    taken: set[str] = set()
    for index, port in enumerate(obj.ports):
        _check_port(port, taken, f"ports[{index}]", found)


def _check_endpoint(each: endpoint_slice.Endpoint, address_type: str, path: str, found: Errors) -> None:
    if not each.addresses:
        found.required(f"{path}.addresses", "must contain at least 1 address")
    elif len(each.addresses) > _MOST_ADDRESSES:
        found.too_many(f"{path}.addresses", len(each.addresses), _MOST_ADDRESSES)
    for index, address in enumerate(each.addresses):
        inner = f"{path}.addresses[{index}]"
        if address_type == "FQDN":
            found.invalid_each(inner, address, names.dns_subdomain(address))
        elif address_type in _ADDRESS_TYPES:
            found.invalid_each(inner, address, names.ip_address(address) or names.special_address(address))
            if (":" in address) is not (address_type == "IPv6") and not names.ip_address(address):
                found.invalid(inner, address, f"must be an {address_type} address")
    if each.hostname is not None:
        found.invalid_each(f"{path}.hostname", each.hostname, names.dns_label(each.hostname))
    if each.node_name is not None:
        found.invalid_each(f"{path}.nodeName", each.node_name, names.dns_subdomain(each.node_name))


def _check_port(port: endpoint_slice.SlicePort, taken: set[str], path: str, found: Errors) -> None:
    name = port.name or ""
    if name:
        found.invalid_each(f"{path}.name", name, names.dns_label(name))
    if name in taken:
        found.duplicate(f"{path}.name", name)
    taken.add(name)
    if port.protocol is None:
        found.required(f"{path}.protocol")
    elif port.protocol not in _PROTOCOLS:
        found.unsupported(f"{path}.protocol", port.protocol, _PROTOCOLS)
    if port.port is not None:
        found.invalid_each(f"{path}.port", port.port, names.port_number(port.port))
    if port.app_protocol is not None:
        found.invalid_each(f"{path}.appProtocol", port.app_protocol, names.qualified_name(port.app_protocol))
