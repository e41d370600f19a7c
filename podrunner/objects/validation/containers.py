"""The containers of a pod: regular, init and ephemeral. Pure; performs no I/O.

Rules are `validateContainers`, `validateInitContainers` and `validateEphemeralContainers` of Kubernetes'
pkg/apis/core/validation.
"""

from collections.abc import Mapping
from typing import NamedTuple

from podrunner.objects import container, pod, volume
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import environment, handlers, mounts, names, resources, security

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("FallbackToLogsOnError", "File")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_EPHEMERAL = "cannot be set for an Ephemeral Container"


class Scope(NamedTuple):
    """What a container's rules need of its pod."""

    spec: pod.PodSpec
    volumes: Mapping[str, volume.Volume]

    @property
    def claims(self) -> set[str]:
        return {claim.name for claim in self.spec.resource_claims}

    @property
    def host_users(self) -> bool:
        return self.spec.host_users is not False


def check(scope: Scope, path: str, found: Errors) -> None:
    """All containers of the pod: their names share one name space, regular ones first."""
    spec = scope.spec
    if not spec.containers:
        found.required(f"{path}.containers")
    taken: set[str] = set()
    host_ports: set[str] = set()
    for index, regular in enumerate(spec.containers):
        inner = f"{path}.containers[{index}]"
        _check_common(regular, scope, inner, found)
        _check_unique(regular.name, taken, inner, found)
        _check_running(regular, scope, inner, found)
        _check_restart(regular, inner, found)
        _check_host_ports(regular, host_ports, inner, found)
    for index, init in enumerate(spec.init_containers):
        inner = f"{path}.initContainers[{index}]"
        _check_common(init, scope, inner, found)
        _check_unique(init.name, taken, inner, found)
        _check_init(init, scope, inner, found)
        _check_restart(init, inner, found)
        _check_host_ports(init, set(), inner, found)
    targets = set(taken)
    for index, ephemeral in enumerate(spec.ephemeral_containers):
        inner = f"{path}.ephemeralContainers[{index}]"
        _check_common(ephemeral, scope, inner, found)
        _check_unique(ephemeral.name, taken, inner, found)
        _check_ephemeral(ephemeral, targets, inner, found)


def _check_common(spec: container.Container, scope: Scope, path: str, found: Errors) -> None:
    if spec.name:
        found.invalid_each(f"{path}.name", spec.name, names.dns_label(spec.name))
    else:
        found.required(f"{path}.name")
    if not spec.image:
        found.required(f"{path}.image")
    elif spec.image != spec.image.strip():
        found.invalid(f"{path}.image", spec.image, "must not have leading or trailing whitespace")
    if spec.image_pull_policy not in _PULL_POLICIES:
        found.unsupported(f"{path}.imagePullPolicy", spec.image_pull_policy, _PULL_POLICIES)
    if spec.termination_message_policy not in _MESSAGE_POLICIES:
        found.unsupported(f"{path}.terminationMessagePolicy", spec.termination_message_policy, _MESSAGE_POLICIES)
    if spec.ports:
        _check_ports(spec.ports, f"{path}.ports", found)
    environment.check(spec.env, f"{path}.env", found)
    environment.check_from(spec.env_from, f"{path}.envFrom", found)
    mounts.check(spec, scope.volumes, path, found)
    mounts.check_devices(spec, scope.volumes, path, found)
    resources.check(spec.resources, scope.claims, f"{path}.resources", found)
    _check_resize(spec.resize_policy, scope.spec.restart_policy, f"{path}.resizePolicy", found)
    if spec.security_context is not None:
        security.check_container(spec.security_context, scope.host_users, f"{path}.securityContext", found)


def _check_unique(name: str, taken: set[str], path: str, found: Errors) -> None:
    if name and name in taken:
        found.duplicate(f"{path}.name", name)
    taken.add(name)


def _check_ports(ports: tuple[container.ContainerPort, ...], path: str, found: Errors) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        inner = f"{path}[{index}]"
        if port.name:
            found.invalid_each(f"{inner}.name", port.name, names.port_name(port.name))
            if port.name in seen:
                found.duplicate(f"{inner}.name", port.name)
            seen.add(port.name)
        if port.container_port == 0:
            found.required(f"{inner}.containerPort")
        else:
            found.invalid_each(f"{inner}.containerPort", port.container_port, names.port_number(port.container_port))
        if port.host_port != 0:
            found.invalid_each(f"{inner}.hostPort", port.host_port, names.port_number(port.host_port))
        if port.host_ip:
            found.invalid_each(f"{inner}.hostIP", port.host_ip, names.ip_address(port.host_ip))
        if port.protocol not in _PROTOCOLS:
            found.unsupported(f"{inner}.protocol", port.protocol, _PROTOCOLS)


def _check_host_ports(spec: container.Container, taken: set[str], path: str, found: Errors) -> None:
    """No host port twice among containers that run at the same time; init containers run one by one."""
    for index, port in enumerate(spec.ports):
        if port.host_port:
            key = f"{port.protocol}/{port.host_ip}/{port.host_port}"
            if key in taken:
                found.duplicate(f"{path}.ports[{index}].hostPort", key)
            taken.add(key)


def _check_running(spec: container.Container, scope: Scope, path: str, found: Errors) -> None:
    """Hooks and probes, of containers that run as long as the pod does."""
    grace = scope.spec.termination_grace_period_seconds
    handlers.check_lifecycle(spec.lifecycle, grace, scope.spec.os, f"{path}.lifecycle", found)
    handlers.check_probes(spec, path, found)


def _check_init(spec: container.Container, scope: Scope, path: str, found: Errors) -> None:
    if spec.restart_policy == "Always":
        _check_running(spec, scope, path, found)
        return
    for name, value in (
        ("lifecycle", spec.lifecycle),
        ("livenessProbe", spec.liveness_probe),
        ("readinessProbe", spec.readiness_probe),
        ("startupProbe", spec.startup_probe),
    ):
        if value is not None:
            found.forbidden(f"{path}.{name}", "may not be set for init containers without restartPolicy=Always")


def _check_restart(spec: container.Container, path: str, found: Errors) -> None:
    """A container's own restart policy and rules (`validateContainerRestartPolicy`, since Kubernetes 1.34)."""
    if spec.restart_policy is not None and spec.restart_policy not in _RESTART_POLICIES:
        found.unsupported(f"{path}.restartPolicy", spec.restart_policy, _RESTART_POLICIES)
    rules = spec.restart_policy_rules
    if rules and spec.restart_policy is None:
        found.required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
    if len(rules) > 20:
        found.too_many(f"{path}.restartPolicyRules", len(rules), 20)
    for index, rule in enumerate(rules):
        inner = f"{path}.restartPolicyRules[{index}]"
        if rule.action not in ("Restart", "RestartAllContainers"):
            found.unsupported(f"{inner}.action", rule.action, ("Restart", "RestartAllContainers"))
        if rule.exit_codes is None:
            found.required(f"{inner}.exitCodes", "must be specified")
            continue
        if rule.exit_codes.operator not in ("In", "NotIn"):
            found.unsupported(f"{inner}.exitCodes.operator", rule.exit_codes.operator, ("In", "NotIn"))
        if len(rule.exit_codes.values) > 255:
            found.too_many(f"{inner}.exitCodes.values", len(rule.exit_codes.values), 255)


def _check_resize(
    policies: tuple[container.ContainerResizePolicy, ...], pod_restart: str, path: str, found: Errors
) -> None:
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        inner = f"{path}[{index}]"
        if policy.resource_name in seen:
            found.duplicate(inner, policy.resource_name)
        seen.add(policy.resource_name)
        if policy.resource_name not in ("cpu", "memory"):
            found.unsupported(f"{inner}.resourceName", policy.resource_name, ("cpu", "memory"))
        if policy.restart_policy not in ("NotRequired", "RestartContainer"):
            found.unsupported(f"{inner}.restartPolicy", policy.restart_policy, ("NotRequired", "RestartContainer"))
        elif pod_restart == "Never" and policy.restart_policy != "NotRequired":
            detail = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            found.invalid(f"{inner}.restartPolicy", policy.restart_policy, detail)


def _check_ephemeral(spec: container.EphemeralContainer, targets: set[str], path: str, found: Errors) -> None:
    """An ephemeral container is for looking into a pod: nothing the pod itself could come to depend on."""
    if spec.target_container_name and spec.target_container_name not in targets:
        found.not_found(f"{path}.targetContainerName", spec.target_container_name)
    for name, is_set in (
        ("ports", bool(spec.ports)),
        ("lifecycle", spec.lifecycle is not None),
        ("livenessProbe", spec.liveness_probe is not None),
        ("readinessProbe", spec.readiness_probe is not None),
        ("startupProbe", spec.startup_probe is not None),
        ("resources", spec.resources != container.ResourceRequirements()),
        ("resizePolicy", bool(spec.resize_policy)),
        ("restartPolicy", spec.restart_policy is not None),
        ("restartPolicyRules", bool(spec.restart_policy_rules)),
    ):
        if is_set:
            found.forbidden(f"{path}.{name}", _EPHEMERAL)
    for index, mount in enumerate(spec.volume_mounts):
        for name, value in (("subPath", mount.sub_path), ("subPathExpr", mount.sub_path_expr)):
            if value:
                found.forbidden(f"{path}.volumeMounts[{index}].{name}", _EPHEMERAL)
