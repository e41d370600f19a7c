"""The names of Services: kubernetes/dns docs/specification.md, and CoreDNS for what that leaves open."""

from podrunner.objects.service import ServicePort
from podrunner.services import zone
from podrunner.services.serving import Serving
from service_cases import HTTP, endpoint, serving

ALWAYS = ["ns.dns A 10.96.0.10", 'dns-version TXT "1.1.0"']


def records(*services: Serving, origin: str = "cluster.local") -> list[str]:
    """Those of a zone, without what every zone begins with."""
    files = zone.files(services, "/here")
    (name,) = (name for name in files if name.rpartition(".")[0] == origin)
    lines = files[name].splitlines()
    assert [line.split()[1] for line in lines[:3]] == ["5", "SOA", "NS"]
    return [line for line in lines[3:] if line not in ALWAYS]


def test_a_service_has_its_address_and_its_named_ports() -> None:
    """2.3.1 Records for a Service with ClusterIP."""
    ports = (HTTP, ServicePort(name="dns", port=53, protocol="UDP"), ServicePort(port=9000, protocol="TCP"))
    assert records(serving(ports=ports)) == [
        "web.default.svc A 10.96.7.7",
        "_http._tcp.web.default.svc SRV 0 100 80 web.default.svc",
        "_dns._udp.web.default.svc SRV 0 100 53 web.default.svc",
    ]


def test_an_address_leads_back_to_its_service() -> None:
    assert records(serving(), origin="7.7.96.10.in-addr.arpa") == ["@ PTR web.default.svc.cluster.local."]


def test_a_service_without_an_address_yet_has_no_name() -> None:
    assert records(serving(cluster_ip="")) == []


def test_a_headless_service_has_the_addresses_of_its_ready_endpoints() -> None:
    """2.4 Records for a Headless Service; an endpoint without a hostname is named as CoreDNS does."""
    behind = endpoint("172.18.0.3", hostname="web-0"), endpoint("172.18.0.4"), endpoint("172.18.0.5", ready=False)
    headless = serving(*behind, cluster_ip="None")
    assert records(headless) == [
        "web.default.svc A 172.18.0.3",
        "web.default.svc A 172.18.0.4",
        "web-0.web.default.svc A 172.18.0.3",
        "172-18-0-4.web.default.svc A 172.18.0.4",
        "_http._tcp.web.default.svc SRV 0 100 8080 web-0.web.default.svc",
        "_http._tcp.web.default.svc SRV 0 100 8080 172-18-0-4.web.default.svc",
    ]
    assert records(headless, origin="3.0.18.172.in-addr.arpa") == ["@ PTR web-0.web.default.svc.cluster.local."]


def test_an_external_name_is_an_alias() -> None:
    """2.5 Records for External Name Services."""
    outside = serving(type="ExternalName", cluster_ip="", external_name="db.example.com", name="db", namespace="prod")
    assert records(outside) == ["db.prod.svc CNAME db.example.com."]


def test_a_name_that_no_server_can_hold_takes_no_other_along() -> None:
    outside = serving(type="ExternalName", cluster_ip="", external_name=f"{'x' * 64}.com", name="db")
    assert records(outside, serving(ports=())) == ["web.default.svc A 10.96.7.7"]


def test_names_of_other_namespaces_are_their_own() -> None:
    services = serving(ports=()), serving(namespace="other", cluster_ip="10.96.7.8", ports=())
    assert records(*services) == ["web.default.svc A 10.96.7.7", "web.other.svc A 10.96.7.8"]


def test_the_server_reads_the_zones_and_asks_the_engine_for_the_rest() -> None:
    files = zone.files([serving()], "/here")
    configuration = files.pop("named.conf")
    assert 'include "/tmp/forwarders.conf";' in configuration
    assert [line for line in configuration.splitlines() if line.startswith("zone")] == [
        f'zone "{name.rpartition(".")[0]}" {{ type primary; file "/here/{name}"; check-names ignore; }};'
        for name in files
    ]


def test_a_zone_that_has_changed_is_another_file_and_one_that_has_not_is_the_same() -> None:
    before, after = (set(zone.files([serving(ports=ports)], "/here")) for ports in ((), (HTTP,)))
    assert sorted(name.rpartition(".")[0] for name in before ^ after) == ["cluster.local", "cluster.local"]
