"""Pods that a node refuses to run, though the API accepts them. Pure; performs no I/O.

Sources: kubernetes pkg/kubelet/lifecycle/predicate.go (os, supplemental groups), lifecycle/handlers.go (AppArmor),
pkg/kubelet/sysctl/allowlist.go and safe_sysctls.go; `rejectPod`, pkg/kubelet/kubelet.go.
"""

from collections.abc import Iterator
from typing import NamedTuple

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.pods import identity
from podrunner.pods.configuration import Configuration

SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)
"""Those that concern the pod alone. A kubelet lets pods set others only if its owner lists them."""


class Rejection(NamedTuple):
    """Why the pod can't run here, as an event's reason and message."""

    reason: str
    message: str


def rejection(pod: Pod, node: Configuration) -> Rejection | None:
    """The first reason for which the node does not run the pod; None if it does."""
    return next(_reasons(pod, node), None)


def _reasons(pod: Pod, node: Configuration) -> Iterator[Rejection]:
    if pod.spec.os is not None and pod.spec.os.name != "linux":
        message = "Failed to admit pod as the OS field doesn't match node OS"
        yield Rejection("PodOSNotSupported", message)
    if _cannot_be_strict(pod):
        message = "SupplementalGroupsPolicy=Strict is not supported in this node"
        yield Rejection("SupplementalGroupsPolicyNotSupported", message)
    for sysctl in identity.of_pod(pod).sysctls:
        if (name := identity.dotted(sysctl.name)) not in SAFE_SYSCTLS:
            yield Rejection("SysctlForbidden", f'forbidden sysctl: "{name}" not allowlisted')
    if not node.app_armor and any(kind not in ("", "Unconfined") for kind in _app_armor_profiles(pod)):
        yield Rejection("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host")


def _begins_with(pod: Pod) -> tuple[Container, ...]:
    return (*pod.spec.init_containers, *pod.spec.containers)


def _cannot_be_strict(pod: Pod) -> bool:
    """The engine leaves the groups of the image's /etc/group out only where the primary group is named as well."""
    if identity.of_pod(pod).supplemental_groups_policy != identity.STRICT:
        return False
    return any(identity.group_id(pod, container) is None for container in _begins_with(pod))


def _app_armor_profiles(pod: Pod) -> Iterator[str]:
    of_pod = identity.of_pod(pod).app_armor_profile
    for container in _begins_with(pod):
        profile = identity.of_container(container).app_armor_profile or of_pod
        yield profile.type if profile else ""
