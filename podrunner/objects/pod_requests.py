"""The requests of a pod as a whole, where it has limits as a whole. Pure; performs no I/O.

Sources: `defaultPodRequests`, kubernetes pkg/apis/core/v1/defaults.go; `AggregateContainerRequests`,
k8s.io/component-helpers resource/helpers.go.
"""

import functools

from msgspec import structs

from podrunner.objects import container, pod, quantity

Amounts = dict[str, quantity.Quantity]

_COUNTED = ("cpu", "memory")
_HUGE_PAGES = "hugepages-"
_NOTHING: Amounts = {}


def default(spec: pod.PodSpec) -> pod.PodSpec:
    """The spec, its containers being complete, with what the pod as a whole requests.

    That is what its containers request together; of what none requests, the pod's limit.
    """
    needs = spec.resources
    if needs is None or not needs.limits:
        return spec
    try:
        together = _of_containers(spec)
    except ValueError:  # an amount that can't be read is for validation to tell of
        return spec
    limits = {name: limit for name, limit in needs.limits.items() if name in _COUNTED or name.startswith(_HUGE_PAGES)}
    requests = {**limits, **{name: str(amount) for name, amount in together.items()}, **needs.requests}
    return structs.replace(spec, resources=structs.replace(needs, requests=requests))


def _of_containers(spec: pod.PodSpec) -> dict[str, quantity.Quantity]:
    """The main containers and sidecars at once, or an init container with the sidecars before it if that is more."""
    sidecars, peak = _NOTHING, _NOTHING
    for each in spec.init_containers:
        with_sidecars = _sum(sidecars, _requests(each))
        sidecars = with_sidecars if each.restart_policy == "Always" else sidecars
        peak = _largest(peak, with_sidecars)
    return _largest(functools.reduce(_sum, map(_requests, spec.containers), sidecars), peak)


def _requests(of: container.Container) -> Amounts:
    requests = of.resources.requests
    return {name: quantity.parse(requests[name]) for name in _COUNTED if name in requests}


def _sum(one: Amounts, other: Amounts) -> Amounts:
    """Written as the first is."""
    both = {
        name: quantity.Quantity(one[name].amount + other[name].amount, one[name].format)
        for name in one
        if name in other
    }
    return {**one, **other, **both}


def _largest(one: Amounts, other: Amounts) -> Amounts:
    both = {name: max(one[name], other[name], key=lambda each: each.amount) for name in one if name in other}
    return {**one, **other, **both}
