"""What is reported of a pod: phase, conditions, addresses. Pure; performs no I/O.

The rules are the kubelet's: `getPhase` in kubernetes pkg/kubelet/kubelet_pods.go; a phase is final only when nothing of
the pod runs any more (`mergePodStatus`, pkg/kubelet/status/status_manager.go).
"""

from collections.abc import Iterable, Sequence

import msgspec

from podrunner.objects import meta
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStatus, HostIP, PodIP, PodStatus
from podrunner.pods import conditions, container_status, ending, observed, spec, telling
from podrunner.pods.view import View


def build(view: View, *, node_ip: str = "") -> PodStatus:
    """The pod's status now, on the node with that address. A phase that is final (Succeeded, Failed) stays."""
    pod = view.pod
    end = _end(view)
    rejected = end is not None and end.message.startswith(ending.REJECTED)
    shown = msgspec.structs.replace(pod.spec, init_containers=(), containers=()) if rejected else pod.spec
    init_statuses = tuple(container_status.build(view, container) for container in shown.init_containers)
    statuses = _sorted(container_status.build(view, container) for container in shown.containers)
    initialized = view.main_container_ran()
    phase = end.phase if end else _phase(pod, () if initialized else init_statuses, statuses)
    ips = view.sandbox.ips if view.sandbox else ()
    return PodStatus(
        phase=phase,
        reason=end.reason if end else pod.status.reason,
        message=end.message if end else pod.status.message,
        qos_class=pod.status.qos_class,
        start_time=pod.status.start_time or meta.at_second(view.now),
        host_ip=node_ip,
        host_ips=(HostIP(ip=node_ip),) if node_ip else (),
        pod_ip=ips[0] if ips else pod.status.pod_ip,
        pod_ips=tuple(PodIP(ip=ip) for ip in ips) or pod.status.pod_ips,
        conditions=conditions.build(
            pod,
            phase,
            init_statuses,
            statuses,
            initialized=initialized,
            engine_lost=view.memory.engine_lost,
            now=view.now,
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


def _end(view: View) -> ending.End | None:
    """How the pod ended, once nothing of it runs any more and all that goes before has been told."""
    stored = view.pod.status
    if stored.phase in ending.FINAL_PHASES:
        return ending.End("it has ended", stored.phase, stored.reason, stored.message)
    alive = any(known.state is observed.State.RUNNING for known in view.observed.containers)
    untold = any(telling.withheld(view, container) for container in spec.containers(view.pod))
    return None if alive or untold or view.starting or ending.is_to_be_announced(view) else ending.of(view)


def _phase(pod: Pod, init_statuses: Sequence[ContainerStatus], statuses: Sequence[ContainerStatus]) -> str:
    """Pending until every container has had its first start, Running from then on."""
    sidecars = {container.name for container in spec.sidecars(pod)}
    if any(not (_was_started(status) if status.name in sidecars else status.ready) for status in init_statuses):
        return "Pending"
    return "Running" if all(map(_has_begun, statuses)) else "Pending"


def _was_started(sidecar: ContainerStatus) -> bool:
    """A sidecar that ended had started, and is going to again; one that runs may be waiting for its startup probe."""
    return bool(sidecar.started) if sidecar.state.running is not None else _has_begun(sidecar)


def _has_begun(status: ContainerStatus) -> bool:
    state, before = status.state, status.last_state
    return state.running is not None or state.terminated is not None or before.terminated is not None
