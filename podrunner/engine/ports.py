"""Ports of a pod that are published on the engine's host. Pure; performs no I/O."""

import re
from collections.abc import Iterable

import msgspec

from podrunner import errors
from podrunner.objects import pod as pods

_PUBLISH = re.compile(r"(?:(?P<host>[0-9]*):)?(?P<port>[0-9]+)")


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """`host_port` 0 lets the engine choose; `host_ip` empty is every address of the host."""

    container_port: int
    host_port: int
    protocol: str = "TCP"
    host_ip: str = ""


def parse(text: str) -> tuple[Published, ...]:
    """Ports as `--publish` and the annotation podrunner.dev/publish give them: `[HOST:]PORT`, comma-separated.

    As with `kubectl port-forward`, `PORT` alone is the same port on the host and `:PORT` a free one. Raises UsageError.
    """
    return tuple(_parse_one(item.strip()) for item in text.split(",") if item.strip())


def of_spec(pod: pods.Pod) -> tuple[Published, ...]:
    """Every `hostPort` of the main containers; a `containerPort` alone is not published.

    Source: `generatePodSandboxConfig`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_sandbox.go.
    """
    return tuple(
        Published(
            container_port=port.container_port,
            host_port=port.host_port,
            protocol=port.protocol or "TCP",
            host_ip=port.host_ip,
        )
        for container in pod.spec.containers
        for port in container.ports
        if port.host_port
    )


def exposed(ports: Iterable[Published]) -> dict[str, dict[str, str]]:
    """The engine's `ExposedPorts`."""
    return {_key(port): {} for port in ports}


def bindings(ports: Iterable[Published]) -> dict[str, list[dict[str, str]]]:
    """The engine's `PortBindings`; one port may be published several times."""
    result: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        binding = {"HostIp": port.host_ip, "HostPort": str(port.host_port or "")}
        result.setdefault(_key(port), []).append(binding)
    return result


def _key(port: Published) -> str:
    return f"{port.container_port}/{port.protocol.lower()}"


def _parse_one(item: str) -> Published:
    match = _PUBLISH.fullmatch(item)
    if not match:
        raise errors.UsageError(f"invalid port {item!r}: must be [HOST:]PORT, as in 8080:80")
    port = int(match["port"])
    host = port if match["host"] is None else int(match["host"] or 0)
    if not 1 <= port <= 65535 or host > 65535:
        raise errors.UsageError(f"invalid port {item!r}: must be between 1 and 65535, inclusive")
    return Published(container_port=port, host_port=host)
