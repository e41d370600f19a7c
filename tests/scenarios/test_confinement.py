"""What containers may do and use, seen from inside: identity, rights, kernel parameters, limits."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

import docker_registry
from commandline import IMAGE, container, eventually, manifest
from lifecycle_world import FOREVER, serve
from scenario_world import World

pytestmark = pytest.mark.engine

DEFAULT_CAPABILITIES = 0xA80425FB
NET_ADMIN = 1 << 12
FACTS = """
echo user $(id -u):$(id -g); echo groups $(id -G)
awk '/^(CapEff|NoNewPrivs|Seccomp):/ { sub(":", ""); print }' /proc/self/status
echo root $(touch /probe 2>/dev/null && echo writable || echo read-only)
echo syncookies $(cat /proc/sys/net/ipv4/tcp_syncookies)
cd /sys/fs/cgroup
echo memory $(cat memory/memory.limit_in_bytes) $(cat memory/memory.memsw.limit_in_bytes)
echo cpu $(cat cpu/cpu.shares) $(cat cpu/cpu.cfs_quota_us)
echo oom $(cat /proc/self/oom_score_adj)
"""


def facts(world: World, name: str) -> dict[str, str]:
    """What the container wrote of itself."""
    return dict(line.split(None, 1) for line in world.log(name).splitlines())


def look(name: str, context: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return container(FACTS, name, securityContext=context or {}, **fields)


def test_containers_are_confined_as_their_pod_and_they_themselves_say(world: World) -> None:
    """The pod's security context is inherited, a container's own wins; limits are what the cgroup says."""
    root = world.state_dir / "seccomp"
    root.mkdir()
    no_touching = {"names": ["utimensat", "utimensat_time64"], "action": "SCMP_ACT_ERRNO"}
    (root / "untouched.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [no_touching]}))
    of_pod = {
        "runAsUser": 1000,
        "runAsGroup": 3000,
        "supplementalGroups": [4000],
        "fsGroup": 2000,
        "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "0"}],
    }
    own = {
        "runAsUser": 0,
        "runAsGroup": 0,
        "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]},
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "Unconfined"},
    }
    mine = {"type": "Localhost", "localhostProfile": "untouched.json"}
    limited = {"requests": {"cpu": "100m", "memory": "16Mi"}, "limits": {"cpu": "500m", "memory": "32Mi"}}
    world.serve()
    world.create(
        manifest(
            look("inherits"),
            look("differs", own, resources=limited),
            container("touch /tmp/a; touch /tmp/a; echo $?", "filtered", securityContext={"seccompProfile": mine}),
            securityContext=of_pod,
        )
    )
    world.becomes("Completed")
    inherits, differs = facts(world, "inherits"), facts(world, "differs")
    assert inherits["user"] == "1000:3000"
    assert set(inherits["groups"].split()) == {"3000", "4000", "2000"}
    assert (int(inherits["CapEff"], 16), inherits["NoNewPrivs"], inherits["Seccomp"]) == (0, "0", "2")
    assert inherits["syncookies"] == "0"
    assert differs["user"] == "0:0"
    assert (int(differs["CapEff"], 16), differs["NoNewPrivs"], differs["Seccomp"]) == (NET_ADMIN, "1", "0")
    assert differs["root"] == "read-only"
    assert (differs["memory"], differs["cpu"]) == ("33554432 33554432", "102 50000")
    assert (inherits["cpu"], inherits["oom"]) == ("102 -1", "999")
    assert 0 < int(differs["oom"]) < 1000
    assert {"1", "touch: /tmp/a: Operation not permitted"} == set(world.log("filtered").splitlines())


@pytest.fixture
def image_with_groups() -> Iterator[str]:
    """An image whose user 1000 is in the group 5555, by its own /etc/group."""
    member = "RUN echo me:x:1000:1000::/:/bin/sh >> /etc/passwd && echo extra:x:5555:me >> /etc/group\n"
    name = f"podrunner-test/groups:{uuid4().hex}"
    command = ["docker", "build", "--quiet", "--tag", name, "-"]
    subprocess.run(command, input=f"FROM {IMAGE}\n{member}USER me\n", text=True, check=True, capture_output=True)
    yield name
    docker_registry.forget(name)


def test_groups_of_the_image_are_left_out_where_the_policy_is_strict(world: World, image_with_groups: str) -> None:
    """Without a user in the spec the image's keeps its name, and gets the group that the spec asks for."""
    world.serve()
    main = container("id -u; id -g; id -G", image=image_with_groups, imagePullPolicy="Never")
    strict = {"supplementalGroupsPolicy": "Strict", "runAsGroup": 7, "supplementalGroups": [4000], "runAsNonRoot": True}
    merged = {"supplementalGroups": [4000], "runAsUser": 1000, "runAsNonRoot": True}
    world.create(manifest(main, name="merged", securityContext=merged))
    world.create(manifest({**main, "securityContext": {"runAsUser": 1000}}, name="strict", securityContext=strict))
    world.create(manifest(main, name="named", securityContext={**strict, "runAsNonRoot": False}))
    expected = {"merged": {"1000", "4000", "5555"}, "strict": {"7", "4000"}, "named": {"7", "4000"}}
    for name, groups in expected.items():
        world.becomes("Completed", name)
        user, group, together = world.log("main", name).splitlines()
        assert (user, group, set(together.split())) == ("1000", "1000" if name == "merged" else "7", groups)


def test_the_limit_of_the_pod_is_that_of_each_container_without_one(world: World) -> None:
    world.serve()
    world.create(manifest(look("main"), resources={"limits": {"cpu": "1", "memory": "64Mi"}}))
    assert world.becomes("Completed").status.qos_class == "Guaranteed"
    seen = facts(world, "main")
    assert (seen["memory"], seen["cpu"], seen["oom"]) == ("67108864 67108864", "1024 100000", "0")
    assert int(seen["CapEff"], 16) == DEFAULT_CAPABILITIES


def test_a_route_that_an_init_container_sets_is_seen_and_kept_from_change(world: World) -> None:
    """The chapter's second use of init containers: a privilege that the main container need not have."""
    route = "ip route add blackhole 203.0.113.0/24"
    world.serve()
    world.create(
        manifest(
            container("ip route; ip route del blackhole 203.0.113.0/24 2>&1; ip route"),
            init=(container(route, "init", securityContext={"capabilities": {"add": ["NET_ADMIN"]}}),),
        )
    )
    world.becomes("Completed")
    said = world.log("main")
    assert said.count("blackhole 203.0.113.0/24") == 2
    assert "Operation not permitted" in said


def test_nobody_looks_into_the_sandbox_through_shared_processes(world: World) -> None:
    """Neither root nor the sandbox's own user gets at the pod's volumes, of which the thief mounts none."""
    steal = (
        'for p in $(ls /proc | grep "^[0-9]*$"); do ls /proc/$p/root/podrunner/volumes 2>/dev/null; done; echo tried'
    )
    thief = f"echo thief:x:65535:65535::/:/bin/sh >> /etc/passwd; sleep 0.5; ps; {steal}; su thief -c '{steal}'"
    world.serve()
    world.create(
        manifest(
            container(thief, "thief"),
            container("sleep 2", "holder", volumeMounts=[{"name": "treasure", "mountPath": "/treasure"}]),
            volumes=[{"name": "treasure", "emptyDir": {}}],
            shareProcessNamespace=True,
        )
    )
    world.becomes("Completed")
    said = world.log("thief")
    assert "sleep 2" in said, "the processes are shared"
    assert said.count("tried") - said.count("echo tried") == 2
    assert "treasure" not in said.replace("/treasure", "")


def test_a_pod_is_rejected_or_its_container_refused_in_the_kubelets_words(world: World) -> None:
    serve(world)
    unsafe = {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}
    absent = {"seccompProfile": {"type": "Localhost", "localhostProfile": "absent.json"}}
    world.create(manifest(container("true"), name="unsafe", securityContext=unsafe))
    world.create(manifest(container("true", securityContext=absent), name="absent"))
    world.create(manifest(container("true"), name="remapped", hostUsers=False))
    world.create(manifest(container("true"), name="root", securityContext={"runAsNonRoot": True}))
    world.create(manifest(container("true", securityContext={"runAsNonRoot": True}), name="own-root"))
    rejected = world.becomes("SysctlForbidden", "unsafe")
    assert rejected.status.message == 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'
    assert 'Warning SysctlForbidden forbidden sysctl: "kernel.msgmax" not allowlisted' in world.events("unsafe")
    path = world.state_dir / "seccomp" / "absent.json"
    refused = world.becomes("CreateContainerError", "absent").status.container_statuses[0].state.waiting
    assert refused is not None
    assert refused.message.endswith(f'cannot load seccomp profile "{path}": open {path}: no such file or directory')
    for name in ("root", "own-root"):
        refused = world.becomes("CreateContainerConfigError", name).status.container_statuses[0].state.waiting
        assert refused is not None
        assert refused.message.startswith("container has runAsNonRoot and image will run as root (pod: ")
    why = 'Failed to create pod sandbox: RuntimeClass handler "" does not support user namespaces'
    eventually(lambda: f"Warning FailedCreatePodSandBox {why}" in " ".join(world.events("remapped")))
    assert {name for name in world.containers() if name.startswith("main")} == set()


def test_a_container_with_a_limit_is_killed_beyond_it_and_others_go_on(world: World) -> None:
    serve(world)
    eats = container("tail /dev/zero", "eats", resources={"limits": {"memory": "16Mi"}})
    world.create(manifest(eats, container(FOREVER, "goes-on")))
    eventually(lambda: any(status.state.terminated for status in world.pod().status.container_statuses))
    ended, other = (status.state for status in world.pod().status.container_statuses)
    assert ended.terminated is not None
    assert (ended.terminated.reason, ended.terminated.exit_code) == ("OOMKilled", 137)
    assert other.running is not None
