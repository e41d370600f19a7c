"""What the proxy is told: which addresses and ports it serves, and with what."""

import json
from typing import Any

from podrunner.objects.service import ServicePort
from podrunner.services import proxy_config
from podrunner.services.serving import Serving
from service_cases import HTTP, endpoint, serving

UDP = ServicePort(name="dns", port=53, protocol="UDP", node_port=30053)


def files(*services: Serving) -> dict[str, list[dict[str, Any]]]:
    """The resources in each file."""
    made = proxy_config.files(services, "/here", "/watched")
    return {name: json.loads(text)["resources"] for name, text in made.items()}


def listening(*services: Serving) -> list[str]:
    """Where the proxy listens, and with which cluster it serves there."""
    return [f"{_text(each['address'])} {_cluster(each)}" for each in files(*services)["listeners.json"]]


def targets(made: dict[str, list[dict[str, Any]]], file: str) -> list[str]:
    (assignment,) = made[file]
    return [_text(target["endpoint"]["address"]) for target in assignment["endpoints"][0]["lb_endpoints"]]


def _text(address: dict[str, Any]) -> str:
    socket = address["socket_address"]
    return f"{socket['protocol']} {socket['address']}:{socket['port_value']}"


def _cluster(listener: dict[str, Any]) -> str:
    if "listener_filters" in listener:
        (filter_,) = listener["listener_filters"]
        name: str = filter_["typed_config"]["matcher"]["on_no_match"]["action"]["typed_config"]["cluster"]
    else:
        (filter_,) = listener["filter_chains"][0]["filters"]
        name = filter_["typed_config"]["cluster"]
    return name


def test_a_port_of_a_service_is_passed_on_to_the_ports_of_its_ready_endpoints() -> None:
    web = serving(endpoint("172.18.0.3"), endpoint("172.18.0.4"), endpoint("172.18.0.5", ready=False))
    made = files(web)
    assert listening(web) == ["TCP 10.96.7.7:80 default.web.80.tcp"]
    assert [cluster["name"] for cluster in made["clusters.json"]] == ["default.web.80.tcp"]
    assert targets(made, "default.web.80.tcp.json") == ["TCP 172.18.0.3:8080", "TCP 172.18.0.4:8080"]


def test_pods_may_have_different_numbers_for_a_named_port() -> None:
    web = serving(endpoint("172.18.0.3"), endpoint("172.18.0.4", ports={"http": ("TCP", 8081)}))
    assert targets(files(web), "default.web.80.tcp.json") == ["TCP 172.18.0.3:8080", "TCP 172.18.0.4:8081"]


def test_a_service_without_endpoints_is_not_listened_for() -> None:
    """So that the kernel refuses the connection; kube-proxy rejects it (pkg/proxy/iptables/proxier.go)."""
    assert listening(serving(), serving(endpoint("172.18.0.5", ready=False), name="unready")) == []


def test_endpoints_that_end_serve_where_none_is_ready() -> None:
    """Source: `CategorizeEndpoints`, kubernetes pkg/proxy/topology.go."""
    ending = endpoint("172.18.0.5", ready=False, ending=True)
    assert targets(files(serving(ending)), "default.web.80.tcp.json") == ["TCP 172.18.0.5:8080"]
    both = serving(ending, endpoint("172.18.0.3"))
    assert targets(files(both), "default.web.80.tcp.json") == ["TCP 172.18.0.3:8080"]


def test_headless_services_and_external_names_pass_the_proxy_by() -> None:
    named = serving(endpoint("172.18.0.3"), type="ExternalName", cluster_ip="", external_name="example.com")
    assert listening(serving(endpoint("172.18.0.3"), cluster_ip="None"), named) == []


def test_udp_is_passed_on_too_and_sctp_is_not() -> None:
    behind = endpoint("172.18.0.3", ports={"dns": ("UDP", 5353), "sctp": ("SCTP", 9)})
    dns = serving(behind, ports=(UDP, ServicePort(name="sctp", port=9, protocol="SCTP")))
    assert listening(dns) == ["UDP 10.96.7.7:53 default.web.53.udp"]
    assert targets(files(dns), "default.web.53.udp.json") == ["UDP 172.18.0.3:5353"]


def test_a_node_port_is_listened_for_at_every_address() -> None:
    node = ServicePort(name="http", port=80, protocol="TCP", node_port=30080)
    behind = endpoint("172.18.0.3", ports={"http": ("TCP", 8080), "dns": ("UDP", 5353)})
    web = serving(behind, type="NodePort", ports=(node, UDP))
    assert listening(web) == [
        "TCP 10.96.7.7:80 default.web.80.tcp",
        "TCP 0.0.0.0:30080 default.web.80.tcp",
        "UDP 10.96.7.7:53 default.web.53.udp",
        "UDP 0.0.0.0:30053 default.web.53.udp",
    ]
    assert proxy_config.published_ports(web) == {30080: "TCP", 30053: "UDP"}
    assert proxy_config.published_ports(serving(behind, ports=(node,))) == {}


def test_one_client_stays_with_one_endpoint_if_the_service_says_so() -> None:
    """sessionAffinity: ClientIP"""
    behind = endpoint("172.18.0.3", ports={"http": ("TCP", 8080), "dns": ("UDP", 5353)})
    made = files(serving(behind, session_affinity="ClientIP", ports=(HTTP, UDP)))
    tcp, udp = made["listeners.json"]
    assert tcp["filter_chains"][0]["filters"][0]["typed_config"]["hash_policy"] == [{"source_ip": {}}]
    assert udp["listener_filters"][0]["typed_config"]["hash_policies"] == [{"source_ip": True}]
    assert {cluster["lb_policy"] for cluster in made["clusters.json"]} == {"RING_HASH"}


def test_a_change_of_endpoints_changes_neither_listeners_nor_clusters() -> None:
    """So that it concerns no connection that is open."""
    one, two = (
        proxy_config.files([serving(*behind)], "/here", "/watched")
        for behind in ([endpoint("172.18.0.3")], [endpoint("172.18.0.3"), endpoint("172.18.0.4")])
    )
    assert {name for name in one if one[name] != two[name]} == {"default.web.80.tcp.json"}


def test_files_are_read_anew_when_their_directory_is_replaced() -> None:
    bootstrap = json.loads(proxy_config.bootstrap("/here", "/watched"))
    assert bootstrap["dynamic_resources"]["lds_config"]["path_config_source"] == {
        "path": "/here/listeners.json",
        "watched_directory": {"path": "/watched"},
    }
    (cluster,) = files(serving(endpoint("172.18.0.3")))["clusters.json"]
    assert cluster["eds_cluster_config"]["eds_config"]["path_config_source"] == {
        "path": "/here/default.web.80.tcp.json",
        "watched_directory": {"path": "/watched"},
    }


def test_a_publisher_passes_node_ports_on_as_they_are() -> None:
    config = json.loads(proxy_config.publisher({30080: "TCP", 30053: "UDP"}, "172.18.0.9"))["static_resources"]
    assert [f"{_text(each['address'])} {_cluster(each)}" for each in config["listeners"]] == [
        "TCP 0.0.0.0:30080 30080/TCP",
        "UDP 0.0.0.0:30053 30053/UDP",
    ]
    assert [
        _text(each["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"])
        for each in config["clusters"]
    ] == ["TCP 172.18.0.9:30080", "UDP 172.18.0.9:30053"]
