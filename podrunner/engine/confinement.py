"""What a pod's security contexts mean to the engine: parts of create bodies. Pure; performs no I/O.

Sources: kubernetes pkg/kubelet/dockershim/security_context.go before 1.24, Mirantis/cri-dockerd
core/security_context.go. Where a pod says nothing of seccomp it gets the engine's own profile, as from a kubelet with
`seccompDefault: true`: an engine on somebody's laptop is not to confine pods less than its other containers.
"""

from collections.abc import Iterator
from typing import Any

from podrunner import errors
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.security import Capabilities, SeccompProfile, SELinuxOptions
from podrunner.pods import identity

HOST = "host"
_NO_CAPABILITIES = Capabilities()

# What podrunner's own commands in the sandbox, run as root, need for the files of others. The pause process has none of
# them: it is another user's, and its image has no program that could give it any. Two other ways were tried: under
# "no-new-privileges" root has no capabilities either; an exec with all of them is refused by an engine that lacks one.
#
# SYS_PTRACE is not for what these commands do: the kernel lets nobody look into a process (/proc/PID/root, where the
# volumes are) that has a capability more than he. Root in another container would have all the others by default.
_OF_ROOT_ALONE = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SYS_PTRACE")


def check_sandbox(pod: Pod, *, remapped: bool) -> None:
    """Raises SandboxRefused if the pod asks for a user namespace and the engine has none for its containers.

    `remapped`: the engine runs with userns-remap. Source: `GetOrCreateUserNamespaceMappings`, kubernetes
    pkg/kubelet/userns/userns_manager.go.
    """
    if pod.spec.host_users is False and not remapped:
        raise errors.SandboxRefused('RuntimeClass handler "" does not support user namespaces')


def of_sandbox(pod: Pod, network: str) -> dict[str, Any]:
    """The namespaces and kernel parameters that all containers of the pod share, in its sandbox's HostConfig.

    The sandbox itself has no privileges, whatever the pod asks for.
    """
    part: dict[str, Any] = {
        "NetworkMode": HOST if pod.spec.host_network else network,
        "IpcMode": HOST if pod.spec.host_ipc else "shareable",
        "CapDrop": ["ALL"],
        "CapAdd": list(_OF_ROOT_ALONE),
    }
    if options := [*_selinux(identity.of_pod(pod).se_linux_options)]:
        part["SecurityOpt"] = options
    if pod.spec.host_network:
        part["UTSMode"] = HOST
    sysctls = {identity.dotted(each.name): each.value for each in identity.of_pod(pod).sysctls}
    return part | ({"Sysctls": sysctls} if sysctls else {})


def of_container(pod: Pod, container: Container, sandbox_id: str, joins: str, seccomp: str) -> dict[str, Any]:
    """What the container may do and see, as its HostConfig.

    `joins` is the container whose processes it sees, `seccomp` the text of the profile if it names one of its own.
    """
    return {**_namespaces(pod, sandbox_id, joins), **_rights(pod, container), **_options(pod, container, seccomp)}


def seccomp_profile(pod: Pod, container: Container) -> SeccompProfile | None:
    """The profile that counts for the container; None is the engine's own. A privileged container has none."""
    own = identity.of_container(container)
    return None if own.privileged else own.seccomp_profile or identity.of_pod(pod).seccomp_profile


def _namespaces(pod: Pod, sandbox_id: str, joins: str) -> dict[str, Any]:
    sandbox = f"container:{sandbox_id}"
    part = {"NetworkMode": sandbox, "IpcMode": sandbox}
    if pod.spec.host_network:
        part["UTSMode"] = HOST
    if joins:
        part["PidMode"] = f"container:{joins}"
    elif pod.spec.host_pid:
        part["PidMode"] = HOST
    elif pod.spec.share_process_namespace:
        part["PidMode"] = sandbox
    return part


def _rights(pod: Pod, container: Container) -> dict[str, Any]:
    own, of_pod = identity.of_container(container), identity.of_pod(pod)
    capabilities = own.capabilities or _NO_CAPABILITIES
    groups = (*of_pod.supplemental_groups, *(() if of_pod.fs_group is None else (of_pod.fs_group,)))
    asked: dict[str, Any] = {
        "GroupAdd": [str(group) for group in dict.fromkeys(groups)],
        "CapAdd": list(capabilities.add),
        "CapDrop": list(capabilities.drop),
        "Privileged": bool(own.privileged),
        "ReadonlyRootfs": bool(own.read_only_root_filesystem),
    }
    part = {name: value for name, value in asked.items() if value}
    # To the engine, absent means its defaults, and empty that nothing of /proc is kept from the container.
    return part | ({"MaskedPaths": [], "ReadonlyPaths": []} if own.proc_mount == "Unmasked" else {})


def _options(pod: Pod, container: Container, seccomp: str) -> dict[str, Any]:
    own, of_pod = identity.of_container(container), identity.of_pod(pod)
    options = [*_selinux(own.se_linux_options or of_pod.se_linux_options)]
    profile = seccomp_profile(pod, container)
    if profile is not None and profile.type != "RuntimeDefault":
        options.append(f"seccomp={'unconfined' if profile.type == 'Unconfined' else seccomp}")
    app_armor = own.app_armor_profile or of_pod.app_armor_profile
    if app_armor is not None and app_armor.type != "RuntimeDefault":
        options.append(f"apparmor={app_armor.localhost_profile or 'unconfined'}")
    if own.allow_privilege_escalation is False:
        options.append("no-new-privileges")
    return {"SecurityOpt": options} if options else {}


def _selinux(options: SELinuxOptions | None) -> Iterator[str]:
    if options is not None:
        fields = {"user": options.user, "role": options.role, "type": options.type, "level": options.level}
        yield from (f"label={name}:{value}" for name, value in fields.items() if value)
