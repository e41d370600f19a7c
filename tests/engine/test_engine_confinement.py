"""Security contexts as parts of the engine's create bodies."""

from typing import Any

import msgspec
import pytest

from podrunner import errors
from podrunner.engine import confinement, ports, translate
from podrunner.objects import container, decode, pod


def a_pod(main: dict[str, Any] | None = None, **spec: Any) -> pod.Pod:
    """One main container with this security context, in a pod with this spec."""
    main_container = {"name": "main", "image": "nginx", "securityContext": main or {}}
    document = {"metadata": {"name": "web", "uid": "0e0d"}, "spec": {"containers": [main_container], **spec}}
    decoded = decode.decode(document, pod.Pod)
    assert decoded.problems == []
    assert isinstance(decoded.object, pod.Pod)
    return decoded.object


def of_container(subject: pod.Pod, *, joins: str = "", seccomp: str = "") -> dict[str, Any]:
    """What it says beyond the two namespaces that every container joins."""
    part = confinement.of_container(subject, subject.spec.containers[0], "5eed", joins, seccomp)
    assert (part.pop("NetworkMode"), part.pop("IpcMode")) == ("container:5eed", "container:5eed")
    return part


def of_sandbox(subject: pod.Pod) -> dict[str, Any]:
    part = confinement.of_sandbox(subject, "cafe")
    of_root_alone = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SYS_PTRACE"]
    assert (part.pop("CapDrop"), part.pop("CapAdd")) == (["ALL"], of_root_alone)
    return part


def user(subject: pod.Pod, image_user: str = "") -> str:
    config = translate.container_config(
        subject,
        subject.spec.containers[0],
        instance="mine",
        attempt=0,
        sandbox_id="5eed",
        surroundings=translate.Surroundings(image_user=image_user),
    )
    return str(config.get("User", ""))


def test_a_pod_that_asks_for_nothing_is_confined_as_the_engine_does_it() -> None:
    assert of_container(a_pod()) == {}
    assert of_sandbox(a_pod()) == {"NetworkMode": "cafe", "IpcMode": "shareable"}


@pytest.mark.parametrize(
    ("of_pod", "own", "image_user", "expected"),
    [
        ({}, {}, "node", ""),
        ({"runAsUser": 7}, {}, "node", "7"),
        ({"runAsUser": 7}, {"runAsUser": 0}, "node", "0"),
        ({"runAsUser": 7, "runAsGroup": 8}, {"runAsGroup": 9}, "node", "7:9"),
        ({"runAsGroup": 8}, {}, "node:users", "node:8"),
        ({"runAsGroup": 8}, {}, "", "0:8"),
    ],
)
def test_the_user_is_the_containers_then_the_pods_then_the_images(
    of_pod: dict[str, int], own: dict[str, int], image_user: str, expected: str
) -> None:
    assert user(a_pod(own, securityContext=of_pod), image_user) == expected


def test_supplemental_groups_and_the_fs_group_are_added_once() -> None:
    groups = {"supplementalGroups": [5, 6, 5], "fsGroup": 6}
    assert of_container(a_pod(securityContext=groups)) == {"GroupAdd": ["5", "6"]}


def test_capabilities_privileges_and_a_read_only_root_are_passed_on() -> None:
    asked = {
        "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
    }
    assert of_container(a_pod(asked)) == {
        "CapAdd": ["NET_ADMIN"],
        "CapDrop": ["ALL"],
        "ReadonlyRootfs": True,
        "SecurityOpt": ["no-new-privileges"],
    }
    assert of_container(a_pod({"privileged": True})) == {"Privileged": True}
    assert of_container(a_pod({"allowPrivilegeEscalation": True, "privileged": False})) == {}


@pytest.mark.parametrize(
    ("of_pod", "own", "expected"),
    [
        ("RuntimeDefault", None, []),
        ("Unconfined", None, ["seccomp=unconfined"]),
        ("Unconfined", "RuntimeDefault", []),
        (None, "Localhost", ['seccomp={"defaultAction":"x"}']),
    ],
)
def test_a_seccomp_profile_is_the_engines_none_or_its_text(
    of_pod: str | None, own: str | None, expected: list[str]
) -> None:
    def context(kind: str | None) -> dict[str, Any]:
        named = {"localhostProfile": "a.json"} if kind == "Localhost" else {}
        return {"seccompProfile": {"type": kind, **named}} if kind else {}

    subject = a_pod(context(own), securityContext=context(of_pod))
    assert of_container(subject, seccomp='{"defaultAction":"x"}').get("SecurityOpt", []) == expected


def test_a_privileged_container_has_no_seccomp_profile_to_be_named() -> None:
    profile = {"seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"}}
    subject = a_pod({"privileged": True}, securityContext=profile)
    assert confinement.seccomp_profile(subject, subject.spec.containers[0]) is None


def test_app_armor_and_selinux_are_options_of_the_container() -> None:
    of_pod = {"appArmorProfile": {"type": "Localhost", "localhostProfile": "mine"}, "seLinuxOptions": {"type": "a_t"}}
    subject = a_pod(securityContext=of_pod)
    assert of_container(subject) == {"SecurityOpt": ["label=type:a_t", "apparmor=mine"]}
    assert of_sandbox(subject)["SecurityOpt"] == ["label=type:a_t"]
    own = {"appArmorProfile": {"type": "Unconfined"}, "seLinuxOptions": {"user": "u", "role": "r", "level": "s0:c1"}}
    assert of_container(a_pod(own, securityContext=of_pod)) == {
        "SecurityOpt": ["label=user:u", "label=role:r", "label=level:s0:c1", "apparmor=unconfined"]
    }
    assert of_container(a_pod({"appArmorProfile": {"type": "RuntimeDefault"}}, securityContext={})) == {}


def test_an_unmasked_proc_has_no_masked_and_no_read_only_paths() -> None:
    assert of_container(a_pod({"procMount": "Unmasked"})) == {"MaskedPaths": [], "ReadonlyPaths": []}
    assert of_container(a_pod({"procMount": "Default"})) == {}


def test_sysctls_are_the_sandboxes_with_dots_in_their_names() -> None:
    sysctls = [{"name": "net/ipv4/tcp_syncookies", "value": "0"}, {"name": "kernel.shm_rmid_forced", "value": "1"}]
    subject = a_pod(securityContext={"sysctls": sysctls})
    assert of_sandbox(subject)["Sysctls"] == {"net.ipv4.tcp_syncookies": "0", "kernel.shm_rmid_forced": "1"}
    assert "Sysctls" not in of_container(subject)


def test_processes_are_shared_with_the_sandbox_the_host_or_the_container_joined() -> None:
    assert of_container(a_pod(shareProcessNamespace=True)) == {"PidMode": "container:5eed"}
    assert of_container(a_pod(hostPID=True)) == {"PidMode": "host"}
    assert of_container(a_pod(hostPID=True), joins="7a9e7") == {"PidMode": "container:7a9e7"}
    assert "PidMode" not in of_sandbox(a_pod(hostPID=True, shareProcessNamespace=True))


def test_a_sandbox_on_the_hosts_network_has_its_name_and_publishes_nothing() -> None:
    subject = a_pod(hostNetwork=True, hostIPC=True, hostname="mine")
    assert of_sandbox(subject) == {"NetworkMode": "host", "IpcMode": "host", "UTSMode": "host"}
    assert of_container(subject) == {"UTSMode": "host"}
    web = msgspec.structs.replace(
        subject.spec.containers[0], ports=(container.ContainerPort(container_port=80, host_port=80),)
    )
    listening = msgspec.structs.replace(subject, spec=msgspec.structs.replace(subject.spec, containers=(web,)))
    sandbox = translate.sandbox_config(
        listening,
        instance="mine",
        attempt=0,
        network="",
        pause_image="pause:1",
        publish=[ports.Published(container_port=443, host_port=443)],
    )
    assert (sandbox["ExposedPorts"], sandbox["HostConfig"]["PortBindings"]) == ({}, {})
    assert sandbox["Hostname"] == "", "the engine gives it its machine's"


def test_the_runtime_of_a_runtime_class_is_that_of_sandbox_and_containers() -> None:
    subject, runtime = a_pod(), "runsc"
    sandbox = translate.sandbox_config(
        subject, instance="mine", attempt=0, network="n", pause_image="pause:1", runtime=runtime
    )
    member = translate.container_config(
        subject,
        subject.spec.containers[0],
        instance="mine",
        attempt=0,
        sandbox_id="5eed",
        surroundings=translate.Surroundings(runtime=runtime),
    )
    assert (sandbox["HostConfig"]["Runtime"], member["HostConfig"]["Runtime"]) == ("runsc", "runsc")


def test_a_user_namespace_is_refused_by_an_engine_that_gives_none() -> None:
    confinement.check_sandbox(a_pod(hostUsers=True), remapped=False)
    confinement.check_sandbox(a_pod(hostUsers=False), remapped=True)
    with pytest.raises(errors.SandboxRefused, match=r'^RuntimeClass handler "" does not support user namespaces$'):
        confinement.check_sandbox(a_pod(hostUsers=False), remapped=False)
