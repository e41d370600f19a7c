"""What a manifest has beside its pods comes before them and goes with the run."""

import signal

import pytest
import yaml

from commandline import container, eventually, manifest
from lifecycle_world import FOREVER
from object_world import claim, config_map, create, get
from podrunner import errors
from scenario_world import World

pytestmark = pytest.mark.engine


def documents(*objects: object, pod: str) -> str:
    return "---\n".join([*(str(yaml.safe_dump(each)) for each in objects), pod])


READS = manifest(container("echo $sky", envFrom=[{"configMapRef": {"name": "colors"}}]))


def is_absent(world: World, kind: str, name: str) -> bool:
    try:
        get(world, kind, name)
    except errors.NotFound:
        return True
    return False


def test_objects_are_there_before_the_pods_and_gone_after_the_run_but_claims_stay(world: World) -> None:
    world.serve()
    data = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    pod = manifest(
        container("echo $sky", envFrom=[{"configMapRef": {"name": "colors"}}],
                  volumeMounts=[{"name": "data", "mountPath": "/d"}]),
        volumes=[data],
    )  # fmt: skip
    both = documents(config_map("colors", sky="blue"), claim("data"), pod=pod)
    for _ in range(2):
        assert world.run(both, "--quiet").out == "[main] blue\n"
        assert is_absent(world, "ConfigMap", "colors")
        assert get(world, "PersistentVolumeClaim", "data")["status"]["phase"] == "Bound"


def test_an_object_that_exists_is_an_error_and_is_left_alone_unless_it_is_to_be_replaced(world: World) -> None:
    world.serve()
    create(world, config_map("colors", sky="grey"))
    both = documents(config_map("other", a="b"), config_map("colors", sky="blue"), pod=READS)
    assert world.run(both, status=2).err == (
        'error: configmap "colors" exists already in namespace "default"; --replace overwrites it\n'
    )
    assert get(world, "ConfigMap", "colors")["data"] == {"sky": "grey"}
    assert is_absent(world, "ConfigMap", "other")
    assert world.run(both, "--quiet", "--replace").out == "[main] blue\n"


def test_objects_go_with_a_run_that_is_killed(world: World) -> None:
    world.serve()
    both = documents(config_map("colors", sky="blue"), pod=manifest(container(FOREVER)))
    running = world.start("run", "-", manifests=both)
    running.until("1/1     Running")
    running.signal(signal.SIGKILL)
    eventually(lambda: is_absent(world, "ConfigMap", "colors") and world.is_gone())


def test_objects_of_a_kept_run_stay(world: World) -> None:
    world.serve()
    assert world.run(documents(config_map("colors", sky="blue"), pod=READS), "--quiet", "--keep").out == "[main] blue\n"
    assert get(world, "ConfigMap", "colors")["data"] == {"sky": "blue"}
