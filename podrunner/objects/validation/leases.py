"""Leases and RuntimeClasses. Pure; performs no I/O.

Rules are `ValidateLease` of Kubernetes' pkg/apis/coordination/validation and `ValidateRuntimeClass` of its
pkg/apis/node/validation.
"""

from podrunner.objects import container, lease, runtime_class
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names, resources, scheduling

_STRATEGIES = ("OldestEmulationVersion",)


def check(obj: lease.Lease, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    spec = obj.spec
    if spec.lease_duration_seconds is not None and spec.lease_duration_seconds <= 0:
        found.invalid("spec.leaseDurationSeconds", spec.lease_duration_seconds, "must be greater than 0")
    if spec.lease_transitions is not None and spec.lease_transitions < 0:
        found.invalid("spec.leaseTransitions", spec.lease_transitions, names.NOT_NEGATIVE)
    if spec.strategy is not None:
        if "/" in spec.strategy:
            found.invalid_each("spec.strategy", spec.strategy, names.qualified_name(spec.strategy))
        elif spec.strategy not in _STRATEGIES:
            found.unsupported("spec.strategy", spec.strategy, _STRATEGIES)
    if spec.preferred_holder and not spec.strategy:
        found.forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined")


def check_runtime_class(obj: runtime_class.RuntimeClass, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, False, found)
    found.invalid_each("handler", obj.handler, names.dns_label(obj.handler))
    if obj.overhead is not None:
        needs = container.ResourceRequirements(limits=obj.overhead.pod_fixed)
        resources.check(needs, (), "overhead", found)
    if obj.scheduling is not None:
        metadata.check_labels(obj.scheduling.node_selector, "scheduling.nodeSelector", found)
        for index, toleration in enumerate(obj.scheduling.tolerations):
            scheduling.check_toleration(toleration, f"scheduling.tolerations[{index}]", found)
