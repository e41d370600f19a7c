"""What a kubelet showed of some pods, and where podrunner shows something else on purpose. See tests/golden/cases."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

import golden_masks as masks
from podrunner.objects import loading, pod as pods

CASES = Path(__file__).parent.parent / "golden" / "cases"


class Event(NamedTuple):
    """What an event says, however often it came."""

    type: str
    reason: str
    field_path: str
    message: str

    def __str__(self) -> str:
        return " ".join(filter(None, self))


class RowChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row that is there too, `after` another, or one that is not; perhaps (`maybe`), where time decides."""

    why: str
    add: str = ""
    after: str = ""
    drop: str = ""
    maybe: bool = False


class EventChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event that is there too, `after` another, or one that is not; perhaps (`maybe`), where time decides.

    One that is after none comes last, after the deletion.
    """

    why: str
    add: Event | None = None
    after: Event | None = None
    drop: Event | None = None
    maybe: bool = False


class FieldChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is `ours` at a path of `final`, like `containers.main.state`; nothing, if it says nothing."""

    why: str
    field: str
    ours: Any = None
    maybe: bool = False


class Differences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in which podrunner differs from a recording."""

    rows: tuple[RowChange, ...] = ()
    events: tuple[EventChange, ...] = ()
    final: tuple[FieldChange, ...] = ()


class Action(NamedTuple):
    """A shell command, and how many seconds after the creation it was given."""

    at: float
    command: str


class Recording(NamedTuple):
    """One case. Times are seconds after the creation.

    `rows` are READY, STATUS and RESTARTS at each change; `events` the distinct ones, each with its first time; `final`
    is the status just before the deletion.
    """

    name: str
    manifest: str
    rows: tuple[tuple[float, str], ...]
    events: tuple[tuple[float, Event], ...]
    final: Mapping[str, Any]
    actions: tuple[Action, ...]
    deleted_at: float
    delete_arguments: tuple[str, ...]
    differences: Differences

    def pod(self) -> pods.Pod:
        """The pod of the manifest, with its defaults."""
        loaded = (each.object for each in loading.load_text(self.manifest, self.name))
        return next(obj for obj in loaded if isinstance(obj, pods.Pod))


def names() -> list[str]:
    """Of all cases."""
    return sorted(found.parent.name for found in CASES.glob("*/golden.json"))


def load(name: str) -> Recording:
    """The case of that name."""
    folder = CASES / name
    told = msgspec.json.decode((folder / "golden.json").read_bytes())
    differences = folder / "differences.yaml"
    return Recording(
        name=name,
        manifest=(folder / "pod.yaml").read_text(),
        rows=tuple((at, row) for at, row in told["status"]),
        events=_firsts(told["events"]),
        final=masks.everywhere(told["final"], masks.NAMESPACE),
        actions=tuple(Action(*action) for action in told["actions"] if action[0] <= told["delete_at"]),
        deleted_at=told["delete_at"],
        delete_arguments=tuple(told["delete_args"].split()),
        differences=read_differences(differences.read_text() if differences.exists() else ""),
    )


def read_differences(text: str) -> Differences:
    """A case's `differences.yaml`. Raises msgspec.ValidationError if something else stands in it."""
    return msgspec.convert(yaml.safe_load(text) or {}, Differences)


def _firsts(told: list[list[Any]]) -> tuple[tuple[float, Event], ...]:
    found: dict[Event, float] = {}
    for at, *words, _count in told:
        found.setdefault(Event(*(masks.text(word, masks.NAMESPACE) for word in words)), at)
    return tuple((at, event) for event, at in found.items())
