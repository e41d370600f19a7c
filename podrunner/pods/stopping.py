"""Decides how a pod's containers end: at deletion, when the pod has ended, when the sandbox was lost.

SIGTERM (or what the image asks for), the grace period, SIGKILL. Pure; performs no I/O.
"""

from collections.abc import Iterable
from datetime import timedelta

from podrunner.objects import meta
from podrunner.pods import observed, plan, restarts, spec
from podrunner.pods.plan import Plan
from podrunner.pods.view import View

KILL_AGAIN_AFTER = timedelta(seconds=2)
"""A container that outlives SIGKILL (an engine under load) is killed again after this long."""

LOOKING = frozenset({"InspectImage", "PullImage"})
"""Operations that only prepare what is no longer wanted."""


def for_good(view: View) -> bool:
    """Whether a pod whose sandbox is gone gets no other: it has run, and its policy starts nothing of it again.

    Source: `computePodActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go.
    """
    policy = view.pod.spec.restart_policy
    if policy == "Never":
        containers = (*view.pod.spec.init_containers, *view.pod.spec.containers)
        return any(view.begun(known.name) or view.lost(known.name) for known in containers)
    codes = [view.exit_code(container.name) for container in view.pod.spec.containers]
    return all(code is not None and not restarts.wanted(policy, code) for code in codes)


def deletion(view: View) -> Plan:
    """Stops the containers, then removes everything of the pod, then its object."""
    cause = "the pod is being deleted"
    unwanted = Plan(cancel=tuple(sorted(key for key in view.under_way if key[0] in LOOKING)))
    if any(kind in plan.MAKING for kind, _ in view.under_way):
        return unwanted + plan.together(stop(view, container, cause) for container in _running(view))
    if _running(view):
        return unwanted + clear(view, view.observed.containers, cause)
    leftovers = [_removal(container, cause) for container in view.observed.containers]
    leftovers += [
        plan.Remove(name=f"sandbox#{sandbox.attempt}", engine_id=sandbox.id, cause=cause)
        for sandbox in view.observed.sandboxes
    ]
    if leftovers:
        return unwanted + plan.do(*leftovers)
    if any(kind == "Remove" for kind, _ in view.under_way):
        return unwanted
    return unwanted + plan.do(plan.RemovePod(cause="nothing of it is left"))


def rest(view: View) -> Plan:
    """A pod that has ended keeps its ended containers, for their logs, but no running sandbox."""
    cause = f"the pod has {view.pod.status.phase.lower()}"
    stops = clear(view, view.observed.containers, cause)
    if _running(view):
        return stops
    sandboxes = [sandbox for sandbox in view.observed.sandboxes if sandbox.state is observed.State.RUNNING]
    return stops + plan.do(*(plan.StopSandbox(sandbox_id=sandbox.id, cause=cause) for sandbox in sandboxes))


def clear(view: View, containers: Iterable[observed.Container], cause: str) -> Plan:
    """Stops those of the containers that run, all at once, and removes those that were never started."""
    return plan.together(_clear(view, container, cause) for container in containers)


def _clear(view: View, container: observed.Container, cause: str) -> Plan:
    match container.state:
        case observed.State.RUNNING:
            return stop(view, container, cause)
        case observed.State.CREATED:
            return plan.do(_removal(container, cause))
    return Plan()


def stop(view: View, container: observed.Container, cause: str, message: str = "") -> Plan:
    """The signal that is due for a running container, and when the next will be; see plan.SignalContainer."""
    grace = meta.duration(spec.grace_seconds(view.pod))
    sent = view.memory.signalled.get(container.id)
    if sent is None:
        signal = container.stop_signal if grace else "SIGKILL"
        asked = plan.do(_signal(container, signal, cause, True, message))
        return Plan(wake_at=view.now + grace if grace else None) + asked
    kill_at = sent.last_at + KILL_AGAIN_AFTER if sent.signal == "SIGKILL" else sent.first_at + grace
    if view.now < kill_at:
        return Plan(wake_at=kill_at)
    reason = f"{cause} and the grace period of {spec.grace_seconds(view.pod)} s has elapsed"
    return plan.do(_signal(container, "SIGKILL", reason, False))


def _signal(
    container: observed.Container, signal: str, cause: str, first: bool, message: str = ""
) -> plan.SignalContainer:
    return plan.SignalContainer(
        container=container.name,
        attempt=container.attempt,
        container_id=container.id,
        signal=signal,
        first=first,
        message=message,
        cause=cause,
    )


def _running(view: View) -> list[observed.Container]:
    return [container for container in view.observed.containers if container.state is observed.State.RUNNING]


def _removal(container: observed.Container, cause: str) -> plan.Remove:
    return plan.Remove(name=f"{container.name}#{container.attempt}", engine_id=container.id, cause=cause)
