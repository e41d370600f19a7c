"""Sessions that can't be had are refused in Kubernetes' words, before the engine is asked."""

from typing import cast

import msgspec
import pytest

import pod_cases
from podrunner import errors
from podrunner.agent import sessions
from podrunner.engine import client
from podrunner.objects.pod import Pod
from podrunner.pods import observed

pytestmark = pytest.mark.anyio

NOWHERE = cast("client.Client", None)
NOTHING = observed.Observed()
UP = pod_cases.reported(pod_cases.see(*pod_cases.UP))
UNASSIGNED = msgspec.structs.replace(UP, spec=msgspec.structs.replace(UP.spec, node_name=""))


async def refusal_to_exec(pod: Pod, container: str) -> errors.ObjectError:
    with pytest.raises(errors.ObjectError) as refused:
        await sessions.exec(
            NOWHERE, pod, NOTHING, container, ["true"], stdin=False, stdout=True, stderr=True, tty=False
        )
    return refused.value


async def refusal_to_attach(pod: Pod, container: str) -> errors.ObjectError:
    with pytest.raises(errors.ObjectError) as refused:
        await sessions.attach(NOWHERE, pod, NOTHING, container, stdin=False, stdout=True, stderr=True)
    return refused.value


async def test_a_container_must_be_one_of_the_pods() -> None:
    refused = await refusal_to_exec(UP, "nginx")
    assert (refused.code, str(refused)) == (400, "container nginx is not valid for pod kubia-init")


async def test_a_container_must_be_named_where_there_are_several() -> None:
    refused = await refusal_to_attach(UP, "")
    assert refused.code == 400
    assert str(refused) == (
        "a container name must be specified for pod kubia-init, choose one of: [kubia envoy]"
        " or one of the init containers: [init-demo network-check]"
    )


async def test_a_pod_must_be_on_a_node() -> None:
    refused = await refusal_to_exec(UNASSIGNED, "kubia")
    assert (refused.code, str(refused)) == (400, "pod kubia-init does not have a host assigned")


async def test_no_command_starts_in_a_container_that_has_ended() -> None:
    refused = await refusal_to_exec(UP, "init-demo")
    assert (refused.code, str(refused)) == (500, 'container not found ("init-demo")')


async def test_a_container_that_has_ended_is_not_attached_to() -> None:
    refused = await refusal_to_attach(UP, "init-demo")
    assert (refused.code, str(refused)) == (500, "container init-demo not found in pod kubia-init_default")


async def test_no_port_is_forwarded_to_a_pod_without_a_sandbox() -> None:
    with pytest.raises(errors.ObjectError) as refused:
        await sessions.forward(NOWHERE, UP, None, 80)
    assert (refused.value.code, str(refused.value)) == (500, 'pod not found ("kubia-init_default")')
