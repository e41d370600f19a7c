"""Events. Pure; performs no I/O.

Rules are `legacyValidateEvent` of Kubernetes' pkg/apis/core/validation/events.go, which hold for every event.
"""

from podrunner.objects import event
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, names

_LONGEST = 128
_LONGEST_MESSAGE = 1024


def check(obj: event.Event, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    own, about = obj.metadata.namespace, obj.involved_object.namespace
    if obj.event_time is None:
        agrees = own == about if about else own == "default"
    else:
        agrees = bool(about) or own in ("default", "kube-system")
    if not agrees:
        found.invalid("involvedObject.namespace", about, "does not match event.namespace")
    if obj.event_time is not None:
        _check_new(obj, found)


def _check_new(obj: event.Event, found: Errors) -> None:
    """One with an eventTime, as events.k8s.io has them."""
    if obj.reporting_component:
        messages = names.qualified_name(obj.reporting_component)
        found.invalid_each("reportingController", obj.reporting_component, messages)
    else:
        found.required("reportingController")
    for field, text in (
        ("reportingInstance", obj.reporting_instance),
        ("action", obj.action),
        ("reason", obj.reason),
    ):
        if not text:
            found.required(field)
        elif len(text.encode()) > _LONGEST:
            found.invalid(field, "", f"can have at most {_LONGEST} characters")
    if len(obj.message.encode()) > _LONGEST_MESSAGE:
        found.invalid("message", "", f"can have at most {_LONGEST_MESSAGE} characters")
