"""What every cluster has from the start: its namespaces, and the service `kubernetes` that stands for the API."""

import contextlib
from collections.abc import Iterator

from msgspec import structs

from podrunner import errors
from podrunner.objects import meta
from podrunner.objects.cluster import Namespace
from podrunner.objects.config import ConfigMap
from podrunner.objects.endpoints import Endpoints
from podrunner.objects.service import Service, ServicePort, ServiceSpec
from podrunner.store import namespaces
from podrunner.store.registry import Registry

NODE_LEASES = "kube-node-lease"
NAMESPACES = (*namespaces.LASTING, NODE_LEASES)

_API = "kubernetes"
_API_LABELS = {"component": "apiserver", "provider": "kubernetes"}


def ensure(registry: Registry) -> None:
    """Creates what is missing of it, and leaves what is there; takes a few milliseconds the first time.

    Namespaces that have objects although they are not there are created too: in stores of before there were any.
    """
    known = {namespace.metadata.name for namespace in registry.list(namespaces.NAMESPACE).items}
    for name in (*NAMESPACES, *registry.namespaces()):
        if name not in known:
            known.add(name)
            namespaces.create(registry, Namespace(metadata=meta.ObjectMeta(name=name)))
    for obj in _api():
        with contextlib.suppress(errors.AlreadyExists):
            registry.create(obj)


def publish_certificate(registry: Registry, certificate: str) -> None:
    """Gives every namespace the certificate (PEM) that the API's is signed by, in the ConfigMap kube-root-ca.crt."""
    data = {"ca.crt": certificate}
    for namespace in registry.list(namespaces.NAMESPACE).items:
        name = namespace.metadata.name
        try:
            published: ConfigMap = registry.get(namespaces.CONFIG_MAP, name, namespaces.ROOT_CERTIFICATE)
        except errors.NotFound:
            if namespace.metadata.deletion_timestamp is None:
                registry.create(namespaces.root_certificate(name, data))
        else:
            registry.update(structs.replace(published, data=data))


def _api() -> Iterator[meta.Object]:
    """The service and its endpoints: without an address, for pods can't reach the API."""
    about = meta.ObjectMeta(name=_API, namespace="default", labels=_API_LABELS)
    port = ServicePort(name="https", port=443, protocol="TCP", target_port=443)
    yield Service(metadata=about, spec=ServiceSpec(cluster_ip="None", ports=(port,)))
    yield Endpoints(metadata=structs.replace(about, labels={"endpointslice.kubernetes.io/skip-mirror": "true"}))
