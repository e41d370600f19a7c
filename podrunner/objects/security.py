"""Security contexts of pods and containers. Pure; performs no I/O."""

from podrunner.objects import base


class Sysctl(base.Struct):
    name: str = base.always("")
    value: str = base.always("")


class AppArmorProfile(base.Struct):
    type: str = base.always("")
    localhost_profile: str | None = None


class SELinuxOptions(base.Struct):
    type: str = ""
    level: str = ""
    role: str = ""
    user: str = ""


class SeccompProfile(base.Struct):
    type: str = base.always("")
    localhost_profile: str | None = None


class WindowsSecurityContextOptions(base.Struct):
    gmsa_credential_spec: str | None = None
    gmsa_credential_spec_name: str | None = None
    host_process: bool | None = None
    run_as_user_name: str | None = None


class PodSecurityContext(base.Struct):
    app_armor_profile: AppArmorProfile | None = None
    fs_group: base.Int64 | None = None
    fs_group_change_policy: str | None = None
    run_as_group: base.Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: base.Int64 | None = None
    se_linux_change_policy: str | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    supplemental_groups: tuple[base.Int64, ...] = ()
    supplemental_groups_policy: str | None = None
    sysctls: tuple[Sysctl, ...] = ()
    windows_options: WindowsSecurityContextOptions | None = None


class Capabilities(base.Struct):
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SecurityContext(base.Struct):
    allow_privilege_escalation: bool | None = None
    app_armor_profile: AppArmorProfile | None = None
    capabilities: Capabilities | None = None
    privileged: bool | None = None
    proc_mount: str | None = None
    read_only_root_filesystem: bool | None = None
    run_as_group: base.Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: base.Int64 | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    windows_options: WindowsSecurityContextOptions | None = None
