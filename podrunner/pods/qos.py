"""A pod's quality of service class. Pure; performs no I/O.

Only cpu and memory count, and zero counts as absent.
Source: kubernetes `pkg/apis/core/v1/helper/qos/qos.go`, ComputePodQOS.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from podrunner.objects import quantity
from podrunner.objects.container import ResourceRequirements
from podrunner.objects.pod import Pod

_COUNTED = ("cpu", "memory")


class QosClass(StrEnum):
    """Who suffers first when the node runs out of memory: BestEffort does."""

    GUARANTEED = "Guaranteed"
    BURSTABLE = "Burstable"
    BEST_EFFORT = "BestEffort"


def of(pod: Pod) -> QosClass:
    """The class of a pod whose defaults are filled in (requests default to limits)."""
    requests: Counter[str] = Counter()
    limits: Counter[str] = Counter()
    all_limited = True
    for resources in _resources(pod):
        limited = _amounts(resources.limits)
        requests.update(_amounts(resources.requests))
        limits.update(limited)
        all_limited = all_limited and len(limited) == len(_COUNTED)
    if not requests and not limits:
        return QosClass.BEST_EFFORT
    return QosClass.GUARANTEED if all_limited and requests == limits else QosClass.BURSTABLE


def _resources(pod: Pod) -> list[ResourceRequirements]:
    """What the class is decided from: the pod's own resources if it has some, else every container's."""
    if pod.spec.resources is not None:
        return [pod.spec.resources]
    containers = (*pod.spec.containers, *pod.spec.init_containers)
    return [container.resources for container in containers]


def _amounts(listed: Mapping[str, str]) -> dict[str, Fraction]:
    amounts = {name: quantity.parse(listed[name]).amount for name in _COUNTED if name in listed}
    return {name: amount for name, amount in amounts.items() if amount > 0}
