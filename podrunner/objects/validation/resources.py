"""Resource requests and limits. Pure; performs no I/O.

Rules are `validateResourceRequirements` and `validateContainerResourceName` of Kubernetes' pkg/apis/core/validation.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction

from podrunner.objects import container, quantity
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import names

_STANDARD = {"cpu", "memory", "ephemeral-storage"}
_HUGE_PAGES = "hugepages-"
_NONE = container.ResourceRequirements()


def check(needs: container.ResourceRequirements, claims: Collection[str], path: str, found: Errors) -> None:
    """A container's resources; `claims` are the names in the pod's resourceClaims."""
    if needs == _NONE:
        return
    limits = check_list(needs.limits, f"{path}.limits", found)
    # Requests default to limits: one that says the same has been checked, and may not be in the manifest at all.
    own = {name: text for name, text in needs.requests.items() if needs.limits.get(name) != text}
    requests = check_list(own, f"{path}.requests", found)
    for name, amount in requests.items():
        _check_against_limit(name, amount, limits.get(name), path, found)
    names_used = {*limits, *requests}
    if any(map(_is_huge_page, names_used)) and names_used.isdisjoint(("cpu", "memory")):
        found.forbidden(path, "HugePages require cpu or memory")
    _check_claims(needs.claims, claims, f"{path}.claims", found)


def check_list(amounts: Mapping[str, str], path: str, found: Errors) -> dict[str, quantity.Quantity]:
    """Names and amounts of limits, requests or overhead; returns those that can be read."""
    good = {}
    for name, text in amounts.items():
        inner = f"{path}[{name}]"
        _check_name(name, inner, found)
        amount = check_quantity(text, inner, found)
        if amount is None:
            continue
        good[name] = amount
        if _is_huge_page(name):
            _check_huge_page(name, amount, inner, found)
        elif _is_extended(name) and amount.amount.denominator != 1:
            found.invalid(inner, text, "must be an integer")
    return good


def check_quantity(text: str, path: str, found: Errors, *, positive: bool = False) -> quantity.Quantity | None:
    """A quantity that may not be negative, nor zero when `positive`."""
    try:
        amount = quantity.parse(text)
    except ValueError as error:
        found.invalid(path, text, str(error))
        return None
    if amount.amount < 0 or (positive and amount.amount == 0):
        found.invalid(path, str(amount), names.POSITIVE if positive else names.NOT_NEGATIVE)
    return amount


def _check_name(name: str, path: str, found: Errors) -> None:
    if name in _STANDARD or _is_huge_page(name):
        return
    messages = names.qualified_name(name)
    found.invalid_each(path, name, messages)
    if messages:
        return
    if "/" not in name:
        found.invalid(path, name, "must be a standard resource type or fully qualified")
        found.invalid(path, name, "must be a standard resource for containers")
    elif name.startswith("requests."):
        found.invalid(path, name, "doesn't follow extended resource name standard")


def _check_against_limit(
    name: str, request: quantity.Quantity, limit: quantity.Quantity | None, path: str, found: Errors
) -> None:
    """Only native resources may be overcommitted; of others the request has to equal the limit."""
    overcommit = name in _STANDARD
    at = f"{path}.requests[{name}]"
    if limit is None:
        if not overcommit:
            found.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
    elif request.amount != limit.amount and not overcommit:
        found.invalid(f"{path}.requests", str(request), f"must be equal to {name} limit of {limit}", at)
    elif request.amount > limit.amount:
        found.invalid(f"{path}.requests", str(request), f"must be less than or equal to {name} limit of {limit}", at)


def _check_huge_page(name: str, amount: quantity.Quantity, path: str, found: Errors) -> None:
    try:
        page: Fraction = quantity.parse(name.removeprefix(_HUGE_PAGES)).amount
    except ValueError:
        page = Fraction(0)
    if page <= 0 or (amount.amount / page).denominator != 1:
        found.invalid(path, str(amount), f"{amount} is not positive integer multiple of {name}")


def _check_claims(
    claims: tuple[container.ResourceClaim, ...], known: Collection[str], path: str, found: Errors
) -> None:
    seen: set[tuple[str, str]] = set()
    for index, claim in enumerate(claims):
        inner = f"{path}[{index}]"
        if not claim.name:
            found.required(inner)
            continue
        if (claim.name, claim.request) in seen or (claim.name, "") in seen:
            found.duplicate(inner, claim.name)
        seen.add((claim.name, claim.request))
        if claim.name not in known:
            listed = f": {', '.join(sorted(known))}" if known else " which is empty"
            found.not_found(inner, claim.name, f"must be one of the names in pod.spec.resourceClaims{listed}")


def _is_huge_page(name: str) -> bool:
    return name.startswith(_HUGE_PAGES)


def _is_extended(name: str) -> bool:
    return name not in _STANDARD and not _is_huge_page(name)
