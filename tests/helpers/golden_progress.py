"""Compares the rows and events that podrunner showed of a pod with the recorded ones. Pure; performs no I/O.

Every complaint is a text for people. What is listed as a difference has to occur, what is not must not.
"""

import difflib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import golden_final as final
from golden_recordings import Event, EventChange, Recording, RowChange

T = TypeVar("T", str, Event)
Timed = tuple[float, T]

DELETED = "DELETED"
"""The last row."""

STEPS = ("Pulling", "Pulled", "Created", "Started")
"""Reasons of events that come one after the other, also in one instant. Others of one instant have no order."""

_AFTERWARDS = 0.05
"""Times are recorded in tenths of a second: this is after one of them, and before the next."""


class Shown(NamedTuple):
    """What podrunner showed of a pod, masked: its rows, the distinct events, and `final` as the recordings have it."""

    rows: tuple[str, ...]
    events: tuple[Event, ...]
    final: Mapping[str, Any]


def complaints(recording: Recording, shown: Shown) -> list[str]:
    """Everything in which the two differ without saying so."""
    return [
        *_row_complaints([_texts(rows) for rows in _possible_rows(recording)], shown.rows),
        *_event_complaints(_possible_events(recording), shown.events),
        *final.complaints(recording, shown.final),
    ]


def is_complete(recording: Recording, shown: Shown) -> bool:
    """Whether all has been shown that is to be seen before the deletion."""
    rows = any(_before(recording, each) == shown.rows for each in _possible_rows(recording))
    events = any(set(_before(recording, each)) <= set(shown.events) for each in _possible_events(recording))
    return rows and events and not final.complaints(recording, shown.final)


def has_come_to(recording: Recording, moment: float, rows: tuple[str, ...]) -> bool:
    """Whether the row has come that was the newest at that moment of the recording."""
    newest = [row for at, row in recording.rows if at < moment][-1]
    return newest in rows


def is_astray(recording: Recording, rows: tuple[str, ...]) -> bool:
    """Whether the rows cannot become any more what is to be seen before the deletion."""
    return all(_before(recording, each)[: len(rows)] != rows for each in _possible_rows(recording))


def _before(recording: Recording, timed: Sequence[Timed[T]]) -> tuple[T, ...]:
    """Those before the deletion."""
    return tuple(each for at, each in timed if at < recording.deleted_at)


def _texts(rows: Sequence[Timed[str]]) -> tuple[str, ...]:
    return tuple(row for _, row in rows)


def _possible_rows(recording: Recording) -> list[list[Timed[str]]]:
    return list(_possibilities(recording.rows, recording.differences.rows))


def _possible_events(recording: Recording) -> list[list[Timed[Event]]]:
    return list(_possibilities(recording.events, recording.differences.events))


def _possibilities(
    recorded: Sequence[Timed[T]], changes: Sequence[RowChange] | Sequence[EventChange]
) -> Iterator[list[Timed[T]]]:
    """The recording with its differences: once with each that only may be there, and once without it."""
    for chosen in itertools.product(*((True, False) if change.maybe else (True,) for change in changes)):
        changed = list(recorded)
        for change in itertools.compress(changes, chosen):
            _apply(change, changed)
        yield changed


def _apply(change: Any, changed: list[Timed[T]]) -> None:
    place = change.drop or change.after
    if not place:
        changed.append((math.inf, change.add))
        return
    index = next((index for index, (_, each) in enumerate(changed) if each == place), None)
    assert index is not None, f"a difference is listed for something that was not recorded: {place}"
    if change.drop:
        del changed[index]
    else:
        changed.insert(index + 1, (changed[index][0] + _AFTERWARDS, change.add))


def _row_complaints(possible: Sequence[tuple[str, ...]], seen: tuple[str, ...]) -> list[str]:
    if seen in possible:
        return []
    closest = max(possible, key=lambda rows: difflib.SequenceMatcher(None, rows, seen).ratio())
    return ["rows (- missing, + unexpected):", *difflib.ndiff(closest, seen)]


def _event_complaints(possible: Sequence[list[Timed[Event]]], seen: Sequence[Event]) -> list[str]:
    def against(expected: list[Timed[Event]]) -> list[str]:
        known = [event for _, event in expected]
        return [
            *(f"event missing: {event}" for event in known if event not in seen),
            *(f"event unexpected: {event}" for event in seen if event not in known),
            *(f"event too early: {later}; before {earlier}" for earlier, later in _swapped(expected, seen)),
        ]

    return min(map(against, possible), key=len)


def _swapped(expected: Sequence[Timed[Event]], seen: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    """The pairs of events of one field path that were seen in the other order."""
    present = [(at, event) for at, event in expected if event in seen]
    for (at, earlier), (later_at, later) in itertools.combinations(present, 2):
        in_order = at < later_at or {earlier.reason, later.reason} <= set(STEPS)
        if in_order and earlier.field_path == later.field_path and seen.index(later) < seen.index(earlier):
            yield earlier, later
