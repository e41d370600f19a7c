"""Volumes and mounts as the engine is told of them."""

from typing import Any

import engine_world
from pod_cases import changed
from podrunner.engine import mounts
from podrunner.objects.container import VolumeMount
from podrunner.objects.pod import Pod
from podrunner.objects.security import PodSecurityContext
from podrunner.objects.volume import (
    ConfigMapVolumeSource,
    EmptyDirVolumeSource,
    HostPathVolumeSource,
    PersistentVolumeClaimVolumeSource,
    Volume,
)
from podrunner.pods.configuration import Configuration

HAS = Configuration(claims={"data": "c1a1"})
MAIN = engine_world.shell("true")


def pod(volume: Volume, *at: VolumeMount, group: int | None = None) -> Pod:
    subject = engine_world.a_pod(changed(MAIN, volume_mounts=at))
    subject = changed(subject, metadata=changed(subject.metadata, uid="1234"))
    security = None if group is None else PodSecurityContext(fs_group=group)
    return changed(subject, spec=changed(subject.spec, volumes=(volume,), security_context=security))


def of_sandbox(volume: Volume, **changes: Any) -> dict[str, Any]:
    (mount,) = mounts.of_sandbox(pod(volume, **changes), "mine", HAS)
    return mount


def of_container(volume: Volume, below: str = "", *, by_path: bool = True, **mount: Any) -> dict[str, Any]:
    subject = pod(volume, VolumeMount(name="v", mount_path="/here", **mount))
    (made,) = mounts.of_container(
        subject,
        subject.spec.containers[0],
        HAS,
        directories={"v": "/engine/v"},
        sub_paths={"/here": below} if below else {},
        by_path=by_path,
    )
    return made


def volume(**source: Any) -> Volume:
    return Volume(name="v", **source)


EMPTY = volume(empty_dir=EmptyDirVolumeSource())
HOST = volume(host_path=HostPathVolumeSource(path="/srv", type="Directory"))
CLAIM = volume(persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name="data"))
NAME = "k8s_v_web_default_1234"


def test_an_empty_dir_is_a_volume_that_the_engine_makes_with_the_sandbox() -> None:
    assert of_sandbox(EMPTY) == {
        "Type": "volume",
        "Source": NAME,
        "Target": "/podrunner/volumes/v",
        "VolumeOptions": {
            "NoCopy": True,
            "Labels": {
                "io.kubernetes.pod.name": "web",
                "io.kubernetes.pod.namespace": "default",
                "io.kubernetes.pod.uid": "1234",
                "podrunner.dev/instance": "mine",
                "podrunner.dev/volume": "v",
            },
        },
    }


def test_what_is_in_memory_is_a_tmpfs_of_its_size_mode_and_group() -> None:
    def options(each: Volume, **changes: Any) -> object:
        return of_sandbox(each, **changes)["VolumeOptions"]["DriverConfig"]["Options"]["o"]

    memory = volume(empty_dir=EmptyDirVolumeSource(medium="Memory", size_limit="1Mi"))
    assert options(memory) == "mode=777,size=1048576"
    assert options(volume(empty_dir=EmptyDirVolumeSource(medium="Memory", mode=0o750))) == "mode=750"
    assert options(volume(config_map=ConfigMapVolumeSource(name="c")), group=3000) == "mode=2777,gid=3000"


def test_a_claim_is_the_volume_that_was_made_for_it() -> None:
    expected = {"Type": "volume", "Source": "pvc-c1a1", "VolumeOptions": {"NoCopy": True}}
    assert of_sandbox(CLAIM) == {**expected, "Target": "/podrunner/volumes/v"}
    assert of_container(CLAIM) == {**expected, "Target": "/here", "ReadOnly": False}


def test_a_path_of_the_host_is_a_bind_which_must_be_there_unless_its_type_says_otherwise() -> None:
    assert of_sandbox(HOST) == {"Type": "bind", "Source": "/srv", "Target": "/podrunner/volumes/v"}
    made = pod(volume(host_path=HostPathVolumeSource(path="/srv", type="DirectoryOrCreate")))
    assert mounts.of_sandbox(made, "mine", HAS) == []
    assert mounts.binds_of_sandbox(made) == ["/srv:/podrunner/volumes/v"]
    assert mounts.binds_of_sandbox(pod(HOST)) == []


def test_mount_propagation_is_the_binds() -> None:
    def propagation(**mount: Any) -> object:
        return of_container(HOST, **mount).get("BindOptions", {}).get("Propagation")

    assert propagation() is None, "the engine chooses"
    assert propagation(mount_propagation="HostToContainer") == "rslave"
    assert propagation(mount_propagation="Bidirectional") == "rshared"


def test_what_podrunner_fills_is_read_only_in_every_container() -> None:
    assert of_container(volume(config_map=ConfigMapVolumeSource(name="c")))["ReadOnly"] is True
    assert of_container(EMPTY)["ReadOnly"] is False
    assert of_container(EMPTY, read_only=True)["ReadOnly"] is True
    claim = PersistentVolumeClaimVolumeSource(claim_name="data", read_only=True)
    assert of_container(volume(persistent_volume_claim=claim))["ReadOnly"] is True


def test_a_part_of_a_volume_is_a_path_on_the_engines_host_or_named_where_the_engine_knows_that() -> None:
    by_path = {"Type": "bind", "Source": "/engine/v/a/b", "Target": "/here", "ReadOnly": False}
    assert of_container(EMPTY, "a/b") == by_path
    assert of_container(EMPTY, "a/b", by_path=False) == {
        "Type": "volume",
        "Source": NAME,
        "Target": "/here",
        "VolumeOptions": {"NoCopy": True, "Subpath": "a/b"},
        "ReadOnly": False,
    }
    assert of_container(HOST, "a/b", by_path=False)["Source"] == "/srv/a/b"


def test_a_mount_path_is_from_the_root_even_if_it_does_not_say_so() -> None:
    subject = pod(EMPTY, VolumeMount(name="v", mount_path="data"))
    (made,) = mounts.of_container(subject, subject.spec.containers[0], HAS, directories={})
    assert made["Target"] == "/data"
