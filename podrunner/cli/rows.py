"""How a run puts status and events into lines: as `kubectl get pods -w` and `kubectl get events` do. Pure.

    NAME         READY   STATUS            RESTARTS   AGE
    kubia-init   0/2     Pending           0          0s
      Normal    Scheduled   Successfully assigned default/kubia-init to worker2

Events are indented, so that the eye finds the status.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.pods import age, columns

_GAP = "   "


class Rows:
    """Lines about the pods of one run; `pods` decide how wide the columns are and what must be told apart."""

    def __init__(self, pods: Sequence[Pod]) -> None:
        self._name_width = max(len("NAME"), *(len(pod.metadata.name) for pod in pods))
        longest = "PodInitializing" if all(pod.spec.init_containers for pod in pods) else "ContainerCreating"
        self._status_width = len(longest)
        self._several = len(pods) > 1

    def header(self) -> str:
        return self._row("NAME", "READY", "STATUS", "RESTARTS", "AGE")

    def status(self, pod: Pod, now: datetime) -> str:
        created = pod.metadata.creation_timestamp
        return self._row(
            pod.metadata.name,
            columns.ready(pod),
            columns.status(pod),
            str(columns.restarts(pod)),
            age.text(now - created if created else timedelta()),
        )

    def event(self, event: Event) -> str:
        about = f"{f'pod/{event.involved_object.name}':{len('pod/') + self._name_width}}{_GAP}" if self._several else ""
        again = f" (x{event.count})" if event.count > 1 else ""
        message = event.message.replace("\n", " ")
        return f"  {event.type:7}{_GAP}{event.reason:9}{_GAP}{about}{message}{again}"

    def prefix(self, pod: str, container: str) -> str:
        """What stands before each line of a container's output."""
        return f"[{pod}/{container}] " if self._several else f"[{container}] "

    def _row(self, name: str, ready: str, status: str, restarts: str, age_: str) -> str:
        cells = [f"{name:{self._name_width}}", f"{ready:5}", f"{status:{self._status_width}}", f"{restarts:8}", age_]
        return _GAP.join(cells)
