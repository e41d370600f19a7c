"""What a `run` asks to be done and shown. Pure; performs no I/O.

`client.session` decides and answers with these, `client.runner` performs them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from podrunner.objects import event, pod


class PodRef(NamedTuple):
    """Where a pod is found."""

    namespace: str
    name: str

    @classmethod
    def of(cls, obj: pod.Pod) -> "PodRef":
        return cls(obj.metadata.namespace, obj.metadata.name)


class LogStream(NamedTuple):
    """The log of one instance of a container; `instance` is the status' containerID."""

    pod: PodRef
    container: str
    instance: str


class Action(msgspec.Struct, frozen=True):
    """Base of all."""


class Watch(Action, frozen=True):
    """Watch the pod, from the resourceVersion `since` on."""

    pod: PodRef
    since: str


class WatchEvents(Action, frozen=True):
    """Watch the events about the pod of that uid, from the resourceVersion `since` on ("": all there are)."""

    pod: PodRef
    uid: str
    since: str


class Follow(Action, frozen=True):
    """Read the log from its start and follow it; `previous`: the instance is not the container's current one."""

    stream: LogStream
    previous: bool = False


class Delete(Action, frozen=True):
    """Delete the pod of that uid, within `grace_seconds` (None: its own grace period)."""

    pod: PodRef
    uid: str
    grace_seconds: int | None = None


class ShowStatus(Action, frozen=True):
    """The pod's status reads differently than before."""

    pod: pod.Pod


class ShowEvent(Action, frozen=True):
    """An event about a pod, or its repetition."""

    event: event.Event


class ShowOutput(Action, frozen=True):
    """Whole lines that a container has written, without their ends."""

    pod: PodRef
    container: str
    lines: Sequence[bytes]


class ShowNotice(Action, frozen=True):
    """Something to know."""

    text: str


class ShowProblem(Action, frozen=True):
    """Why the run fails, and the last lines of the container that is to blame, if one is."""

    text: str
    container: str = ""
    lines: Sequence[bytes] = ()


class End(Action, frozen=True):
    """Leave with this exit status."""

    exit_status: int
