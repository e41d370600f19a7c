"""What the tables of all kinds have in common: columns, cells and how they are worded. Pure; performs no I/O."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from podrunner.objects import meta
from podrunner.pods import age, columns

NONE = columns.NONE
UNKNOWN = age.UNKNOWN
UNSET = "<unset>"

Cell = str | int


class Column(NamedTuple):
    """One column. Those of priority 1 are shown by `kubectl get -o wide` only."""

    name: str
    description: str
    priority: int = 0
    type: str = "string"
    format: str = ""


class Layout(NamedTuple):
    """The columns of a kind, and the cells of one object at a moment, one for each column."""

    columns: tuple[Column, ...]
    cells: Callable[[Any, datetime], Sequence[Cell]]
    conditions: Callable[[Any], list[dict[str, str]]] = lambda _: []
    """What is special about an object's row."""


NAME = Column("Name", "The object's name, unique among those of its kind in the namespace.", format="name")
AGE = Column("Age", "How long ago the object was created.")


def wide(name: str, description: str) -> Column:
    return Column(name, description, priority=1)


def age_of(obj: meta.Object, now: datetime) -> str:
    return age.since(obj.metadata.creation_timestamp, now)


def labels(pairs: Mapping[str, str]) -> str:
    """Source: `labels.FormatLabels`."""
    return ",".join(f"{key}={value}" for key, value in sorted(pairs.items())) or NONE


def first(texts: Iterable[str], otherwise: str = NONE) -> str:
    return next(iter(texts), otherwise)
