"""The quality of service class, case by case of kubernetes `pkg/apis/core/v1/helper/qos/qos_test.go`."""

import pytest

from podrunner.objects.container import Container, ResourceRequirements
from podrunner.objects.pod import Pod, PodSpec
from podrunner.pods import qos

NOTHING = ResourceRequirements()
SMALL = {"cpu": "100m", "memory": "100Mi"}


def resources(requests: dict[str, str], limits: dict[str, str]) -> ResourceRequirements:
    return ResourceRequirements(requests=requests, limits=limits)


def pod(*mains: ResourceRequirements, inits: tuple[ResourceRequirements, ...] = ()) -> Pod:
    return Pod(
        spec=PodSpec(
            containers=tuple(Container(name="main", resources=each) for each in mains),
            init_containers=tuple(Container(name="init", resources=each) for each in inits),
        )
    )


@pytest.mark.parametrize(
    ("expected", "subject"),
    [
        ("BestEffort", pod(NOTHING, NOTHING)),
        ("BestEffort", pod(resources({"cpu": "0"}, {"memory": "0"}))),
        ("BestEffort", pod(resources({"ephemeral-storage": "1Gi"}, {"nvidia.com/gpu": "1"}))),
        ("Guaranteed", pod(resources(SMALL, SMALL))),
        ("Guaranteed", pod(resources(SMALL, {"cpu": "0.1", "memory": "102400Ki"}))),
        ("Guaranteed", pod(resources(SMALL, SMALL), inits=(resources(SMALL, SMALL),))),
        ("Burstable", pod(resources(SMALL, SMALL), NOTHING)),
        ("Burstable", pod(resources(SMALL, SMALL), inits=(NOTHING,))),
        ("Burstable", pod(NOTHING, inits=(resources({"cpu": "1"}, {}),))),
        ("Burstable", pod(resources({"cpu": "1"}, {"cpu": "2"}))),
        ("Burstable", pod(resources({"cpu": "100m", "memory": "50Mi"}, SMALL))),
        ("Burstable", pod(resources({}, {"memory": "100Mi"}))),
    ],
)
def test_the_class_follows_from_cpu_and_memory(expected: str, subject: Pod) -> None:
    assert qos.of(subject) == expected


def test_resources_of_the_pod_itself_decide_alone() -> None:
    containers = (Container(name="main", resources=resources({"cpu": "1"}, {})),)
    assert qos.of(Pod(spec=PodSpec(containers=containers, resources=resources(SMALL, SMALL)))) == "Guaranteed"
