"""A run pulls its main containers' images while init containers run, and tells of them when their turn comes."""

import pytest

import docker_registry
import local_registry
from commandline import container, docker, eventually, manifest
from scenario_world import World

pytestmark = pytest.mark.engine

UNTIL_TOLD = "until [ -e /dev/shm/go ]; do sleep 0.05; done; echo done"


def events(err: str) -> list[str]:
    """What the events say of images and of starts, in the order in which they came."""
    lines = [" ".join(line.split()[1:]) for line in err.splitlines() if line.startswith("  ")]
    return [
        line.partition(" in ")[0] for line in lines if line.split()[0] in ("Pulling", "Pulled", "Started", "Failed")
    ]


def test_images_are_there_when_the_turn_comes_and_only_then_spoken_of(world: World) -> None:
    with local_registry.serving(local_registry.Registry()) as registry:
        once, always = f"{registry.host}/image:1", f"{registry.host}/image:latest"
        # What the image starts is no program, so that the containers end as soon as they begin.
        mains = [{"name": "once", "image": once}, {"name": "always", "image": always}]
        run = world.start("run", "-", manifests=manifest(*mains, init=(container(UNTIL_TOLD, "first"),)))
        try:
            eventually(lambda: docker("images", "--quiet", once) and docker("images", "--quiet", always))
            run.until("Started container first")
            assert not any("Pulling" in event for event in events(run.err))
            asked = len(registry.requests)
            world.execute("first#0", "touch", "/dev/shm/go")
            run.status()
            told = events(run.err)
            assert told[1] == "Started Started container first"
            assert f'Pulled Container image "{once}" already present on machine' in told[2:]
            assert f'Pulling Pulling image "{always}"' in told[2:]
            assert f'Pulled Successfully pulled image "{always}"' in told[2:]
            # The tag is asked about again; its layers are not loaded again.
            assert {path.rpartition("/")[0] for path in registry.requests[asked:]} <= {"/v2", "/v2/image/manifests"}
        finally:
            docker_registry.forget(once)
            docker_registry.forget(always)


def test_an_image_that_cannot_be_had_early_is_tried_again_and_told_of_in_its_turn(world: World) -> None:
    image = "127.0.0.1:1/none:1"
    run = world.start("run", "-", manifests=manifest(container("", image=image), init=(container("sleep 1", "first"),)))
    run.ends(125)
    *before, failed = events(run.err)[1:4]
    assert before == ["Started Started container first", f'Pulling Pulling image "{image}"']
    assert failed.startswith(f'Failed Failed to pull image "{image}": rpc error: ')
    assert f"{image} is not pulled ahead: " in world.files.log.read_text()


def test_without_prefetch_an_image_is_pulled_when_its_turn_comes(world: World) -> None:
    with local_registry.serving(local_registry.Registry()) as registry:
        image = f"{registry.host}/image:1"
        pod = manifest({"name": "main", "image": image}, init=(container(UNTIL_TOLD, "first"),))
        run = world.start("run", "-", "--no-prefetch", manifests=pod)
        try:
            run.until("Started container first")
            assert registry.requests == []
            world.execute("first#0", "touch", "/dev/shm/go")
            run.status()
            assert f'Pulling Pulling image "{image}"' in events(run.err)
        finally:
            docker_registry.forget(image)
