"""Sidecars on a real engine: obligations of kubernetes test/e2e_node/container_lifecycle_test.go."""

from typing import Any

import pytest

from commandline import container, eventually, manifest
from lifecycle_world import FOREVER, SERVING, exec_, finished, probe, restarts, serve, sleeping, started
from scenario_world import World

pytestmark = pytest.mark.engine

STUBBORN = "trap '' TERM; while :; do sleep 0.05; done"


def sidecar(script: str = FOREVER, name: str = "side", **fields: object) -> dict[str, object]:
    return container(script, name, restartPolicy="Always", **fields)


def test_init_containers_and_sidecars_start_in_the_order_of_the_spec(world: World) -> None:
    """Source: "when running a pod with init containers and restartable init containers, start order"."""
    serve(world).create(
        manifest(
            container(FOREVER),
            init=(
                container("true", "init-1"),
                sidecar(name="side-1"),
                container("true", "init-2"),
                sidecar(name="side-2"),
            ),
        )
    )
    world.becomes("Running")
    assert world.history("start") == [
        f"start {name}#0" for name in ("POD", "init-1", "side-1", "init-2", "side-2", "main")
    ]


def test_the_next_container_waits_for_the_startup_probe_of_a_sidecar(world: World) -> None:
    """Source: "should mark an Init container as started and start the next one when the startup probe succeeds"."""
    up_late = f"sleep 1.2; touch /tmp/up; {FOREVER}"
    serve(world).create(
        manifest(
            container(FOREVER),
            init=(
                sidecar(up_late, startupProbe=probe(exec_("test -e /tmp/up"), failureThreshold=9)),
                container("true", "init"),
            ),
        )
    )
    world.becomes("Running")
    assert (started(world, "init#0") - started(world, "side#0")).total_seconds() > 1.2


def test_a_sidecar_with_a_slow_post_start_hook_holds_back_the_next_container(world: World) -> None:
    """Source: "should not launch next container before PostStart of the restartable init container completes"."""
    hook = {"postStart": exec_("sleep 1")}
    serve(world).create(manifest(container(FOREVER), init=(sidecar(lifecycle=hook),)))
    world.becomes("Running")
    assert (started(world, "main#0") - started(world, "side#0")).total_seconds() > 1


def test_a_sidecar_that_ends_is_restarted_while_the_others_go_on(world: World) -> None:
    """Source: "should restart failing restartable init containers" and the same for those that exit 0."""
    serve(world).create(
        manifest(container(FOREVER), init=(sidecar(sleeping(0.3, 1), "fails"), sidecar(sleeping(0.3), "ends")))
    )
    world.becomes("Running")
    eventually(
        lambda: {each.name: each.restart_count for each in world.pod().status.init_container_statuses}["ends"] > 1
    )
    status = world.pod().status
    assert status.phase == "Running"
    assert all(each.restart_count > 0 for each in status.init_container_statuses)
    assert "die main#0" not in "".join(world.history("die"))


def test_an_init_container_that_succeeded_is_not_run_again_with_a_sidecar(world: World) -> None:
    """Source: "should not restart succeeded init containers when a restartable init container restarts"."""
    serve(world).create(manifest(container(FOREVER), init=(sidecar(sleeping(0.5, 1)), container("true", "init"))))
    world.becomes("Running")
    eventually(lambda: "start side#2" in world.history("start"))
    assert world.history("start").count("start init#0") == 1
    assert "start init#1" not in world.history("start")


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (3, "Failed")])
def test_a_pod_ends_with_its_main_containers_and_sidecars_stop_after_them(world: World, code: int, phase: str) -> None:
    """Source: "should terminate restartable init containers in reverse order after the main container exits"."""
    inits = (sidecar(name="side-1"), sidecar(name="side-2"), sidecar(name="side-3"))
    serve(world).create(manifest(container(sleeping(0.3, code)), init=inits))
    eventually(lambda: world.pod().status.phase == phase)
    ends = [finished(world, f"{name}#0") for name in ("main", "side-3", "side-2", "side-1")]
    assert ends == sorted(ends)
    assert all(each.state.terminated is not None for each in world.pod().status.init_container_statuses)


def test_deletion_stops_sidecars_in_reverse_order_after_the_main_container(world: World) -> None:
    """Source: "should terminate sidecars in reverse order after all main containers have exited", on deletion."""
    slow_end = "trap 'sleep 0.5; exit 0' TERM; while :; do sleep 0.05; done"
    serve(world).create(manifest(container(slow_end), init=(sidecar(name="side-1"), sidecar(name="side-2"))))
    world.becomes("Running")
    world.delete()
    eventually(world.is_gone)
    assert [each for each in world.history("die") if "POD" not in each] == [
        "die main#0 0",
        "die side-2#0 0",
        "die side-1#0 0",
    ]


def test_sidecars_stop_within_the_grace_period_though_the_main_container_does_not(world: World) -> None:
    """Source: "should terminate sidecars simultaneously if prestop doesn't exit" and the grace period of the pod."""
    serve(world).create(
        manifest(
            container(STUBBORN),
            init=(sidecar(name="side-1"), sidecar(STUBBORN, "side-2")),
            terminationGracePeriodSeconds=2,
        )
    )
    world.becomes("Running")
    world.delete()
    eventually(world.is_gone)
    kills = world.history("kill")
    assert kills.index("kill main#0 15") == 0
    assert {"kill main#0 9", "kill side-1#0 15", "kill side-2#0 15"} <= set(kills)
    assert "kill side-2#0 9" in kills


def test_the_pre_stop_hooks_of_sidecars_begin_at_once(world: World) -> None:
    """Source: "should call sidecar container PreStop hook simultaneously"."""
    hook = {"preStop": exec_("cut -d' ' -f1 /proc/uptime > /proc/1/fd/1")}
    slow_end = "trap 'cut -d\" \" -f1 /proc/uptime; sleep 1; exit 0' TERM; while :; do sleep 0.05; done"
    keeps = "trap 'sleep 0.3; exit 0' TERM; while :; do sleep 0.05; done"
    serve(world).create(manifest(container(slow_end), init=(sidecar(keeps, lifecycle=hook),)))
    world.becomes("Running")
    follower = world.start("logs", "web", "-f", "--all-containers", "--prefix")
    world.delete()
    eventually(world.is_gone)
    follower.status()
    times = {line.split()[0]: float(line.split()[-1]) for line in follower.out.splitlines() if "/" in line}
    assert len(times) == 2
    assert max(times.values()) - min(times.values()) < 1, follower.out


@pytest.mark.parametrize("kind", ["startupProbe", "livenessProbe"])
def test_a_sidecar_whose_probe_fails_runs_its_pre_stop_hook_and_is_restarted(world: World, kind: str) -> None:
    """Source: "should call the container's preStop hook and restart it if its startup (liveness) probe fails"."""
    hook = {"preStop": exec_("echo hooked > /proc/1/fd/1")}
    probes: dict[str, Any] = {kind: probe(exec_("false"))}
    failing = sidecar(lifecycle=hook, **probes)
    serve(world).create(manifest(container(FOREVER), init=(failing,)))
    eventually(lambda: restarts(world, "side") > 0)
    assert "hooked" in world.log("side", previous="true")
    word = kind.removesuffix("Probe")
    assert any(f"Killing Init container side failed {word} probe" in event for event in world.events())


def test_the_readiness_of_a_sidecar_counts_for_the_pod(world: World) -> None:
    """Source: container_probe.go, "[Feature:SidecarContainers] readiness of restartable init containers"."""
    ready = probe({"httpGet": {"port": 8080, "path": "/ready"}}, successThreshold=1)
    serve(world).create(manifest(container(FOREVER), init=(sidecar(SERVING, readinessProbe=ready),)))
    world.becomes("Running")
    conditions = {each.type: each.message for each in world.pod().status.conditions}
    assert conditions["Ready"] == "containers with unready status: [side]"
    world.execute("side#0", "touch", "/tmp/ready")
    eventually(lambda: all(each.status == "True" for each in world.pod().status.conditions))


def test_everything_starts_again_in_order_after_the_sandbox_was_killed(world: World) -> None:
    """Source: "should restart the containers in right order after the node reboot"."""
    serve(world).create(
        manifest(container(FOREVER), init=(container("true", "init"), sidecar()), restartPolicy="Always")
    )
    world.becomes("Running")
    world.kill("POD#0")
    eventually(lambda: "start main#1" in world.history("start"))
    assert world.history("start")[-4:] == ["start POD#1", "start init#1", "start side#1", "start main#1"]
