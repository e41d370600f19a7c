"""LimitRange and ResourceQuota. Pure; performs no I/O."""

from podrunner.objects import base, meta


class LimitRangeItem(base.Struct):
    type: str = base.always("")
    default: dict[str, base.Quantity] = {}
    default_request: dict[str, base.Quantity] = {}
    max: dict[str, base.Quantity] = {}
    max_limit_request_ratio: dict[str, base.Quantity] = {}
    min: dict[str, base.Quantity] = {}


class LimitRangeSpec(base.Struct):
    limits: tuple[LimitRangeItem, ...] = base.always(())


class LimitRange(meta.Object):
    kind: str = base.always("LimitRange")
    spec: LimitRangeSpec = base.always(LimitRangeSpec())


class ScopedResourceSelectorRequirement(base.Struct):
    operator: str = base.always("")
    scope_name: str = base.always("")
    values: tuple[str, ...] = ()


class ScopeSelector(base.Struct):
    match_expressions: tuple[ScopedResourceSelectorRequirement, ...] = ()


class ResourceQuotaSpec(base.Struct):
    hard: dict[str, base.Quantity] = {}
    scope_selector: ScopeSelector | None = None
    scopes: tuple[str, ...] = ()


class ResourceQuotaStatus(base.Struct):
    hard: dict[str, base.Quantity] = {}
    used: dict[str, base.Quantity] = {}


class ResourceQuota(meta.Object):
    kind: str = base.always("ResourceQuota")
    spec: ResourceQuotaSpec = base.always(ResourceQuotaSpec())
    status: ResourceQuotaStatus = base.always(ResourceQuotaStatus())
