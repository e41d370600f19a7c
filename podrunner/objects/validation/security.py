"""Security contexts of pods and containers. Pure; performs no I/O.

Rules are `ValidateSecurityContext` and `validatePodSpecSecurityContext` of Kubernetes' pkg/apis/core/validation.
"""

import re

from podrunner.objects import pod, security
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import names, paths

_MAX_ID = 2**32 - 1
_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")
_CHOICES = {
    "fsGroupChangePolicy": ("Always", "OnRootMismatch"),
    "supplementalGroupsPolicy": ("Merge", "Strict"),
    "seLinuxChangePolicy": ("MountOption", "Recursive"),
}


def check_container(context: security.SecurityContext, host_users: bool, path: str, found: Errors) -> None:
    _check_ids({"runAsUser": context.run_as_user, "runAsGroup": context.run_as_group}, path, found)
    if context.proc_mount is not None:
        if context.proc_mount not in ("Default", "Unmasked"):
            found.unsupported(f"{path}.procMount", context.proc_mount, ("Default", "Unmasked"))
        if host_users and context.proc_mount == "Unmasked":
            found.invalid(f"{path}.procMount", "Unmasked", "`hostUsers` must be false to use `Unmasked`")
    if context.allow_privilege_escalation is False:
        _check_no_escalation(context, path, found)
    _check_seccomp(context.seccomp_profile, f"{path}.seccompProfile", found)
    _check_app_armor(context.app_armor_profile, f"{path}.appArmorProfile", found)


def _check_no_escalation(context: security.SecurityContext, path: str, found: Errors) -> None:
    inner = f"{path}.allowPrivilegeEscalation"
    if context.privileged:
        detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        found.invalid(path, False, detail, at=inner)
    if context.capabilities is not None and "CAP_SYS_ADMIN" in context.capabilities.add:
        detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
        found.invalid(path, False, detail, at=inner)


def check_pod(spec: pod.PodSpec, path: str, found: Errors) -> None:
    if spec.share_process_namespace and spec.host_pid:
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        found.invalid(f"{path}.shareProcessNamespace", True, detail)
    if spec.host_users is False:
        shared = {"hostNetwork": spec.host_network, "hostPID": spec.host_pid, "hostIPC": spec.host_ipc}
        for name, is_shared in shared.items():
            if is_shared:
                found.forbidden(f"{path}.{name}", "when `pod.Spec.HostUsers` is false")
    if spec.os is not None and spec.os.name == "linux":
        _check_linux(spec, path, found)
    context = spec.security_context
    if context is None:
        return
    inner = f"{path}.securityContext"
    ids = {"fsGroup": context.fs_group, "runAsUser": context.run_as_user, "runAsGroup": context.run_as_group}
    ids |= {f"supplementalGroups[{index}]": group for index, group in enumerate(context.supplemental_groups)}
    _check_ids(ids, inner, found)
    _check_sysctls(context.sysctls, spec, f"{inner}.sysctls", found)
    chosen = (context.fs_group_change_policy, context.supplemental_groups_policy, context.se_linux_change_policy)
    for (name, choices), value in zip(_CHOICES.items(), chosen, strict=True):
        if value is not None and value not in choices:
            found.unsupported(f"{inner}.{name}", value, choices)
    _check_seccomp(context.seccomp_profile, f"{inner}.seccompProfile", found)
    _check_app_armor(context.app_armor_profile, f"{inner}.appArmorProfile", found)


def _check_linux(spec: pod.PodSpec, path: str, found: Errors) -> None:
    """`validateLinux`. What a pod for Windows may not set is left out: no node of ours takes one."""
    members = {f"{path}.containers[{index}]": each for index, each in enumerate(spec.containers)}
    members |= {f"{path}.initContainers[{index}]": each for index, each in enumerate(spec.init_containers)}
    contexts = {path: spec.security_context, **{at: each.security_context for at, each in members.items()}}
    for at, context in contexts.items():
        if context is not None and context.windows_options is not None:
            found.forbidden(f"{at}.securityContext.windowsOptions", "windows options cannot be set for a linux pod")


def _check_ids(ids: dict[str, int | None], path: str, found: Errors) -> None:
    for name, value in ids.items():
        if value is not None and not 0 <= value <= _MAX_ID:
            found.invalid(f"{path}.{name}", value, names.between(0, _MAX_ID))


def _check_sysctls(sysctls: tuple[security.Sysctl, ...], spec: pod.PodSpec, path: str, found: Errors) -> None:
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        inner = f"{path}[{index}].name"
        name = sysctl.name
        if not name:
            found.required(inner)
        elif len(name) > 253 or not re.fullmatch(_SYSCTL, name):
            found.invalid(inner, name, f"must have at most 253 characters and match regex ^{_SYSCTL}$")
        elif name in seen:
            found.duplicate(inner, name)
        if spec.host_network and name.startswith("net."):
            found.invalid(inner, name, "may not be specified when 'hostNetwork' is true")
        if spec.host_ipc and name.startswith(_IPC_SYSCTLS):
            found.invalid(inner, name, "may not be specified when 'hostIPC' is true")
        seen.add(name)


def _check_seccomp(profile: security.SeccompProfile | None, path: str, found: Errors) -> None:
    if profile is None:
        return
    if not profile.type:
        found.required(f"{path}.type", "type is required when seccompProfile is set")
    elif profile.type not in _PROFILES:
        found.unsupported(f"{path}.type", profile.type, _PROFILES)
    inner = f"{path}.localhostProfile"
    if profile.type != "Localhost":
        if profile.localhost_profile is not None:
            found.invalid(inner, profile.localhost_profile, "can only be set when seccomp type is Localhost")
    elif profile.localhost_profile is None:
        found.required(inner, "must be set when seccomp type is Localhost")
    else:
        paths.check_descending(profile.localhost_profile, inner, found)


def _check_app_armor(profile: security.AppArmorProfile | None, path: str, found: Errors) -> None:
    if profile is None:
        return
    inner = f"{path}.localhostProfile"
    local = profile.localhost_profile
    if not profile.type:
        found.required(f"{path}.type", "type is required when appArmorProfile is set")
    elif profile.type not in _PROFILES:
        found.unsupported(f"{path}.type", profile.type, _PROFILES)
    elif profile.type != "Localhost":
        if local is not None:
            found.invalid(inner, local, "can only be set when AppArmor type is Localhost")
    elif not (local or "").strip():
        found.required(inner, "must be set when AppArmor type is Localhost")
    elif local != (local or "").strip():
        found.invalid(inner, local, "must not be padded with whitespace")
