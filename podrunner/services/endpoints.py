"""The addresses behind a Service: its EndpointSlices and its Endpoints. Pure; performs no I/O.

Sources: kubernetes staging/src/k8s.io/endpointslice (`podToEndpoint`, `getEndpointPorts`, `ShouldPodBeInEndpoints`),
pkg/controller/endpoint, pkg/controller/endpointslicemirroring.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from podrunner.objects import meta
from podrunner.objects.endpoint_slice import Endpoint, EndpointConditions, EndpointSlice, SlicePort
from podrunner.objects.endpoints import EndpointAddress, EndpointPort, Endpoints, EndpointSubset
from podrunner.objects.pod import Pod
from podrunner.objects.service import Service, ServicePort
from podrunner.pods import spec

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
SLICE_CONTROLLER = "endpointslice-controller.k8s.io"
MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
HEADLESS_LABEL = "service.kubernetes.io/headless"
ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
ENDPOINTS_CONTROLLER = "endpoint-controller"

MOST_IN_A_SLICE = 100

Ports = tuple[SlicePort, ...]


def slices(service: Service, pods: Iterable[Pod]) -> tuple[EndpointSlice, ...]:
    """The slices of a Service with a selector, nameless: pods whose ports have other numbers are in another one."""
    groups: dict[Ports, list[Endpoint]] = defaultdict(list)
    for pod in _members(service, pods):
        groups[_ports(service, pod)].append(_endpoint(service, pod))
    if not groups:
        groups[()] = []
    return tuple(
        _slice(service.metadata, service.kind, part, ports, labels=_labels(service, SLICE_CONTROLLER))
        for ports, found in sorted(groups.items(), key=lambda group: str(group[0]))
        for part in _parts(found)
    )


def endpoints(service: Service, pods: Iterable[Pod]) -> Endpoints:
    """The Endpoints of a Service with a selector: pods that are being deleted are not among them."""
    groups: dict[Ports, tuple[list[EndpointAddress], list[EndpointAddress]]] = defaultdict(lambda: ([], []))
    for pod in _members(service, pods):
        if pod.metadata.deletion_timestamp is None:
            ready = service.spec.publish_not_ready_addresses or _is_ready(pod)
            groups[_ports(service, pod)][0 if ready else 1].append(_address(service, pod))
    about = service.metadata
    labels = {**about.labels, ENDPOINTS_MANAGED_BY: ENDPOINTS_CONTROLLER, **_headless(service)}
    return Endpoints(
        metadata=meta.ObjectMeta(name=about.name, namespace=about.namespace, labels=labels),
        subsets=tuple(
            EndpointSubset(
                addresses=tuple(ready), not_ready_addresses=tuple(unready), ports=tuple(map(_endpoint_port, ports))
            )
            for ports, (ready, unready) in sorted(groups.items(), key=lambda group: str(group[0]))
        ),
    )


def mirrored(given: Endpoints) -> tuple[EndpointSlice, ...]:
    """The slices of Endpoints that someone keeps by hand for a Service without a selector, nameless."""
    about = given.metadata
    own = {key: value for key, value in about.labels.items() if key != SKIP_MIRROR}
    labels = {**own, SERVICE_NAME: about.name, MANAGED_BY: MIRRORING_CONTROLLER}
    found = []
    for subset in given.subsets:
        ports = tuple(
            SlicePort(name=port.name, port=port.port, protocol=port.protocol, app_protocol=port.app_protocol)
            for port in subset.ports
        )
        places = [_mirror(address, ready=True) for address in subset.addresses]
        places += [_mirror(address, ready=False) for address in subset.not_ready_addresses]
        found += [_slice(about, given.kind, part, ports, labels=labels) for part in _parts(places)]
    return tuple(found)


def _members(service: Service, pods: Iterable[Pod]) -> list[Pod]:
    """The pods that have an address, go on and are selected, by name."""
    wanted = service.spec.selector.items()
    found = [
        pod
        for pod in pods
        if pod.metadata.namespace == service.metadata.namespace
        and wanted <= pod.metadata.labels.items()
        and pod.status.pod_ip
        and pod.status.phase not in ("Succeeded", "Failed")
    ]
    return sorted(found, key=lambda pod: pod.metadata.name)


def _is_ready(pod: Pod) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)


def _endpoint(service: Service, pod: Pod) -> Endpoint:
    serving, terminating = _is_ready(pod), pod.metadata.deletion_timestamp is not None
    return Endpoint(
        addresses=(pod.status.pod_ip,),
        conditions=EndpointConditions(
            ready=service.spec.publish_not_ready_addresses or (serving and not terminating),
            serving=serving,
            terminating=terminating,
        ),
        hostname=_hostname(service, pod) or None,
        node_name=pod.spec.node_name or None,
        target_ref=_reference(pod),
    )


def _address(service: Service, pod: Pod) -> EndpointAddress:
    return EndpointAddress(
        ip=pod.status.pod_ip,
        hostname=_hostname(service, pod),
        node_name=pod.spec.node_name or None,
        target_ref=_reference(pod),
    )


def _mirror(address: EndpointAddress, *, ready: bool) -> Endpoint:
    return Endpoint(
        addresses=(address.ip,),
        conditions=EndpointConditions(ready=ready),
        hostname=address.hostname or None,
        node_name=address.node_name,
        target_ref=address.target_ref,
    )


def _hostname(service: Service, pod: Pod) -> str:
    """A pod has a name of its own below that of the Service that its subdomain names."""
    return pod.spec.hostname if pod.spec.subdomain == service.metadata.name else ""


def _reference(pod: Pod) -> meta.ObjectReference:
    about = pod.metadata
    return meta.ObjectReference(kind="Pod", namespace=about.namespace, name=about.name, uid=about.uid)


def _ports(service: Service, pod: Pod) -> Ports:
    """The Service's ports as the pod has them; one whose name the pod does not know is not among them."""
    found = []
    for port in service.spec.ports:
        number = target_port(port, pod)
        if number is not None:
            made = SlicePort(name=port.name, port=number, protocol=port.protocol, app_protocol=port.app_protocol)
            found.append(made)
    return tuple(found)


def target_port(port: ServicePort, pod: Pod) -> int | None:
    """The number of the pod's port that a Service's port leads to; None if the pod has none of that name.

    Source: `FindPort`, kubernetes pkg/api/v1/pod/util.go.
    """
    if isinstance(port.target_port, int):
        return port.target_port
    for container in (*pod.spec.containers, *spec.sidecars(pod)):
        for candidate in container.ports:
            if candidate.name == port.target_port and candidate.protocol == port.protocol:
                return candidate.container_port
    return None


def _endpoint_port(port: SlicePort) -> EndpointPort:
    return EndpointPort(
        name=port.name or "", port=port.port or 0, protocol=port.protocol or "", app_protocol=port.app_protocol
    )


def _parts(found: Sequence[Endpoint]) -> list[tuple[Endpoint, ...]]:
    starts = range(0, len(found), MOST_IN_A_SLICE) or (0,)
    return [tuple(found[start : start + MOST_IN_A_SLICE]) for start in starts]


def _labels(service: Service, controller: str) -> dict[str, str]:
    about = service.metadata
    return {**about.labels, SERVICE_NAME: about.name, MANAGED_BY: controller, **_headless(service)}


def _headless(service: Service) -> dict[str, str]:
    return {HEADLESS_LABEL: ""} if service.spec.cluster_ip == "None" else {}


def _slice(
    owner: meta.ObjectMeta, kind: str, found: tuple[Endpoint, ...], ports: Ports, *, labels: dict[str, str]
) -> EndpointSlice:
    reference = meta.OwnerReference(
        api_version="v1", kind=kind, name=owner.name, uid=owner.uid, controller=True, block_owner_deletion=True
    )
    six = bool(found) and ":" in found[0].addresses[0]
    return EndpointSlice(
        metadata=meta.ObjectMeta(
            generate_name=f"{owner.name}-", namespace=owner.namespace, labels=labels, owner_references=(reference,)
        ),
        address_type="IPv6" if six else "IPv4",
        endpoints=found,
        ports=ports,
    )
