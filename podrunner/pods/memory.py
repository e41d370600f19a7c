"""How the worker's memory of a pod changes with what happens. Pure; performs no I/O."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import structs

from podrunner.pods import observed, plan, restarts
from podrunner.pods.view import Failures, Image, Memory, Signalled, Waiting

V = TypeVar("V")

CREATE_AGAIN_AFTER = timedelta(seconds=10)
"""A container that can't be created is tried again after this long, like the kubelet's next sync."""


def image_inspected(memory: Memory, operation: plan.InspectImage, image: Image) -> Memory:
    """The engine told of an image. That it is absent holds only now: it may be built or loaded before its turn."""
    if operation.ahead and image == Image():
        return memory
    return structs.replace(memory, images=_with(memory.images, operation.image, image))


def image_pulled(memory: Memory, operation: plan.PullImage, image: Image) -> Memory:
    """A pull succeeded: past failures no longer count."""
    return structs.replace(
        memory,
        images=_with(memory.images, operation.image, image),
        pulled=memory.pulled | {(operation.container, operation.attempt)},
        pull_failures=_without(memory.pull_failures, operation.container),
    )


def pull_failed(memory: Memory, operation: plan.PullImage, message: str, now: datetime) -> Memory:
    """A pull failed: the next one waits longer."""
    before = memory.pull_failures.get(operation.container)
    failures = Failures((before.count if before else 0) + 1, now)
    waiting = Waiting(operation.attempt, "ErrImagePull", message)
    return structs.replace(
        memory,
        pull_failures=_with(memory.pull_failures, operation.container, failures),
        waiting=_with(memory.waiting, operation.container, waiting),
    )


def image_vanished(memory: Memory, image: str) -> Memory:
    """A container could not be created because its image is gone: it has to be looked for again."""
    return structs.replace(memory, images=_without(memory.images, image))


def create_failed(memory: Memory, operation: plan.CreateContainer, message: str, now: datetime) -> Memory:
    """The engine refused to create a container."""
    waiting = Waiting(operation.attempt, "CreateContainerError", message, now + CREATE_AGAIN_AFTER)
    return structs.replace(memory, waiting=_with(memory.waiting, operation.container, waiting))


def started(memory: Memory, operation: plan.StartContainer) -> Memory:
    """A container runs: nothing keeps it waiting any more."""
    return structs.replace(memory, waiting=_without(memory.waiting, operation.container))


def start_failed(memory: Memory, operation: plan.StartContainer, message: str) -> Memory:
    """The engine could not start a container's command."""
    waiting = Waiting(operation.attempt, "RunContainerError", message)
    return structs.replace(memory, waiting=_with(memory.waiting, operation.container, waiting))


def sandbox_started(memory: Memory) -> Memory:
    """The sandbox runs; should it end, that is told anew."""
    return structs.replace(memory, sandbox_failures=None, reported=frozenset())


def sandbox_failed(memory: Memory, now: datetime) -> Memory:
    """The sandbox could not be created or started."""
    before = memory.sandbox_failures
    return structs.replace(memory, sandbox_failures=Failures((before.count if before else 0) + 1, now))


def waiting_began(memory: Memory, operation: plan.Wait) -> Memory:
    """A container is not tried again before a time; an image that was absent is looked for anew afterwards."""
    waiting = Waiting(operation.attempt, operation.reason, operation.message, operation.until)
    images = {reference: image for reference, image in memory.images.items() if image.id is not None or image.invalid}
    return structs.replace(memory, waiting=_with(memory.waiting, operation.container, waiting), images=images)


def signalled(memory: Memory, operation: plan.SignalContainer, now: datetime) -> Memory:
    """A signal is on its way to a container."""
    before = memory.signalled.get(operation.container_id)
    entry = Signalled(before.first_at if before else now, operation.signal, now)
    return structs.replace(memory, signalled=_with(memory.signalled, operation.container_id, entry))


def reported(memory: Memory, operation: plan.Operation) -> Memory:
    """Something that is said once was said."""
    return structs.replace(memory, reported=memory.reported | {operation.key})


def container_observed(memory: Memory, container: observed.Container) -> Memory:
    """A container was looked at: one that ran for long forgets the restarts before it."""
    if container.started_at is None or container.finished_at is None:
        return memory
    if container.finished_at - container.started_at < restarts.RESET_AFTER:
        return memory
    return structs.replace(memory, steady=_with(memory.steady, container.name, container.attempt))


def engine_lost(memory: Memory, message: str) -> Memory:
    """The engine can't be reached."""
    return structs.replace(memory, engine_lost=message)


def engine_found(memory: Memory) -> Memory:
    """The engine answers again; what it had may have changed."""
    return structs.replace(memory, engine_lost="", images={})


def _with(entries: Mapping[str, V], key: str, value: V) -> Mapping[str, V]:
    return {**entries, key: value}


def _without(entries: Mapping[str, V], key: str) -> Mapping[str, V]:
    return {known: value for known, value in entries.items() if known != key}
