"""What is reported of a pod: phase, conditions, container states. Pure; performs no I/O.

Rules and wording are the kubelet's: `getPhase` and `convertToAPIContainerStatuses` in kubernetes
pkg/kubelet/kubelet_pods.go, container states as its Docker integration showed them
(pkg/kubelet/dockershim/docker_container.go before Kubernetes 1.24).
"""

from collections.abc import Sequence

from podrunner.objects import meta
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    PodIP,
    PodStatus,
)
from podrunner.pods import conditions, observed, restarts, spec
from podrunner.pods.view import View


def build(view: View) -> PodStatus:
    """The pod's status now. A phase that is final (Succeeded, Failed) stays."""
    pod = view.pod
    init_statuses = tuple(_status(view, container, init=True) for container in pod.spec.init_containers)
    statuses = tuple(
        sorted((_status(view, container, init=False) for container in pod.spec.containers), key=lambda s: s.name)
    )
    phase = pod.status.phase if pod.status.phase in ("Succeeded", "Failed") else _phase(pod, init_statuses, statuses)
    ips = view.sandbox.ips if view.sandbox else ()
    return PodStatus(
        phase=phase,
        reason=pod.status.reason,
        message=pod.status.message,
        qos_class=pod.status.qos_class,
        start_time=pod.status.start_time or meta.at_second(view.now),
        host_ip=pod.status.host_ip,
        host_ips=pod.status.host_ips,
        pod_ip=ips[0] if ips else pod.status.pod_ip,
        pod_ips=tuple(PodIP(ip=ip) for ip in ips) or pod.status.pod_ips,
        conditions=conditions.build(
            pod, phase, init_statuses, statuses, engine_lost=view.memory.engine_lost, now=view.now
        ),
        init_container_statuses=init_statuses,
        container_statuses=statuses,
        ephemeral_container_statuses=pod.status.ephemeral_container_statuses,
        observed_generation=pod.metadata.generation,
    )


def exit_reason(container: observed.Container) -> str:
    """Kubernetes' one word for how an instance ended."""
    if container.started_at is None:
        return "ContainerCannotRun"
    if container.oom_killed:
        return "OOMKilled"
    return "Error" if container.exit_code else "Completed"


def _phase(pod: Pod, init_statuses: Sequence[ContainerStatus], statuses: Sequence[ContainerStatus]) -> str:
    if any(_failed(status) for status in init_statuses) and not spec.restarts_init_containers(pod):
        return "Failed"
    ended = [_last_end(status) for status in statuses if _last_end(status) is not None]
    running = [status for status in statuses if status.state.running is not None]
    if any(not status.ready for status in init_statuses) or len(ended) + len(running) < len(statuses):
        return "Pending"
    if running or pod.spec.restart_policy == "Always":
        return "Running"
    if all(end is not None and end.exit_code == 0 for end in ended):
        return "Succeeded"
    return "Failed" if pod.spec.restart_policy == "Never" else "Running"


def _failed(status: ContainerStatus) -> bool:
    end = _last_end(status)
    return end is not None and end.exit_code != 0


def _last_end(status: ContainerStatus) -> ContainerStateTerminated | None:
    """How a container that does not run ended; a container waiting for its restart has ended too."""
    if status.state.waiting is not None:
        return status.last_state.terminated
    return status.state.terminated


def _status(view: View, container: Container, *, init: bool) -> ContainerStatus:
    instance = view.in_sandbox(container.name) if init else view.observed.latest(container.name)
    if instance is None and view.sandbox is not None and _removed_behind_our_back(view, container, init):
        stored = view.stored(container.name)
        if stored is not None:
            return stored
    state, last = _states(view, container, instance, init=init)
    running = state.running is not None
    succeeded = state.terminated is not None and state.terminated.exit_code == 0
    return ContainerStatus(
        name=container.name,
        image=container.image,
        image_id=_image_id(instance),
        container_id=f"docker://{instance.id}" if instance and instance.state is not observed.State.CREATED else "",
        restart_count=_restart_count(view, container.name, instance),
        ready=succeeded if init else running,
        started=None if init else running,
        state=state,
        last_state=last,
    )


def _removed_behind_our_back(view: View, container: Container, init: bool) -> bool:
    """Whether the stored status is all there is of a container that had ended (`docker container prune`)."""
    if init:
        return view.init_container_succeeded(container.name) or view.main_container_ran()
    stored = view.stored(container.name)
    terminated = stored.state.terminated if stored else None
    return terminated is not None and not restarts.wanted(view.pod.spec.restart_policy, terminated.exit_code)


def _restart_count(view: View, name: str, instance: observed.Container | None) -> int:
    # An instance that was created but not started yet is not a restart so far.
    if instance is not None and instance.state is observed.State.CREATED:
        return max(0, instance.attempt - 1)
    return view.restart_count(name)


def _states(
    view: View, container: Container, instance: observed.Container | None, *, init: bool
) -> tuple[ContainerState, ContainerState]:
    """The state and the last state."""
    former = _former(view, container.name, instance)
    last = ContainerState(terminated=_terminated(former)) if former else ContainerState()
    if instance is None or instance.state is observed.State.CREATED:
        return ContainerState(waiting=_waiting(view, container, init)), last
    if instance.state is observed.State.RUNNING:
        started_at = meta.at_second(instance.started_at or instance.created_at)
        return ContainerState(running=ContainerStateRunning(started_at=started_at)), last
    ended = ContainerState(terminated=_terminated(instance))
    if container.name in view.memory.waiting and _will_restart(view, instance, init):
        return ContainerState(waiting=_waiting(view, container, init)), ended
    return ended, last


def _former(view: View, name: str, instance: observed.Container | None) -> observed.Container | None:
    """The newest ended instance before `instance` (before the one to come, if there is none)."""
    ended = [
        known
        for known in view.observed.containers
        if known.name == name
        and known.state is observed.State.EXITED
        and (instance is None or known.attempt < instance.attempt)
    ]
    return ended[-1] if ended else None


def _will_restart(view: View, instance: observed.Container, init: bool) -> bool:
    if view.pod.metadata.deletion_timestamp is not None:
        return False
    if init:
        return instance.exit_code != 0 and spec.restarts_init_containers(view.pod)
    return restarts.wanted(view.pod.spec.restart_policy, instance.exit_code)


def _waiting(view: View, container: Container, init: bool) -> ContainerStateWaiting:
    known = view.memory.waiting.get(container.name)
    if known is not None:
        return ContainerStateWaiting(reason=known.reason, message=known.message)
    initializing = init or bool(view.pod.spec.init_containers)
    return ContainerStateWaiting(reason="PodInitializing" if initializing else "ContainerCreating")


def _terminated(instance: observed.Container) -> ContainerStateTerminated:
    began = instance.started_at or instance.created_at
    return ContainerStateTerminated(
        container_id=f"docker://{instance.id}",
        exit_code=instance.exit_code,
        reason=exit_reason(instance),
        message=instance.error if instance.started_at is None else "",
        started_at=meta.at_second(began),
        finished_at=meta.at_second(instance.finished_at or began),
    )


def _image_id(instance: observed.Container | None) -> str:
    return f"docker://{instance.image_id}" if instance and instance.image_id else ""
