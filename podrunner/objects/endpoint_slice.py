"""EndpointSlice of discovery.k8s.io. Pure; performs no I/O."""

from podrunner.objects import base, meta

API_VERSION = "discovery.k8s.io/v1"


class EndpointConditions(base.Struct):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ForZone(base.Struct):
    name: str = base.always("")


class ForNode(base.Struct):
    name: str = base.always("")


class EndpointHints(base.Struct):
    for_nodes: tuple[ForNode, ...] = ()
    for_zones: tuple[ForZone, ...] = ()


class Endpoint(base.Struct):
    addresses: tuple[str, ...] = base.always(())
    conditions: EndpointConditions = base.always(EndpointConditions())
    deprecated_topology: dict[str, str] = {}
    hints: EndpointHints | None = None
    hostname: str | None = None
    node_name: str | None = None
    target_ref: meta.ObjectReference | None = None
    zone: str | None = None


class SlicePort(base.Struct):
    """What Kubernetes calls EndpointPort in this group."""

    name: str | None = None
    app_protocol: str | None = None
    port: base.Int32 | None = None
    protocol: str | None = None


class EndpointSlice(meta.Object):
    api_version: str = base.always(API_VERSION)
    kind: str = base.always("EndpointSlice")
    address_type: str = base.always("")
    endpoints: tuple[Endpoint, ...] = base.always(())
    ports: tuple[SlicePort, ...] = base.always(())
