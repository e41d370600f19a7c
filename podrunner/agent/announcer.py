"""Records a pod's events, those of main containers that start together in the order of the spec.

The engine starts the containers at once and answers in any order; the kubelet starts one after the other, and its
events are read as that story: Pulled, Created, Started of the first container, then those of the next.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import NamedTuple

from podrunner.objects.pod import Pod
from podrunner.pods import plan, spec
from podrunner.store import events


class _Event(NamedTuple):
    type: str
    reason: str
    message: str


class Announcer:
    """One pod's events on their way to the recorder.

    `under_way` tells the keys of the unfinished operations, `unstarted` which containers were created and no more.
    """

    def __init__(
        self,
        recorder: events.Recorder,
        under_way: Callable[[], Collection[plan.Key]],
        unstarted: Callable[[], Collection[str]],
    ) -> None:
        self._recorder = recorder
        self._under_way = under_way
        self._unstarted = unstarted
        self._held: defaultdict[str, list[_Event]] = defaultdict(list)

    def of_pod(self, pod: Pod, type: str, reason: str, message: str) -> None:
        """Records an event of the pod as a whole."""
        self._recorder.record(pod, type, reason, message)

    def of_container(self, pod: Pod, container: str, type: str, reason: str, message: str) -> None:
        """Records an event of a container, when its turn comes."""
        self._held[container].append(_Event(type, reason, message))
        self.release(pod)

    def release(self, pod: Pod) -> None:
        """Records the events whose turn has come: a main container's wait for those before it that are starting."""
        starting = plan.starting(self._under_way()).union(self._unstarted())
        for container in (*pod.spec.init_containers, *pod.spec.ephemeral_containers):
            self._record(pod, container.name)
        for container in pod.spec.containers:
            self._record(pod, container.name)
            if container.name in starting:
                break

    def _record(self, pod: Pod, container: str) -> None:
        for event in self._held.pop(container, []):
            self._recorder.record(pod, event.type, event.reason, event.message, spec.field_path(pod, container))
