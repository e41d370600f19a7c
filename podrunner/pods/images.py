"""Decides how a container gets what it needs before it is created, its image first of all. Pure; performs no I/O.

The rules are the kubelet's: `EnsureImageExists`, kubernetes pkg/kubelet/images/image_manager.go, and `getTargetID`,
pkg/kubelet/kuberuntime/kuberuntime_container.go.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from podrunner.objects.container import Container, EphemeralContainer
from podrunner.pods import environment, mounting, observed, plan, restarts, spec, volumes
from podrunner.pods.plan import Plan
from podrunner.pods.view import Image, View

PULL_OVER = "Pull over"
"""The last status that is told of a pull ahead of a container's turn, however it went: no event says so."""

LOOK_AGAIN_AFTER = timedelta(seconds=10)
"""What is missing is looked for again after this long, like the kubelet's next sync."""

NEVER = datetime.max.replace(tzinfo=UTC)


def create(view: View, container: Container, attempt: int, cause: str) -> Plan:
    """The creation of a container, or what has to come before: finding, pulling or waiting for its image."""
    waiting = view.memory.waiting.get(container.name)
    if waiting is not None and waiting.until is not None and waiting.attempt == attempt and view.now < waiting.until:
        return Plan(wake_at=waiting.until if waiting.until < NEVER else None)
    for needed in (_Needed(container.image, container.image_pull_policy), *_of_volumes(view, container)):
        missing = _obtain(view, container, attempt, needed, cause)
        if missing is not None:
            return missing
    return _create(view, container, attempt, cause)


class _Needed(NamedTuple):
    """An image that a container needs: its own, or one that it mounts."""

    reference: str
    policy: str


def _of_volumes(view: View, container: Container) -> Iterator[_Needed]:
    for each in volumes.of_images(view.pod, container):
        if each.image is not None:
            yield _Needed(each.image.reference, each.image.pull_policy)


def _obtain(view: View, container: Container, attempt: int, needed: _Needed, cause: str) -> Plan | None:
    """What has to be done or waited for until the image can be used; None if it can be."""
    reference = needed.reference
    image = view.memory.images.get(reference)
    if image is None:
        return plan.do(plan.InspectImage(container=container.name, image=reference, cause=cause))
    if image.invalid:
        return _wait(container, attempt, "InvalidImageName", image.invalid, NEVER)
    # What was pulled may have been removed again since: only what the engine has can be used.
    was_pulled = (container.name, attempt, reference) in view.memory.pulled
    if image.id is not None and (needed.policy != "Always" or was_pulled):
        return None
    if (plan.PullImage.__name__, reference) in view.under_way:
        # For a container before this one, to which the kubelet would have come first.
        return Plan()
    if needed.policy == "Never":
        message = f'Container image "{reference}" is not present with pull policy of Never'
        return _wait(container, attempt, "ErrImageNeverPull", message, view.now + LOOK_AGAIN_AFTER)
    failures = view.memory.pull_failures.get(reference)
    if failures is not None:
        until = failures.last + restarts.pull_delay(failures.count) * view.backoff_scale
        if view.now < until:
            return _wait(container, attempt, "ImagePullBackOff", f'Back-off pulling image "{reference}"', until)
    return plan.do(plan.PullImage(container=container.name, image=reference, attempt=attempt, cause=cause))


def ahead(view: View) -> Plan:
    """The pulls of main containers' images before their turn, where the pod wants that: once each, and in silence.

    No kubelet does this. When the turn comes, everything goes as if nothing had been tried.
    """
    if not spec.prefetches(view.pod):
        return Plan()
    return plan.do(
        *(
            plan.PrefetchImage(
                container=container.name,
                image=container.image,
                renew=container.image_pull_policy == "Always",
                cause="its turn will come",
            )
            for container in view.pod.spec.containers
            if _is_worth_a_try(view, container)
        )
    )


def _is_worth_a_try(view: View, container: Container) -> bool:
    if container.image_pull_policy == "Never" or container.image in view.memory.prefetched:
        return False
    known = view.memory.images.get(container.image, Image())
    return not known.invalid and (known.id is None or container.image_pull_policy == "Always")


def _create(view: View, container: Container, attempt: int, cause: str) -> Plan:
    if view.sandbox is None or not _may_be_created(view, container):
        return Plan()
    target = container.target_container_name if isinstance(container, EphemeralContainer) else ""
    joined = view.begun(target)
    if target and joined is None:
        message = f"unable to find target container {target}"
        return _wait(container, attempt, "CreateContainerConfigError", message, view.now + LOOK_AGAIN_AFTER)
    was_present = (container.name, attempt, container.image) not in view.memory.pulled
    return plan.do(
        plan.CreateContainer(
            container=container.name,
            attempt=attempt,
            sandbox_id=view.sandbox.id,
            was_present=was_present,
            joins=joined.id if joined else "",
            cause=cause,
        )
    )


def _may_be_created(view: View, container: Container) -> bool:
    """Some containers are made of what only a running sandbox has: its address, files in volumes."""
    runs = view.sandbox is not None and view.sandbox.state is observed.State.RUNNING
    needs_it_running = environment.needs_pod_address(container) or volumes.of_images(view.pod, container)
    if needs_it_running and not runs:
        return False
    return not mounting.must_be_ready_for(container) or (runs and mounting.are_ready(view))


def _wait(container: Container, attempt: int, reason: str, message: str, until: datetime) -> Plan:
    return plan.do(
        plan.Wait(
            container=container.name,
            attempt=attempt,
            reason=reason,
            message=message,
            until=until,
            cause=message,
        )
    )
