"""Whether, and how, a pod comes to its end by itself. Pure; performs no I/O.

Sources: `computePodActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go; the deadline's words are those
of pkg/kubelet/active_deadline.go.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from podrunner.pods import admission, initializing, plan, volumes
from podrunner.pods.view import View

DEADLINE_EXCEEDED = "DeadlineExceeded"
DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline"

REJECTED = "Pod was rejected: "
"""How the message of a pod begins that the node did not run; it has no container statuses."""

EVICTED = "Evicted"

FINAL_PHASES = ("Succeeded", "Failed")


class End(NamedTuple):
    """Why nothing of the pod is to run any more, for people; and the phase, reason and message that follow from it."""

    cause: str
    phase: str
    reason: str = ""
    message: str = ""


def of(view: View) -> End | None:
    """The end that the pod has come to, even if containers of it still run; None if it goes on."""
    rejected = rejection(view)
    if rejected is not None:
        return End("the node rejects the pod", "Failed", rejected.reason, f"{REJECTED}{rejected.message}")
    if deadline_exceeded(view):
        return End("the pod's deadline has passed", "Failed", DEADLINE_EXCEEDED, DEADLINE_MESSAGE)
    if view.memory.overfull:
        return End("a volume has more in it than it may", "Failed", EVICTED, eviction(view))
    failed = initializing.failed_for_good(view)
    if failed is not None:
        return End(f"init container {failed.name} failed", "Failed")
    if view.sandbox is None and not for_good(view):
        return None
    mains = view.pod.spec.containers
    codes = [view.exit_code(container.name) for container in mains]
    if view.sandbox is None:
        return End("the sandbox ended and the pod is not restarted", _phase(codes))
    if any(container.name in view.starting or view.restarts(container) for container in mains) or None in codes:
        return None
    return End("its main containers have ended", _phase(codes))


def deadline(view: View) -> datetime | None:
    """When the pod's activeDeadlineSeconds end, counted from status.startTime; None if it has no deadline."""
    seconds, since = view.pod.spec.active_deadline_seconds, view.pod.status.start_time
    return None if seconds is None or since is None else since + timedelta(seconds=seconds)


def deadline_exceeded(view: View) -> bool:
    """Whether the deadline has passed before the pod was over."""
    ends = deadline(view)
    return ends is not None and view.now >= ends and view.pod.status.phase not in FINAL_PHASES


def rejection(view: View) -> admission.Rejection | None:
    """Why the node does not run the pod, of which it has nothing yet; None if it does."""
    begun = view.pod.status.phase not in ("", "Pending")
    if begun or view.observed.sandboxes or view.observed.containers:
        return None
    return admission.rejection(view.pod, view.configuration)


def eviction(view: View) -> str:
    """What is said of a pod with an overfull volume (kubernetes pkg/kubelet/eviction/eviction_manager.go)."""
    each = volumes.volume(view.pod, view.memory.overfull)
    limit = each.empty_dir.size_limit if each is not None and each.empty_dir is not None else ""
    return f'Usage of EmptyDir volume "{view.memory.overfull}" exceeds the limit "{limit}". '


def announcement(view: View) -> plan.Operation | None:
    """What is said once of a pod that was rejected or evicted, or took too long."""
    rejected = rejection(view)
    if rejected is not None:
        return plan.ReportEnd(reason=rejected.reason, message=rejected.message, cause="the node rejects the pod")
    if view.memory.overfull:
        return plan.ReportEnd(reason=EVICTED, message=eviction(view), cause="a volume has more in it than it may")
    return plan.ReportDeadlineExceeded(cause="the pod's deadline has passed") if deadline_exceeded(view) else None


def is_to_be_announced(view: View) -> bool:
    """Whether that has not been said yet."""
    said = announcement(view)
    return said is not None and said.key not in view.memory.reported


def for_good(view: View) -> bool:
    """Whether a pod whose sandbox is gone gets no other: it has run, and its policy starts nothing of it again."""
    containers = (*view.pod.spec.init_containers, *view.pod.spec.containers)
    if view.pod.spec.restart_policy == "Never":
        return any(view.begun(known.name) or view.lost(known.name) for known in containers)
    codes = [view.exit_code(container.name) for container in view.pod.spec.containers]
    return None not in codes and not any(view.restarts(container) for container in view.pod.spec.containers)


def _phase(codes: list[int | None]) -> str:
    return "Succeeded" if all(code == 0 for code in codes) else "Failed"
