"""Event, as core/v1 has it. Pure; performs no I/O."""

from podrunner.objects import base, meta


class EventSeries(base.Struct):
    count: base.Int32 = 0
    last_observed_time: base.Time | None = None


class EventSource(base.Struct):
    component: str = ""
    host: str = ""


class Event(meta.Object):
    kind: str = base.always("Event")
    action: str = ""
    count: base.Int32 = 0
    event_time: base.Time | None = None
    first_timestamp: base.Time | None = None
    involved_object: meta.ObjectReference = base.always(meta.ObjectReference())
    last_timestamp: base.Time | None = None
    message: str = ""
    reason: str = ""
    related: meta.ObjectReference | None = None
    reporting_component: str = base.always("")
    reporting_instance: str = base.always("")
    series: EventSeries | None = None
    source: EventSource = base.always(EventSource())
    type: str = ""
