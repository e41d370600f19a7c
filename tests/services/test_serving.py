"""Which endpoints are behind a Service, by its EndpointSlices."""

from typing import Any

from podrunner.objects import meta
from podrunner.objects.endpoint_slice import Endpoint, EndpointConditions, EndpointSlice, SlicePort
from podrunner.services import serving
from service_cases import serving as served

PORTS = (SlicePort(name="http", port=8080, protocol="TCP"),)


def of_web(*endpoints: Endpoint, **fields: Any) -> EndpointSlice:
    """A slice of the Service `web`."""
    metadata = meta.ObjectMeta(name="web-x", namespace="default", labels={"kubernetes.io/service-name": "web"})
    given = {"metadata": metadata, "address_type": "IPv4", "ports": PORTS, "endpoints": endpoints, **fields}
    return EndpointSlice(**given)


def at(address: str, **conditions: bool) -> Endpoint:
    return Endpoint(addresses=(address,), conditions=EndpointConditions(**conditions))


def endpoints(*slices: EndpointSlice) -> list[str]:
    """Those behind `web`: address, whether ready, whether ending."""
    (found,) = serving.of([served().service], slices)
    assert all(endpoint.ports == {"http": ("TCP", 8080)} for endpoint in found.endpoints)
    return [
        f"{endpoint.address}{' ready' * endpoint.ready}{' ending' * endpoint.ending}" for endpoint in found.endpoints
    ]


def test_a_service_has_the_endpoints_of_all_its_slices() -> None:
    assert endpoints(of_web(at("172.18.0.4", ready=True)), of_web(at("172.18.0.3", ready=False))) == [
        "172.18.0.3",
        "172.18.0.4 ready",
    ]


def test_an_endpoint_of_unknown_state_is_ready() -> None:
    """Source: API reference, EndpointConditions.ready: "A nil value should be interpreted as true"."""
    assert endpoints(of_web(at("172.18.0.3"))) == ["172.18.0.3 ready"]


def test_an_endpoint_that_ends_serves_until_it_says_otherwise() -> None:
    ending = at("172.18.0.3", ready=False, serving=True, terminating=True)
    assert endpoints(of_web(ending, at("172.18.0.4", ready=False, serving=False, terminating=True))) == [
        "172.18.0.3 ending",
        "172.18.0.4",
    ]


def test_slices_of_other_services_namespaces_and_families_are_not_its_own() -> None:
    there = at("172.18.0.3")
    other = meta.ObjectMeta(name="x", namespace="other", labels={"kubernetes.io/service-name": "web"})
    stray = meta.ObjectMeta(name="x", namespace="default")
    slices = of_web(there, metadata=other), of_web(there, metadata=stray), of_web(there, address_type="IPv6")
    assert endpoints(*slices) == []
