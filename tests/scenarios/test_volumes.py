"""Volumes on a real engine: what containers find in them, what is missing, what changes, what stays and what goes."""

import functools
import time
from pathlib import Path
from typing import Any

import pytest

from commandline import IMAGE, container, eventually, manifest
from lifecycle_world import FOREVER
from object_world import claim, config_map, create, delete, get, put, secret
from podrunner.engine import labels
from scenario_world import World

pytestmark = pytest.mark.engine


def mount(name: str, path: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "mountPath": path, **fields}


def volume(name: str, **source: Any) -> dict[str, Any]:
    return {"name": name, **source}


COLORS = volume("config", configMap={"name": "colors"})
WORK = volume("work", emptyDir={})


def lines(world: World, name: str = "main") -> list[str]:
    world.becomes("Completed")
    return world.log(name).splitlines()


def test_containers_find_their_volumes_as_the_pod_says(world: World) -> None:
    """emptyDir, configMap, secret, downwardAPI, projected: items, modes, group; whole volumes and parts of them."""
    world.serve()
    create(world, config_map("colors", sky="blue", grass="green"), secret("keys", door="1234"))
    projected = {
        "sources": [
            {"secret": {"name": "keys", "items": [{"key": "door", "path": "gate"}]}},
            {"configMap": {"name": "colors", "items": [{"key": "sky", "path": "deep/sky"}]}},
            {"downwardAPI": {"items": [{"path": "space", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
            {"serviceAccountToken": {"path": "token", "audience": "vault", "user": 7}},
            {"secret": {"name": "absent", "optional": True}},
            {"configMap": {"name": "absent", "optional": True}},
        ],
        "defaultMode": 0o440,
        "defaultUser": 4,
    }
    limit = {"containerName": "main", "resource": "limits.memory", "divisor": "1Mi"}
    about = [
        {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
        {"path": "memory", "resourceFieldRef": limit, "mode": 0o400, "user": 9},
    ]
    front = {"key": "door", "path": "front", "mode": 0o400, "user": 5}
    volumes = [
        volume("work", emptyDir={"mode": 0o750}),
        volume("fast", emptyDir={"medium": "Memory", "sizeLimit": "1Mi"}),
        volume("config", configMap={"name": "colors", "defaultMode": 0o600, "defaultUser": 6}),
        volume("keys", secret={"secretName": "keys", "items": [front]}),
        volume("about", downwardAPI={"items": about, "defaultMode": 0o444, "defaultUser": 8}),
        volume("none", configMap={"name": "absent", "optional": True}),
        volume("nil", secret={"secretName": "absent", "optional": True}),
        volume("all", projected=projected),
    ]
    script = (
        "cd /; stat -c '%A %u:%g %n' work fast config/..data/sky keys/..data/front about/..data/* all/..data/gate;"
        "stat -c '%u %n' all/..data/token; tr -cd . < all/token; cat all/space about/memory; echo;"
        "ls none nil | grep -v :$ | grep .; ls /var/run/secrets/kubernetes.io/serviceaccount;"
        "cat config/sky keys/front about/name all/gate all/deep/sky one; echo;"
        "df fast | tail -n1 | awk '{print $1, $2}'; grep -c ' /keys tmpfs ' /proc/mounts;"
        "ls part made/there; for where in config about read; do touch $where/new 2>&1; done; ls -d work/made/there"
    )
    mounts = [
        mount("work", "/work"),
        mount("work", "/part", subPath="of/it"),
        mount("work", "/made/there", subPathExpr="made/$(WHERE)"),
        mount("work", "/read", readOnly=True),
        mount("fast", "/fast"),
        mount("config", "/config"),
        mount("config", "/one", subPath="grass"),
        mount("keys", "/keys"),
        mount("about", "/about"),
        mount("all", "/all"),
        mount("none", "/none"),
        mount("nil", "/nil"),
    ]
    init = container("mkdir -p /w/of/it; touch /w/of/it/file", "init", volumeMounts=[mount("work", "/w")])
    env = [{"name": "WHERE", "value": "there"}]
    main = container(script, volumeMounts=mounts, env=env, resources={"limits": {"memory": "64Mi"}})
    fields: dict[str, Any] = {"securityContext": {"fsGroup": 3000}, "automountServiceAccountToken": True}
    world.create(manifest(main, init=(init,), volumes=volumes, **fields))
    assert lines(world) == [
        "drwxrws--- 0:3000 work",
        "drwxrwsrwx 0:3000 fast",
        "-rw-r----- 6:3000 config/..data/sky",
        "-r--r----- 5:3000 keys/..data/front",
        "-r--r----- 9:3000 about/..data/memory",
        "-r--r--r-- 8:3000 about/..data/name",
        "-r--r----- 4:3000 all/..data/gate",
        "7 all/..data/token",
        "..default64",
        "ca.crt",
        "namespace",
        "token",
        "blue1234web1234bluegreen",
        "tmpfs 1024",
        "1",
        "made/there:",
        "",
        "part:",
        "file",
        "touch: config/new: Read-only file system",
        "touch: about/new: Read-only file system",
        "touch: read/new: Read-only file system",
        "work/made/there",
    ]
    world.delete()
    eventually(world.is_gone)
    assert world.left() == []


def test_variables_come_from_everywhere(world: World) -> None:
    world.serve()
    create(world, config_map("colors", sky="blue"), secret("keys", door="1234"))
    made = {"volumeName": "work", "path": "made.env"}
    env = [
        {"name": "SKY", "valueFrom": {"configMapKeyRef": {"name": "colors", "key": "sky"}}},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "COLOR", "valueFrom": {"fileKeyRef": {**made, "key": "COLOR"}}},
        {"name": "NONE", "valueFrom": {"secretKeyRef": {"name": "nope", "key": "x", "optional": True}}},
        {"name": "NOTHING", "valueFrom": {"configMapKeyRef": {"name": "colors", "key": "x", "optional": True}}},
        {"name": "FILE", "valueFrom": {"fileKeyRef": {**made, "key": "SIZE", "optional": True}}},
        {"name": "DOOR", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "door"}}},
        {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
        {"name": "ALL", "value": "$(SKY) $(KEY_door) $(POD) $(COLOR)"},
    ]
    init = container("echo \"COLOR='red'\" > /w/made.env", "init", volumeMounts=[mount("work", "/w")])
    main = container(
        'echo $0; echo "$ALL"; echo ${NONE-unset} ${NOTHING-unset} ${FILE-unset};'
        'echo $DOOR $LIMIT $C_sky; [ "$IP" = $(hostname -i) ] && echo same',
        args=["$(ALL)"],
        env=env,
        envFrom=[
            {"secretRef": {"name": "keys"}, "prefix": "KEY_"},
            {"configMapRef": {"name": "colors"}, "prefix": "C_"},
            {"configMapRef": {"name": "absent", "optional": True}},
            {"secretRef": {"name": "absent", "optional": True}},
        ],
        resources={"limits": {"memory": "64Mi"}},
    )
    world.create(manifest(main, init=(init,), volumes=[WORK]))
    assert lines(world) == ["blue 1234 web red", "blue 1234 web red", "unset unset unset", "1234 64 blue", "same"]


def test_a_change_reaches_the_files_in_one_step_within_two_seconds(world: World) -> None:
    """A reader never misses the file."""
    world.serve()
    create(world, config_map("colors", sky="0", gone="x"))
    script = 'while :; do a=$(cat /config/sky) || echo missed; [ "$a" = "$last" ] || echo $a; last=$a; done'
    about = volume("about", downwardAPI={"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]})
    world.create(
        manifest(
            container(script, volumeMounts=[mount("config", "/config"), mount("about", "/about")]),
            volumes=[COLORS, about],
            terminationGracePeriodSeconds=0,
        )
    )
    world.becomes("Running")
    for version in ("1", "2", "3"):
        put(world, config_map("colors", sky=version, new=version))
        eventually(functools.partial(_tells, world, version), within=2.0)
    assert world.log("main").split() == ["0", "1", "2", "3"]
    assert world.execute("main#0", "ls", "/config").split() == ["new", "sky"]
    labelled = get(world, "Pod", "web")
    labelled["metadata"]["labels"] = {"color": "red"}
    put(world, labelled)
    eventually(lambda: 'color="red"' in world.execute("main#0", "cat", "/about/labels"), within=2.0)


def _tells(world: World, version: str) -> bool:
    return version in world.log("main")


def test_what_a_killed_server_had_written_is_still_followed_by_the_next(world: World) -> None:
    world.serve()
    create(world, config_map("colors", sky="blue"))
    world.create(manifest(container(FOREVER, volumeMounts=[mount("config", "/config")]), volumes=[COLORS]))
    world.becomes("Running")
    world.kill_server()
    world.serve()
    put(world, config_map("colors", sky="grey"))
    eventually(lambda: world.execute("main#0", "cat", "/config/sky") == "grey")
    world.kill_server()
    passing = {labels.INSTANCE: world.instance, labels.PASSING: "true"}
    world.engine.create_container(IMAGE, labels=passing)  # it had one in hand
    world.serve()
    world.delete(grace_seconds=0)
    eventually(lambda: world.left() == [])


def test_a_pod_waits_for_what_its_volumes_are_made_of(world: World) -> None:
    world.serve()
    sealed = volume("keys", secret={"secretName": "keys"})
    reading = container("cat /config/sky /keys/door", volumeMounts=[mount("config", "/config"), mount("keys", "/keys")])
    world.create(manifest(reading, volumes=[COLORS, sealed]))
    expected = 'Warning FailedMount MountVolume.SetUp failed for volume "config" : configmap "colors" not found'
    eventually(lambda: any(event.startswith(expected) for event in world.events()))
    assert world.becomes("ContainerCreating").status.phase == "Pending"
    assert world.containers() == {}
    create(world, config_map("colors", sky="blue"))
    expected = 'Warning FailedMount MountVolume.SetUp failed for volume "keys" : secret "keys" not found'
    eventually(lambda: any(event.startswith(expected) for event in world.events()))
    create(world, secret("keys", door="1234"))
    assert lines(world) == ["blue1234"]


def test_a_container_waits_for_what_its_variables_are_made_of(world: World) -> None:
    world.serve()
    refers = [{"name": "SKY", "valueFrom": {"configMapKeyRef": {"name": "colors", "key": "sky"}}}]
    world.create(manifest(container("echo $SKY", env=refers)))
    world.becomes("CreateContainerConfigError")
    create(world, config_map("colors", grass="green"))
    missing = "Warning Failed Error: couldn't find key sky in ConfigMap default/colors"
    eventually(lambda: missing in world.events())
    put(world, config_map("colors", sky="blue"))
    assert lines(world) == ["blue"]


@pytest.mark.parametrize("target", ["/etc", "../../../../../../../../etc", "/podrunner/volumes/other"])
def test_no_part_of_a_volume_leads_out_of_it(world: World, target: str) -> None:
    """A symbolic link that an init container makes where a later subPath points would show the engine host's files."""
    world.serve()
    init = container(f"ln -s {target} /w/evil; mkdir /w/good; ln -s good /w/fine", "init",
                     volumeMounts=[mount("work", "/w")])  # fmt: skip
    main = container(
        FOREVER, volumeMounts=[mount("work", "/fine", subPath="fine"), mount("work", "/e", subPath="evil")]
    )
    world.create(manifest(main, init=(init,), volumes=[WORK, volume("other", emptyDir={})]))
    status = world.becomes("CreateContainerConfigError").status.container_statuses[0].state.waiting
    assert status is not None
    assert status.message == 'failed to prepare subPath for volumeMount "work" of container "main"'
    assert "main#0" not in world.containers()


def test_paths_of_the_host_are_what_their_type_says(world: World, tmp_path: Path) -> None:
    world.serve()
    there = tmp_path / "there"
    there.mkdir()
    (there / "file").write_text("text")
    paths = {
        "plain": ("made-plain", ""),
        "dir": ("made-dir", "DirectoryOrCreate"),
        "there": (".", "Directory"),
        "file": ("file", "File"),
        "new": ("made-file", "FileOrCreate"),
    }
    volumes = [
        volume(name, hostPath={"path": str(there / path), "type": type_}) for name, (path, type_) in paths.items()
    ]
    volumes.append(volume("null", hostPath={"path": "/dev/null", "type": "CharDevice"}))
    mounts = [mount(name, f"/h/{name}") for name in (*paths, "null")]
    mounts.append(mount("there", "/part", subPath="below/it"))
    script = "cat /h/file; echo; cd /h; stat -c '%F %n' *; echo kept > /h/plain/kept; ls /h/there; touch /part/made"
    world.create(manifest(container(script, volumeMounts=mounts), volumes=volumes))
    assert lines(world) == [
        "text",
        "directory dir",
        "regular file file",
        "regular empty file new",
        "character special file null",
        "directory plain",
        "directory there",
        "below",
        "file",
        "made-dir",
        "made-file",
        "made-plain",
    ]
    world.delete()
    eventually(world.is_gone)
    assert (there / "made-plain/kept").read_text() == "kept\n"
    assert (there / "below/it/made").exists()


@pytest.mark.parametrize(
    ("type_", "what"),
    [
        ("Directory", "a directory"),
        ("File", "a file"),
        ("Socket", "a socket file"),
        ("BlockDevice", "a block device"),
        ("DirectoryOrCreate", "a directory"),
    ],
)
def test_a_path_of_the_host_that_is_something_else_is_not_mounted(
    world: World, tmp_path: Path, type_: str, what: str
) -> None:
    world.serve()
    path = tmp_path / "it"
    if type_ in ("DirectoryOrCreate", "Socket"):
        path.write_text("")
    host = volume("host", hostPath={"path": str(path), "type": type_})
    world.create(manifest(container("true", volumeMounts=[mount("host", "/h")]), volumes=[host]))
    expected = (
        f'FailedMount MountVolume.SetUp failed for volume "host" : hostPath type check failed: {path} is not {what}'
    )
    eventually(lambda: any(expected in event for event in world.events()))
    assert world.containers() == {}
    path.unlink(missing_ok=True)
    if type_ in ("Directory", "DirectoryOrCreate"):
        path.mkdir(exist_ok=True)
        world.becomes("Completed")


def test_a_claims_volume_outlives_pods_and_goes_with_the_claim(world: World) -> None:
    world.serve()
    data = volume("data", persistentVolumeClaim={"claimName": "data"})
    script = "date >> /data/x; wc -l < /data/x; stat -c %a:%g /data; chgrp 7 /data/x"
    writing = container(script, volumeMounts=[mount("data", "/data")])
    group = {"fsGroup": 3000, "fsGroupChangePolicy": "OnRootMismatch"}
    grouped: dict[str, Any] = {"volumes": [data], "securityContext": group}
    world.create(manifest(writing, **grouped))
    waiting = 'Warning FailedScheduling 0/1 nodes are available: persistentvolumeclaim "data" not found.'
    eventually(lambda: waiting in world.events())
    raw = claim("raw")
    create(world, {**raw, "spec": {**raw["spec"], "volumeMode": "Block"}}, claim("data"))
    assert lines(world) == ["1", "2777:3000"]
    bound = get(world, "PersistentVolumeClaim", "data")
    assert bound["spec"]["volumeName"] == f"pvc-{bound['metadata']['uid']}"
    assert bound["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Mi"}}
    assert get(world, "PersistentVolumeClaim", "raw")["status"]["phase"] == "Pending"
    (said,) = world.events("raw")
    assert said.startswith("Warning ProvisioningFailed failed to provision volume: the engine's volumes are file")
    delete(world, "PersistentVolumeClaim", "raw")
    world.delete()
    eventually(world.is_gone)
    grouped["volumes"] = [volume("data", persistentVolumeClaim={"claimName": "data", "readOnly": True})]
    world.create(manifest(container(FOREVER, volumeMounts=[mount("data", "/data")]), **grouped))
    world.becomes("Running")
    assert world.execute("main#0", "stat", "-c", "%g", "/data/x").strip() == "7", "the top is as it should be"
    assert "Read-only" in world.execute("main#0", "touch", "/data/y")
    delete(world, "PersistentVolumeClaim", "data")
    assert get(world, "PersistentVolumeClaim", "data")["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    assert world.execute("main#0", "wc", "-l", "/data/x").split()[0] == "1"
    world.delete(grace_seconds=1)
    eventually(lambda: world.left() == [])


def test_a_volume_has_the_files_of_an_image(world: World) -> None:
    world.serve()
    site = volume("site", image={"reference": "luksa/kubia:1.0", "pullPolicy": "IfNotPresent"})
    script = "head -n1 /site/app.js; touch /site/new 2>&1; [ $(ls /site | wc -l) -gt 3 ] && echo whole"
    mains = [container(script, name, volumeMounts=[mount("site", "/site")]) for name in ("main", "other")]
    world.create(manifest(*mains, volumes=[site]))
    world.becomes("Completed")
    first = world.log("main").splitlines()
    assert first == world.log("other").splitlines()
    assert first[1:] == ["touch: /site/new: Read-only file system", "whole"]
    world.delete()
    eventually(world.is_gone)
    assert world.left() == []


def test_a_volume_with_an_image_that_is_not_there_holds_up_the_container(world: World) -> None:
    world.serve()
    absent = volume("site", image={"reference": "nobody/nothing:1", "pullPolicy": "Never"})
    world.create(manifest(container("true", volumeMounts=[mount("site", "/site")]), volumes=[absent]))
    status = world.becomes("ErrImageNeverPull").status.container_statuses[0].state.waiting
    assert status is not None
    assert status.message == 'Container image "nobody/nothing:1" is not present with pull policy of Never'


def test_a_pod_with_more_in_a_volume_than_its_limit_is_evicted(world: World) -> None:
    world.serve()
    limited = volume("work", emptyDir={"sizeLimit": "1Mi"})
    filling = container(f"sleep 1; dd if=/dev/zero of=/w/x bs=1k count=2000 2> /dev/null; {FOREVER}",
                        volumeMounts=[mount("work", "/w")])  # fmt: skip
    world.create(manifest(filling, volumes=[limited]))
    eventually(lambda: world.pod().status.reason == "Evicted", within=25)
    status = world.pod().status
    said = 'Usage of EmptyDir volume "work" exceeds the limit "1Mi". '
    assert (status.phase, status.message) == ("Failed", said)
    assert f"Warning Evicted {said}" in world.events()


def test_an_ephemeral_volume_is_a_claim_of_the_pods_own(world: World) -> None:
    world.serve()
    template = {"metadata": {"labels": {"for": "scratch"}}, "spec": claim("any")["spec"]}
    scratch = volume("scratch", ephemeral={"volumeClaimTemplate": template})
    world.create(manifest(container("touch /s/x; ls /s", volumeMounts=[mount("scratch", "/s")]), volumes=[scratch]))
    assert lines(world) == ["x"]
    made = get(world, "PersistentVolumeClaim", "web-scratch")
    assert made["metadata"]["ownerReferences"][0]["name"] == "web"
    assert made["metadata"]["labels"] == {"for": "scratch"}
    assert made["status"]["phase"] == "Bound"
    world.delete()
    eventually(lambda: world.left() == [])


def test_a_secret_of_an_init_container_is_out_of_the_main_containers_reach(world: World) -> None:
    """Not in its files, its environment, nor in what it sees of other processes, be their namespace shared."""
    world.serve()
    create(world, secret("keys", door="t0p-s3cret"))
    sealed = volume("keys", secret={"secretName": "keys"})
    init = container("cat /keys/door", "init", volumeMounts=[mount("keys", "/keys")])
    search = (
        "echo 'p:x:65535:65535::/:/bin/sh' >> /etc/passwd; env | grep -c t0p;"
        "for p in /proc/[0-9]*; do ls $p/root/podrunner/volumes 2>/dev/null; grep -l t0p $p/environ 2>/dev/null; done;"
        "su p -c 'ls /proc/1/root/podrunner/volumes' 2>&1; grep -c podrunner/volumes /proc/mounts; echo done"
    )
    world.create(manifest(container(search), init=(init,), volumes=[sealed], shareProcessNamespace=True))
    assert lines(world) == ["0", "ls: /proc/1/root/podrunner/volumes: Permission denied", "0", "done"]
    assert world.log("init") == "t0p-s3cret"


def test_volumes_are_removed_even_if_nobody_knows_the_pod_any_more(world: World) -> None:
    world.serve()
    world.create(manifest(container(FOREVER, volumeMounts=[mount("work", "/w")]), volumes=[WORK]))
    world.becomes("Running")
    world.kill_server()
    (world.state_dir / "store.db").unlink(missing_ok=True)
    for left in world.state_dir.glob("store.db-*"):
        left.unlink()
    time.sleep(0.1)
    world.serve()
    eventually(lambda: world.left() == [])
