"""Services and what is behind them, for tests of what is made of them."""

from typing import Any

from podrunner.objects import meta
from podrunner.objects.service import Service, ServicePort, ServiceSpec
from podrunner.services.serving import Endpoint, Serving

HTTP = ServicePort(name="http", port=80, protocol="TCP", target_port=8080)


def endpoint(address: str, **fields: Any) -> Endpoint:
    """One with a port `http`, 8080/TCP, unless it has others."""
    return Endpoint(address=address, **{"ports": {"http": ("TCP", 8080)}, **fields})


def serving(*endpoints: Endpoint, name: str = "web", namespace: str = "default", **spec: Any) -> Serving:
    """A Service at 10.96.7.7 with the port `http`, unless `spec` says otherwise, and what is behind it."""
    fields = {"type": "ClusterIP", "cluster_ip": "10.96.7.7", "ports": (HTTP,), **spec}
    metadata = meta.ObjectMeta(name=name, namespace=namespace)
    return Serving(service=Service(metadata=metadata, spec=ServiceSpec(**fields)), endpoints=endpoints)
