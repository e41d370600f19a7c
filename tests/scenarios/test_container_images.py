"""How a pod gets its images, from a registry that wants a password or from none; and what is said of failures."""

import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import docker_registry
from commandline import IMAGE, container, docker, eventually, manifest
from docker_registry import Registry
from podrunner.client import api
from podrunner.client.api import RunMessage
from podrunner.objects.pod import Pod
from scenario_world import World

pytestmark = pytest.mark.engine

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
NOWHERE = "127.0.0.1:1"
"""Nothing listens at port 1: a registry that refuses connections."""
DAEMON = "rpc error: code = Unknown desc = Error response from daemon: "


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Registry]:
    directory = tmp_path_factory.mktemp("registry")
    with docker_registry.running(directory, pytestconfig.cache.mkdir("docker-registry")) as registry:
        yield registry


@pytest.fixture
def config_dir(world: World) -> Path:
    """The Docker CLI's configuration that the world's server reads; nobody is logged in."""
    directory = world.directory / "docker"
    directory.mkdir()
    world.environ["DOCKER_CONFIG"] = str(directory)
    return directory


@pytest.fixture
def absent(world: World) -> Iterator[str]:
    """The name of an image that neither a registry nor, yet, the engine has."""
    reference = f"{NOWHERE}/{world.instance}:1"
    yield reference
    docker_registry.forget(reference)


@pytest.fixture
def present(absent: str) -> str:
    """An image that the engine has, and that no registry has."""
    docker("tag", IMAGE, absent)
    return absent


def waiting(pod: Pod) -> tuple[str, str]:
    """Reason and message of the only container's waiting state."""
    (status,) = pod.status.container_statuses
    assert status.state.waiting
    return status.state.waiting.reason, status.state.waiting.message


def told(events: list[str]) -> list[str]:
    """The events with `N` for the time that a pull took and `...` for the engine's own words."""
    texts = [re.sub(r" in [0-9.]+s$", " in Ns", event) for event in events]
    return [re.sub(r"(Error response from daemon: ).*", r"\1...", text) for text in texts]


def test_init_containers_images_are_pulled_when_their_turn_comes(
    world: World, registry: Registry, config_dir: Path
) -> None:
    first, second = registry.publish("first:1"), registry.publish("second:1")
    docker_registry.login(config_dir, registry.host)
    world.serve()
    inits = (container("true", "init-1", image=first), container("true", "init-2", image=second))
    created = world.create(manifest(container(FOREVER, "main-1"), container(FOREVER, "main-2"), init=inits))
    world.becomes("Running")
    assert told(world.events())[1:] == [
        f'Normal Pulling Pulling image "{first}"',
        f'Normal Pulled Successfully pulled image "{first}" in Ns',
        "Normal Created Created container init-1",
        "Normal Started Started container init-1",
        f'Normal Pulling Pulling image "{second}"',
        f'Normal Pulled Successfully pulled image "{second}" in Ns',
        "Normal Created Created container init-2",
        "Normal Started Started container init-2",
        f'Normal Pulled Container image "{IMAGE}" already present on machine',
        "Normal Created Created container main-1",
        "Normal Started Started container main-1",
        f'Normal Pulled Container image "{IMAGE}" already present on machine',
        "Normal Created Created container main-2",
        "Normal Started Started container main-2",
    ]
    assert world.course(created) == [
        "0/2 Pending", "0/2 Init:0/2", "0/2 Init:1/2", "0/2 PodInitializing", "2/2 Running",
    ]  # fmt: skip


def test_a_credential_helper_is_asked(world: World, registry: Registry, config_dir: Path) -> None:
    reference = registry.publish("helped:1")
    helper = world.directory / "docker-credential-scenario"
    answer = {"ServerURL": registry.host, "Username": docker_registry.USER, "Secret": docker_registry.PASSWORD}
    helper.write_text(f"#!/bin/sh\ncat > {world.directory}/asked\necho '{json.dumps(answer)}'\n")
    helper.chmod(0o755)
    (config_dir / "config.json").write_text(json.dumps({"credHelpers": {registry.host: "scenario"}}))
    world.environ["PATH"] = f"{world.directory}:{os.environ['PATH']}"
    ended = world.run(manifest(container("echo pulled", image=reference)))
    assert ended.out == "[main] pulled\n"
    assert (world.directory / "asked").read_text() == registry.host
    assert docker_registry.PASSWORD not in ended.err + world.files.log.read_text()


def test_a_login_takes_effect_with_the_next_try(world: World, registry: Registry, config_dir: Path) -> None:
    reference = registry.publish("private:1")
    docker_registry.login(config_dir, registry.host, "wrong")
    world.serve()
    created = world.create(manifest(container(FOREVER, image=reference), restartPolicy="Always"))
    refused = world.becomes("ImagePullBackOff")
    assert waiting(refused) == ("ImagePullBackOff", f'Back-off pulling image "{reference}"')
    docker_registry.login(config_dir, registry.host)
    world.becomes("Running")
    assert told(world.events())[1:] == [
        f'Normal Pulling Pulling image "{reference}" (x2)',
        f'Warning Failed Failed to pull image "{reference}": {DAEMON}...',
        "Warning Failed Error: ErrImagePull",
        f'Normal BackOff Back-off pulling image "{reference}"',
        "Warning Failed Error: ImagePullBackOff",
        f'Normal Pulled Successfully pulled image "{reference}" in Ns',
        "Normal Created Created container main",
        "Normal Started Started container main",
    ]
    assert world.course(created) == [
        "0/1 Pending", "0/1 ContainerCreating", "0/1 ErrImagePull", "0/1 ImagePullBackOff", "1/1 Running",
    ]  # fmt: skip


def test_a_run_that_may_not_pull_says_what_to_do(world: World, registry: Registry, config_dir: Path) -> None:
    reference = registry.publish("secret:1")
    ended = world.run(manifest(container("echo", image=reference), restartPolicy="Always"), status=125)
    problem = ended.err.partition("\nerror: ")[2].splitlines()[0]
    assert problem.startswith('container "main" of pod "web" can\'t run: ErrImagePull: ')
    assert "`docker login`" in problem
    assert world.history("create") == ["create POD#0"]


def test_the_progress_of_each_layer_is_told(world: World, registry: Registry, config_dir: Path) -> None:
    reference = registry.publish("layers:1", layers=3, layer_bytes=2_000_000)
    docker_registry.login(config_dir, registry.host)
    world.serve()
    told: list[RunMessage] = []
    stream = api.attend_run(world.server, "observer", lease=False, network=False)
    messages = api.run_messages(stream)
    assert next(messages).type == "HELD"
    listener = threading.Thread(target=lambda: told.extend(messages))
    listener.start()
    world.create(manifest(container(FOREVER, image=reference)))
    world.becomes("Running")
    stream.close()
    listener.join()
    pulls = [message for message in told if message.type == "PULL"]
    assert {(pull.pod, pull.container, pull.reference) for pull in pulls} == {("web", "main", reference)}
    ended = [pull.layer for pull in pulls if pull.status == "Pull complete"]
    assert len(set(ended)) == len(ended) == 3
    for layer in ended:
        loading = [pull for pull in pulls if pull.layer == layer and pull.status == "Downloading"]
        assert 0 < loading[0].current <= loading[-1].current <= loading[-1].total
        assert 2_000_000 < loading[-1].total < 2_100_000


def test_an_image_that_must_not_be_pulled_keeps_its_container_waiting(world: World, absent: str) -> None:
    world.serve()
    created = world.create(manifest(container(FOREVER, image=absent, imagePullPolicy="Never")))
    message = f'Container image "{absent}" is not present with pull policy of Never'
    assert waiting(world.becomes("ErrImageNeverPull")) == ("ErrImageNeverPull", message)
    assert world.events()[1:] == [
        f"Warning ErrImageNeverPull {message}",
        "Warning Failed Error: ErrImageNeverPull",
    ]
    assert world.course(created) == ["0/1 Pending", "0/1 ContainerCreating", "0/1 ErrImageNeverPull"]


def test_a_registry_out_of_reach_keeps_its_container_waiting(world: World, absent: str) -> None:
    world.serve()
    created = world.create(manifest(container(FOREVER, image=absent)))
    message = f'Back-off pulling image "{absent}"'
    assert waiting(world.becomes("ImagePullBackOff")) == ("ImagePullBackOff", message)
    assert told(world.events())[1:] == [
        f'Normal Pulling Pulling image "{absent}"',
        f'Warning Failed Failed to pull image "{absent}": {DAEMON}...',
        "Warning Failed Error: ErrImagePull",
        f"Normal BackOff {message}",
        "Warning Failed Error: ImagePullBackOff",
    ]
    assert "connection refused" in world.events()[2]
    assert world.course(created) == [
        "0/1 Pending", "0/1 ContainerCreating", "0/1 ErrImagePull", "0/1 ImagePullBackOff",
    ]  # fmt: skip


def test_policy_always_asks_the_registry_although_the_engine_has_the_image(world: World, present: str) -> None:
    world.serve()
    world.create(manifest(container(FOREVER, image=present, imagePullPolicy="Always")))
    world.becomes("ImagePullBackOff")


@pytest.mark.parametrize("policy", ["IfNotPresent", "Never"])
def test_an_image_that_the_engine_has_is_not_pulled(policy: str, world: World, present: str) -> None:
    ended = world.run(manifest(container("echo here", image=present, imagePullPolicy=policy)))
    assert ended.out == "[main] here\n"
    assert f'Pulled      Container image "{present}" already present on machine' in ended.err
    assert "Pulling" not in ended.err


def test_an_image_that_must_not_be_pulled_is_found_when_it_appears(world: World, absent: str) -> None:
    world.serve()
    world.create(manifest(container(FOREVER, image=absent, imagePullPolicy="Never")))
    world.becomes("ErrImageNeverPull")
    docker("tag", IMAGE, absent)
    world.becomes("Running")


def test_the_images_of_main_containers_are_looked_for_after_the_init_containers(world: World, absent: str) -> None:
    first = container("until [ -e /dev/shm/go ]; do sleep 0.05; done", "first")
    world.serve()
    world.create(manifest(container(FOREVER, image=absent), init=(first,)))
    eventually(lambda: "Normal Started Started container first" in world.events())
    docker("tag", IMAGE, absent)
    world.execute("first#0", "touch", "/dev/shm/go")
    world.becomes("Running")
    assert f'Normal Pulled Container image "{absent}" already present on machine' in world.events()


def test_an_image_that_is_removed_before_its_turn_has_to_be_pulled(world: World, present: str) -> None:
    first = container("until [ -e /dev/shm/go ]; do sleep 0.05; done", "first")
    world.serve()
    world.create(manifest(container(FOREVER, image=present), init=(first,)))
    eventually(lambda: "Normal Started Started container first" in world.events())
    docker_registry.forget(present)
    world.execute("first#0", "touch", "/dev/shm/go")
    world.becomes("ImagePullBackOff")
    assert f'Normal Pulling Pulling image "{present}"' in world.events()


def test_a_name_that_is_none_is_told_as_the_kubelet_does(world: World) -> None:
    image = "Busy_Box:1.36"
    world.serve()
    created = world.create(manifest(container(FOREVER, image=image)))
    message = (
        'Failed to apply default image tag "Busy_Box:1.36": couldn\'t parse image reference "Busy_Box:1.36": '
        "invalid reference format: repository name must be lowercase"
    )
    assert waiting(world.becomes("InvalidImageName")) == ("InvalidImageName", message)
    assert world.events()[1:] == [
        f"Warning InspectFailed {message}",
        "Warning Failed Error: InvalidImageName",
    ]
    assert world.course(created) == ["0/1 Pending", "0/1 ContainerCreating", "0/1 InvalidImageName"]


@pytest.mark.parametrize(
    ("command", "problem"),
    [("/no/such/program", "no such file or directory"), ("/etc", "permission denied")],
)
def test_a_command_that_cannot_be_started_is_tried_again(command: str, problem: str, world: World) -> None:
    world.serve()
    created = world.create(manifest(container("", command=[command]), restartPolicy="Always"))
    ended = world.becomes("CrashLoopBackOff").status.container_statuses[0].last_state.terminated
    assert ended
    assert ended.reason == "ContainerCannotRun"
    assert ended.exit_code in (126, 127)
    assert f'exec: "{command}": ' in ended.message
    assert problem in ended.message
    assert world.course(created) == [
        "0/1 Pending", "0/1 ContainerCreating", "0/1 RunContainerError", "0/1 CrashLoopBackOff",
    ]  # fmt: skip
    assert told(world.events())[1:] == [
        f'Normal Pulled Container image "{IMAGE}" already present on machine (x2)',
        "Normal Created Created container main (x2)",
        'Warning Failed Error: failed to start container "main": Error response from daemon: ...',
        "Warning BackOff Back-off restarting failed container",
    ]


def test_a_container_that_the_engine_refuses_to_create_waits_and_says_why(world: World) -> None:
    world.serve()
    created = world.create(manifest(container("", workingDir="/etc/passwd")))
    reason, message = waiting(world.becomes("CreateContainerError"))
    assert (reason, message.partition(": ")[0]) == ("CreateContainerError", "Error response from daemon")
    assert "/etc/passwd" in message
    assert world.events()[1:] == [
        f'Normal Pulled Container image "{IMAGE}" already present on machine',
        f"Warning Failed Error: {message}",
    ]
    assert world.course(created) == ["0/1 Pending", "0/1 ContainerCreating", "0/1 CreateContainerError"]
