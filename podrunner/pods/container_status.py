"""What is reported of one container: its state and the one before, readiness, restarts. Pure; performs no I/O.

Rules and wording are the kubelet's: `convertToAPIContainerStatuses` in kubernetes pkg/kubelet/kubelet_pods.go, the
states as its Docker integration showed them (pkg/kubelet/dockershim/docker_container.go before Kubernetes 1.24).
"""

import msgspec

from podrunner.objects import meta
from podrunner.objects.container import Container
from podrunner.objects.pod_status import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
)
from podrunner.pods import ending, messages, observed, spec, telling
from podrunner.pods.spec import Kind
from podrunner.pods.view import View

_INITIALIZED = ContainerStateTerminated(
    reason="Completed",
    message="Unable to get init container status from container runtime and pod has been initialized, "
    "treat it as exited normally",
    exit_code=0,
)
"""The kubelet's words for an init container that is gone while a main container runs."""


def build(view: View, container: Container) -> ContainerStatus:
    """The status of one container now.

    An instance that was only created is not reported: until it starts, the one before it is. Nor is one of which there
    is more to come; see `telling`.
    """
    name, kind = container.name, spec.kind(view.pod, container.name)
    if telling.withheld(view, container):
        return view.stored(name) or _of_instance(view, container, None, kind)
    initializes = kind in (Kind.INIT, Kind.SIDECAR)
    instance, lost = _of_init_container(view, name, kind) if initializes else (view.begun(name), view.lost(name))
    if lost is not None:
        return _of_lost(view, container, lost, kind)
    return _of_instance(view, container, instance, kind)


def _of_init_container(
    view: View, name: str, kind: Kind
) -> tuple[observed.Container | None, ContainerStateTerminated | None]:
    """The newest instance, or how it ended if it was lost. In another sandbox the init containers run again."""
    instance, lost = view.begun(name), view.lost(name)
    if view.sandbox is None:
        return (None, None) if _gets_another_sandbox(view) else (instance, lost)
    if instance is not None and (instance.sandbox_id != view.sandbox.id or view.voided(instance)):
        instance = None
    initialized = kind is Kind.INIT and instance is None and view.main_container_ran()
    if initialized and (lost is None or lost.exit_code != 0):
        lost = _INITIALIZED
    return instance, lost


def _gets_another_sandbox(view: View) -> bool:
    if view.pod.metadata.deletion_timestamp is not None or view.pod.status.phase in ending.FINAL_PHASES:
        return False
    return ending.of(view) is None


def _of_instance(view: View, container: Container, instance: observed.Container | None, kind: Kind) -> ContainerStatus:
    """The status of a container by its newest instance; None if there was none yet."""
    state = _state(view, container, instance)
    stored = view.stored(container.name)
    started = view.started(container, instance)
    return ContainerStatus(
        name=container.name,
        image=(instance.image if instance else "") or container.image,
        image_id=f"docker://{instance.image_id}" if instance else "",
        container_id=f"docker://{instance.id}" if instance else "",
        restart_count=max(instance.attempt if instance else 0, stored.restart_count if stored else 0),
        ready=_ready(view, container, instance, state, kind),
        started=None if kind is Kind.EPHEMERAL else started,
        state=state,
        last_state=_last_state(view, instance, state, kind) if instance else ContainerState(),
        stop_signal=container.lifecycle.stop_signal if container.lifecycle else None,
    )


def _ready(
    view: View, container: Container, instance: observed.Container | None, state: ContainerState, kind: Kind
) -> bool:
    """An init container is ready when it has succeeded; an ephemeral one never is: no probe tells of it.

    Source: `UpdatePodStatus`, kubernetes pkg/kubelet/prober/prober_manager.go.
    """
    if kind is Kind.INIT:
        return state.terminated is not None and state.terminated.exit_code == 0
    if kind is Kind.EPHEMERAL or instance is None or not view.started(container, instance):
        return False
    return container.readiness_probe is None or view.results(instance).readiness is True


def _of_lost(view: View, container: Container, end: ContainerStateTerminated, kind: Kind) -> ContainerStatus:
    """The status of a container whose newest instance someone removed, and which had ended like this."""
    stored = view.stored(container.name) or _of_instance(view, container, None, kind)
    ended = ContainerState(terminated=end)
    again = _will_restart(view, container)
    former = stored.last_state if stored.state.waiting is None else ContainerState()
    return msgspec.structs.replace(
        stored,
        ready=kind is Kind.INIT and end.exit_code == 0,
        started=None if kind is Kind.EPHEMERAL else False,
        state=ContainerState(waiting=_waiting(view, container)) if again else ended,
        last_state=ended if again else former,
    )


def _state(view: View, container: Container, instance: observed.Container | None) -> ContainerState:
    if instance is None:
        return ContainerState(waiting=_waiting(view, container))
    if instance.state is observed.State.RUNNING:
        started_at = meta.at_second(instance.started_at or instance.created_at)
        return ContainerState(running=ContainerStateRunning(started_at=started_at))
    if container.name in view.memory.waiting and _will_restart(view, container):
        return ContainerState(waiting=_waiting(view, container))
    return ContainerState(terminated=_terminated(view, instance))


def _last_state(view: View, instance: observed.Container, state: ContainerState, kind: Kind) -> ContainerState:
    """How `instance` ended, if it is waiting for its restart, else how the one before it did."""
    if state.waiting is not None:
        return ContainerState(terminated=_terminated(view, instance))
    former = [
        known
        for known in view.observed.containers
        if known.name == instance.name
        and known.attempt < instance.attempt
        and known.state is observed.State.EXITED
        and (known.sandbox_id == instance.sandbox_id or kind is Kind.MAIN)
    ]
    if former:
        return ContainerState(terminated=_terminated(view, former[-1]))
    stored = view.stored(instance.name)
    if stored is None:
        return ContainerState()
    was_removed = stored.restart_count < instance.attempt and stored.state.terminated is not None
    return stored.state if was_removed else stored.last_state


def _will_restart(view: View, container: Container) -> bool:
    over = view.pod.metadata.deletion_timestamp is not None or spec.kind(view.pod, container.name) is Kind.EPHEMERAL
    return not over and view.restarts(container)


def _waiting(view: View, container: Container) -> ContainerStateWaiting:
    known = view.memory.waiting.get(container.name)
    if known is not None:
        return ContainerStateWaiting(reason=known.reason, message=known.message)
    return ContainerStateWaiting(reason="PodInitializing" if view.pod.spec.init_containers else "ContainerCreating")


def _terminated(view: View, instance: observed.Container) -> ContainerStateTerminated:
    began = instance.started_at or instance.created_at
    return ContainerStateTerminated(
        container_id=f"docker://{instance.id}",
        exit_code=instance.exit_code,
        reason=_exit_reason(instance),
        message=messages.shortened(messages.of(view, instance) or "", view.pod),
        started_at=meta.at_second(began),
        finished_at=meta.at_second(instance.finished_at or began),
    )


def _exit_reason(container: observed.Container) -> str:
    """Kubernetes' one word for how an instance ended."""
    if container.started_at is None:
        return "ContainerCannotRun"
    if container.oom_killed:
        return "OOMKilled"
    return "Error" if container.exit_code else "Completed"
