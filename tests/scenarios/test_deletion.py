"""A pod can be deleted at any moment, its containers have their grace period and no more, and nothing is left."""

import subprocess
import time
from typing import Any

import pytest

import docker_registry
import local_registry
from commandline import IMAGE, container, eventually, manifest
from podrunner import errors
from podrunner.pods import columns
from scenario_world import World

pytestmark = pytest.mark.engine

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


def begin(world: World, *containers: dict[str, Any], **spec: Any) -> None:
    """The pod runs, and what its containers do first is done."""
    world.serve()
    world.create(manifest(*containers, **spec))
    world.becomes("Running")
    eventually(lambda: all("ready" in world.log(str(one["name"])) for one in containers))


def seconds_until_gone(world: World) -> float:
    started = time.monotonic()
    eventually(world.is_gone)
    return time.monotonic() - started


def test_a_pod_can_be_deleted_at_any_moment_of_its_start(world: World) -> None:
    world.serve()
    moments = [number * 0.13 for number in range(10)]
    for number, moment in enumerate(moments):
        init = container("sleep 0.2", "first")
        world.create(manifest(container(FOREVER), name=f"web-{number}", init=(init,), terminationGracePeriodSeconds=1))
        time.sleep(moment)
        world.delete(f"web-{number}")
    eventually(lambda: all(world.is_gone(f"web-{number}") for number in range(len(moments))))
    assert world.left() == []


def test_a_deletion_stops_a_pull(world: World) -> None:
    slow = local_registry.Registry(layer_bytes=2_000_000, bytes_per_second=100_000)
    with local_registry.serving(slow) as registry:
        world.serve()
        world.create(manifest(container("", image=f"{registry.host}/image:1")))
        eventually(lambda: registry.sent > 100_000)
        world.delete()
        assert seconds_until_gone(world) < 2
        time.sleep(0.5)
        sent = registry.sent
        time.sleep(0.5)
        assert registry.sent == sent
    assert world.left() == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"image": "127.0.0.1:1/absent:1"}, "ImagePullBackOff"),
        ({"image": "absent:1", "imagePullPolicy": "Never"}, "ErrImageNeverPull"),
        ({"command": ["/no/such/program"]}, "CrashLoopBackOff"),
        ({"command": ["true"]}, "CrashLoopBackOff"),
    ],
)
def test_a_pod_that_waits_for_its_next_try_is_deleted_at_once(
    fields: dict[str, Any], status: str, world: World
) -> None:
    world.serve()
    world.create(manifest(container("", **fields), restartPolicy="Always"))
    world.becomes(status)
    world.delete()
    assert seconds_until_gone(world) < 2
    assert world.left() == []


def test_a_pod_that_has_ended_keeps_its_log_until_it_is_deleted(world: World) -> None:
    world.serve()
    world.create(manifest(container("echo done")))
    world.becomes("Completed")
    assert world.log("main") == "done\n"
    eventually(lambda: not world.container("POD#0")["State"]["Running"])
    world.delete()
    assert seconds_until_gone(world) < 2
    assert world.left() == []


def test_a_container_that_ignores_sigterm_is_killed_after_its_grace_period(world: World) -> None:
    begin(world, container(STUBBORN), terminationGracePeriodSeconds=2)
    world.delete()
    assert columns.status(world.pod()) == "Terminating"
    assert 1.8 < seconds_until_gone(world) < 4
    assert world.history("kill", "die")[:3] == ["kill main#0 15", "kill main#0 9", "die main#0 137"]
    assert world.left() == []


def test_a_container_has_its_grace_period_to_end_well(world: World) -> None:
    begin(world, container("trap 'sleep 0.7; exit 0' TERM; echo ready; while :; do sleep 0.05; done"))
    world.delete()
    assert 0.6 < seconds_until_gone(world) < 3
    assert world.history("kill", "die")[:2] == ["kill main#0 15", "die main#0 0"]


def test_containers_are_asked_to_stop_together(world: World) -> None:
    begin(world, *(container(STUBBORN, name) for name in ("a", "b", "c")), terminationGracePeriodSeconds=1)
    world.delete()
    assert seconds_until_gone(world) < 3
    assert sorted(world.history("kill")[:3]) == ["kill a#0 15", "kill b#0 15", "kill c#0 15"]


def test_the_images_stop_signal_is_sent(world: World) -> None:
    image = f"localhost/{world.instance}:1"
    dockerfile = f"FROM {IMAGE}\nSTOPSIGNAL SIGUSR1\n"
    subprocess.run(["docker", "build", "--quiet", "--tag", image, "-"], input=dockerfile, text=True, check=True)
    begin(world, container("trap 'exit 4' USR1; echo ready; while :; do sleep 0.05; done", image=image))
    world.delete()
    eventually(world.is_gone)
    docker_registry.forget(image)
    assert world.history("kill", "die")[:2] == ["kill main#0 10", "die main#0 4"]


@pytest.mark.parametrize("shortened", [0, 1])
def test_a_grace_period_can_be_shortened_while_the_pod_stops(shortened: int, world: World) -> None:
    begin(world, container(STUBBORN), terminationGracePeriodSeconds=60)
    world.delete()
    eventually(lambda: "kill main#0 15" in world.history("kill"))
    world.delete(grace_seconds=30)
    assert world.pod().metadata.deletion_grace_period_seconds == 30
    world.delete(grace_seconds=shortened)
    assert seconds_until_gone(world) < shortened + 2
    assert world.history("kill", "die")[:3] == ["kill main#0 15", "kill main#0 9", "die main#0 137"]


def test_without_a_grace_period_nothing_but_sigkill_is_sent(world: World) -> None:
    begin(world, container(STUBBORN), terminationGracePeriodSeconds=60)
    world.delete(grace_seconds=0)
    assert seconds_until_gone(world) < 2
    assert world.history("kill", "die")[:2] == ["kill main#0 9", "die main#0 137"]


def test_a_name_is_free_when_the_pod_is_gone_and_not_before(world: World) -> None:
    begin(world, container(STUBBORN), terminationGracePeriodSeconds=1)
    world.delete()
    with pytest.raises(errors.AlreadyExists, match=r'pods "web" already exists$'):
        world.create(manifest(container("true")))
    eventually(world.is_gone)
    world.create(manifest(container("true")))
    world.becomes("Completed")


def test_a_deletion_goes_on_after_the_server_was_killed(world: World) -> None:
    begin(world, container(STUBBORN), terminationGracePeriodSeconds=2)
    world.delete()
    eventually(lambda: "Normal Killing Stopping container main" in world.events())
    world.kill_server()
    world.serve()
    eventually(world.is_gone, within=5)
    assert world.left() == []
