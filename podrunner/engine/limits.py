"""What a pod's resources mean to the engine: parts of create bodies. Pure; performs no I/O.

Sources: `calculateLinuxResources`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_container_linux.go;
`MilliCPUToShares` and `MilliCPUToQuota`, pkg/kubelet/cm/helpers_linux.go; `GetContainerOOMScoreAdjust`,
pkg/kubelet/qos/policy.go.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from podrunner.objects import limitations, quantity
from podrunner.objects.container import Container, ResourceRequirements
from podrunner.objects.pod import Pod
from podrunner.pods import qos, spec

_SHARES_OF_A_CPU = 1024
_MOST_SHARES = 262144

# The kubelet's fewest are 2. Its pods share the machine with each other; here they share it with containers of others,
# which have 1024 by default. Beside two busy ones, a pod with 2 shares took 14 s for what took one with 1024 0.6 s, and
# one with 102 1.0 s (engine 20.10, two CPUs). So who asks for less than a tenth of a CPU counts as asking for that.
_FEWEST_SHARES = 102
_PERIOD = 100_000
_SHORTEST_QUOTA = 1000
_LEAST_BURSTABLE_SCORE, _MOST_BURSTABLE_SCORE = 3, 999
_NOTHING = ResourceRequirements()


def of_container(pod: Pod, container: Container, machine_memory: int) -> dict[str, Any]:
    """The container's CPU, memory and devices, as its HostConfig. `machine_memory`: the machine's, in bytes.

    A limit that the container does not have is the pod's, if that has one: no engine has a cgroup for the pod as such.
    """
    of_pod = pod.spec.resources or _NOTHING
    limits, own = container.resources.limits, container.resources.requests
    cpu = _amount(limits, "cpu") or _amount(of_pod.limits, "cpu")
    memory = _amount(limits, "memory") or _amount(of_pod.limits, "memory")
    part: dict[str, Any] = {
        "CpuShares": _shares(_amount(own, "cpu") or cpu),
        "OomScoreAdj": oom_score(pod, container, machine_memory),
    }
    if cpu:
        part |= {"CpuPeriod": _PERIOD, "CpuQuota": max(_milli(cpu) * _PERIOD // 1000, _SHORTEST_QUOTA)}
    if memory:
        # As much as memory and swap together: it gets no swap.
        part |= {"Memory": -(-memory // 1), "MemorySwap": -(-memory // 1)}
    if gpus := _amount(limits, limitations.GPU):
        part["DeviceRequests"] = [{"Driver": "nvidia", "Count": int(gpus), "Capabilities": [["gpu"]]}]
    return part


def oom_score(pod: Pod, container: Container, machine_memory: int) -> int:
    """Who goes first when the machine runs out of memory: best effort, then the burstable by what they asked for.

    The kubelet has -997 for guaranteed pods. An engine may lower nobody's score without CAP_SYS_RESOURCE (rootless, or
    in a container; the start fails), so these keep 0, which is still less than all others have.
    """
    kind = qos.of(pod)
    if kind is qos.QosClass.GUARANTEED:
        return 0
    if kind is qos.QosClass.BEST_EFFORT:
        return 1000
    score = _burstable_score(container, machine_memory)
    if spec.kind(pod, container.name) is spec.Kind.SIDECAR:
        # A sidecar is not to go before the containers that need it.
        return min(score, *(_burstable_score(main, machine_memory) for main in pod.spec.containers))
    return score


def _burstable_score(container: Container, machine_memory: int) -> int:
    asked = _amount(container.resources.requests, "memory")
    score = 1000 - int(1000 * asked / machine_memory) if machine_memory else 1000
    return min(max(score, _LEAST_BURSTABLE_SCORE), _MOST_BURSTABLE_SCORE)


def _shares(cpus: Fraction) -> int:
    return min(max(_milli(cpus) * _SHARES_OF_A_CPU // 1000, _FEWEST_SHARES), _MOST_SHARES)


def _milli(cpus: Fraction) -> int:
    return int(-(-cpus * 1000 // 1))


def _amount(amounts: Mapping[str, str], name: str) -> Fraction:
    """Nothing and zero are the same."""
    return quantity.parse(amounts.get(name, "0")).amount
