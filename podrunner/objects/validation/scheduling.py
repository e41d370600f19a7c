"""Affinity, tolerations and topology spread. Pure; performs no I/O.

Rules are `validateAffinity`, `ValidateTolerations` and `validateTopologySpreadConstraints` of Kubernetes'
pkg/apis/core/validation. With one node they decide nothing, but a manifest a cluster refuses is refused here too.
"""

from podrunner.objects import scheduling
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_NODE_POLICIES = ("Honor", "Ignore")


def check_affinity(affinity: scheduling.Affinity, path: str, found: Errors) -> None:
    if affinity.node_affinity is not None:
        _check_node_affinity(affinity.node_affinity, f"{path}.nodeAffinity", found)
    for name, pods in (("podAffinity", affinity.pod_affinity), ("podAntiAffinity", affinity.pod_anti_affinity)):
        if pods is None:
            continue
        for index, term in enumerate(pods.required_during_scheduling_ignored_during_execution):
            _check_pod_term(term, f"{path}.{name}.{_REQUIRED}[{index}]", found)
        for index, weighted in enumerate(pods.preferred_during_scheduling_ignored_during_execution):
            inner = f"{path}.{name}.{_PREFERRED}[{index}]"
            _check_weight(weighted.weight, inner, found)
            term = weighted.pod_affinity_term or scheduling.PodAffinityTerm()
            _check_pod_term(term, f"{inner}.podAffinityTerm", found)


def _check_node_affinity(affinity: scheduling.NodeAffinity, path: str, found: Errors) -> None:
    required = affinity.required_during_scheduling_ignored_during_execution
    if required is not None:
        inner = f"{path}.{_REQUIRED}.nodeSelectorTerms"
        if not required.node_selector_terms:
            found.required(inner, "must have at least one node selector term")
        for index, term in enumerate(required.node_selector_terms):
            _check_node_term(term, f"{inner}[{index}]", found)
    for index, preferred in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        inner = f"{path}.{_PREFERRED}[{index}]"
        _check_weight(preferred.weight, inner, found)
        if preferred.preference is not None:
            _check_node_term(preferred.preference, f"{inner}.preference", found)


def _check_weight(weight: int, path: str, found: Errors) -> None:
    if not 1 <= weight <= 100:
        found.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _check_node_term(term: scheduling.NodeSelectorTerm, path: str, found: Errors) -> None:
    for index, need in enumerate(term.match_expressions):
        inner = f"{path}.matchExpressions[{index}]"
        if need.operator in ("In", "NotIn"):
            if not need.values:
                found.required(f"{inner}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif need.operator in ("Exists", "DoesNotExist"):
            if need.values:
                detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                found.forbidden(f"{inner}.values", detail)
        elif need.operator in ("Gt", "Lt"):
            if len(need.values) != 1:
                found.required(f"{inner}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
        else:
            found.invalid(f"{inner}.operator", need.operator, "not a valid selector operator")
        found.invalid_each(f"{inner}.key", need.key, names.qualified_name(need.key))
    for index, need in enumerate(term.match_fields):
        inner = f"{path}.matchFields[{index}]"
        if need.operator not in ("In", "NotIn"):
            found.invalid(f"{inner}.operator", need.operator, "not a valid selector operator")
        elif len(need.values) != 1:
            detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            found.required(f"{inner}.values", detail)
        if need.key != "metadata.name":
            found.invalid(f"{inner}.key", need.key, "not a valid field selector key")


def _check_pod_term(term: scheduling.PodAffinityTerm, path: str, found: Errors) -> None:
    metadata.check_selector(term.label_selector, f"{path}.labelSelector", found)
    metadata.check_selector(term.namespace_selector, f"{path}.namespaceSelector", found)
    for index, namespace in enumerate(term.namespaces):
        found.invalid_each(f"{path}.namespaces[{index}]", namespace, names.dns_label(namespace))
    if not term.topology_key:
        found.required(f"{path}.topologyKey", "can not be empty")
    else:
        found.invalid_each(f"{path}.topologyKey", term.topology_key, names.qualified_name(term.topology_key))


def check_toleration(toleration: scheduling.Toleration, path: str, found: Errors) -> None:
    operator = toleration.operator
    if toleration.key:
        found.invalid_each(f"{path}.key", toleration.key, names.qualified_name(toleration.key))
    elif operator != "Exists":
        detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        found.invalid(f"{path}.operator", operator, detail)
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        found.invalid(f"{path}.effect", toleration.effect, detail)
    if operator in ("Equal", ""):
        found.invalid_each(
            f"{path}.operator", toleration.value, names.label_value(toleration.value), at=f"{path}.value"
        )
    elif operator == "Exists":
        if toleration.value:
            detail = "value must be empty when `operator` is 'Exists'"
            found.invalid(f"{path}.operator", toleration.value, detail, at=f"{path}.value")
    else:
        found.unsupported(f"{path}.operator", operator, ("Equal", "Exists"))
    if toleration.effect and toleration.effect not in _EFFECTS:
        found.unsupported(f"{path}.effect", toleration.effect, _EFFECTS)


def check_spread(spreads: tuple[scheduling.TopologySpreadConstraint, ...], path: str, found: Errors) -> None:
    seen: set[tuple[str, str]] = set()
    for index, spread in enumerate(spreads):
        inner = f"{path}[{index}]"
        if spread.max_skew <= 0:
            found.invalid(f"{inner}.maxSkew", spread.max_skew, names.POSITIVE)
        if not spread.topology_key:
            found.required(f"{inner}.topologyKey", "can not be empty")
        if spread.when_unsatisfiable not in _ACTIONS:
            found.unsupported(f"{inner}.whenUnsatisfiable", spread.when_unsatisfiable, _ACTIONS)
        pair = (spread.topology_key, spread.when_unsatisfiable)
        if pair in seen:
            found.duplicate(f"{inner}.{{topologyKey, whenUnsatisfiable}}", f"{{{pair[0]}, {pair[1]}}}")
        seen.add(pair)
        if spread.min_domains is not None and spread.min_domains <= 0:
            found.invalid(f"{inner}.minDomains", spread.min_domains, names.POSITIVE)
        if spread.min_domains is not None and spread.when_unsatisfiable != "DoNotSchedule":
            detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {spread.when_unsatisfiable}"
            found.invalid(f"{inner}.minDomains", spread.min_domains, detail)
        for name, policy in (
            ("nodeAffinityPolicy", spread.node_affinity_policy),
            ("nodeTaintsPolicy", spread.node_taints_policy),
        ):
            if policy is not None and policy not in _NODE_POLICIES:
                found.unsupported(f"{inner}.{name}", policy, _NODE_POLICIES)
        metadata.check_selector(spread.label_selector, f"{inner}.labelSelector", found)
