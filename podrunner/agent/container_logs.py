"""The output of a pod's containers, as `kubectl logs` asks for it.

Wording of the refusals: kubernetes pkg/kubelet/kubelet.go (`validateContainerLogStatus`) and
pkg/kubelet/kuberuntime/kuberuntime_container.go (`GetContainerLogs`).
"""

import contextlib
from collections.abc import AsyncGenerator
from datetime import datetime

from podrunner import errors
from podrunner.agent import targets
from podrunner.agent.services import Services
from podrunner.engine import logs
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerState
from podrunner.pods import spec


async def read(
    services: Services,
    pod: Pod,
    container: str,
    *,
    follow: bool,
    previous: bool,
    since: datetime | None,
    tail: int | None,
) -> AsyncGenerator[list[logs.Line], None]:
    """Batches of lines of the present (or the previous) instance of `container`; an empty name means the only one.

    `follow` ends when the container does. Raises errors.BadRequest when there is no such container or no instance.
    """
    engine_id = _instance(pod, targets.container(pod, container).name, previous=previous)
    reading = logs.read(services.engine, engine_id, follow=follow, since=since, tail=tail)
    with services.followers.reading(engine_id) as follower:
        try:
            async with contextlib.aclosing(reading) as batches:
                async for batch in batches:
                    yield batch
                    follower.progressed()
        except errors.EngineNotFound:
            raise errors.BadRequest(f"unable to retrieve container logs for docker://{engine_id}") from None


def _instance(pod: Pod, name: str, *, previous: bool) -> str:
    status = spec.status(pod, name)
    if status is None:
        raise errors.BadRequest(f'container "{name}" in pod "{pod.metadata.name}" is not available')
    if previous:
        if status.last_state.terminated is None:
            raise errors.BadRequest(f'previous terminated container "{name}" in pod "{pod.metadata.name}" not found')
        return _engine_id(status.last_state)
    if status.state.waiting is not None and status.last_state.terminated is None:
        reason = status.state.waiting.reason
        if reason in ("ErrImagePull", "ImagePullBackOff"):
            raise errors.BadRequest(
                f'container "{name}" in pod "{pod.metadata.name}" is waiting to start: trying and failing to pull image'
            )
        raise errors.BadRequest(f'container "{name}" in pod "{pod.metadata.name}" is waiting to start: {reason}')
    if status.state.waiting is not None:
        return _engine_id(status.last_state)
    return status.container_id.removeprefix("docker://")


def _engine_id(state: ContainerState) -> str:
    return state.terminated.container_id.removeprefix("docker://") if state.terminated else ""
