"""Services on a real engine: obligations of kubernetes test/e2e/network/{dns,service}.go."""

import socket
import subprocess
import time
import urllib.request
from typing import Any

import msgspec
import pytest
import yaml

from commandline import container, docker, eventually, manifest
from lifecycle_world import FOREVER, exec_, probe, serve
from podrunner.engine import images, labels
from podrunner.pods import columns, spec
from scenario_world import NAMESPACE, World

pytestmark = pytest.mark.engine

HTTP = {"name": "http", "port": 80, "targetPort": 8080}
NODE_PORT = 30777
UDP_NODE_PORT = 30778
TAKEN_NODE_PORT = 30779

OF_PODS = "pods.default.svc.cluster.local"
NODE = "luksa/kubia:1.0"
ASK_DNS_SERVER = "nc -w 1 10.96.0.10 53 < /dev/null 2> /dev/null && echo there"
MISS_TEN_TIMES = "for miss in 0 1 2 3 4 5 6 7 8 9; do nslookup -type=a miss-$miss.default.svc.cluster.local; done"

ECHO = """
const server = require('dgram').createSocket('udp4');
server.on('message', (message, from) => server.send(`echo ${message}`, from.port, from.address));
server.bind(5353);
process.on('SIGTERM', () => process.exit(0));
"""

ASK = """
const asking = require('dgram').createSocket('udp4');
asking.on('message', (message) => { process.stdout.write(message); asking.close(); });
asking.send('hello', 53, 'web');
"""


def service(world: World, name: str, *ports: dict[str, Any], selects: str = "", **fields: Any) -> None:
    selector = {"selector": {"app": selects}} if selects else {}
    given = {"ports": list(ports or (HTTP,)), **selector, **fields}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": given}
    world.server.request("POST", f"/api/v1/namespaces/{NAMESPACE}/services", body=msgspec.json.encode(body))


def delete(world: World, name: str) -> None:
    world.server.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/services/{name}")


def pod(world: World, name: str, *others: dict[str, Any], script: str = "", network: str = "", **fields: Any) -> None:
    """A running pod, by default with a web server that tells its name; its container has the pod's name, too.

    It is ready as long as it has no file /tmp/unready.
    """
    served = script or f"echo {name} > /tmp/index.html; httpd -p 8080 -h /tmp; {FOREVER}"
    ready = probe(exec_("test ! -e /tmp/unready"))
    made = yaml.safe_load(manifest(container(served, name, readinessProbe=ready), *others, name=name, **fields))
    made["metadata"] |= {"labels": {"app": "web"}, "annotations": {spec.NETWORK: network} if network else {}}
    world.create(yaml.safe_dump(made))
    world.becomes("Running", name)


def get(world: World, inside: str, host: str) -> str:
    return world.execute(f"{inside}#0", "wget", "-qO-", f"http://{host}/").strip()


def lookup(world: World, inside: str, *arguments: str) -> list[str]:
    """What the names that were found are, as nslookup prints them."""
    told = world.execute(f"{inside}#0", "nslookup", *arguments).splitlines()[3:]
    return sorted({line.strip() for line in told if line.strip() and "can't find" not in line})


def over_tcp(port: int) -> str:
    """The page that the engine's host has at the port; empty if there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return str(answer.read().decode().strip())
    except OSError:
        return ""


def over_udp(port: int, said: str) -> str:
    """What the engine's host answers at the port; empty if nothing does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        try:
            asking.sendto(said.encode(), ("127.0.0.1", port))
            return asking.recv(1 << 16).decode()
        except OSError:
            return ""


def helpers(world: World) -> list[str]:
    """Names and ids of the containers that serve Services."""
    of_services = (f"--filter=label={labels.INSTANCE}={world.instance}", f"--filter=label={labels.SERVICES_ROLE}")
    return sorted(docker("ps", "--all", "--format={{.Names}}:{{.ID}}", *of_services))


def removed(network: str) -> bool:
    """Whether the engine lets go of the network, as it does when nothing is on it any more."""
    try:
        docker("network", "rm", network)
    except subprocess.CalledProcessError:
        return False
    return True


def test_a_service_leads_to_its_ready_pods_by_all_of_its_names(world: World) -> None:
    """Pods that are older than the first Service see it, too; younger ones from their first breath.

    What serves them is made anew when somebody has removed it.
    """
    serve(world)
    for name in ("one", "two", "unready"):
        pod(world, name)
    world.execute("unready#0", "touch", "/tmp/unready")
    eventually(lambda: columns.ready(world.pod("unready")) == "0/1")
    engines_own = world.execute("one#0", "cat", "/etc/resolv.conf"), world.execute("one#0", "ip", "route")
    service(world, "web", selects="web")
    service(world, "idle", selects="nobody")
    eventually(lambda: get(world, "one", "web") in ("one", "two"))
    assert sorted(get(world, "one", "web") for _ in range(4)) == ["one", "one", "two", "two"]
    for name in ("web.default", "web.default.svc", "web.default.svc.cluster.local"):
        assert get(world, "unready", name) in ("one", "two")
    assert "Connection refused" in get(world, "one", "idle")

    pod(world, "young", script=f"wget -qO- http://web/; touch /tmp/unready; {FOREVER}")
    assert eventually(lambda: world.log("young", "young").strip()) in ("one", "two", "unready")
    assert "WEB_SERVICE_PORT_HTTP=80" in world.execute("young#0", "env").splitlines()

    (holder,) = (name.partition(":")[2] for name in helpers(world) if "services-network" in name)
    docker("rm", "--force", "--volumes", holder)
    service(world, "again", selects="web")
    eventually(lambda: len(helpers(world)) == 3 and holder not in "".join(helpers(world)))
    eventually(lambda: all(world.execute(f"{name}#0", "sh", "-c", ASK_DNS_SERVER) for name in ("one", "young")))
    eventually(lambda: {get(world, "young", "again"), get(world, "one", "again")} <= {"one", "two"})

    for name in ("idle", "again", "web"):
        delete(world, name)
    eventually(lambda: not helpers(world))
    assert (world.execute("one#0", "cat", "/etc/resolv.conf"), world.execute("one#0", "ip", "route")) == engines_own
    for name in ("one", "two", "unready", "young"):
        world.delete(name, grace_seconds=0)
    eventually(lambda: not world.left())


def test_names_of_pods_of_aliases_and_of_nothing_at_all(world: World) -> None:
    """Headless Services and ExternalName; what is missing in cluster.local is missing at once."""
    serve(world)
    service(world, "pods", selects="web", clusterIP="None")
    service(world, "alias", type="ExternalName", externalName="outside")
    for name in ("one", "two"):
        pod(world, name, hostname=name, subdomain="pods")
    ips = {name: world.pod(name).status.pod_ip for name in ("one", "two")}
    addresses = sorted(f"Address: {ip}" for ip in ips.values())
    eventually(lambda: lookup(world, "one", "-type=a", OF_PODS) == [*addresses, f"Name:\t{OF_PODS}"])
    assert get(world, "one", "two.pods:8080") == "two"
    assert lookup(world, "one", "-type=srv", f"_http._tcp.{OF_PODS}") == [
        f"_http._tcp.{OF_PODS}\tservice = 0 100 8080 one.{OF_PODS}",
        f"_http._tcp.{OF_PODS}\tservice = 0 100 8080 two.{OF_PODS}",
    ]
    reverse = ".".join(reversed(ips["two"].split(".")))
    assert lookup(world, "one", ips["two"]) == [f"{reverse}.in-addr.arpa\tname = two.{OF_PODS}"]

    network = world.container("POD#0")["HostConfig"]["NetworkMode"]
    (outside,) = docker("run", "--detach", f"--network={network}", "--network-alias=outside", images.PAUSE)
    try:
        found = lookup(world, "one", "alias")
        assert "alias.default.svc.cluster.local\tcanonical name = outside" in found
        address = docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", outside)
        assert f"Address: {address[0]}" in found
    finally:
        docker("rm", "--force", "--volumes", outside)

    began = time.monotonic()
    assert world.execute("one#0", "sh", "-c", MISS_TEN_TIMES).count("NXDOMAIN") >= 10
    assert time.monotonic() - began < 10 * 0.2


def test_pods_of_several_networks_reach_one_service(world: World) -> None:
    """And whoever made a network can remove it when its pods have gone. One pod wants no variables of Services."""
    serve(world)
    service(world, "web", selects="web")
    pod(world, "one")
    network = f"test-{world.instance[:8]}"
    docker("network", "create", network)
    try:
        away = f"touch /tmp/unready; {FOREVER}"
        pod(world, "away", script=away, network=network, enableServiceLinks=False)
        eventually(lambda: get(world, "away", "web") == "one")
        assert "WEB_SERVICE" not in world.execute("away#0", "env")
        world.delete("away", grace_seconds=0)
    finally:
        eventually(lambda: removed(network))


def test_node_ports_udp_and_a_server_that_was_killed(world: World) -> None:
    """A connection outlives that its pod leaves the Service; nothing outlives the last pod and the server."""
    serve(world)
    own = {"nameservers": ["192.0.2.1"], "searches": ["example.com"], "options": [{"name": "ndots", "value": "2"}]}
    pod(world, "one", {"name": "echo", "image": NODE, "command": ["node", "-e", ECHO]}, dnsConfig=own)
    dns = {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP"}
    ports = {**HTTP, "nodePort": NODE_PORT}, {**dns, "nodePort": UDP_NODE_PORT}
    service(world, "web", *ports, selects="web", type="NodePort")
    assert eventually(lambda: over_tcp(NODE_PORT)) == "one"
    assert eventually(lambda: over_udp(UDP_NODE_PORT, "hello")) == "echo hello"
    assert world.execute("echo#0", "node", "-e", ASK) == "echo hello"
    assert world.execute("echo#0", "cat", "/etc/resolv.conf").startswith(
        "nameserver 10.96.0.10\nnameserver 192.0.2.1\n"
        "search default.svc.cluster.local svc.cluster.local cluster.local example.com\noptions ndots:2\n"
    )

    with socket.create_server(("0.0.0.0", TAKEN_NODE_PORT)):
        service(world, "late", {**HTTP, "nodePort": TAKEN_NODE_PORT}, selects="web", type="NodePort")
        eventually(lambda: "Warning PortAlreadyAllocated" in "".join(world.events("late")))
    delete(world, "late")
    eventually(lambda: not any("late" in helper for helper in helpers(world)))

    before = helpers(world)
    world.kill_server()
    with socket.create_connection(("127.0.0.1", NODE_PORT)) as connection:
        connection.settimeout(2)
        serve(world)
        service(world, "more", selects="web")
        eventually(lambda: get(world, "one", "more") == "one")
        assert helpers(world) == before
        world.execute("one#0", "touch", "/tmp/unready")
        eventually(lambda: not over_tcp(NODE_PORT))
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")

    delete(world, "web")
    eventually(lambda: len(helpers(world)) == len(before) - 1)
    world.delete("one", grace_seconds=0)
    eventually(lambda: "k8s_" not in "".join(world.left()))
    world.start("server", "stop").status()
    assert world.left() == []
