"""Probes on a real engine: obligations of kubernetes test/e2e/common/node/container_probe.go."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

import tls_relay
from commandline import container, docker, eventually, manifest
from lifecycle_world import FOREVER, SERVING, exec_, finished, probe, restarts, serve, started
from scenario_world import World

pytestmark = pytest.mark.engine

NODE = "luksa/kubia:1.0"
HTTPS_SERVER = """
const pem = PEM;
require('https').createServer({ key: pem, cert: pem }, (request, response) => response.end('ok')).listen(8443);
"""
GRPC_SERVER = """
const http2 = require('http2');
http2.createServer().on('stream', (stream, headers) => {
  const healthy = headers[':path'] === '/grpc.health.v1.Health/Check';
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => {
    const service = Buffer.concat(chunks).subarray(7).toString();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': healthy ? '0' : '12' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, service === 'sick' ? 2 : 1]));
  });
}).listen(5000);
"""
REDIRECTING = """
require('http').createServer((request, response) => {
  const targets = { '/here': '/end', '/elsewhere': 'http://127.0.0.2:8080/end', '/round': '/round' };
  const target = targets[request.url];
  response.writeHead(target ? 302 : 200, target ? { location: target } : {});
  response.end(JSON.stringify(request.headers));
}).listen(8080);
"""


def node(script: str, **fields: Any) -> dict[str, Any]:
    return {"name": "main", "image": NODE, "command": ["node", "-e", script], **fields}


def is_ready(world: World, name: str = "web") -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in world.pod(name).status.conditions)


def test_a_pod_is_not_ready_before_the_initial_delay_and_is_not_restarted(world: World) -> None:
    """Source: "with readiness probe should not be ready before initial delay and never restart"."""
    serve(world).create(manifest(container(FOREVER, readinessProbe=probe(exec_("true"), initialDelaySeconds=2))))
    world.becomes("Running")
    eventually(lambda: is_ready(world))
    ready = next(each for each in world.pod().status.conditions if each.type == "Ready")
    assert ready.last_transition_time is not None
    # Kubernetes' times have no fractions.
    assert (ready.last_transition_time - started(world, "main#0")).total_seconds() > 1
    assert world.pod().status.container_statuses[0].restart_count == 0


def test_a_readiness_probe_that_fails_leaves_a_pod_unready_and_running(world: World) -> None:
    """Source: "with readiness probe that fails should never be ready and never restart"."""
    serve(world).create(manifest(container(FOREVER, readinessProbe=probe(exec_("echo not yet; exit 1")))))
    world.becomes("Running")
    eventually(lambda: any("(x2)" in event for event in world.events()))
    assert "Warning Unhealthy Readiness probe failed: not yet\n (x2)" in "\n".join(world.events())
    assert not is_ready(world)
    assert world.pod().status.container_statuses[0].restart_count == 0


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (exec_("cat /tmp/health"), "can't open '/tmp/health'"),
        ({"httpGet": {"path": "/health", "port": 8080}}, "HTTP probe failed with statuscode: 404"),
        ({"tcpSocket": {"port": 9}}, "connect: connection refused"),
        ({"grpc": {"port": 9}}, "timeout: failed to connect service"),
    ],
    ids=["exec", "httpGet", "tcpSocket", "grpc"],
)
def test_a_liveness_probe_that_fails_restarts_the_container(
    world: World, handler: dict[str, Any], message: str
) -> None:
    """Source: "should be restarted with a exec/http/tcp:8080/GRPC liveness probe"."""
    serve(world).create(manifest(container(SERVING, livenessProbe=probe(handler)), restartPolicy="Always"))
    eventually(lambda: restarts(world) > 0)
    told = "\n".join(world.events())
    assert "Warning Unhealthy Liveness probe failed: " in told
    assert message in told
    assert "Normal Killing Container main failed liveness probe, will be restarted" in told


@pytest.mark.parametrize(
    "handler",
    [exec_("true"), {"httpGet": {"path": "/", "port": "web"}}, {"tcpSocket": {"port": 8080}}],
    ids=["exec", "httpGet by the name of a port", "tcpSocket"],
)
def test_probes_that_succeed_leave_a_container_alone(world: World, handler: dict[str, Any]) -> None:
    """Source: "should *not* be restarted with a ... liveness probe"."""
    ports = [{"name": "web", "containerPort": 8080}]
    page = f"echo hello > /tmp/index.html; {SERVING}"
    alive = container(page, ports=ports, livenessProbe=probe(handler), readinessProbe=probe(handler))
    serve(world).create(manifest(alive))
    eventually(lambda: is_ready(world))
    assert not [event for event in world.events() if "Unhealthy" in event]


def test_a_grpc_probe_asks_for_the_service_it_names(world: World, certificate: str) -> None:
    """Source: "should *not* be restarted with a GRPC liveness probe", and a server that is not serving, and one that
    speaks TLS.
    """
    readiness = probe({"grpc": {"port": 5000}})
    serve(world).create(manifest(node(GRPC_SERVER, readinessProbe=readiness)))
    eventually(lambda: is_ready(world))
    sick = node(GRPC_SERVER, readinessProbe=probe({"grpc": {"port": 5000, "service": "sick"}}))
    world.create(manifest(sick, name="sick"))
    pem = json.dumps(certificate)
    server = GRPC_SERVER.replace("createServer()", f"createSecureServer({{ key: {pem}, cert: {pem} }})")
    world.create(manifest(node(server, readinessProbe=probe({"grpc": {"port": 5000, "mode": "TLS"}})), name="tls"))
    eventually(lambda: is_ready(world, "tls"))
    eventually(
        lambda: (
            'Readiness probe failed: service unhealthy (responded with "NOT_SERVING")' in "".join(world.events("sick"))
        )
    )


def test_a_redirect_is_followed_within_the_host_and_warned_of_elsewhere(world: World) -> None:
    """Source: "should be restarted with a local redirect http liveness probe", "... non-local redirect ..."."""
    world_pods = {
        path: node(REDIRECTING, readinessProbe=probe({"httpGet": {"path": f"/{path}", "port": 8080}}, timeoutSeconds=3))
        for path in ("here", "elsewhere", "round")
    }
    serve(world)
    for name, spec in world_pods.items():
        world.create(manifest(spec, name=name))
    eventually(
        lambda: (
            "Warning ProbeWarning Readiness probe warning: Probe terminated redirects"
            in "\n".join(world.events("elsewhere"))
        )
    )
    eventually(lambda: "stopped after 10 redirects" in "\n".join(world.events("round")))
    eventually(lambda: all(each.status == "True" for each in world.pod("here").status.conditions))


def test_an_https_probe_checks_no_certificate(world: World, certificate: str) -> None:
    """Source: "should be restarted with a ... https ... probe": TLS is not verified."""
    server = HTTPS_SERVER.replace("PEM", json.dumps(certificate))
    https = probe({"httpGet": {"port": 8443, "scheme": "HTTPS"}})
    serve(world).create(manifest(node(server, readinessProbe=https)))
    eventually(lambda: is_ready(world))


def test_a_startup_probe_holds_back_the_others_until_it_succeeds(world: World) -> None:
    """Source: "should be restarted startup probe fails", "should be ready immediately after startupProbe succeeds"."""
    probes: dict[str, Any] = {
        "startupProbe": probe(exec_("test -e /tmp/up"), failureThreshold=30),
        "livenessProbe": probe(exec_("test -e /tmp/up")),
        "readinessProbe": probe(exec_("test -e /tmp/up"), periodSeconds=30),
    }
    serve(world).create(manifest(container(FOREVER, **probes)))
    world.becomes("Running")
    eventually(lambda: any("Startup probe failed" in event for event in world.events()))
    assert world.pod().status.container_statuses[0].started is False
    world.execute("main#0", "touch", "/tmp/up")
    eventually(lambda: is_ready(world))
    assert not [event for event in world.events() if "Liveness" in event or "Readiness" in event]


def test_a_startup_probe_that_fails_restarts_the_container(world: World) -> None:
    """Source: "should be restarted startup probe fails"."""
    serve(world).create(manifest(container(FOREVER, startupProbe=probe(exec_("false"))), restartPolicy="Always"))
    eventually(lambda: restarts(world) > 0)
    assert "Normal Killing Container main failed startup probe, will be restarted" in "\n".join(world.events())


@pytest.mark.parametrize("kind", ["livenessProbe", "startupProbe"])
def test_the_grace_period_of_a_probe_wins_over_the_pods(world: World, kind: str) -> None:
    """Source: "should override timeoutGracePeriodSeconds when LivenessProbe (StartupProbe) field is set"."""
    stubborn = "trap '' TERM; while :; do sleep 0.05; done"
    failing: dict[str, Any] = {kind: probe(exec_("false"), terminationGracePeriodSeconds=1)}
    pod = manifest(container(stubborn, **failing), restartPolicy="Always", terminationGracePeriodSeconds=500)
    serve(world).create(pod)
    eventually(lambda: "die main#0 137" in world.history("die"))
    world.delete(grace_seconds=0)
    eventually(world.is_gone)


def test_a_command_that_takes_too_long_has_failed(world: World) -> None:
    """Source: "should be restarted with an exec liveness probe with timeout"."""
    serve(world).create(
        manifest(container(FOREVER, livenessProbe=probe(exec_("sleep 3"), timeoutSeconds=1)), restartPolicy="Always")
    )
    eventually(lambda: restarts(world) > 0)


def test_a_container_that_is_never_restarted_is_killed_all_the_same(world: World) -> None:
    """Source: `computePodActions`: a failed liveness probe kills the container, and the policy decides what follows."""
    serve(world).create(
        manifest(container("trap 'exit 7' TERM; while :; do sleep 0.05; done", livenessProbe=probe(exec_("false"))))
    )
    world.becomes("Error")
    assert "Normal Killing Container main failed liveness probe" in world.events()
    assert world.pod().status.phase == "Failed"


def test_probes_reach_a_pod_whose_network_is_out_of_sight(hidden_network: str, world: World) -> None:
    """Through the sandbox, where the pod's address can't be reached from here (Docker Desktop, remote engines)."""
    page = f"echo hello > /tmp/index.html; {SERVING}"
    probes: dict[str, Any] = {
        "startupProbe": probe({"tcpSocket": {"port": 8080}}, failureThreshold=30),
        "readinessProbe": probe({"httpGet": {"port": 8080, "path": "/"}}, timeoutSeconds=5),
    }
    serve(world)
    annotated = manifest(container(page, **probes)).replace(
        "metadata:", f"metadata:\n  annotations: {{podrunner.dev/network: {hidden_network}}}"
    )
    world.create(annotated)
    eventually(lambda: is_ready(world))
    refused = manifest(
        container(FOREVER, readinessProbe=probe({"tcpSocket": {"port": 9}}, timeoutSeconds=5)), name="refused"
    )
    world.create(refused.replace("metadata:", f"metadata:\n  annotations: {{podrunner.dev/network: {hidden_network}}}"))
    eventually(lambda: ":9: connect: connection refused" in "\n".join(world.events("refused")))


def test_a_server_that_starts_anew_knows_what_was_ready(world: World) -> None:
    """Nothing that was ready or started is taken back because podrunner was killed."""
    probes: dict[str, Any] = {
        "startupProbe": probe(exec_("true")),
        "readinessProbe": probe(exec_("true"), periodSeconds=60),
    }
    serve(world).create(manifest(container(FOREVER, **probes)))
    eventually(lambda: is_ready(world))
    before = world.pod()
    world.kill_server()
    world.serve()
    time.sleep(2)
    assert world.pod().status == before.status


def test_a_failing_condition_kills_within_one_period_and_half_a_second(world: World) -> None:
    """Of the issue's own bounds; bench/lifecycle.py has the figures."""
    alive = f"touch /tmp/alive; sleep 2; rm /tmp/alive; {FOREVER}"
    serve(world).create(
        manifest(container(alive, livenessProbe=probe(exec_("test -e /tmp/alive"))), restartPolicy="Always")
    )
    took = finished(world, "main#0") - started(world, "main#0")
    assert took.total_seconds() < 2 + 1 + 0.5 + 1, "a shell, an exec and a stop included"


@pytest.fixture
def hidden_network() -> Iterator[str]:
    """A network of the engine whose bridge has not the name that the engine would give it."""
    name = f"hidden-{uuid4().hex[:8]}"
    docker("network", "create", f"--opt=com.docker.network.bridge.name={name[:15]}", name)
    yield name
    docker("network", "rm", name)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A key and a certificate that nobody trusts, as PEM."""
    return tls_relay.certificate(tmp_path_factory.mktemp("tls")).read_text()
