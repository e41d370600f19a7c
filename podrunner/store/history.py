"""The changes of the store in their one order: the latest as objects in memory, all that are kept in the file.

Every watcher is told most changes within moments. So a change is kept as the typed object it was made from, and is
shared: neither SQLite nor the decoder is asked again for each of the watchers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from podrunner.objects import codec, kinds, meta
from podrunner.store import database

RECENT_CHANGES = 1024
RECENT_BYTES = 8 * 2**20
"""Bounds of what is kept in memory, the latter in bytes of JSON. Up to twice as much is there for a moment."""

STEP_BYTES = 2**20
"""JSON that is read from the file in one step, but for the change that exceeds it: a slow reader keeps it meanwhile."""

_SCANNED = 256
"""Changes looked through in one step, so that no reader holds up the loop."""


class Entry(NamedTuple):
    """One change of one object, as `database.ChangeRow` has it, with typed objects.

    `object` is the object as it is from then on, or last was, `body` the same as JSON; `before` is what a modification
    replaced, None for other changes.
    """

    version: int
    kind: str
    namespace: str
    type: str
    object: meta.Object
    body: bytes
    before: meta.Object | None


class Step(NamedTuple):
    """Some changes, and the resourceVersion up to which none is missing."""

    entries: Sequence[Entry]
    position: int


class History:
    """What has been committed to the database."""

    def __init__(self, file: database.Database) -> None:
        self._file = file
        self._recent: list[Entry] = []
        self._bytes = 0

    @property
    def newest(self) -> int:
        return self._file.newest

    @property
    def oldest(self) -> int:
        """The resourceVersion of the oldest change that can still be told."""
        return self._file.oldest

    def append(self, entry: Entry) -> None:
        """Takes note of the change that was committed last."""
        self._recent.append(entry)
        self._bytes += len(entry.body)
        if len(self._recent) > 2 * RECENT_CHANGES or self._bytes > 2 * RECENT_BYTES:
            self._forget()

    def after(self, position: int, kind: kinds.Kind, namespace: str | None) -> Step:
        """The next changes of a kind after `position`, in one namespace or in all; maybe none, but a step further."""
        first = self._recent[0].version if self._recent else self.newest + 1
        if position + 1 < first:
            return self._from_file(position, kind, namespace)
        scanned = self._recent[position + 1 - first : position + 1 - first + _SCANNED]
        found = [
            entry
            for entry in scanned
            if entry.kind == kind.name and (namespace is None or entry.namespace == namespace)
        ]
        return Step(found, scanned[-1].version if scanned else self.newest)

    def _from_file(self, position: int, kind: kinds.Kind, namespace: str | None) -> Step:
        entries: list[Entry] = []
        size = 0
        for row in self._file.changes(kind.name, namespace, after=position):
            entries.append(_entry(row, kind.type))
            size += len(row.body)
            if len(entries) == _SCANNED or size >= STEP_BYTES:
                return Step(entries, row.resource_version)
        return Step(entries, self.newest)

    def _forget(self) -> None:
        """Keeps the latest changes within half the bounds, so that it is done seldom."""
        kept, size = 0, 0
        for entry in reversed(self._recent):
            size += len(entry.body)
            if kept == RECENT_CHANGES or size > RECENT_BYTES:
                break
            kept += 1
        self._recent = self._recent[len(self._recent) - kept :]
        self._bytes = sum(len(entry.body) for entry in self._recent)


def _entry(row: database.ChangeRow, type_: type[meta.Object]) -> Entry:
    before = None if row.previous is None else codec.decode(row.previous, type_)
    obj = codec.decode(row.body, type_)
    return Entry(row.resource_version, row.kind, row.namespace, row.type, obj, row.body, before)
