"""What is reported of a pod: phase, conditions, addresses. Pure; performs no I/O.

The rules are the kubelet's: `getPhase` in kubernetes pkg/kubelet/kubelet_pods.go.
"""

from collections.abc import Iterable, Sequence

from podrunner.objects import meta
from podrunner.objects.pod_status import ContainerStateTerminated, ContainerStatus, HostIP, PodIP, PodStatus
from podrunner.pods import conditions, container_status, spec, stopping
from podrunner.pods.view import View


def build(view: View, *, node_ip: str = "") -> PodStatus:
    """The pod's status now, on the node with that address. A phase that is final (Succeeded, Failed) stays."""
    pod = view.pod
    init_statuses = tuple(container_status.build(view, container) for container in pod.spec.init_containers)
    statuses = _sorted(container_status.build(view, container) for container in pod.spec.containers)
    phase = pod.status.phase if pod.status.phase in ("Succeeded", "Failed") else _phase(view, init_statuses, statuses)
    ips = view.sandbox.ips if view.sandbox else ()
    return PodStatus(
        phase=phase,
        reason=pod.status.reason,
        message=pod.status.message,
        qos_class=pod.status.qos_class,
        start_time=pod.status.start_time or meta.at_second(view.now),
        host_ip=node_ip,
        host_ips=(HostIP(ip=node_ip),) if node_ip else (),
        pod_ip=ips[0] if ips else pod.status.pod_ip,
        pod_ips=tuple(PodIP(ip=ip) for ip in ips) or pod.status.pod_ips,
        conditions=conditions.build(
            pod, phase, init_statuses, statuses, engine_lost=view.memory.engine_lost, now=view.now
        ),
        init_container_statuses=init_statuses,
        container_statuses=statuses,
        ephemeral_container_statuses=_sorted(
            container_status.build(view, container) for container in pod.spec.ephemeral_containers
        ),
        observed_generation=pod.metadata.generation,
    )


def _sorted(statuses: Iterable[ContainerStatus]) -> tuple[ContainerStatus, ...]:
    return tuple(sorted(statuses, key=lambda status: status.name))


def _phase(view: View, init_statuses: Sequence[ContainerStatus], statuses: Sequence[ContainerStatus]) -> str:
    pod = view.pod
    if any(_failed(status) for status in init_statuses) and not spec.restarts_init_containers(pod):
        return "Failed"
    ends = [_last_end(status) for status in statuses]
    ended = [end for end in ends if end is not None]
    running = [status for status in statuses if status.state.running is not None]
    all_succeeded = len(ended) == len(statuses) and all(end.exit_code == 0 for end in ended)
    if view.sandbox is None and not running and stopping.for_good(view):
        return "Succeeded" if all_succeeded else "Failed"
    if any(not status.ready for status in init_statuses) or len(ended) + len(running) < len(statuses):
        return "Pending"
    replaced = any(view.being_replaced(container) for container in pod.spec.containers)
    if running or replaced or pod.spec.restart_policy == "Always":
        return "Running"
    if all_succeeded:
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
