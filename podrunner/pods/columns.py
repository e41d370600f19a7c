"""The READY, STATUS and RESTARTS columns of `kubectl get pods`. Pure; performs no I/O.

Source: `printPod`, kubernetes pkg/printers/internalversion/printers.go.
"""

from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStatus


def ready(pod: Pod) -> str:
    """`1/2`: how many main containers are ready."""
    if _initializing(pod) is not None:
        return f"0/{len(pod.spec.containers)}"
    running = [status for status in pod.status.container_statuses if _ready_and_running(status)]
    return f"{len(running)}/{len(pod.spec.containers)}"


def status(pod: Pod) -> str:
    """`Init:0/2`, `CrashLoopBackOff`, `Running`, `Terminating` …"""
    if pod.metadata.deletion_timestamp is not None:
        return "Terminating"
    initializing = _initializing(pod)
    if initializing is not None:
        return initializing
    reason = pod.status.reason or pod.status.phase
    for container in reversed(pod.status.container_statuses):
        reason = _container_reason(container) or reason
    if reason == "Completed" and any(_ready_and_running(container) for container in pod.status.container_statuses):
        return "Running" if _condition_is_true(pod, "Ready") else "NotReady"
    return reason


def restarts(pod: Pod) -> int:
    """The init containers' restarts up to the one whose turn it is, the main containers' from then on."""
    if _initializing(pod) is None:
        return sum(container.restart_count for container in pod.status.container_statuses)
    count = 0
    for container in pod.status.init_container_statuses:
        count += container.restart_count
        if not _succeeded(container):
            break
    return count


def _initializing(pod: Pod) -> str | None:
    """The status while init containers are not done; None afterwards."""
    if _condition_is_true(pod, "Initialized"):
        return None
    for index, container in enumerate(pod.status.init_container_statuses):
        if _succeeded(container):
            continue
        terminated, waiting = container.state.terminated, container.state.waiting
        if terminated is not None:
            return f"Init:{_ended(container)}"
        if waiting is not None and waiting.reason not in ("", "PodInitializing"):
            return f"Init:{waiting.reason}"
        return f"Init:{index}/{len(pod.spec.init_containers)}"
    return None


def _container_reason(container: ContainerStatus) -> str:
    if container.state.waiting is not None and container.state.waiting.reason:
        return container.state.waiting.reason
    return _ended(container) if container.state.terminated is not None else ""


def _ended(container: ContainerStatus) -> str:
    terminated = container.state.terminated
    if terminated is None:
        return ""
    if terminated.reason:
        return terminated.reason
    return f"Signal:{terminated.signal}" if terminated.signal else f"ExitCode:{terminated.exit_code}"


def _succeeded(container: ContainerStatus) -> bool:
    return container.state.terminated is not None and container.state.terminated.exit_code == 0


def _ready_and_running(container: ContainerStatus) -> bool:
    return container.ready and container.state.running is not None


def _condition_is_true(pod: Pod, kind: str) -> bool:
    return any(condition.type == kind and condition.status == "True" for condition in pod.status.conditions)
