"""LimitRanges and ResourceQuotas. Pure; performs no I/O.

Rules are `ValidateLimitRange` and `ValidateResourceQuota` of Kubernetes' pkg/apis/core/validation: names, amounts and
what contradicts itself. podrunner stores these kinds and limits nothing by them.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from podrunner.objects import limits
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names, resources

_LIMIT_TYPES = ("Container", "PersistentVolumeClaim", "Pod")
_SCOPES = (
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
)
_OPPOSITES = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_COUNTED = {
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
}


def check_limit_range(obj: limits.LimitRange, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    seen: set[str] = set()
    for index, item in enumerate(obj.spec.limits):
        path = f"spec.limits[{index}]"
        messages = names.qualified_name(item.type)
        found.invalid_each(f"{path}.type", item.type, messages)
        if not messages and "/" not in item.type and item.type not in _LIMIT_TYPES:
            found.invalid(f"{path}.type", item.type, "must be a standard limit type or fully qualified")
        if item.type in seen:
            found.duplicate(f"{path}.type", item.type)
        seen.add(item.type)
        _check_limits(item, path, found)


def _check_limits(item: limits.LimitRangeItem, path: str, found: Errors) -> None:
    texts = {
        "max": item.max,
        "min": item.min,
        "default": item.default,
        "defaultRequest": item.default_request,
        "maxLimitRequestRatio": item.max_limit_request_ratio,
    }
    if item.type == "Pod":
        for field in ("default", "defaultRequest"):
            if texts[field]:
                found.forbidden(f"{path}.{field}", "may not be specified when `type` is 'Pod'")
    if item.type == "PersistentVolumeClaim" and "storage" not in item.min and "storage" not in item.max:
        detail = "either minimum or maximum storage value is required, but neither was provided"
        found.required(f"{path}.limits", detail)
    amounts = {field: _amounts(given, f"{path}.{field}", found) for field, given in texts.items()}
    for order in _ORDER:
        for name, low in amounts[order.low].items():
            if low > amounts[order.high].get(name, low):
                what = f"{order.low_name} {texts[order.low][name]} is greater than"
                detail = f"{what} {order.high_name} {texts[order.high][name]}"
                found.invalid(f"{path}.{order.blamed}[{name}]", texts[order.blamed][name], detail)
    for name, ratio in amounts["maxLimitRequestRatio"].items():
        if ratio < 1:
            text = item.max_limit_request_ratio[name]
            found.invalid(f"{path}.maxLimitRequestRatio[{name}]", text, f"ratio {text} is less than 1")


class _Order(NamedTuple):
    """Of two fields the one that may not exceed the other, what they are called, and the one that is blamed."""

    low: str
    low_name: str
    high: str
    high_name: str
    blamed: str


_ORDER = (
    _Order("min", "min value", "max", "max value", "min"),
    _Order("min", "min value", "defaultRequest", "default request value", "defaultRequest"),
    _Order("defaultRequest", "default request value", "max", "max value", "defaultRequest"),
    _Order("defaultRequest", "default request value", "default", "default limit value", "defaultRequest"),
    _Order("min", "min value", "default", "default value", "default"),
    _Order("default", "default value", "max", "max value", "default"),
)


def _amounts(given: Mapping[str, str], path: str, found: Errors) -> dict[str, Fraction]:
    amounts = {}
    for name, text in given.items():
        found.invalid_each(f"{path}[{name}]", name, names.qualified_name(name))
        amount = resources.check_quantity(text, f"{path}[{name}]", found)
        if amount is not None:
            amounts[name] = amount.amount
    return amounts


def check_quota(obj: limits.ResourceQuota, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    for path, hard in (
        ("spec.hard", obj.spec.hard),
        ("status.hard", obj.status.hard),
        ("status.used", obj.status.used),
    ):
        for name, text in hard.items():
            _check_quota_name(name, f"{path}[{name}]", found)
            resources.check_quantity(text, f"{path}[{name}]", found)
    _check_scopes(obj.spec.scopes, "spec.scopes", found)
    selector = obj.spec.scope_selector
    if selector is not None:
        for need in selector.match_expressions:
            _check_requirement(need, "spec.scopeSelector.matchExpressions", found)


def _check_quota_name(name: str, path: str, found: Errors) -> None:
    messages = names.qualified_name(name)
    found.invalid_each(path, name, messages)
    counts_objects = name.startswith(("count/", "requests.hugepages-", "hugepages-"))
    if not messages and "/" not in name and name not in _COUNTED and not counts_objects:
        found.invalid(path, name, "must be a standard resource type or fully qualified")
        found.invalid(path, name, "must be a standard resource for quota")


def _check_scopes(scopes: tuple[str, ...], path: str, found: Errors) -> None:
    for scope in scopes:
        if scope not in _SCOPES:
            found.invalid(path, scopes, "unsupported scope")
    for pair in _OPPOSITES:
        if set(pair) <= set(scopes):
            found.invalid(path, scopes, "conflicting scopes")


def _check_requirement(need: limits.ScopedResourceSelectorRequirement, path: str, found: Errors) -> None:
    if need.scope_name not in _SCOPES:
        found.invalid(f"{path}.scopeName", need.scope_name, "unsupported scope")
    if need.operator in ("In", "NotIn"):
        if not need.values:
            detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            found.required(f"{path}.values", detail)
    elif need.operator in ("Exists", "DoesNotExist"):
        if need.values:
            detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            found.invalid(f"{path}.values", need.values, detail)
    else:
        found.invalid(f"{path}.operator", need.operator, "not a valid selector operator")
