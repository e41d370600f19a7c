"""Which objects a list or a watch is about. Pure; performs no I/O."""

from typing import NamedTuple, Protocol

from podrunner.objects import kinds, meta


class Selector(Protocol):
    """A label or field selector."""

    def matches(self, obj: meta.Object) -> bool: ...


class Selection(NamedTuple):
    """Objects of one kind, in one namespace (None: in all), that match every selector given."""

    kind: kinds.Kind
    namespace: str | None = None
    labels: Selector | None = None
    fields: Selector | None = None

    def matches(self, obj: meta.Object) -> bool:
        """Whether an object of this kind and namespace is selected."""
        return (self.labels is None or self.labels.matches(obj)) and (self.fields is None or self.fields.matches(obj))
