"""Endpoints. Pure; performs no I/O.

Rules are `ValidateEndpoints` of Kubernetes' pkg/apis/core/validation.
"""

from podrunner.objects import endpoints
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names

_PROTOCOLS = ("SCTP", "TCP", "UDP")


def check(obj: endpoints.Endpoints, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    for index, subset in enumerate(obj.subsets):
        path = f"subsets[{index}]"
        if not subset.addresses and not subset.not_ready_addresses:
            found.required(path, "must specify `addresses` or `notReadyAddresses`")
        for field, addresses in (("addresses", subset.addresses), ("notReadyAddresses", subset.not_ready_addresses)):
            for number, address in enumerate(addresses):
                _check_address(address, f"{path}.{field}[{number}]", found)
        for number, port in enumerate(subset.ports):
            _check_port(port, f"{path}.ports[{number}]", len(subset.ports) > 1, found)


def _check_address(address: endpoints.EndpointAddress, path: str, found: Errors) -> None:
    found.invalid_each(f"{path}.ip", address.ip, names.ip_address(address.ip) or names.special_address(address.ip))
    if address.hostname:
        found.invalid_each(f"{path}.hostname", address.hostname, names.dns_label(address.hostname))
    if address.node_name is not None:
        found.invalid_each(f"{path}.nodeName", address.node_name, names.dns_subdomain(address.node_name))


def _check_port(port: endpoints.EndpointPort, path: str, needs_name: bool, found: Errors) -> None:
    if port.name:
        found.invalid_each(f"{path}.name", port.name, names.dns_label(port.name))
    elif needs_name:
        found.required(f"{path}.name")
    found.invalid_each(f"{path}.port", port.port, names.port_number(port.port))
    if not port.protocol:
        found.required(f"{path}.protocol")
    elif port.protocol not in _PROTOCOLS:
        found.unsupported(f"{path}.protocol", port.protocol, _PROTOCOLS)
    if port.app_protocol is not None:
        found.invalid_each(f"{path}.appProtocol", port.app_protocol, names.qualified_name(port.app_protocol))
