"""Shows a run as JSON on standard output, one object per line, for programs; what went wrong goes to standard error.

{"type": "status", "time", "namespace", "pod", "phase", "ready", "status", "restarts"}
{"type": "event", "time", "namespace", "pod", "eventType", "reason", "message", "count", "fieldPath"}
{"type": "log", "namespace", "pod", "container", "line"}
{"type": "log", "namespace", "pod", "container", "line", "base64"}     a line that is no UTF-8
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from podrunner.cli.plain import PlainPrinter
from podrunner.client.actions import PodRef
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.pods import columns

_encoder = msgspec.json.Encoder()


class JsonPrinter(PlainPrinter):
    """A `client.runner.Printer`."""

    def status(self, pod: Pod) -> None:
        line = {
            "type": "status",
            "time": datetime.now(UTC),
            "namespace": pod.metadata.namespace,
            "pod": pod.metadata.name,
            "phase": pod.status.phase,
            "ready": columns.ready(pod),
            "status": columns.status(pod),
            "restarts": columns.restarts(pod),
        }
        if not self._quiet:
            self._write([line])

    def event(self, event: Event) -> None:
        line = {
            "type": "event",
            "time": event.last_timestamp or event.event_time,
            "namespace": event.involved_object.namespace,
            "pod": event.involved_object.name,
            "eventType": event.type,
            "reason": event.reason,
            "message": event.message,
            "count": event.count,
            "fieldPath": event.involved_object.field_path,
        }
        if not self._quiet:
            self._write([line])

    def output(self, pod: PodRef, container: str, lines: Sequence[bytes]) -> None:
        common = {"type": "log", "namespace": pod.namespace, "pod": pod.name, "container": container}
        self._write([common | _text(line) for line in lines])

    def _write(self, lines: Sequence[dict[str, Any]]) -> None:
        self._output.write(_encoder.encode_lines(lines))


def _text(line: bytes) -> dict[str, str]:
    try:
        return {"line": line.decode()}
    except UnicodeDecodeError:
        return {"line": line.decode(errors="replace"), "base64": base64.b64encode(line).decode()}
