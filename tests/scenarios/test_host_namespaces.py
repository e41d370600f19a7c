"""Pods in the namespaces of the engine's machine, and under a runtime that a RuntimeClass names."""

import socket
from pathlib import Path

import msgspec
import pytest

from commandline import container, eventually, free_port, manifest
from lifecycle_world import FOREVER, serve
from podrunner import errors
from scenario_world import PODS, World

pytestmark = pytest.mark.engine

CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"


def runtime_class(world: World, name: str, handler: str) -> None:
    about = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": handler}
    world.server.request("POST", CLASSES, body=msgspec.json.encode(about))


def test_a_pod_on_the_hosts_network_is_reached_under_the_nodes_address_and_name(world: World) -> None:
    port = free_port()
    ready = {"httpGet": {"path": "/", "port": port}, "periodSeconds": 1}
    script = f"hostname; echo $IP; mkdir /www; echo here > /www/index.html; httpd -p {port} -h /www; {FOREVER}"
    variables = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    ports = [{"containerPort": port}]
    serving = container(script, env=variables, ports=ports, readinessProbe=ready)
    serve(world).create(manifest(serving, hostNetwork=True, hostPID=True, hostIPC=True))
    eventually(lambda: world.pod().status.container_statuses and world.pod().status.container_statuses[0].ready)
    status = world.pod().status
    assert status.pod_ip == status.host_ip != ""
    assert world.log("main").split() == [socket.gethostname(), status.pod_ip]
    with socket.create_connection((status.pod_ip, port)) as straight:
        straight.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert straight.makefile("rb").read().endswith(b"here\n")
    assert world.server.request("GET", f"{PODS}/web:{port}/proxy/").body == b"here\n"
    for kind in ("pid", "ipc", "net", "uts"):
        assert world.execute("main#0", "readlink", f"/proc/self/ns/{kind}").strip() == namespace(kind)
    assert not any("podrunner-" in name for name in world.left())
    world.delete()
    eventually(world.is_gone)


def namespace(kind: str) -> str:
    """That of this machine, on which the engine is."""
    return str(Path(f"/proc/self/ns/{kind}").readlink())


def test_a_runtime_class_names_the_engines_runtime(world: World) -> None:
    serve(world)
    with pytest.raises(errors.Forbidden, match='pod rejected: RuntimeClass "plain" not found'):
        world.create(manifest(container("true"), runtimeClassName="plain"))
    runtime_class(world, "plain", "runc")
    runtime_class(world, "absent", "nowhere")
    world.create(manifest(container("true"), runtimeClassName="plain"))
    world.create(manifest(container("true"), name="stuck", runtimeClassName="absent"))
    world.becomes("Completed")
    found = {name: known["HostConfig"]["Runtime"] for name, known in world.containers().items()}
    assert found == {"POD#0": "runc", "main#0": "runc"}
    eventually(lambda: "Warning FailedCreatePodSandBox" in " ".join(world.events("stuck")))
    assert "nowhere" in " ".join(world.events("stuck"))
