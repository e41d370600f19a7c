"""`podrunner run --build`: the image is there before the pod, and what goes wrong with it is told."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import docker_registry
import kubectl_session
from commandline import IMAGE, PODRUNNER, docker, eventually, manifest
from scenario_world import World

pytestmark = pytest.mark.engine


@pytest.fixture
def image(world: World) -> Iterator[str]:
    """The name, without a tag, of an image that is going to be built."""
    reference = f"podrunner-test/{world.instance}"
    yield reference
    docker_registry.forget(reference)
    docker_registry.forget(f"{reference}:base")


def sources(world: World, dockerfile: str, name: str = "source", **files: str) -> Path:
    directory = world.directory / name
    directory.mkdir()
    for file, content in {"Dockerfile": f"FROM {IMAGE}\n{dockerfile}", **files}.items():
        (directory / file).write_text(content)
    return directory


def test_what_was_built_runs_whatever_its_tag_and_without_what_dockerignore_names(world: World, image: str) -> None:
    base = sources(world, "RUN echo from the base > /base\n", "base")
    context = {"greeting": "hello", "secret": "", ".dockerignore": "secret"}
    source = sources(world, 'COPY . /src\nCMD ["sh", "-c", "ls /src; cat /base"]\n', **context)
    (source / "Dockerfile").write_text((source / "Dockerfile").read_text().replace(IMAGE, f"{image}:base"))
    builds = (f"--build={image}:base={base}", f"--build={image}={source}")
    ended = world.run(manifest({"name": "main", "image": image}), *builds)
    assert ended.out == "[main] Dockerfile\n[main] greeting\n[main] from the base\n"
    assert ended.err.splitlines()[:2] == [
        f"warning: --build {image}:base: no container has this image",
        'podrunner: container "main": imagePullPolicy is IfNotPresent, for its image was just built',
    ]
    assert f"\npodrunner: building {image} from {source}\npodrunner: built {image} in " in ended.err
    assert f'Container image "{image}" already present on machine' in ended.err


def test_a_build_that_fails_shows_its_output_and_no_pod_is_created(world: World, image: str) -> None:
    source = sources(world, "RUN echo what went wrong; exit 9\n")
    ended = world.run(manifest({"name": "main", "image": image}), "--quiet", f"--build={image}={source}", status=125)
    assert "    what went wrong\n" in ended.err
    assert ended.err.endswith(
        f"error: cannot build image {image}: "
        "The command '/bin/sh -c echo what went wrong; exit 9' returned a non-zero code: 9\n"
    )
    assert ended.out == ""
    assert world.containers() == {}
    told = world.run(manifest({"name": "main", "image": image}), f"--build={image}=/nowhere", status=2).err
    assert f"error: /nowhere is no directory, so no image {image} can be built from it" in told


def test_a_build_that_is_interrupted_or_takes_too_long_ends(world: World, image: str) -> None:
    source = sources(world, f"RUN echo {world.instance}; sleep 600\n")
    command = ("run", "-", f"--build={image}={source}")

    def under_way() -> list[str]:
        return [line for line in docker("ps", "--no-trunc", "--format={{.Command}}") if world.instance in line]

    interrupted = world.start(*command, manifests=manifest({"name": "main", "image": image}))
    eventually(under_way)
    interrupted.signal(signal.SIGTERM)
    interrupted.ends(130)
    eventually(lambda: not under_way())
    late = world.start(*command, "--timeout=2s", manifests=manifest({"name": "main", "image": image}))
    late.ends(124)
    assert f"error: timed out before image {image} was built" in late.err
    eventually(lambda: not under_way())


def test_a_terminal_shows_the_step_that_a_build_is_at(world: World, image: str) -> None:
    source = sources(world, f"RUN sleep 0.5; touch /{world.instance}\nCMD true\n")
    file = world.directory / "pod.yaml"
    file.write_text(manifest({"name": "main", "image": image}))
    environ = {"PODRUNNER_STATE_DIR": str(world.state_dir), "TERM": "xterm", "PATH": "/usr/bin:/bin"}
    terminal = kubectl_session.Terminal([PODRUNNER, "run", f"--build={image}={source}", str(file)], environ)
    assert terminal.status() == 0, terminal.screen
    assert f"Step 2/3 : RUN sleep 0.5; touch /{world.instance}" in terminal.screen
    assert f"podrunner: built {image} in " in terminal.screen
    terminal.close()
