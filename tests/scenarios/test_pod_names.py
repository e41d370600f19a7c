"""What a pod is called, whom it knows by name, and where it is reached. One server for all tests here."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

import scenario_world
from commandline import container, eventually, free_port, manifest
from lifecycle_world import FOREVER
from scenario_world import World

pytestmark = pytest.mark.engine

NAMES = "echo $(hostname) $(hostname -f)"
ALIASES = [{"ip": "192.0.2.7", "hostnames": ["one.test", "two.test"]}, {"ip": "2001:db8::7", "hostnames": ["six.test"]}]
UDP_SERVER = """
const server = require('dgram').createSocket('udp4');
server.on('message', (asked, from) => server.send('from the pod\\n', from.port, from.address)).bind(53);
process.on('SIGTERM', () => process.exit(0));
"""
HOSTS = """\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
{address}\tfront.team.default.svc.cluster.local\tfront

# Entries added by HostAliases.
192.0.2.7\tone.test\ttwo.test
2001:db8::7\tsix.test
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with scenario_world.opened(tmp_path_factory.mktemp("names")) as world:
        world.serve()
        yield world


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    yield from scenario_world.tidied(shared)


def test_every_container_has_the_kubelets_hosts_file_unless_it_mounts_its_own(world: World) -> None:
    """Source: test/e2e/common/node/kubelet_etc_hosts.go, "should test kubelet managed /etc/hosts file"."""
    own = {"name": "own", "emptyDir": {}}
    mount = {"name": "own", "mountPath": "/etc/hosts", "subPath": "hosts"}
    world.create(
        manifest(
            container(f"cat /etc/hosts; {FOREVER}", "main-1"),
            container(
                "hostname -f; hostname -i; cat /etc/hosts | wc -l; ping -c 1 -W 1 one.test | head -n 1", "main-2"
            ),
            container("cat /etc/hosts", "main-3", volumeMounts=[mount]),
            init=(
                container("cat /etc/hosts", "init-1"),
                container("echo mine > /own/hosts", "init-2", volumeMounts=[{"name": "own", "mountPath": "/own"}]),
            ),
            hostname="front",
            subdomain="team",
            hostAliases=ALIASES,
            volumes=[own],
        )
    )
    address = eventually(lambda: world.pod().status.phase == "Running" and world.pod().status.pod_ip)
    managed = HOSTS.format(address=address)
    assert (world.log("init-1"), eventually(lambda: world.log("main-1"))) == (managed, managed)
    pinged = "PING one.test (192.0.2.7): 56 data bytes"
    expected = f"front.team.default.svc.cluster.local\n{address}\n12\n{pinged}\n"
    assert eventually(lambda: world.log("main-2").count("\n") > 3 and world.log("main-2")) == expected
    assert eventually(lambda: world.log("main-3")) == "mine\n"


def test_on_the_hosts_network_a_pod_knows_whom_the_host_knows(world: World) -> None:
    """Source: test/e2e/common/node/kubelet_etc_hosts.go: "hostNetwork=true" is the host's file under its own header."""
    config = {"nameservers": ["192.0.2.1"]}
    asks = container("head -n 1 /etc/hosts; tail -n 1 /etc/hosts; hostname; cat /etc/resolv.conf")
    fields: dict[str, Any] = {"hostNetwork": True, "subdomain": "team", "hostAliases": ALIASES[:1], "dnsConfig": config}
    run = world.run(manifest(asks, dnsPolicy="None", **fields), "-q")
    assert [line.removeprefix("[main] ") for line in run.out.splitlines()] == [
        "# Kubernetes-managed hosts file (host network).",
        "192.0.2.7\tone.test\ttwo.test",
        world.engine.info()["Name"],
        "nameserver 192.0.2.1",
    ]


def test_the_whole_name_can_be_the_kernels(world: World) -> None:
    """Source: test/e2e/node/pod_hostname.go."""
    whole = "web.team.default.svc.cluster.local"
    run = world.run(manifest(container(NAMES), subdomain="team", setHostnameAsFQDN=True), "-q")
    assert run.out == f"[main] {whole} {whole}\n"


def test_any_name_can_be_the_pods(world: World) -> None:
    """Source: test/e2e/node/pod_hostnameoverride.go, "a pod with subdomain and hostnameOverride fields"."""
    run = world.run(manifest(container(NAMES), subdomain="team", hostnameOverride="override.example.host"), "-q")
    assert run.out == "[main] override.example.host override.example.host\n"


def test_a_whole_name_that_the_kernel_does_not_take_is_told(world: World) -> None:
    """Source: `GetNodenameForKernel`; the pod stays as it is, as it does in Kubernetes."""
    name = "a" * 40
    world.create(manifest(container(NAMES), hostname=name, subdomain="team", setHostnameAsFQDN=True))
    eventually(lambda: any(event.startswith("Warning") for event in world.events()))
    (told,) = (event for event in world.events() if event.startswith("Warning"))
    assert told == (
        "Warning FailedCreatePodSandBox Failed to create pod sandbox: failed to construct FQDN from pod hostname and"
        f" cluster domain, FQDN {name}.team.default.svc.cluster.local is too long"
        " (64 characters is the max, 71 characters requested)"
    )
    assert world.pod().status.phase == "Pending"


def test_a_pod_without_a_policy_has_its_own_resolver_configuration_only(world: World) -> None:
    """Source: test/e2e/network/dns.go, "should support configurable pod DNS nameservers"."""
    config = {
        "nameservers": ["192.0.2.1", "2001:db8::1"],
        "searches": ["resolv.conf.local", "a.test"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    run = world.run(manifest(container("cat /etc/resolv.conf"), dnsPolicy="None", dnsConfig=config), "-q")
    assert [line.removeprefix("[main] ") for line in run.out.splitlines()] == [
        "nameserver 192.0.2.1",
        "nameserver 2001:db8::1",
        "search resolv.conf.local a.test",
        "options ndots:2 edns0",
    ]


@pytest.mark.parametrize("policy", ["Default", "ClusterFirst"])
def test_what_a_pod_adds_comes_after_the_engines_server_as_far_as_there_is_room(world: World, policy: str) -> None:
    config = {"nameservers": ["192.0.2.1", "192.0.2.2", "192.0.2.3"], "options": [{"name": "timeout", "value": "1"}]}
    world.create(manifest(container(f"cat /etc/resolv.conf; {FOREVER}"), dnsPolicy=policy, dnsConfig=config))
    world.becomes("Running")
    lines = str(eventually(lambda: world.log("main"))).splitlines()
    assert [line for line in lines if not line.startswith("search")] == [
        "nameserver 127.0.0.11",
        "nameserver 192.0.2.1",
        "nameserver 192.0.2.2",
        "options ndots:0 timeout:1",
    ]
    (told,) = (event for event in world.events() if "DNSConfigForming" in event)
    assert told == (
        "Warning DNSConfigForming Nameserver limits were exceeded, some nameservers have been omitted, the applied"
        " nameserver line is: 127.0.0.11 192.0.2.1 192.0.2.2"
    )


def test_a_port_of_the_host_has_an_address_and_a_protocol(world: World) -> None:
    """Source: test/e2e/network/hostport.go, "there is no conflict between pods with same hostPort but different
    hostIP and protocol".
    """
    tcp, udp = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    ports = [
        {"containerPort": 80, "hostPort": tcp, "hostIP": "127.0.0.1"},
        {"containerPort": 53, "hostPort": udp, "hostIP": "127.0.0.1", "protocol": "UDP"},
    ]
    answers = {"name": "udp", "image": "luksa/kubia:1.0", "command": ["node", "-e", UDP_SERVER], "ports": ports[1:]}
    world.create(manifest(container(f"httpd -p 80 -h /etc; {FOREVER}", ports=ports[:1]), answers))
    world.becomes("Running")
    bound = {key: found for key, found in world.container("POD#0")["NetworkSettings"]["Ports"].items() if found}
    assert bound == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(tcp)}],
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": str(udp)}],
    }
    assert eventually(lambda: over_tcp(tcp)).endswith("web\n")
    assert eventually(lambda: over_udp(udp)) == "from the pod\n"


def over_tcp(port: int) -> str:
    """What a web server there answers for /hostname, "" if none listens."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(b"GET /hostname HTTP/1.0\r\n\r\n")
        return connection.makefile().read()
    return ""


def over_udp(port: int) -> str:
    """What is answered to a datagram there, "" if nothing is."""
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        asking.connect(("127.0.0.1", port))
        asking.send(b"?\n")
        return asking.recv(100).decode()
    return ""
