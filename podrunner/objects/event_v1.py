"""Event, as events.k8s.io/v1 has it: another view of the events that core/v1 has. Pure; performs no I/O.

Source of the conversions: kubernetes `pkg/apis/events/v1/conversion.go`.
"""

from podrunner.objects import base, event, meta

API_VERSION = "events.k8s.io/v1"


class EventV1Series(base.Struct):
    count: base.Int32 = base.always(0)
    last_observed_time: base.Time | None = base.always(None)


class EventV1(meta.Object):
    api_version: str = base.always(API_VERSION)
    kind: str = base.always("Event")
    action: str = ""
    deprecated_count: base.Int32 = 0
    deprecated_first_timestamp: base.Time | None = None
    deprecated_last_timestamp: base.Time | None = None
    deprecated_source: event.EventSource = base.always(event.EventSource())
    event_time: base.Time | None = base.always(None)
    note: str = ""
    reason: str = ""
    regarding: meta.ObjectReference = base.always(meta.ObjectReference())
    related: meta.ObjectReference | None = None
    reporting_controller: str = ""
    reporting_instance: str = ""
    series: EventV1Series | None = None
    type: str = ""


def from_core(seen: event.Event) -> EventV1:
    """The same event in this version's words."""
    series = seen.series
    return EventV1(
        metadata=seen.metadata,
        action=seen.action,
        deprecated_count=seen.count,
        deprecated_first_timestamp=seen.first_timestamp,
        deprecated_last_timestamp=seen.last_timestamp,
        deprecated_source=seen.source,
        event_time=seen.event_time,
        note=seen.message,
        reason=seen.reason,
        regarding=seen.involved_object,
        related=seen.related,
        reporting_controller=seen.reporting_component,
        reporting_instance=seen.reporting_instance,
        series=EventV1Series(count=series.count, last_observed_time=series.last_observed_time) if series else None,
        type=seen.type,
    )


def to_core(given: EventV1) -> event.Event:
    """The same event as core/v1 has it, which is how it is stored."""
    series = given.series
    return event.Event(
        metadata=given.metadata,
        action=given.action,
        count=given.deprecated_count,
        event_time=given.event_time,
        first_timestamp=given.deprecated_first_timestamp,
        involved_object=given.regarding,
        last_timestamp=given.deprecated_last_timestamp,
        message=given.note,
        reason=given.reason,
        related=given.related,
        reporting_component=given.reporting_controller,
        reporting_instance=given.reporting_instance,
        series=event.EventSeries(count=series.count, last_observed_time=series.last_observed_time) if series else None,
        source=given.deprecated_source,
        type=given.type,
    )
