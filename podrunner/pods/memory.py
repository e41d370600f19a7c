"""How the worker's memory of a pod changes with what happens. Pure; performs no I/O."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import structs

from podrunner.pods import observed, plan, restarts
from podrunner.pods.view import Failures, Image, Memory, MountFailures, Results, Stop, Waiting, Written

V = TypeVar("V")

CREATE_AGAIN_AFTER = timedelta(seconds=10)
"""A container that can't be created is tried again after this long, like the kubelet's next sync."""

CONFIG_ERROR = "CreateContainerConfigError"


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
        pulled=memory.pulled | {(operation.container, operation.attempt, operation.image)},
        pull_failures=_without(memory.pull_failures, operation.image),
    )


def pull_failed(memory: Memory, operation: plan.PullImage, message: str, now: datetime) -> Memory:
    """A pull failed: the next one waits longer."""
    before = memory.pull_failures.get(operation.image)
    failures = Failures((before.count if before else 0) + 1, now)
    waiting = Waiting(operation.attempt, "ErrImagePull", message)
    return structs.replace(
        memory,
        pull_failures=_with(memory.pull_failures, operation.image, failures),
        waiting=_with(memory.waiting, operation.container, waiting),
    )


def image_prefetched(memory: Memory, operation: plan.PrefetchImage, image: Image) -> Memory:
    """An image was pulled ahead, or could not be (then it has no id): its container's turn is going to tell."""
    images = memory.images if image == Image() else _with(memory.images, operation.image, image)
    return structs.replace(memory, images=images, prefetched=memory.prefetched | {operation.image})


def image_vanished(memory: Memory, image: str) -> Memory:
    """A container could not be created because its image is gone: it has to be looked for again."""
    return structs.replace(memory, images=_without(memory.images, image))


def create_failed(memory: Memory, operation: plan.CreateContainer, message: str, now: datetime) -> Memory:
    """The engine refused to create a container."""
    waiting = Waiting(operation.attempt, "CreateContainerError", message, now + CREATE_AGAIN_AFTER)
    return structs.replace(memory, waiting=_with(memory.waiting, operation.container, waiting))


def config_failed(memory: Memory, operation: plan.CreateContainer, message: str, now: datetime) -> Memory:
    """What a container refers to does not make one (yet)."""
    waiting = Waiting(operation.attempt, CONFIG_ERROR, message, now + CREATE_AGAIN_AFTER)
    return structs.replace(memory, waiting=_with(memory.waiting, operation.container, waiting))


def configuration_changed(memory: Memory) -> Memory:
    """What the pod refers to changed: a container that it did not make one of is tried again at once."""
    waiting = {
        name: structs.replace(each, until=None) if each.reason == CONFIG_ERROR else each
        for name, each in memory.waiting.items()
    }
    return structs.replace(memory, waiting=waiting)


def started(memory: Memory, operation: plan.StartContainer, *, hooked: bool = False) -> Memory:
    """A container runs: nothing keeps it waiting any more, unless it is `hooked`: has a postStart hook to run."""
    return memory if hooked else structs.replace(memory, waiting=_without(memory.waiting, operation.container))


def post_start_succeeded(memory: Memory, operation: plan.RunPostStart) -> Memory:
    """A container's postStart hook is done: only now it counts as started."""
    return structs.replace(
        memory,
        post_started=_with(memory.post_started, operation.container_id, True),
        waiting=_without(memory.waiting, operation.container),
    )


def post_start_failed(memory: Memory, operation: plan.RunPostStart, error: str, message: str) -> Memory:
    """A container's postStart hook failed, which ends the container."""
    waiting = Waiting(operation.attempt, f"PostStartHookError: {error}", message)
    return structs.replace(
        memory,
        post_started=_with(memory.post_started, operation.container_id, False),
        waiting=_with(memory.waiting, operation.container, waiting),
    )


def pre_stop_ended(memory: Memory, operation: plan.RunPreStop) -> Memory:
    """A container's preStop hook is over, whether it succeeded or not."""
    return structs.replace(memory, pre_stopped=memory.pre_stopped | {operation.container_id})


def message_read(memory: Memory, container_id: str, message: str) -> Memory:
    """What a container left to say at its end is known."""
    return structs.replace(memory, messages=_with(memory.messages, container_id, message))


def probed(memory: Memory, instance_id: str, results: Results) -> Memory:
    """A probe of a container came to a result."""
    return structs.replace(memory, probes=_with(memory.probes, instance_id, results))


def start_failed(memory: Memory, operation: plan.StartContainer, message: str) -> Memory:
    """The engine could not start a container's command."""
    waiting = Waiting(operation.attempt, "RunContainerError", message)
    return structs.replace(memory, waiting=_with(memory.waiting, operation.container, waiting))


def mount_failed(memory: Memory, volume: str, now: datetime, *, of_engine: bool = False) -> Memory:
    """A volume could not be set up."""
    before = memory.mount_failures or MountFailures(volume, 0, now, now)
    failures = structs.replace(before, volume=volume, count=before.count + 1, last=now, of_engine=of_engine)
    return structs.replace(memory, mount_failures=failures)


def mount_timeout_told(memory: Memory) -> Memory:
    """That the volumes can't be set up for so long was said."""
    failures = memory.mount_failures
    told = None if failures is None else structs.replace(failures, told=True)
    return structs.replace(memory, mount_failures=told)


def volumes_written(memory: Memory, sandbox_id: str, entries: Mapping[str, Written]) -> Memory:
    """What is in these volumes now; what was written into the others stays."""
    written = {**memory.volumes.get(sandbox_id, {}), **entries}
    return structs.replace(memory, volumes=_with(memory.volumes, sandbox_id, written))


def volumes_measured(memory: Memory, overfull: str, now: datetime) -> Memory:
    """How full the volumes are is known; `overfull` has more in it than it may ("": none has)."""
    return structs.replace(memory, measured_at=now, overfull=overfull)


def sandbox_started(memory: Memory) -> Memory:
    """The sandbox runs; should it end, that is told anew."""
    return structs.replace(memory, sandbox_failures=None, mount_failures=None, reported=frozenset())


def sandbox_failed(memory: Memory, now: datetime) -> Memory:
    """The sandbox could not be created or started."""
    before = memory.sandbox_failures
    return structs.replace(memory, sandbox_failures=Failures((before.count if before else 0) + 1, now))


def waiting_began(memory: Memory, operation: plan.Wait) -> Memory:
    """A container is not tried again before a time; an image that was absent is looked for anew afterwards."""
    waiting = Waiting(operation.attempt, operation.reason, operation.message, operation.until)
    images = {reference: image for reference, image in memory.images.items() if image.id is not None or image.invalid}
    return structs.replace(memory, waiting=_with(memory.waiting, operation.container, waiting), images=images)


def stop_announced(memory: Memory, operation: plan.AnnounceStop, now: datetime) -> Memory:
    """The stop of a container begins, though not with a signal."""
    return structs.replace(memory, stops=_with(memory.stops, operation.container_id, Stop(now, again=operation.again)))


def signalled(memory: Memory, operation: plan.SignalContainer, now: datetime) -> Memory:
    """A signal is on its way to a container."""
    before = memory.stops.get(operation.container_id, Stop(now, again=operation.again))
    entry = structs.replace(before, signal=operation.signal, signalled_at=now)
    return structs.replace(memory, stops=_with(memory.stops, operation.container_id, entry))


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


def container_gone(memory: Memory, engine_id: str) -> Memory:
    """The engine has a container no longer: nothing that is known of it will be asked for."""
    return structs.replace(
        memory,
        stops=_without(memory.stops, engine_id),
        probes=_without(memory.probes, engine_id),
        post_started=_without(memory.post_started, engine_id),
        pre_stopped=memory.pre_stopped - {engine_id},
        messages=_without(memory.messages, engine_id),
        volumes=_without(memory.volumes, engine_id),
    )


def engine_found(memory: Memory) -> Memory:
    """The engine answers again; what it had may have changed."""
    return structs.replace(memory, engine_lost="", images={})


def _with(entries: Mapping[str, V], key: str, value: V) -> Mapping[str, V]:
    return {**entries, key: value}


def _without(entries: Mapping[str, V], key: str) -> Mapping[str, V]:
    return {known: value for known, value in entries.items() if known != key}
