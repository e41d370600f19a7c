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

_GAP = 3
_READY = 5
_STATUS = len("PodInitializing")
_RESTARTS = len("RESTARTS")
_TYPE = len("Warning")
_REASON = len("Scheduled")


class Rows:
    """Lines about the pods of one run; `pods` decide how wide the columns are and what must be told apart."""

    def __init__(self, pods: Sequence[Pod]) -> None:
        self._name_width = max(len("NAME"), *(len(pod.metadata.name) for pod in pods))
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
        about = f"{f'pod/{event.involved_object.name}':{self._name_width + 4 + _GAP}}" if self._several else ""
        again = f" (x{event.count})" if event.count > 1 else ""
        message = " ".join(event.message.split("\n"))
        return f"  {event.type:{_TYPE + _GAP}}{event.reason:{_REASON + _GAP}}{about}{message}{again}"

    def prefix(self, pod: str, container: str) -> str:
        """What stands before each line of a container's output."""
        return f"[{pod}/{container}] " if self._several else f"[{container}] "

    def _row(self, name: str, ready: str, status: str, restarts: str, age_: str) -> str:
        return (
            f"{name:{self._name_width + _GAP}}{ready:{_READY + _GAP}}{status:{_STATUS + _GAP}}"
            f"{restarts:{_RESTARTS + _GAP}}{age_}"
        )
