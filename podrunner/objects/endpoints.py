"""Endpoints. Pure; performs no I/O."""

from podrunner.objects import base, meta


class EndpointAddress(base.Struct):
    hostname: str = ""
    ip: str = base.always("")
    node_name: str | None = None
    target_ref: meta.ObjectReference | None = None


class EndpointPort(base.Struct):
    name: str = ""
    app_protocol: str | None = None
    port: base.Int32 = base.always(0)
    protocol: str = ""


class EndpointSubset(base.Struct):
    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Endpoints(meta.Object):
    kind: str = base.always("Endpoints")
    subsets: tuple[EndpointSubset, ...] = ()
