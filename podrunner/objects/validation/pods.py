"""Pods. Pure; performs no I/O.

Rules are `ValidatePodCreate` and `ValidatePodSpec` of Kubernetes' pkg/apis/core/validation,
for a pod that has its defaults.
"""

from podrunner.objects import container, meta, pod, template
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import containers, metadata, names, resources, scheduling, security, volumes

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_POD_RESOURCES = ("cpu", "memory")
_MAX_INT32 = 2**31 - 1
MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_CHARACTERS = 2048
LONGEST_OVERRIDE = 64


def check(obj: pod.Pod, found: Errors, *, creating: bool) -> None:
    """`creating` is false for an update of a stored pod, which alone may have ephemeral containers."""
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    _check_spec(obj.spec, obj.metadata, found)
    if creating and obj.spec.ephemeral_containers:
        found.forbidden("spec.ephemeralContainers", "cannot be set on create")


def check_template(obj: template.PodTemplate, found: Errors) -> None:
    """`ValidatePodTemplate`."""
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    inner = Errors()
    metadata.check_labels(obj.template.metadata.labels, "labels", inner)
    metadata.check_annotations(obj.template.metadata.annotations, "annotations", inner)
    _check_spec(obj.template.spec, obj.template.metadata, inner)
    if obj.template.spec.ephemeral_containers:
        inner.forbidden("spec.ephemeralContainers", "ephemeral containers not allowed in pod template")
    found.extend(inner.within("template"))


def _check_spec(spec: pod.PodSpec, metadata_: meta.ObjectMeta, found: Errors) -> None:
    known_volumes = volumes.check(spec, metadata_, "spec.volumes", found)
    containers.check(containers.Scope(spec, known_volumes), "spec", found)
    _check_lifetime(spec, found)
    _check_names(spec, found)
    _check_dns(spec, found)
    _check_network(spec, found)
    security.check_pod(spec, "spec", found)
    _check_scheduling(spec, found)
    _check_resources(spec, found)
    if spec.os is not None:
        _check_os(spec.os, found)


def _check_lifetime(spec: pod.PodSpec, found: Errors) -> None:
    if spec.restart_policy not in _RESTART_POLICIES:
        found.unsupported("spec.restartPolicy", spec.restart_policy, _RESTART_POLICIES)
    grace = spec.termination_grace_period_seconds
    if grace is not None and grace < 0:
        found.invalid("spec.terminationGracePeriodSeconds", grace, names.NOT_NEGATIVE)
    deadline = spec.active_deadline_seconds
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        found.invalid("spec.activeDeadlineSeconds", deadline, names.between(1, _MAX_INT32))


def _check_names(spec: pod.PodSpec, found: Errors) -> None:
    for name, value, rule in (
        ("hostname", spec.hostname, names.dns_label),
        ("subdomain", spec.subdomain, names.dns_label),
        ("hostnameOverride", spec.hostname_override, names.dns_subdomain),
        ("serviceAccountName", spec.service_account_name, names.dns_subdomain),
        ("nodeName", spec.node_name, names.dns_subdomain),
        ("priorityClassName", spec.priority_class_name, names.dns_subdomain),
        ("runtimeClassName", spec.runtime_class_name, names.dns_subdomain),
    ):
        if value:
            found.invalid_each(f"spec.{name}", value, rule(value))
    if spec.hostname_override:
        _check_override(spec, spec.hostname_override, found)


def _check_override(spec: pod.PodSpec, override: str, found: Errors) -> None:
    """The rules are told by the field's own description in the API; the words are ours."""
    if len(override) > LONGEST_OVERRIDE:
        found.too_long("spec.hostnameOverride", LONGEST_OVERRIDE)
    if spec.set_hostname_as_fqdn:
        found.forbidden("spec.hostnameOverride", "may not be set when `setHostnameAsFQDN` is true")
    if spec.host_network:
        found.forbidden("spec.hostnameOverride", "may not be set when `hostNetwork` is true")


def _check_dns(spec: pod.PodSpec, found: Errors) -> None:
    if spec.dns_policy not in _DNS_POLICIES:
        found.unsupported("spec.dnsPolicy", spec.dns_policy, _DNS_POLICIES)
    config = spec.dns_config
    path = "spec.dnsConfig"
    if spec.dns_policy == "None":
        if config is None:
            found.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
        elif not config.nameservers:
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            found.required(f"{path}.nameservers", detail)
    if config is None:
        return
    if len(config.nameservers) > MAX_NAMESERVERS:
        detail = f"must not have more than {MAX_NAMESERVERS} nameservers"
        found.invalid(f"{path}.nameservers", config.nameservers, detail)
    for index, server in enumerate(config.nameservers):
        found.invalid_each(f"{path}.nameservers[{index}]", server, names.ip_address(server))
    _check_searches(config.searches, f"{path}.searches", found)
    for index, option in enumerate(config.options):
        if not option.name:
            found.required(f"{path}.options[{index}]", "must not be empty")


def _check_searches(searches: tuple[str, ...], path: str, found: Errors) -> None:
    if len(searches) > MAX_SEARCHES:
        found.invalid(path, searches, f"must not have more than {MAX_SEARCHES} search paths")
    if len(" ".join(searches)) > MAX_SEARCH_CHARACTERS:
        detail = f"must not have more than {MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        found.invalid(path, searches, detail)
    for index, search in enumerate(searches):
        found.invalid_each(f"{path}[{index}]", search, names.dns_search(search))


def _check_network(spec: pod.PodSpec, found: Errors) -> None:
    for index, alias in enumerate(spec.host_aliases):
        path = f"spec.hostAliases[{index}]"
        found.invalid_each(f"{path}.ip", alias.ip, names.ip_address(alias.ip))
        for number, hostname in enumerate(alias.hostnames):
            found.invalid_each(f"{path}.hostnames[{number}]", hostname, names.dns_subdomain(hostname))
    if not spec.host_network:
        return
    for index, each in enumerate(spec.containers):
        for number, port in enumerate(each.ports):
            if port.host_port != port.container_port:
                path = f"spec.containers[{index}].ports[{number}].hostPort"
                found.invalid(path, port.host_port, "must match `containerPort` when `hostNetwork` is true")


def _check_scheduling(spec: pod.PodSpec, found: Errors) -> None:
    metadata.check_labels(spec.node_selector, "spec.nodeSelector", found)
    if spec.affinity is not None:
        scheduling.check_affinity(spec.affinity, "spec.affinity", found)
    for index, toleration in enumerate(spec.tolerations):
        scheduling.check_toleration(toleration, f"spec.tolerations[{index}]", found)
    scheduling.check_spread(spec.topology_spread_constraints, "spec.topologySpreadConstraints", found)
    for index, gate in enumerate(spec.readiness_gates):
        path = f"spec.readinessGates[{index}].conditionType"
        found.invalid_each(path, gate.condition_type, names.qualified_name(gate.condition_type))
    seen: set[str] = set()
    for index, held in enumerate(spec.scheduling_gates):
        path = f"spec.schedulingGates[{index}]"
        found.invalid_each(path, held.name, names.qualified_name(held.name))
        if held.name in seen:
            found.duplicate(path, held.name)
        seen.add(held.name)
    if spec.node_name and spec.scheduling_gates:
        found.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    if spec.preemption_policy is not None and spec.preemption_policy not in ("PreemptLowerPriority", "Never"):
        found.unsupported("spec.preemptionPolicy", spec.preemption_policy, ("PreemptLowerPriority", "Never"))


def _check_resources(spec: pod.PodSpec, found: Errors) -> None:
    """Pod-level resources, overhead and claims."""
    if spec.overhead:
        resources.check_list(spec.overhead, "spec.overhead", found)
    if spec.resources is not None:
        if spec.resources.claims:
            found.forbidden("spec.resources.claims", "claims cannot be set for Resources at pod-level")
        _check_pod_level(spec.resources, found)
    seen: set[str] = set()
    for index, claim in enumerate(spec.resource_claims):
        path = f"spec.resourceClaims[{index}]"
        if not claim.name:
            found.required(f"{path}.name")
        elif claim.name in seen:
            found.duplicate(f"{path}.name", claim.name)
        else:
            found.invalid_each(f"{path}.name", claim.name, names.dns_label(claim.name))
        seen.add(claim.name)
        if claim.resource_claim_name is not None and claim.resource_claim_template_name is not None:
            detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            found.invalid(path, claim.name, detail)
        elif claim.resource_claim_name is None and claim.resource_claim_template_name is None:
            detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            found.invalid(path, claim.name, detail)


def _check_pod_level(needs: container.ResourceRequirements, found: Errors) -> None:
    for side, amounts in (("limits", needs.limits), ("requests", needs.requests)):
        for name in amounts:
            if name not in _POD_RESOURCES and not name.startswith("hugepages-"):
                found.unsupported(f"spec.resources.{side}[{name}]", name, _POD_RESOURCES)
    resources.check(
        container.ResourceRequirements(limits=needs.limits, requests=needs.requests), (), "spec.resources", found
    )


def _check_os(os: pod.PodOS, found: Errors) -> None:
    if not os.name:
        found.required("spec.os.name", "cannot be empty")
    elif os.name not in ("linux", "windows"):
        found.unsupported("spec.os.name", os.name, ("linux", "windows"))
