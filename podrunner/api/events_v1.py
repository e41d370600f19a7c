"""events.k8s.io/v1: the same events that core/v1 has, in that group's words. Pure; performs no I/O."""

from podrunner.api import presenting
from podrunner.objects import event_v1, kinds, transient
from podrunner.objects.event import Event


def _stored_field(name: str) -> str:
    """Source: kubernetes `pkg/apis/events/v1/conversion.go`, AddFieldLabelConversionsForEvent."""
    if name.startswith("regarding."):
        return f"involvedObject.{name.removeprefix('regarding.')}"
    return "reportingComponent" if name == "reportingController" else name


VIEW = presenting.View(
    kind=kinds.of(Event()),
    shown=transient.EVENT_V1,
    show=event_v1.from_core,
    read=event_v1.to_core,
    stored_field=_stored_field,
)
