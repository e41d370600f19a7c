"""The variables that tell a container of the Services of its namespace. Pure; performs no I/O.

Source: `FromServices`, kubernetes pkg/kubelet/envvars/envvars.go.
"""

from collections.abc import Iterable, Iterator

from podrunner.objects.service import Service


def variables(services: Iterable[Service], namespace: str) -> dict[str, str]:
    """By name, for every Service of the namespace that has an address, by the Service's name."""
    own = (each for each in services if each.metadata.namespace == namespace)
    return {
        name: value
        for service in sorted(own, key=lambda each: each.metadata.name)
        if service.spec.cluster_ip not in ("", "None")
        for name, value in _of(service)
    }


def _of(service: Service) -> Iterator[tuple[str, str]]:
    name, ports = _upper(service.metadata.name), service.spec.ports
    address = service.spec.cluster_ip
    yield f"{name}_SERVICE_HOST", address
    yield f"{name}_SERVICE_PORT", str(ports[0].port)
    for port in ports:
        if port.name:
            yield f"{name}_SERVICE_PORT_{_upper(port.name)}", str(port.port)
    for index, port in enumerate(ports):
        protocol = port.protocol or "TCP"
        url = f"{protocol.lower()}://{address}:{port.port}"
        prefix = f"{name}_PORT_{port.port}_{protocol}"
        if index == 0:
            yield f"{name}_PORT", url
        yield prefix, url
        yield f"{prefix}_PROTO", protocol.lower()
        yield f"{prefix}_PORT", str(port.port)
        yield f"{prefix}_ADDR", address


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")
