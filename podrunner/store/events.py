"""Events about pods: recording with client-go's deduplication, expiry after an hour.

Sources: client-go `tools/record/event.go` (makeEvent) and `events_cache.go` (getEventKey, eventLogger); the API
server's `--event-ttl` of 1 h, counted from the last time the event was written.
"""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta

import msgspec

from podrunner import errors
from podrunner.objects import kinds, meta
from podrunner.objects.event import Event, EventSource
from podrunner.store.registry import Registry

EVENT = kinds.of(Event())

TIME_TO_LIVE = timedelta(hours=1)

_REMEMBERED = 4096
"""How many different events can still be recognised: client-go's maxLruCacheEntries."""

_EXPIRED_AT_ONCE = 500

_LONGEST_NAME = 253

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Key(msgspec.Struct, frozen=True):
    """What makes two occurrences one event with a count of two."""

    pod_uid: str
    namespace: str
    field_path: str
    type: str
    reason: str
    message: str


class Recorder:
    """Writes events in the name of one `component` (on the node `host`, if it runs on one)."""

    def __init__(self, registry: Registry, component: str = "kubelet", host: str = "") -> None:
        self._registry = registry
        self._component = component
        self._host = host
        self._names: OrderedDict[_Key, str] = OrderedDict()
        self._last_stamp = 0

    def record(self, subject: meta.Object, type: str, reason: str, message: str, field_path: str = "") -> None:
        """Says that something happened to the object; saying the same again raises the count of the same event.

        `type` is "Normal" or "Warning", `field_path` the part of it that it is about (`spec.containers{kubia}`).
        """
        key = _Key(subject.metadata.uid, subject.metadata.namespace, field_path, type, reason, message)
        now = meta.at_second(self._registry.clock.now())
        if not self._counted_again(key, now):
            self._names[key] = self._created(subject, key, now)
        self._names.move_to_end(key)
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)

    def _counted_again(self, key: _Key, now: datetime) -> bool:
        if key not in self._names:
            return False
        try:
            event: Event = self._registry.get(EVENT, key.namespace, self._names[key])
        except errors.NotFound:
            return False
        self._registry.update(msgspec.structs.replace(event, count=event.count + 1, last_timestamp=now))
        return True

    def _created(self, subject: meta.Object, key: _Key, now: datetime) -> str:
        while True:
            try:
                return self._registry.create(self._event(subject, key, now)).metadata.name
            except errors.AlreadyExists:  # another recorder's, of the same instant: the next name is free
                continue

    def _event(self, subject: meta.Object, key: _Key, now: datetime) -> Event:
        about = meta.ObjectReference(
            api_version=subject.api_version,
            kind=subject.kind,
            namespace=subject.metadata.namespace,
            name=subject.metadata.name,
            uid=subject.metadata.uid,
            resource_version=subject.metadata.resource_version,
            field_path=key.field_path,
        )
        return Event(
            metadata=meta.ObjectMeta(name=self._name(about.name), namespace=about.namespace),
            involved_object=about,
            type=key.type,
            reason=key.reason,
            message=key.message,
            count=1,
            first_timestamp=now,
            last_timestamp=now,
            source=EventSource(component=self._component, host=self._host),
            reporting_component=self._component,
            reporting_instance=self._host,
        )

    def _name(self, pod_name: str) -> str:
        """The pod's name and the time in nanoseconds, never the same twice, so that names sort as the events came."""
        microseconds = (self._registry.clock.now() - _EPOCH) // timedelta(microseconds=1)
        self._last_stamp = max(microseconds * 1000, self._last_stamp + 1)
        stamp = f"{self._last_stamp:x}"
        return f"{pod_name[: _LONGEST_NAME - len(stamp) - 1].rstrip('-.')}.{stamp}"


def expire(registry: Registry) -> None:
    """Removes events that nothing was added to for an hour; so many at a time that it takes no more than moments."""
    now = registry.clock.now()
    for event in registry.stalest(EVENT, _EXPIRED_AT_ONCE):
        last = event.last_timestamp or event.event_time or event.metadata.creation_timestamp
        if last is None or last < now - TIME_TO_LIVE:
            registry.delete(EVENT, event.metadata.namespace, event.metadata.name)
        elif last <= now:
            return  # all others were written later; only one that says it is of the future tells nothing of them
