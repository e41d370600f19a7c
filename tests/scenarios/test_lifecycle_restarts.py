"""Restarts, states and messages on a real engine: obligations of kubernetes test/e2e/common/node/
(container_restart_policy.go, runtime.go, init_container.go, ephemeral_containers.go, pods.go).
"""

import functools
import json
from typing import Any

import pytest

from commandline import container, eventually, manifest
from lifecycle_world import FOREVER, exec_, serve, sleeping
from podrunner.objects.pod_status import ContainerStatus
from podrunner.pods import spec
from scenario_world import PODS, World

pytestmark = pytest.mark.engine


def main(world: World, name: str = "main") -> ContainerStatus:
    """What is reported of the container; an empty status before the first report."""
    return spec.status(world.pod(), name) or ContainerStatus()


def rule(operator: str, *codes: int, action: str = "Restart") -> dict[str, Any]:
    return {"action": action, "exitCodes": {"operator": operator, "values": list(codes)}}


def patch(world: World, body: dict[str, Any], subresource: str = "") -> None:
    kind = "application/strategic-merge-patch+json"
    world.server.request("PATCH", f"{PODS}/web{subresource}", body=json.dumps(body).encode(), content_type=kind)


# ---- policies and rules


@pytest.mark.parametrize(
    ("policy", "code", "restarts"),
    [("Always", 0, True), ("OnFailure", 0, False), ("OnFailure", 3, True), ("Never", 3, False)],
)
def test_a_containers_own_policy_wins_over_the_pods(world: World, policy: str, code: int, restarts: bool) -> None:
    """Source: container_restart_policy.go, the cases of a container-level restartPolicy."""
    opposite = "Never" if restarts else "Always"
    own = container(sleeping(0.2, code), restartPolicy=policy)
    serve(world).create(manifest(own, container(FOREVER, "other"), restartPolicy=opposite))
    eventually(lambda: "die main#0" in "\n".join(world.history("die")))
    if restarts:
        eventually(lambda: main(world).restart_count > 0)
    else:
        eventually(lambda: main(world).state.terminated is not None)
        assert world.history("create").count("create main#1") == 0


@pytest.mark.parametrize(
    ("rules", "restarts"),
    [([rule("In", 42)], True), ([rule("In", 1)], False), ([rule("NotIn", 42)], False), ([rule("NotIn", 1)], True)],
)
def test_a_rule_restarts_a_container_that_its_policy_would_not(
    world: World, rules: list[dict[str, Any]], restarts: bool
) -> None:
    """Source: container_restart_policy.go, "should restart container on rule match (In, NotIn)"."""
    serve(world).create(manifest(container("exit 42", restartPolicy="Never", restartPolicyRules=rules)))
    if restarts:
        eventually(lambda: main(world).restart_count > 1)
        assert world.pod().status.phase == "Running"
    else:
        eventually(lambda: world.pod().status.phase == "Failed")
        assert main(world).restart_count == 0


def test_a_rule_restarts_an_init_container_of_a_pod_that_is_never_restarted(world: World) -> None:
    """Source: container_restart_policy.go, the same for init containers."""
    first_fails = container(
        "test -e /dev/shm/seen && exit 0; touch /dev/shm/seen; exit 42",
        "init",
        restartPolicy="Never",
        restartPolicyRules=[rule("In", 42)],
    )
    serve(world).create(manifest(container("true"), init=(first_fails,)))
    eventually(lambda: world.pod().status.phase == "Succeeded")
    assert main(world, "init").restart_count == 1


def test_a_rule_can_restart_all_containers(world: World) -> None:
    """Source: KEP-5532; e2e_node "should restart all containers on RestartAllContainers rule"."""
    rules = [rule("In", 42, action="RestartAllContainers")]
    trigger = container(
        "sleep 1; test -e /dev/shm/seen && exec sleep 60; touch /dev/shm/seen; exit 42",
        "trigger",
        restartPolicy="Never",
        restartPolicyRules=rules,
    )
    serve(world).create(
        manifest(trigger, container(FOREVER), init=(container("true", "init"),), terminationGracePeriodSeconds=1)
    )
    eventually(lambda: {"start trigger#1", "start main#1"} <= set(world.history("start")))
    happened = world.history("start")
    assert happened[:2] == ["start POD#0", "start init#0"]
    assert happened.index("start init#1") < happened.index("start main#1")
    assert "start POD#1" not in happened


def test_the_second_restart_waits_and_says_so(world: World) -> None:
    """Source: container_restart_backoff.go; runtime.go, "should run with the expected status"."""
    serve(world, backoff_scale=0.2).create(manifest(container("exit 1"), restartPolicy="OnFailure"))
    pod = world.becomes("CrashLoopBackOff")
    waiting = pod.status.container_statuses[0].state.waiting
    assert waiting is not None
    assert waiting.message.startswith("back-off 10s restarting failed container=main pod=web_default(")
    assert "Warning BackOff Back-off restarting failed container" in "\n".join(world.events())


def test_a_failing_init_container_backs_off(world: World) -> None:
    """Source: init_container.go, "should not start app containers if init containers fail on a RestartAlways pod"."""
    serve(world, backoff_scale=0.2).create(
        manifest(container("true"), init=(container("exit 1", "init"),), restartPolicy="Always")
    )
    world.becomes("Init:CrashLoopBackOff")
    assert world.pod().status.phase == "Pending"
    assert "create main#0" not in world.history("create")


def test_the_last_ended_instance_is_kept_and_older_ones_are_removed(world: World) -> None:
    """Source: kubelet, --maximum-dead-containers-per-container=1; `kubectl logs --previous`."""
    serve(world).create(manifest(container("echo once more; sleep 0.2; exit 1"), restartPolicy="Always"))
    eventually(lambda: main(world).restart_count > 2)
    eventually(lambda: len([name for name in world.containers() if name.startswith("main")]) <= 2)
    assert world.log("main", previous="true") == "once more\n"


# ---- messages


@pytest.mark.parametrize(
    ("script", "fields", "message"),
    [
        ("echo -n DONE > /dev/termination-log", {}, "DONE"),
        ("echo -n DONE > /custom/path/log", {"terminationMessagePath": "/custom/path/log"}, "DONE"),
        ("echo DONE; exit 1", {"terminationMessagePolicy": "FallbackToLogsOnError"}, "DONE\n"),
        ("echo DONE", {"terminationMessagePolicy": "FallbackToLogsOnError"}, ""),
        ("echo -n OK > /dev/termination-log; exit 1", {"terminationMessagePolicy": "FallbackToLogsOnError"}, "OK"),
        ("yes 12345678 | head -c 20000 > /dev/termination-log", {}, ("12345678\n" * 3000)[:20000][-4096:]),
        ("head -c 3000000 /dev/zero | tr '\\0' x > /dev/termination-log", {}, "x" * 4096),
        (
            "seq 1000; exit 1",
            {"terminationMessagePolicy": "FallbackToLogsOnError"},
            "".join(f"{n}\n" for n in range(921, 1001)),
        ),
    ],
    ids=[
        "file",
        "own path",
        "fallback",
        "no fallback on success",
        "file before fallback",
        "4096 bytes",
        "huge",
        "80 lines",
    ],
)
def test_a_container_leaves_a_termination_message(
    world: World, script: str, fields: dict[str, str], message: str
) -> None:
    """Source: runtime.go, "should report termination message ..."."""
    serve(world).create(manifest(container(script, **fields)))
    eventually(lambda: world.pod().status.phase in ("Succeeded", "Failed"))
    ended = main(world).state.terminated
    assert ended is not None
    assert ended.message == message


def test_each_instance_leaves_a_message_of_its_own(world: World) -> None:
    """Source: `makeMounts`/`generateContainerConfig`: the file is new for each instance."""
    script = "cat /dev/termination-log; echo -n $(cat /proc/uptime) > /dev/termination-log; exit 1"
    serve(world).create(manifest(container(script), restartPolicy="Always"))
    eventually(lambda: main(world).restart_count > 1)
    assert world.log("main", previous="true") == ""
    ends = [state.terminated for state in (main(world).state, main(world).last_state) if state.terminated is not None]
    assert all(end.message for end in ends)


# ---- states


def test_a_pod_tells_which_of_its_generations_it_has_seen(world: World) -> None:
    """Source: pods.go, "pod generation should start at 1 and increment per update", observedGeneration."""
    serve(world).create(manifest(container(FOREVER)))
    world.becomes("Running")
    patch(world, {"spec": {"activeDeadlineSeconds": 500}})
    eventually(lambda: world.pod().status.observed_generation == world.pod().metadata.generation == 2)


def test_readiness_gates_hold_back_readiness(world: World) -> None:
    """Source: pods.go, "should support pod readiness gates"."""
    serve(world).create(manifest(container(FOREVER), readinessGates=[{"conditionType": "example.com/open"}]))
    world.becomes("Running")
    ready = next(each for each in world.pod().status.conditions if each.type == "Ready")
    assert ready.message == 'corresponding condition of pod readiness gate "example.com/open" does not exist.'
    for status in ("True", "False"):
        patch(world, {"status": {"conditions": [{"type": "example.com/open", "status": status}]}}, "/status")
        eventually(functools.partial(is_ready, world, status))


def is_ready(world: World, status: str) -> bool:
    return any(each.type == "Ready" and each.status == status for each in world.pod().status.conditions)


def test_an_ephemeral_container_joins_a_running_pod_and_is_never_restarted(world: World) -> None:
    """Source: ephemeral_containers.go, "will start an ephemeral container in an existing pod"."""
    serve(world).create(manifest(container(FOREVER), restartPolicy="Always"))
    world.becomes("Running")
    added = {**container("echo polo; exit 3", "debugger"), "targetContainerName": "main"}
    patch(world, {"spec": {"ephemeralContainers": [added]}}, "/ephemeralcontainers")
    eventually(lambda: any(each.state.terminated for each in world.pod().status.ephemeral_container_statuses))
    assert world.log("debugger") == "polo\n"
    assert world.history("create").count("create debugger#1") == 0


def test_a_changed_image_restarts_that_container_alone(world: World) -> None:
    """Source: pods.go, "should be updated"; `computePodActions`: a container whose definition changed is restarted."""
    serve(world).create(
        manifest(container(FOREVER), container(FOREVER, "other"), lifecycle_name(), restartPolicy="Never")
    )
    world.becomes("Running")
    patch(world, {"spec": {"containers": [{"name": "main", "image": "luksa/kubia:1.0"}]}})
    eventually(lambda: main(world).restart_count == 1 and main(world).state.running is not None)
    assert main(world, "other").restart_count == 0
    assert "Normal Killing Container main definition changed, will be restarted" in world.events()


def lifecycle_name() -> dict[str, Any]:
    """A third container, whose hook is not run again for the sake of another."""
    return container(FOREVER, "hooked", lifecycle={"postStart": exec_("echo hooked > /proc/1/fd/1")})
