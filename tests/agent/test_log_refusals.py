"""Logs that can't be had are refused in Kubernetes' words, before the engine is asked."""

from typing import cast

import msgspec
import pytest

import pod_cases
from podrunner import errors
from podrunner.agent import container_logs
from podrunner.agent.services import Services
from podrunner.objects.pod import Pod
from podrunner.pods.view import Waiting

pytestmark = pytest.mark.anyio

NOTHING = pod_cases.reported(pod_cases.see(pod_cases.sandbox()))
UP = pod_cases.reported(pod_cases.see(*pod_cases.UP))
UNPULLED = pod_cases.reported(
    pod_cases.see(
        pod_cases.sandbox(),
        memory=pod_cases.remembering(waiting={"init-demo": Waiting(0, "ErrImagePull", "refused")}),
    )
)


async def refusal(pod: Pod, container: str, *, previous: bool = False) -> str:
    reading = container_logs.read(
        cast("Services", None), pod, container, follow=False, previous=previous, since=None, tail=None
    )
    with pytest.raises(errors.BadRequest) as refused:
        await anext(reading)
    return str(refused.value)


async def test_a_container_must_be_named_where_there_are_several() -> None:
    assert await refusal(UP, "") == (
        "a container name must be specified for pod kubia-init, choose one of: [kubia envoy]"
        " or one of the init containers: [init-demo network-check]"
    )
    without_inits = msgspec.structs.replace(UP, spec=msgspec.structs.replace(UP.spec, init_containers=()))
    assert await refusal(without_inits, "") == (
        "a container name must be specified for pod kubia-init, choose one of: [kubia envoy]"
    )


async def test_a_single_main_container_need_not_be_named() -> None:
    spec = msgspec.structs.replace(NOTHING.spec, containers=NOTHING.spec.containers[:1])
    told = 'container "kubia" in pod "kubia-init" is waiting to start: PodInitializing'
    assert await refusal(msgspec.structs.replace(NOTHING, spec=spec), "") == told


async def test_a_container_must_be_one_of_the_pods() -> None:
    assert await refusal(UP, "nginx") == "container nginx is not valid for pod kubia-init"


async def test_a_container_must_have_begun() -> None:
    told = 'container "kubia" in pod "kubia-init" is waiting to start: PodInitializing'
    assert await refusal(NOTHING, "kubia") == told


async def test_that_an_image_could_not_be_pulled_is_said() -> None:
    assert await refusal(UNPULLED, "init-demo") == (
        'container "init-demo" in pod "kubia-init" is waiting to start: trying and failing to pull image'
    )


async def test_a_former_instance_must_have_been_there() -> None:
    assert await refusal(UP, "kubia", previous=True) == (
        'previous terminated container "kubia" in pod "kubia-init" not found'
    )


async def test_a_pod_that_nobody_reported_on_has_no_logs() -> None:
    assert await refusal(pod_cases.GOOD, "kubia") == 'container "kubia" in pod "kubia-init" is not available'
