"""Resources as parts of the engine's create bodies."""

from typing import Any

import pytest

from podrunner.engine import limits
from podrunner.objects import decode, defaults, pod

MACHINE = 10 * 1024**3


def a_pod(*resources: dict[str, Any], init: tuple[dict[str, Any], ...] = (), **spec: Any) -> pod.Pod:
    """A main container for each of these resources; defaults are filled in."""
    members = [{"name": f"main-{at}", "image": "nginx", "resources": each} for at, each in enumerate(resources)]
    document = {"metadata": {"name": "web"}, "spec": {"containers": members, "initContainers": list(init), **spec}}
    decoded = decode.decode(document, pod.Pod)
    assert decoded.problems == []
    return defaults.apply(decoded.object)


def part(subject: pod.Pod, at: int = 0) -> dict[str, Any]:
    found = limits.of_container(subject, subject.spec.containers[at], MACHINE)
    assert found.pop("OomScoreAdj") == limits.oom_score(subject, subject.spec.containers[at], MACHINE)
    return found


def test_a_container_without_resources_has_the_shares_of_a_tenth_of_a_cpu() -> None:
    assert part(a_pod({})) == {"CpuShares": 102}


def test_cpu_is_shares_by_request_and_a_quota_by_limit() -> None:
    assert part(a_pod({"requests": {"cpu": "250m"}})) == {"CpuShares": 256}
    assert part(a_pod({"requests": {"cpu": "50m"}})) == {"CpuShares": 102}
    both = {"requests": {"cpu": "100m"}, "limits": {"cpu": "1.5"}}
    assert part(a_pod(both)) == {"CpuShares": 102, "CpuPeriod": 100000, "CpuQuota": 150000}
    assert part(a_pod({"limits": {"cpu": "1m"}})) == {"CpuShares": 102, "CpuPeriod": 100000, "CpuQuota": 1000}
    assert part(a_pod({"limits": {"cpu": "2"}})) == {"CpuShares": 2048, "CpuPeriod": 100000, "CpuQuota": 200000}
    assert part(a_pod({"requests": {"cpu": "1000"}})) == {"CpuShares": 262144}


def test_memory_is_limited_together_with_swap() -> None:
    subject = a_pod({"requests": {"memory": "1Mi"}, "limits": {"memory": "16Mi"}})
    assert part(subject) == {"CpuShares": 102, "Memory": 16777216, "MemorySwap": 16777216}
    assert part(a_pod({"limits": {"memory": "100.5"}}))["Memory"] == 101


def test_zero_is_no_limit() -> None:
    assert part(a_pod({"limits": {"cpu": "0", "memory": "0"}})) == {"CpuShares": 102}


def test_the_limit_of_the_pod_is_that_of_containers_without_one() -> None:
    of_pod = {"limits": {"cpu": "1", "memory": "64Mi"}}
    subject = a_pod({}, {"limits": {"cpu": "500m", "memory": "32Mi"}}, resources=of_pod)
    assert part(subject) == {
        "CpuShares": 1024,
        "CpuPeriod": 100000,
        "CpuQuota": 100000,
        "Memory": 67108864,
        "MemorySwap": 67108864,
    }
    assert part(subject, 1)["Memory"] == 33554432
    assert part(subject, 1)["CpuQuota"] == 50000


def test_gpus_are_asked_of_nvidias_driver() -> None:
    asked = part(a_pod({"limits": {"nvidia.com/gpu": "2"}}))
    assert asked["DeviceRequests"] == [{"Driver": "nvidia", "Count": 2, "Capabilities": [["gpu"]]}]


def test_what_the_engine_can_not_limit_is_left_out() -> None:
    other = {"limits": {"ephemeral-storage": "1Gi", "hugepages-2Mi": "2Mi", "memory": "16Mi", "example.com/x": "1"}}
    assert set(part(a_pod(other))) == {"CpuShares", "Memory", "MemorySwap"}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, 1000),
        ({"requests": {"cpu": "1"}}, 999),
        ({"requests": {"memory": "1Gi"}}, 900),
        ({"requests": {"memory": "100Gi"}}, 3),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, 0),
    ],
)
def test_who_is_killed_first_follows_the_quality_of_service_and_is_never_negative(
    resources: dict[str, Any], expected: int
) -> None:
    subject = a_pod(resources)
    assert limits.oom_score(subject, subject.spec.containers[0], MACHINE) == expected


def test_a_sidecar_does_not_go_before_the_container_that_needs_it() -> None:
    sidecar = {"name": "helper", "image": "nginx", "restartPolicy": "Always"}
    subject = a_pod({"requests": {"memory": "5Gi"}}, init=(sidecar,))
    assert limits.oom_score(subject, subject.spec.init_containers[0], MACHINE) == 500
