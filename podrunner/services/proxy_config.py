"""Services as the configuration of the proxy. Pure; performs no I/O.

The proxy is Envoy: it passes TCP and UDP on, keeps a client at one endpoint by a hash of its address, and takes over
files that are replaced under it without an open connection noticing. A listener for each port of a Service's address;
a port without endpoints has none, so that the kernel refuses the connection as kube-proxy does. What each listener
passes on to is a file of its own: endpoints come and go without the listener.

Sources: Envoy's API v3 (envoy/config/listener/v3, envoy/config/cluster/v3, and the filters named here); kubernetes
pkg/proxy/servicechangetracker.go for which Services have listeners.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from podrunner.objects.service import ServicePort
from podrunner.services.serving import PROTOCOLS, PUBLISHED_TYPES, Endpoint, Serving

ADMIN_PORT = 15000
"""On loopback inside the proxy's network namespace; tells whether the proxy is ready."""

_EVERY_ADDRESS = "0.0.0.0"
_CONNECT_TIMEOUT = "5s"
_NO_LIMIT = 4294967295
_TYPE = "type.googleapis.com/envoy."

Document = dict[str, Any]


class _Port(msgspec.Struct, frozen=True, kw_only=True):
    """A port of a Service's address, and what gets what is sent to it."""

    name: str
    port: ServicePort
    cluster_ip: str
    targets: tuple[tuple[str, int], ...]
    sticky: bool
    node_port: int


def bootstrap(directory: str, watched: str) -> str:
    """The proxy's own configuration: the rest is in `directory`, and is anew whenever a name in `watched` is moved."""
    return _encode(
        {
            "node": {"id": "services", "cluster": "podrunner"},
            "admin": {"address": _socket("TCP", "127.0.0.1", ADMIN_PORT)},
            "dynamic_resources": {
                "cds_config": _from_file(f"{directory}/clusters.json", watched),
                "lds_config": _from_file(f"{directory}/listeners.json", watched),
            },
        }
    )


def publisher(ports: Mapping[int, str], address: str) -> str:
    """The configuration of a proxy that passes what it gets at each port (protocol by number) on to `address`."""
    names = {port: f"{port}/{protocol}" for port, protocol in ports.items()}
    clusters = [
        {
            "name": name,
            "type": "STATIC",
            **_common(sticky=False),
            "load_assignment": _assignment(name, [(address, port)], ports[port]),
        }
        for port, name in names.items()
    ]
    listeners = [_listener(name, _EVERY_ADDRESS, port, ports[port], name, False) for port, name in names.items()]
    return _encode(
        {
            "node": {"id": "published", "cluster": "podrunner"},
            "static_resources": {"clusters": clusters, "listeners": listeners},
        }
    )


def published_ports(each: Serving) -> dict[int, str]:
    """The protocol of each port that a Service has on the node, by its number."""
    spec = each.service.spec
    if spec.type not in PUBLISHED_TYPES:
        return {}
    return {port.node_port: port.protocol for port in spec.ports if port.node_port and port.protocol in PROTOCOLS}


def files(services: Sequence[Serving], directory: str, watched: str) -> dict[str, str]:
    """The proxy's files by name, as they are in `directory`."""
    ports = [port for each in services for port in _ports(each) if port.targets]
    assignments = {
        f"{port.name}.json": _response([("ClusterLoadAssignment", "endpoint", _targets(port))]) for port in ports
    }
    clusters = [("Cluster", "cluster", _cluster(port, directory, watched)) for port in ports]
    listeners = [("Listener", "listener", listener) for port in ports for listener in _listeners(port)]
    return {"clusters.json": _response(clusters), "listeners.json": _response(listeners), **assignments}


def _ports(each: Serving) -> Iterator[_Port]:
    if not each.cluster_ip:
        return
    metadata, spec = each.service.metadata, each.service.spec
    for port in spec.ports:
        if port.protocol in PROTOCOLS:
            yield _Port(
                name=f"{metadata.namespace}.{metadata.name}.{port.port}.{port.protocol.lower()}",
                port=port,
                cluster_ip=each.cluster_ip,
                targets=tuple(_addresses(each.reachable, port)),
                sticky=spec.session_affinity == "ClientIP",
                node_port=port.node_port if port.node_port in published_ports(each) else 0,
            )


def _addresses(endpoints: Iterable[Endpoint], port: ServicePort) -> Iterator[tuple[str, int]]:
    for endpoint in endpoints:
        protocol, number = endpoint.ports.get(port.name, ("", 0))
        if protocol == port.protocol:
            yield endpoint.address, number


def _cluster(port: _Port, directory: str, watched: str) -> Document:
    return {
        "name": port.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": _from_file(f"{directory}/{port.name}.json", watched)},
        **_common(sticky=port.sticky),
    }


def _common(*, sticky: bool) -> Document:
    """kube-proxy limits no connections, and neither does the proxy."""
    limits = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests"), _NO_LIMIT)
    return {
        "connect_timeout": _CONNECT_TIMEOUT,
        "lb_policy": "RING_HASH" if sticky else "ROUND_ROBIN",
        "circuit_breakers": {"thresholds": [limits]},
    }


def _targets(port: _Port) -> Document:
    return _assignment(port.name, port.targets, port.port.protocol)


def _assignment(name: str, targets: Iterable[tuple[str, int]], protocol: str) -> Document:
    endpoints = [{"endpoint": {"address": _socket(protocol, *target)}} for target in targets]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}


def _listeners(port: _Port) -> Iterator[Document]:
    protocol = port.port.protocol
    yield _listener(port.name, port.cluster_ip, port.port.port, protocol, port.name, port.sticky)
    if port.node_port:
        yield _listener(f"{port.name}.node", _EVERY_ADDRESS, port.node_port, protocol, port.name, port.sticky)


def _listener(name: str, address: str, number: int, protocol: str, cluster: str, sticky: bool) -> Document:
    at: Document = {"name": name, "address": _socket(protocol, address, number)}
    if protocol == "UDP":
        return {**at, "udp_listener_config": {}, "listener_filters": [_udp_proxy(cluster, sticky)]}
    return {**at, "filter_chains": [{"filters": [_tcp_proxy(cluster, sticky)]}]}


def _tcp_proxy(cluster: str, sticky: bool) -> Document:
    """A connection may be silent for as long as it likes."""
    config: Document = {"stat_prefix": cluster, "cluster": cluster, "idle_timeout": "0s"}
    if sticky:
        config["hash_policy"] = [{"source_ip": {}}]
    return _filter("envoy.filters.network.tcp_proxy", "extensions.filters.network.tcp_proxy.v3.TcpProxy", config)


def _udp_proxy(cluster: str, sticky: bool) -> Document:
    kind = "extensions.filters.udp.udp_proxy.v3"
    route = _filter("route", f"{kind}.Route", {"cluster": cluster})
    config: Document = {"stat_prefix": cluster, "matcher": {"on_no_match": {"action": route}}}
    if sticky:
        config["hash_policies"] = [{"source_ip": True}]
    return _filter("envoy.filters.udp_listener.udp_proxy", f"{kind}.UdpProxyConfig", config)


def _filter(name: str, kind: str, config: Document) -> Document:
    return {"name": name, "typed_config": {"@type": f"{_TYPE}{kind}", **config}}


def _socket(protocol: str, address: str, port: int) -> Document:
    return {"socket_address": {"protocol": protocol, "address": address, "port_value": port}}


def _from_file(path: str, watched: str) -> Document:
    return {
        "resource_api_version": "V3",
        "path_config_source": {"path": path, "watched_directory": {"path": watched}},
    }


def _response(resources: Iterable[tuple[str, str, Document]]) -> str:
    """A discovery response: each resource with its type and the package of that."""
    listed = [{"@type": f"{_TYPE}config.{package}.v3.{kind}", **resource} for kind, package, resource in resources]
    return _encode({"resources": listed})


def _encode(document: Document) -> str:
    return msgspec.json.encode(document).decode()
