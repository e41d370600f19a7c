"""Fields that other scenarios have no room for, each seen at work on a real engine."""

import functools
from typing import Any

import jwt
import msgspec
import pytest

from commandline import container, eventually, manifest
from lifecycle_world import FOREVER, exec_, serve
from object_world import config_map, create, get, secret
from scenario_world import NAMESPACE, World

pytestmark = pytest.mark.engine

COUNT = "echo >> /tmp/asked; [ $(wc -l < /tmp/asked) -gt 1 ]"
NODE = "luksa/kubia:1.0"
CHECKS_HEADER = """
require('http').createServer((request, response) => {
  response.statusCode = request.headers['x-color'] === 'blue' && request.headers.host === 'kubia' ? 200 : 400;
  response.end();
}).listen(8080);
process.on('SIGTERM', () => process.exit(0));
"""


def mount(name: str, path: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "mountPath": path, **fields}


def test_readiness_takes_as_many_successes_in_a_row_as_are_asked_for(world: World) -> None:
    ready = {**exec_(COUNT), "periodSeconds": 1, "failureThreshold": 1, "successThreshold": 2}
    serve(world).create(manifest(container(FOREVER, readinessProbe=ready)))
    eventually(lambda: any(known.ready for known in world.pod().status.container_statuses))
    asked = world.execute("main#0", "wc", "-l", "/tmp/asked").split()[0]
    assert int(asked) >= 3, "the first look fails, two succeed"


def test_a_request_has_the_headers_that_the_probe_names(world: World) -> None:
    headers = [{"name": "X-Color", "value": "blue"}, {"name": "Host", "value": "kubia"}]
    request = {"httpGet": {"path": "/", "port": 8080, "httpHeaders": headers}, "periodSeconds": 1}
    asked = {"name": "main", "image": NODE, "command": ["node", "-e", CHECKS_HEADER], "readinessProbe": request}
    serve(world).create(manifest(asked))
    eventually(lambda: any(known.ready for known in world.pod().status.container_statuses))


def test_files_of_config_maps_and_secrets_are_chosen_and_have_their_modes(world: World) -> None:
    world.serve()
    binary = {**config_map("colors", sky="blue"), "binaryData": {"raw": "AP8="}}
    create(world, binary, secret("keys", door="1234"))
    items = [{"key": "raw", "path": "bytes", "mode": 0o640}, {"key": "sky", "path": "up/sky"}]
    volumes = [
        {"name": "config", "configMap": {"name": "colors", "items": items}},
        {"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o400, "defaultUser": 7}},
    ]
    script = (
        "cd /; od -An -tx1 config/bytes; stat -c '%a %u %n' config/..data/* config/up/sky keys/..data/door; ls config"
    )
    mounts = [mount("config", "/config"), mount("keys", "/keys")]
    world.create(manifest(container(script, volumeMounts=mounts), volumes=volumes))
    world.becomes("Completed")
    assert world.log("main").split("\n")[:-1] == [
        " 00 ff",
        "640 0 config/..data/bytes",
        "755 0 config/..data/up",
        "644 0 config/up/sky",
        "400 7 keys/..data/door",
        "bytes",
        "up",
    ]


def test_a_token_lives_as_long_as_is_asked_for_and_an_account_may_ask_for_one(world: World) -> None:
    world.serve()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    create(world, {**account, "automountServiceAccountToken": True})
    short = {"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 1200}}
    own = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    main = container(f"cat /tokens/token; echo; cat {own}", volumeMounts=[mount("tokens", "/tokens")])
    tokens = {"name": "tokens", "projected": {"sources": [short]}}
    world.create(manifest(main, volumes=[tokens], serviceAccountName="robot"))
    world.becomes("Completed")
    asked, mounted = (_claims(token) for token in world.log("main").split())
    assert (asked["aud"], asked["exp"] - asked["iat"]) == (["vault"], 1200)
    assert mounted["exp"] - mounted["iat"] == 3607
    assert {each["sub"] for each in (asked, mounted)} == {"system:serviceaccount:default:robot"}


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_a_profile_of_the_pod_is_its_containers_and_a_pod_for_another_system_is_rejected(world: World) -> None:
    world.serve()
    unconfined: dict[str, Any] = {
        "securityContext": {"seccompProfile": {"type": "Unconfined"}},
        "os": {"name": "linux"},
    }
    world.create(manifest(container("grep ^Seccomp: /proc/self/status"), **unconfined))
    world.create(manifest(container("true"), name="foreign", os={"name": "windows"}))
    world.becomes("Completed")
    assert world.log("main").split() == ["Seccomp:", "0"]
    foreign = world.becomes("PodOSNotSupported", "foreign")
    assert foreign.status.message == "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS"


def serving(world: World, name: str, *, ready: bool = True) -> None:
    """A pod that answers with its name."""
    script = f"echo {name} > /tmp/index.html; httpd -p 8080 -h /tmp; {FOREVER}"
    probe = {**exec_("true" if ready else "false"), "periodSeconds": 1}
    pod = manifest(container(script, name, readinessProbe=probe), name=name, hostname=name, subdomain="one")
    world.create(pod.replace(f"name: {name}\nspec", f"name: {name}\n  labels: {{app: {name}, all: web}}\nspec"))
    world.becomes("Running", name)


def service(name: str, selector: dict[str, str], **fields: Any) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": 8080, "appProtocol": "http"}]
    spec = {"selector": selector, "ports": ports, **fields}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ask(world: World, host: str) -> str:
    return world.execute("first#0", "wget", "-qO-", f"http://{host}/").strip()


def test_a_client_stays_with_its_pod_and_pods_that_are_not_ready_may_be_published(world: World) -> None:
    serve(world)
    for name in ("first", "second"):
        serving(world, name)
    serving(world, "late", ready=False)
    create(
        world,
        service("sticky", {"all": "web"}, sessionAffinity="ClientIP"),
        service("early", {"app": "late"}, publishNotReadyAddresses=True),
        service("one", {"app": "first"}),
    )
    eventually(lambda: ask(world, "sticky") in ("first", "second"))
    assert len({ask(world, "sticky") for _ in range(8)}) == 1
    eventually(lambda: ask(world, "early") == "late")
    eventually(functools.partial(_slice_tells_of, world, "first"))


def _slice_tells_of(world: World, name: str) -> bool:
    """Whether the EndpointSlice and the Endpoints of the Service `one` tell of the pod, in all their fields."""
    pod = world.pod(name)
    path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    query = {"labelSelector": "kubernetes.io/service-name=one"}
    (found,) = msgspec.json.decode(world.server.request("GET", path, query=query).body)["items"]
    if not found["endpoints"]:
        return False
    reference = {"kind": "Pod", "namespace": NAMESPACE, "name": name, "uid": pod.metadata.uid}
    assert found["addressType"] == "IPv4"
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "http"}]
    assert found["endpoints"] == [
        {
            "addresses": [pod.status.pod_ip],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "hostname": name,
            "nodeName": pod.spec.node_name,
            "targetRef": reference,
        }
    ]
    (subset,) = get(world, "Endpoints", "one")["subsets"]
    address = {"ip": pod.status.pod_ip, "hostname": name, "nodeName": pod.spec.node_name, "targetRef": reference}
    assert subset["addresses"] == [address]
    assert subset["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "http"}]
    return True
