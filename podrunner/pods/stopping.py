"""Decides how a pod's containers end: at deletion, when the pod has ended, when the sandbox was lost.

The preStop hook, SIGTERM (or what the container or its image asks for), and SIGKILL when the grace period is over; when
the whole pod stops, sidecars get their SIGTERM after the main containers have ended, in reverse order. Pure; performs
no I/O.

Source: `killContainer` in kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go, and
kuberuntime_termination_order.go beside it.
"""

from collections.abc import Iterable
from datetime import timedelta

from podrunner.objects import meta
from podrunner.pods import messages, observed, plan, spec
from podrunner.pods.plan import Plan
from podrunner.pods.view import Stop, View

KILL_AGAIN_AFTER = timedelta(seconds=2)
"""A container that outlives SIGKILL (an engine under load) is killed again after this long."""

SHORTEST_SHUTDOWN = timedelta(seconds=2)
"""What a container gets between SIGTERM and SIGKILL though its hook took the whole grace period (kubelet:
minimumGracePeriodInSeconds)."""

PREPARING = frozenset(
    {
        plan.InspectImage.__name__,
        plan.PrefetchImage.__name__,
        plan.PullImage.__name__,
        plan.RunPostStart.__name__,
    }
)
"""Operations that only prepare what is no longer wanted."""


def deletion(view: View) -> Plan:
    """Stops the containers, then removes everything of the pod, then its object."""
    cause = "the pod is being deleted"
    unwanted = _unwanted(view)
    if any(kind in plan.MAKING for kind, _ in view.under_way):
        return unwanted + plan.together(stop(view, known, cause, in_order=True) for known in _running(view))
    if _running(view):
        return unwanted + clear(view, view.observed.containers, cause)
    if messages.unread(view) or any(kind == plan.RunPreStop.__name__ for kind, _ in view.under_way):
        return unwanted
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


def rest(view: View, cause: str) -> Plan:
    """A pod that has ended keeps its ended containers, for their logs, but no running sandbox."""
    unwanted = _unwanted(view)
    made = not any(kind in plan.MAKING for kind, _ in view.under_way)
    if _running(view) or messages.unread(view) or not made:
        return unwanted + clear(view, view.observed.containers, cause)
    sandboxes = [sandbox for sandbox in view.observed.sandboxes if sandbox.state is observed.State.RUNNING]
    stops = [plan.StopSandbox(sandbox_id=sandbox.id, cause=cause) for sandbox in sandboxes]
    return unwanted + clear(view, view.observed.containers, cause) + plan.do(*stops)


def clear(view: View, containers: Iterable[observed.Container], cause: str) -> Plan:
    """Stops those of the containers that run, in the order of the pod, and removes those that were never started."""
    return plan.together(_clear(view, container, cause) for container in containers)


def _clear(view: View, container: observed.Container, cause: str) -> Plan:
    match container.state:
        case observed.State.RUNNING:
            return stop(view, container, cause, in_order=True)
        case observed.State.CREATED:
            return plan.do(_removal(container, cause))
    return Plan()


def stop(
    view: View,
    container: observed.Container,
    cause: str,
    *,
    message: str = "",
    grace_seconds: int | None = None,
    again: bool = False,
    in_order: bool = False,
) -> Plan:
    """What is due to stop a running container, and when the next step will be.

    `message` is what the event says, if not just that it is stopped. `grace_seconds` count from the beginning of the
    stop (default: the pod's). `again`: it is stopped in order to be started again. `in_order`: the whole pod stops.
    """
    grace = meta.duration(spec.grace_seconds(view.pod) if grace_seconds is None else grace_seconds)
    begun = view.memory.stops.get(container.id)
    if begun is not None and begun.signal:
        return _kill(view, container, cause, begun, grace)
    waits_until = (begun.began_at if begun else view.now) + grace
    if view.now >= waits_until or _may_be_signalled(view, container, in_order=in_order):
        signal = container.stop_signal if grace else "SIGKILL"
        kill_at = waits_until if begun is None else max(waits_until, view.now + SHORTEST_SHUTDOWN)
        asked = _signal(container, signal, cause, first=begun is None, message=message, again=again)
        return Plan(wake_at=kill_at if grace else None) + plan.do(asked)
    if begun is None:
        return plan.do(_announcement(container, cause, message=message, again=again))
    return Plan(wake_at=waits_until) + _hook(view, container, cause)


def _kill(view: View, container: observed.Container, cause: str, begun: Stop, grace: timedelta) -> Plan:
    """SIGKILL, once the container has not ended in time after what it was sent."""
    signalled_at = begun.signalled_at or begun.began_at
    kill_at = signalled_at + KILL_AGAIN_AFTER
    if begun.signal != "SIGKILL":
        waited = signalled_at > begun.began_at
        kill_at = max(begun.began_at + grace, signalled_at + (SHORTEST_SHUTDOWN if waited else timedelta(0)))
    if view.now < kill_at:
        return Plan(wake_at=kill_at)
    reason = f"{cause} and the grace period of {grace.total_seconds():.0f} s has elapsed"
    return plan.do(_signal(container, "SIGKILL", reason, first=False, message="", again=begun.again))


def _may_be_signalled(view: View, container: observed.Container, *, in_order: bool) -> bool:
    """Whether its preStop hook, if any, is over, and in a pod that stops it is this container's turn."""
    if _hooked(view, container) and container.id not in view.memory.pre_stopped:
        return False
    return not in_order or not any(_goes_before(view, other, container) for other in _running(view))


def _hooked(view: View, container: observed.Container) -> bool:
    known = spec.container(view.pod, container.name)
    return known is not None and spec.pre_stop(known) is not None


def _goes_before(view: View, other: observed.Container, container: observed.Container) -> bool:
    """Whether a sidecar waits for the other to end: for main containers, and for the sidecars that started after it."""
    sidecars = [known.name for known in spec.sidecars(view.pod)]
    if container.name not in sidecars:
        return False
    if other.name in sidecars:
        return sidecars.index(other.name) > sidecars.index(container.name)
    return any(main.name == other.name for main in view.pod.spec.containers)


def _hook(view: View, container: observed.Container, cause: str) -> Plan:
    if not _hooked(view, container) or container.id in view.memory.pre_stopped:
        return Plan()
    return plan.do(
        plan.RunPreStop(
            container=container.name,
            attempt=container.attempt,
            container_id=container.id,
            cause=f"{cause}, first its hook",
        )
    )


def _announcement(container: observed.Container, cause: str, *, message: str, again: bool) -> plan.AnnounceStop:
    return plan.AnnounceStop(
        container=container.name,
        attempt=container.attempt,
        container_id=container.id,
        message=message,
        again=again,
        cause=cause,
    )


def _signal(
    container: observed.Container, signal: str, cause: str, *, first: bool, message: str, again: bool
) -> plan.SignalContainer:
    return plan.SignalContainer(
        container=container.name,
        attempt=container.attempt,
        container_id=container.id,
        signal=signal,
        first=first,
        message=message,
        again=again,
        cause=cause,
    )


def _unwanted(view: View) -> Plan:
    """The end of what only prepares something for a pod that is over."""
    return Plan(cancel=tuple(sorted(key for key in view.under_way if key[0] in PREPARING)))


def _running(view: View) -> list[observed.Container]:
    return [container for container in view.observed.containers if container.state is observed.State.RUNNING]


def _removal(container: observed.Container, cause: str) -> plan.Remove:
    return plan.Remove(name=f"{container.name}#{container.attempt}", engine_id=container.id, cause=cause)
