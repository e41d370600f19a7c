"""Services: the addresses they get, the pods behind them, the variables that tell of them."""

import random
from typing import Any

import pytest

import pod_cases
from pod_cases import changed
from podrunner.objects import fielderrors, meta
from podrunner.objects.container import ContainerPort
from podrunner.objects.endpoints import EndpointAddress, EndpointPort, Endpoints, EndpointSubset
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import PodCondition, PodStatus
from podrunner.objects.service import Service, ServicePort, ServiceSpec
from podrunner.services import allocation, endpoints, links

HTTP = ServicePort(name="http", port=80, protocol="TCP", target_port=8080)
DNS = (
    ServicePort(name="udp", port=53, protocol="UDP", target_port=53),
    ServicePort(name="tcp", port=53, protocol="TCP", target_port=53),
)


def service(*ports: ServicePort, name: str = "web", **spec: Any) -> Service:
    given = {"type": "ClusterIP", "selector": {"app": "web"}, **spec}
    return Service(
        metadata=meta.ObjectMeta(name=name, namespace="default", uid=f"uid-of-{name}"),
        spec=ServiceSpec(ports=ports or (HTTP,), **given),
    )


# ---- addresses and node ports


def allocated(subject: Service, *others: Service) -> Service:
    found = fielderrors.Errors()
    completed = allocation.allocate(subject, others, found, random.Random(1))
    assert not found
    return completed


def refused(subject: Service, *others: Service) -> list[str]:
    found = fielderrors.Errors()
    allocation.allocate(subject, others, found, random.Random(1))
    return [str(error) for error in found]


def test_a_service_gets_a_free_address() -> None:
    first = allocated(service())
    again = allocated(service(name="other"), first)
    assert first.spec.cluster_ip.startswith("10.")
    assert first.spec.cluster_ips == (first.spec.cluster_ip,)
    assert (first.spec.ip_families, first.spec.ip_family_policy) == (("IPv4",), "SingleStack")
    assert again.spec.cluster_ip != first.spec.cluster_ip


def test_a_headless_one_has_none_and_an_external_name_neither() -> None:
    assert allocated(service(cluster_ip="None", cluster_ips=("None",))).spec.cluster_ips == ("None",)
    assert allocated(service(type="ExternalName", external_name="example.com")).spec.cluster_ips == ()


def test_an_address_may_be_asked_for_if_it_is_free_and_of_the_range() -> None:
    wanted = service(cluster_ip="10.96.0.7", cluster_ips=("10.96.0.7",))
    assert allocated(wanted).spec.cluster_ip == "10.96.0.7"
    taken = "failed to allocate IP 10.96.0.7: provided IP is already allocated"
    assert refused(wanted, changed(wanted, metadata=changed(wanted.metadata, name="other"))) == [
        f'spec.clusterIPs: Invalid value: ["10.96.0.7"]: {taken}'
    ]
    assert "provided IP is already allocated" in refused(service(cluster_ip="10.96.0.10"))[0]
    (beyond,) = refused(service(cluster_ip="1.2.3.4"))
    assert beyond == (
        'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: '
        "the provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/12"
    )


def test_other_families_are_refused() -> None:
    assert refused(service(ip_families=("IPv6",))) == [
        'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'
    ]
    assert refused(service(ip_family_policy="RequireDualStack")) == [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'
    ]


def test_ports_on_the_node_are_free_ones_or_those_asked_for() -> None:
    first = allocated(service(type="NodePort"))
    assert 30000 <= first.spec.ports[0].node_port <= 32767
    asked = service(changed(HTTP, node_port=30080), type="NodePort")
    assert allocated(asked).spec.ports[0].node_port == 30080
    other = changed(asked, metadata=changed(asked.metadata, name="other"))
    assert refused(asked, other) == ["spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"]
    (beyond,) = refused(service(changed(HTTP, node_port=80), type="NodePort"))
    assert beyond == (
        "spec.ports[0].nodePort: Invalid value: 80: "
        "provided port is not in the valid range. The range of valid ports is 30000-32767"
    )
    same = tuple(changed(port, node_port=30053) for port in DNS)
    assert [port.node_port for port in allocated(service(*same, type="NodePort")).spec.ports] == [30053, 30053]


def test_a_load_balancer_may_decline_them() -> None:
    balanced = service(type="LoadBalancer", allocate_load_balancer_node_ports=False)
    assert allocated(balanced).spec.ports[0].node_port == 0
    assert allocated(service(type="LoadBalancer")).spec.ports[0].node_port


def test_what_only_the_former_type_had_goes_with_it() -> None:
    node_port = allocated(service(type="NodePort", external_traffic_policy="Cluster")).spec
    now = allocation.without_former_type(changed(node_port, type="ClusterIP"), node_port)
    assert (now.ports[0].node_port, now.external_traffic_policy) == (0, "")
    assert now.cluster_ip == node_port.cluster_ip
    named = allocation.without_former_type(changed(node_port, type="ExternalName", external_name="x"), node_port)
    assert (named.cluster_ip, named.cluster_ips, named.ports[0].node_port) == ("", (), 0)


# ---- the pods behind it


def pod(name: str = "a", ip: str = "172.18.0.2", *, ready: bool = True, labels: Any = None, **spec: Any) -> Pod:
    subject = pod_cases.pod(inits=())
    condition = PodCondition(type="Ready", status="True" if ready else "False")
    return changed(
        subject,
        metadata=changed(subject.metadata, name=name, uid=f"uid-of-{name}", labels=labels or {"app": "web", "x": "y"}),
        spec=changed(subject.spec, **spec),
        status=PodStatus(phase="Running", pod_ip=ip, conditions=(condition,)),
    )


def told(subject: Service, *pods: Pod) -> list[str]:
    return [
        f"{place.addresses[0]} {place.hostname or '-'} {','.join(str(port.port) for port in each.ports)}"
        f" ready={place.conditions.ready} serving={place.conditions.serving} ending={place.conditions.terminating}"
        for each in endpoints.slices(subject, pods)
        for place in each.endpoints
    ]


def test_ready_pods_that_are_selected_are_its_endpoints() -> None:
    others = (
        pod("b", "172.18.0.3", labels={"app": "other"}),
        pod("c", ""),
        changed(pod("d", "172.18.0.4"), status=changed(pod().status, phase="Failed")),
        changed(pod("e", "172.18.0.5"), metadata=changed(pod().metadata, namespace="elsewhere")),
    )
    assert told(service(), pod(), *others) == ["172.18.0.2 - 8080 ready=True serving=True ending=False"]


def test_a_pod_that_is_not_ready_or_ending_is_told_as_such() -> None:
    ending = pod_cases.deleted(pod("b", "172.18.0.3"))
    assert told(service(), pod(ready=False), ending) == [
        "172.18.0.2 - 8080 ready=False serving=False ending=False",
        "172.18.0.3 - 8080 ready=False serving=True ending=True",
    ]
    published = service(publish_not_ready_addresses=True)
    assert told(published, pod(ready=False)) == ["172.18.0.2 - 8080 ready=True serving=False ending=False"]


def test_a_named_port_is_what_each_pod_calls_so() -> None:
    def serving(name: str, ip: str, number: int) -> Pod:
        ports = (ContainerPort(name="web", container_port=number, protocol="TCP"),)
        return pod(name, ip, containers=(changed(pod_cases.KUBIA, ports=ports),))

    named = service(changed(HTTP, target_port="web"))
    pods = (serving("a", "172.18.0.2", 80), serving("b", "172.18.0.3", 81), pod("c", "172.18.0.4"))
    assert told(named, *pods) == [
        "172.18.0.4 -  ready=True serving=True ending=False",
        "172.18.0.2 - 80 ready=True serving=True ending=False",
        "172.18.0.3 - 81 ready=True serving=True ending=False",
    ]


def test_a_pod_whose_subdomain_is_the_service_has_a_name_below_it() -> None:
    named = pod(hostname="first", subdomain="web")
    assert told(service(), named)[0].startswith("172.18.0.2 first 8080")
    assert told(service(), pod(hostname="first", subdomain="other"))[0].startswith("172.18.0.2 - 8080")


def test_a_slice_says_whose_it_is() -> None:
    port = changed(HTTP, app_protocol="kubernetes.io/h2c")
    (found,) = endpoints.slices(changed(service(port, cluster_ip="None"), kind="Service"), [pod()])
    about = found.metadata
    assert (about.generate_name, about.namespace, found.address_type) == ("web-", "default", "IPv4")
    assert about.labels == {
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "service.kubernetes.io/headless": "",
    }
    assert [each.app_protocol for each in found.ports] == ["kubernetes.io/h2c"]
    assert about.owner_references[0].uid == "uid-of-web"
    reference = found.endpoints[0].target_ref
    assert reference is not None
    assert (reference.kind, reference.name, reference.uid) == ("Pod", "a", "uid-of-a")


def test_a_service_without_pods_has_an_empty_slice_and_one_with_many_has_several() -> None:
    (empty,) = endpoints.slices(service(), [])
    assert empty.endpoints == ()
    many = [pod(f"p{number:03}", f"172.18.1.{number}") for number in range(150)]
    assert [len(each.endpoints) for each in endpoints.slices(service(), many)] == [100, 50]


def test_endpoints_tell_the_ready_from_the_others_and_nothing_of_those_that_end() -> None:
    ending = pod_cases.deleted(pod("c", "172.18.0.4"))
    told_apart = service(changed(HTTP, app_protocol="kubernetes.io/h2c"))
    (subset,) = endpoints.endpoints(told_apart, [pod(), pod("b", "172.18.0.3", ready=False), ending]).subsets
    assert [address.ip for address in subset.addresses] == ["172.18.0.2"]
    assert [address.ip for address in subset.not_ready_addresses] == ["172.18.0.3"]
    (reference,) = (address.target_ref for address in subset.addresses)
    assert reference is not None
    assert (reference.kind, reference.name, reference.namespace) == ("Pod", "a", "default")
    assert subset.ports == (EndpointPort(name="http", port=8080, protocol="TCP", app_protocol="kubernetes.io/h2c"),)


def test_endpoints_kept_by_hand_are_mirrored() -> None:
    subset = EndpointSubset(
        addresses=(EndpointAddress(ip="192.0.2.7", hostname="first"),),
        not_ready_addresses=(EndpointAddress(ip="192.0.2.8"),),
        ports=(EndpointPort(name="db", port=5432, protocol="TCP"),),
    )
    given = Endpoints(metadata=meta.ObjectMeta(name="db", namespace="default"), subsets=(subset,))
    (found,) = endpoints.mirrored(given)
    assert [(each.addresses, each.hostname, each.conditions.ready) for each in found.endpoints] == [
        (("192.0.2.7",), "first", True),
        (("192.0.2.8",), None, False),
    ]
    assert found.metadata.labels[endpoints.MANAGED_BY] == endpoints.MIRRORING_CONTROLLER


# ---- the variables


def test_containers_are_told_of_the_services_of_their_namespace() -> None:
    redis = changed(service(ServicePort(port=6379, protocol="TCP"), name="redis-primary"))
    redis = changed(redis, spec=changed(redis.spec, cluster_ip="10.96.0.11"))
    elsewhere = changed(redis, metadata=changed(redis.metadata, namespace="elsewhere"))
    headless = changed(service(name="headless"), spec=changed(service().spec, cluster_ip="None"))
    assert links.variables([headless, elsewhere, redis], "default") == {
        "REDIS_PRIMARY_SERVICE_HOST": "10.96.0.11",
        "REDIS_PRIMARY_SERVICE_PORT": "6379",
        "REDIS_PRIMARY_PORT": "tcp://10.96.0.11:6379",
        "REDIS_PRIMARY_PORT_6379_TCP": "tcp://10.96.0.11:6379",
        "REDIS_PRIMARY_PORT_6379_TCP_PROTO": "tcp",
        "REDIS_PRIMARY_PORT_6379_TCP_PORT": "6379",
        "REDIS_PRIMARY_PORT_6379_TCP_ADDR": "10.96.0.11",
    }


@pytest.mark.parametrize(("name", "value"), [("WEB_SERVICE_PORT_UDP", "53"), ("WEB_PORT_53_UDP_PROTO", "udp")])
def test_each_port_has_its_variables(name: str, value: str) -> None:
    found = links.variables(
        [changed(service(*DNS), spec=changed(service(*DNS).spec, cluster_ip="10.96.0.11"))], "default"
    )
    assert found[name] == value
    assert found["WEB_PORT"] == "udp://10.96.0.11:53"
