"""Events as rows. Pure; performs no I/O.

Source: `printEvent`, kubernetes pkg/printers/internalversion/printers.go.
"""

from datetime import datetime

from podrunner.api.tables.layout import Cell, Column, Layout, wide
from podrunner.objects.event import Event
from podrunner.objects.event_v1 import EventV1, to_core
from podrunner.pods import age


def _event(event: Event, now: datetime) -> list[Cell]:
    first_seen = event.first_timestamp or event.event_time
    last_seen, count = event.last_timestamp or first_seen, event.count or 1
    if event.series is not None:
        last_seen, count = event.series.last_observed_time, event.series.count
    return [
        age.since(last_seen, now),
        event.type,
        event.reason,
        _about(event),
        event.involved_object.field_path,
        _source(event),
        event.message.strip(),
        age.since(first_seen, now),
        count,
        event.metadata.name,
    ]


def _event_v1(event: EventV1, now: datetime) -> list[Cell]:
    return _event(to_core(event), now)


def _about(event: Event) -> str:
    kind, name = event.involved_object.kind.lower(), event.involved_object.name
    return f"{kind}/{name}" if name else kind


def _source(event: Event) -> str:
    component = event.source.component or event.reporting_component
    instance = event.source.host or event.reporting_instance
    return f"{component}, {instance}" if instance else component


_COLUMNS = (
    Column("Last Seen", "How long ago it happened last."),
    Column("Type", "Normal, or Warning for what may need someone's attention."),
    Column("Reason", "What happened, in one word."),
    Column("Object", "The object it happened to."),
    wide("Subobject", "The part of the object it happened to."),
    wide("Source", "Who reported it, and from where."),
    Column("Message", "What happened, in a sentence."),
    wide("First Seen", "How long ago it happened first."),
    wide("Count", "How often it has happened."),
    Column("Name", "The name of the event itself.", priority=1, format="name"),
)

EVENT = Layout(_COLUMNS, _event)
EVENT_V1 = Layout(_COLUMNS, _event_v1)
