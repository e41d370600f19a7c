"""Decides when volumes are written, and when a pod has to wait for what they are made of. Pure; performs no I/O.

The rules are the kubelet's: nothing of a pod begins before all its volumes can be set up (`WaitForAttachAndMount`,
kubernetes pkg/kubelet/volumemanager), tried again after 0.5 s, then twice as long each time
(pkg/util/goroutinemap/exponentialbackoff); what they are made of is followed as long as the pod runs.
"""

from datetime import datetime, timedelta

from podrunner import errors
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.pods import environment, observed, payload, plan, volumes
from podrunner.pods.configuration import claim_of
from podrunner.pods.plan import Plan
from podrunner.pods.view import View

FIRST_DELAY = 0.5
LONGEST_DELAY = timedelta(minutes=2, seconds=2)

MEASURED_EVERY = timedelta(seconds=10)
"""The kubelet's evictionMonitoringPeriod."""

GIVEN_UP_AFTER = timedelta(minutes=2, seconds=3)
"""How long the kubelet waits before it says so (podAttachAndMountTimeout in pkg/kubelet/volumemanager)."""


def obstacle(view: View) -> Plan | None:
    """What to do, and wait for, instead of making a sandbox; None if the volumes are no obstacle."""
    failures, problem = view.memory.mount_failures, _problem(view)
    if problem is None and (failures is None or not failures.of_engine):
        return None
    again_at = view.now if failures is None else failures.last + _delay(failures.count)
    if view.now < again_at:
        return Plan(wake_at=again_at) + _timeout(view)
    if problem is None:
        return None
    name, message = problem
    return plan.do(plan.ReportMountFailure(volume=name, message=message, cause=message)) + _timeout(view)


def _problem(view: View) -> tuple[str, str] | None:
    """The first volume that can't be set up, and why."""
    for each in view.pod.spec.volumes:
        claim = claim_of(view.pod, each)
        if claim and claim not in view.configuration.claims:
            return each.name, f'persistentvolumeclaim "{claim}" not found'
        try:
            payload.of(view.pod, each, payload.Contents(view.configuration))
        except errors.MountError as problem:
            return each.name, str(problem)
    return None


def _delay(count: int) -> timedelta:
    return min(timedelta(seconds=FIRST_DELAY * 2 ** min(count - 1, 20)), LONGEST_DELAY)


def _timeout(view: View) -> Plan:
    """What is said once when the volumes have been an obstacle for long."""
    failures = view.memory.mount_failures
    if failures is None or failures.told:
        return Plan()
    if view.now < failures.first + GIVEN_UP_AFTER:
        return Plan(wake_at=failures.first + GIVEN_UP_AFTER)
    cause = "the volumes have been an obstacle for two minutes"
    return plan.do(plan.ReportMountTimeout(volumes=(failures.volume,), cause=cause))


def due(view: View) -> Plan:
    """The writing of volumes that are not as they should be."""
    sandbox = view.sandbox
    if sandbox is None or sandbox.state is not observed.State.RUNNING or not _are_to_be_set_up(view.pod):
        return Plan()
    written = view.memory.volumes.get(sandbox.id)
    stamps = stamps_of(view.pod, payload.Contents(view.configuration, sandbox.ips, view.now))
    names = tuple(
        name for name, stamp in stamps.items() if written is None or name not in written or written[name].stamp != stamp
    )
    if written is not None and not names:
        return Plan(wake_at=_next_token_at(view))
    untouched = not any(known.sandbox_id == sandbox.id and known.started_at for known in view.observed.containers)
    first = written is None and untouched
    cause = "the sandbox runs" if written is None else f"what {', '.join(names)} is made from has changed"
    known = {name: each.digest for name, each in (written or {}).items()}
    return plan.do(plan.WriteVolumes(sandbox_id=sandbox.id, volumes=names, first=first, known=known, cause=cause))


def measurement(view: View) -> Plan:
    """A look at the volumes with a limit, now and then (kubelet: `localStorageEviction`, pkg/kubelet/eviction)."""
    names = tuple(each.name for each in view.pod.spec.volumes if volumes.disk_limit(each) is not None)
    sandbox, last = view.sandbox, view.memory.measured_at
    if not names or sandbox is None or sandbox.state is not observed.State.RUNNING or not are_ready(view):
        return Plan()
    if last is not None and view.now < last + MEASURED_EVERY:
        return Plan(wake_at=last + MEASURED_EVERY)
    cause = "they have limits"
    return plan.do(plan.MeasureVolumes(sandbox_id=sandbox.id, volumes=names, cause=cause))


def stamps_of(pod: Pod, contents: payload.Contents) -> dict[str, str]:
    """What the volumes that podrunner fills would be made from now."""
    return {each.name: payload.stamp(pod, each, contents) for each in filter(volumes.is_filled, pod.spec.volumes)}


def _next_token_at(view: View) -> datetime | None:
    times = (payload.next_token_at(view.pod, each, view.now) for each in view.pod.spec.volumes)
    return min((time for time in times if time is not None), default=None)


def are_ready(view: View) -> bool:
    """Whether a container may start: the volumes have been written once."""
    return view.sandbox is not None and (view.sandbox.id in view.memory.volumes or not _are_to_be_set_up(view.pod))


def must_be_ready_for(container: Container) -> bool:
    """Whether the container can't even be created before the volumes are written, for what is in them."""
    return bool(environment.files(container)) or any(
        mount.sub_path or mount.sub_path_expr for mount in container.volume_mounts
    )


def _are_to_be_set_up(pod: Pod) -> bool:
    return any(volumes.is_filled(each) or volumes.root_is_to_be_set_up(pod, each) for each in pod.spec.volumes)
