"""The events about an object. Pure; performs no I/O."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from podrunner.client.describe.writer import NONE, Writer, time
from podrunner.pods import age


def tell(writer: Writer, events: Sequence[dict[str, Any]], now: datetime) -> None:
    if not events:
        writer.field(0, "Events", NONE)
        return
    writer.heading(0, "Events")
    writer.line(1, "Type", "Reason", "Age", "From", "Message")
    writer.line(1, "----", "------", "----", "----", "-------")
    for event in sorted(events, key=lambda each: str(each.get("lastTimestamp") or "")):
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent", "")
        writer.line(1, event.get("type", ""), event.get("reason", ""), when(event, now), source, message(event))


def message(event: dict[str, Any]) -> str:
    """The message, and which container it is about."""
    place = (event.get("involvedObject") or {}).get("fieldPath")
    text = event.get("message", "").strip()
    return f"{place}: {text}" if place else text


def when(event: dict[str, Any], now: datetime) -> str:
    """How long ago: `5s`, `3s (x4 over 2m)`."""
    first = _since(event.get("eventTime") or event.get("firstTimestamp"), now)
    series = event.get("series")
    if series:
        return f"{_since(series.get('lastObservedTime'), now)} (x{series.get('count', 0)} over {first})"
    if event.get("count", 0) > 1:
        return f"{_since(event.get('lastTimestamp'), now)} (x{event['count']} over {first})"
    return first


def _since(text: str | None, now: datetime) -> str:
    return age.since(time(text) if text else None, now)
