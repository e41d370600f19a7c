"""What the end of a run means: why it failed, and the exit status. Pure; performs no I/O.

The exit status is 0 when every pod succeeded, else the code of the container that failed first, 1 when a pod failed
without one, and 125 when the engine can't do what the manifest asks for.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from podrunner.client import actions, logs
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStateTerminated, ContainerStatus
from podrunner.pods import spec

FAILED = 1
TIMED_OUT = 124
ENGINE_FAILED = 125
OUTPUT_FAILED = 125
INTERRUPTED = 130
OUTPUT_CLOSED = 141
"""As a shell reports a command that wrote to a pipe nobody reads (128 + SIGPIPE)."""

_COMMAND_NOT_FOUND = 127
_ENDED_PHASES = frozenset({"Succeeded", "Failed"})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_HINTS = {
    "InvalidImageName": "correct the image's name in the manifest",
    "ErrImageNeverPull": "build or pull the image first, or set imagePullPolicy: IfNotPresent",
    "ErrImagePull": "check the image's name and tag, that the registry can be reached, and `docker login` for it",
    "ImagePullBackOff": "check the image's name and tag, that the registry can be reached, and `docker login` for it",
    "RegistryUnavailable": "check that the registry can be reached",
    "ImageInspectError": "",
    "CreateContainerConfigError": "",
    "CreateContainerError": "",
}
"""The reasons to wait that no waiting mends in a run, and what the user can do."""


class Verdict(msgspec.Struct, frozen=True):
    """How a run ends. `problem` is empty when nothing failed; the last lines of `container`, if named, go with it."""

    exit_status: int
    problem: str = ""
    pod: actions.PodRef | None = None
    container: str = ""


SUCCESS = Verdict(0)


def output_failure(problem: str) -> Verdict:
    """The verdict when standard output can't be written, for that reason; "": because nobody reads it any more."""
    if not problem:
        return Verdict(OUTPUT_CLOSED)
    return Verdict(OUTPUT_FAILED, f"standard output can't be written: {problem}")


def ended(pod: Pod) -> bool:
    """Whether nothing of the pod will run any more."""
    return pod.status.phase in _ENDED_PHASES


def of_ended(pods: Iterable[Pod], seen: Sequence[str] = ()) -> Verdict:
    """The verdict over pods that have all ended or were deleted; they are in the order of the manifests.

    `seen` holds the containerIDs that failed, in the order the run saw them fail: Kubernetes' times have no fractions.
    """
    failed = [pod for pod in pods if _deleted(pod) or pod.status.phase == "Failed"]
    if not failed:
        return SUCCESS
    culprits = [(pod, status, end) for pod in failed if not pod.status.reason for status, end in failures(pod)]
    first = min(culprits, key=lambda culprit: _when(culprit[1], culprit[2], seen), default=None)
    deleted = next((pod for pod in failed if _deleted(pod)), None)
    if deleted is not None:
        exit_status = first[2].exit_code if first else FAILED
        return Verdict(exit_status, f'pod "{deleted.metadata.name}" was deleted before it had ended')
    if first is None:
        # Not its containers, but its deadline, say.
        status = failed[0].status
        return Verdict(FAILED, f'pod "{failed[0].metadata.name}" failed{_in_brackets(status.reason, status.message)}')
    pod, culprit, end = first
    return Verdict(
        end.exit_code,
        f"{_title(pod, culprit.name)} failed with exit code {end.exit_code}{_in_brackets(end.reason, end.message)}",
        actions.PodRef.of(pod),
        culprit.name if spec.kind(pod, culprit.name) is spec.Kind.INIT else "",
    )


def hopeless(pod: Pod) -> Verdict | None:
    """The verdict over a pod that going on with makes no sense, None over any other (fail fast).

    An init container of it failed for good, or it waits for something that waiting does not mend.
    """
    if pod.metadata.deletion_timestamp is not None:
        return None
    if pod.status.phase == "Failed" and any(
        spec.kind(pod, status.name) is spec.Kind.INIT for status, _ in failures(pod)
    ):
        return of_ended([pod])
    for status in logs.statuses(pod):
        waiting = status.state.waiting
        if waiting is None:
            continue
        if waiting.reason == "RunContainerError":
            code = status.last_state.terminated.exit_code if status.last_state.terminated else _COMMAND_NOT_FOUND
            return _cannot_run(pod, status.name, waiting.reason, waiting.message, code or _COMMAND_NOT_FOUND)
        if waiting.reason in _HINTS:
            hint = f"; {_HINTS[waiting.reason]}" if _HINTS[waiting.reason] else ""
            return _cannot_run(pod, status.name, waiting.reason, waiting.message + hint, ENGINE_FAILED)
    return None


def hopeless_event(event: Event) -> Verdict | None:
    """The verdict over an event that tells of a pod the engine can't make room for, None over any other."""
    if event.reason != "FailedCreatePodSandBox":
        return None
    return Verdict(ENGINE_FAILED, f'pod "{event.involved_object.name}" can\'t start: {event.message}')


def engine_gone(pod: Pod) -> str:
    """Why the engine is out of the pod's reach, "" if it isn't."""
    for condition in pod.status.conditions:
        if condition.type == "Ready" and condition.status != "True" and condition.reason == "NodeNotReady":
            return condition.message or "the Docker Engine does not answer"
    return ""


def _deleted(pod: Pod) -> bool:
    """Whether somebody else ends the pod: a run deletes its pods only when it has a verdict."""
    return pod.metadata.deletion_timestamp is not None or not ended(pod)


def _cannot_run(pod: Pod, container: str, reason: str, message: str, exit_status: int) -> Verdict:
    return Verdict(exit_status, f"{_title(pod, container)} can't run: {reason}: {message}", actions.PodRef.of(pod))


def _when(status: ContainerStatus, end: ContainerStateTerminated, seen: Sequence[str]) -> tuple[datetime, int]:
    place = seen.index(status.container_id) if status.container_id in seen else len(seen)
    return end.finished_at or _LONG_AGO, place


def failures(pod: Pod) -> Iterator[tuple[ContainerStatus, ContainerStateTerminated]]:
    """The containers of the pod, but for its sidecars, that have ended with another code than 0."""
    for status in logs.statuses(pod):
        if spec.kind(pod, status.name) is spec.Kind.SIDECAR:
            continue
        if status.state.terminated is not None and status.state.terminated.exit_code != 0:
            yield status, status.state.terminated


def _title(pod: Pod, container: str) -> str:
    kind = "init container" if spec.kind(pod, container) is spec.Kind.INIT else "container"
    return f'{kind} "{container}" of pod "{pod.metadata.name}"'


def _in_brackets(reason: str, message: str) -> str:
    told = ": ".join(part for part in (reason, message.strip()) if part)
    return f" ({told})" if told else ""
