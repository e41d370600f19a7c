"""Objects told in full, as `kubectl describe` tells them. Pure; performs no I/O.

Source: kubernetes kubectl/pkg/describe/describe.go. Values of Secrets are never told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from podrunner.client.describe import events, generic, nodes, pods
from podrunner.client.describe.writer import Writer


def text(obj: dict[str, Any], about: Sequence[dict[str, Any]] | None, now: datetime) -> str:
    """The object, and the events about it; None: without a word of events."""
    writer = Writer()
    match obj["kind"]:
        case "Pod":
            pods.tell(writer, obj, now)
        case "Node":
            nodes.tell(writer, obj)
        case "Secret":
            generic.tell_secret(writer, obj)
        case "ConfigMap":
            generic.tell_config_map(writer, obj)
        case _:
            generic.tell(writer, obj)
    if about is not None and obj["kind"] != "Secret":
        events.tell(writer, about, now)
    return writer.text()
