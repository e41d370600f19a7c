"""The one door for objects: create, get, list, update, delete, watch.

Synchronous: a call takes a fraction of a millisecond and belongs on the loop's thread. What is particular to a kind is
elsewhere (`store.pods`, `store.events`), and so are the rules that hold for clients of the API (`store.strategy`).
"""

import asyncio
import heapq
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from podrunner import clock as clocks
from podrunner.objects import codec, kinds, meta, selectors
from podrunner.store import admission, database, history, pages, preconditions, problems, selection
from podrunner.store.watch import Change, ChangeType, Watch

Obj = TypeVar("Obj", bound=meta.Object)

WAKE_EVERY = 0.005
"""Seconds between two wakings of the watchers while changes come faster; the first of them wakes at once."""

_BEFORE_ALL = database.Key("", "")


class Listing(NamedTuple):
    """Objects ordered by namespace and name, and the resourceVersion a watch goes on from.

    Where a limit cut the list, `continue_token` gives the next page, and `remaining` says how many objects are left
    (None: not known, for a selector would have to look at them).
    """

    items: tuple[Any, ...]
    resource_version: str
    continue_token: str = ""
    remaining: int | None = None


class Registry:
    """The objects in the file at `path` (None: in memory). Raises errors.ServerError when that is not ours to open."""

    def __init__(self, path: Path | None, clock: clocks.Clock) -> None:
        self.clock = clock
        self._database = database.Database(path)
        self._history = history.History(self._database)
        self._watches: set[Watch] = set()
        self._observers: list[Callable[[history.Entry], None]] = []
        self._waking: asyncio.TimerHandle | None = None
        self._waking_on: asyncio.AbstractEventLoop | None = None
        self._woken_at = 0.0

    def create(self, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Admits and stores a new object; answers it as stored. `dry_run`: as it would be, without a resourceVersion.

        Raises errors.Invalid, errors.BadRequest, errors.AlreadyExists.
        """
        admitted = admission.admit(obj, self.clock.now())
        kind, metadata = kinds.of(obj), admitted.metadata
        if self._database.body(kind.name, metadata.namespace, metadata.name) is not None:
            raise problems.already_exists(kind, metadata.name)
        return admitted if dry_run else self._commit(ChangeType.ADDED, admitted)

    def get(self, kind: kinds.Kind, namespace: str, name: str) -> Any:
        """The object of that name (`namespace` is "" for kinds that have none). Raises errors.NotFound."""
        return codec.decode(self._body(kind, namespace, name), kind.type)

    def list(
        self,
        kind: kinds.Kind,
        namespace: str | None = None,
        *,
        labels: selectors.Selector = selectors.EVERYTHING,
        fields: selectors.FieldSelector = selectors.EVERY_FIELD,
        limit: int | None = None,
        continue_: str | None = None,
    ) -> Listing:
        """The objects of a kind, in one namespace or in all, that match the selectors: at most `limit` of them.

        With the `continue_token` of a page the next one, of the same list: what has changed since does not show.
        Raises errors.BadRequest when `fields` names a field that the kind can't be selected by or the token is none,
        errors.Expired when the history does not go back to that list.
        """
        selected = selection.Selection(kind, namespace, labels, fields)
        selected.check()
        position = pages.position(continue_) if continue_ else pages.Position(self._database.newest, _BEFORE_ALL)
        items: list[Any] = []
        last = position.after
        for key, body in self._rows(kind, namespace, position):
            obj = codec.decode(body, kind.type)
            if not selected.matches(obj):
                continue
            if limit and len(items) == limit:
                token = pages.token(position._replace(after=last))
                left = self._database.count(kind.name, namespace, last) if selected.everything else None
                return Listing(tuple(items), str(position.version), token, left)
            items.append(obj)
            last = key
        return Listing(tuple(items), str(position.version))

    def update(self, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Replaces the object of that name; answers it as stored. One without a change writes nothing.

        The object's resourceVersion and uid, where set, must be the stored ones (else errors.Conflict); its creation is
        not for change. `dry_run`: answers it as it would be. Raises errors.NotFound.
        """
        kind, metadata = kinds.of(obj), obj.metadata
        body = self._body(kind, metadata.namespace, metadata.name)
        current = codec.decode(body, type(obj))
        preconditions.check(current, uid=metadata.uid)
        if metadata.resource_version not in ("", current.metadata.resource_version):
            raise problems.conflict(kind, metadata.name)
        metadata = msgspec.structs.replace(
            metadata,
            uid=current.metadata.uid,
            creation_timestamp=current.metadata.creation_timestamp,
            resource_version=current.metadata.resource_version,
        )
        successor = msgspec.structs.replace(obj, metadata=metadata)
        if successor == current:
            return current
        return successor if dry_run else self._commit(ChangeType.MODIFIED, successor, before=current, previous=body)

    def delete(
        self,
        kind: kinds.Kind,
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Any:
        """Removes the object now, if it is the one meant by `uid` and `resource_version` (else errors.Conflict).

        Answers its last state. Raises errors.NotFound.
        """
        obj = self.get(kind, namespace, name)
        preconditions.check(obj, uid=uid, resource_version=resource_version)
        return self._commit(ChangeType.DELETED, obj)

    def watch(
        self,
        kind: kinds.Kind,
        namespace: str | None = None,
        *,
        since: str | None,
        labels: selectors.Selector = selectors.EVERYTHING,
        fields: selectors.FieldSelector = selectors.EVERY_FIELD,
    ) -> Watch:
        """The changes after the resourceVersion `since`.

        Without one (None, "" or "0") everything that is there comes first, as ADDED.

        Raises errors.Expired when the history does not go back so far, errors.BadRequest when `since` is no number or
        `fields` names a field that the kind can't be selected by.
        """
        selected = selection.Selection(kind, namespace, labels, fields)
        selected.check()
        initial: tuple[Change, ...]
        if since and since != "0":
            position, initial = self._position(since), ()
        else:
            position = self._database.newest
            initial = tuple(self._present(selected))
        watch = Watch(self._history, selected, position=position, initial=initial, on_close=self._watches.discard)
        self._watches.add(watch)
        return watch

    def owned(self) -> Iterator[Any]:
        """Every object that has owners. Looks through the whole store."""
        types = {kind.name: kind.type for kind in kinds.KINDS}
        for kind, body in self._database.containing(b'"ownerReferences":['):
            obj = codec.decode(body, types[kind])
            if obj.metadata.owner_references:
                yield obj

    def stalest(self, kind: kinds.Kind, limit: int) -> Iterator[Any]:
        """The objects of a kind that were not written for longest, oldest first, at most `limit`.

        They may be deleted meanwhile.
        """
        for key in self._database.stalest(kind.name, limit):
            yield self.get(kind, key.namespace, key.name)

    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that have any objects, not counting events."""
        return tuple(self._database.namespaces(but_for="Event"))

    def observe(self, observer: Callable[[history.Entry], None]) -> None:
        """Has `observer` called with every change from now on, of any kind, right after it was made."""
        self._observers.append(observer)

    @property
    def watches(self) -> int:
        """How many watches are open."""
        return len(self._watches)

    def close(self) -> None:
        """Ends every watch and closes the file."""
        if self._waking is not None:
            self._waking.cancel()
        for watch in tuple(self._watches):
            watch.close()
        self._database.close()

    def _body(self, kind: kinds.Kind, namespace: str, name: str) -> bytes:
        body = self._database.body(kind.name, namespace, name)
        if body is None:
            raise problems.not_found(kind, name)
        return body

    def _present(self, selected: selection.Selection) -> Iterator[Change]:
        """What is there, as a watch begins."""
        for _, body in self._database.rows(selected.kind.name, selected.namespace, _BEFORE_ALL):
            obj = codec.decode(body, selected.kind.type)
            if selected.matches(obj):
                yield Change(ChangeType.ADDED, obj, body)

    def _rows(
        self, kind: kinds.Kind, namespace: str | None, position: pages.Position
    ) -> Iterator[tuple[database.Key, bytes]]:
        """The objects past a position of a list, as they were when the list was made."""
        rows = self._database.rows(kind.name, namespace, position.after)
        if position.version == self._database.newest:
            return rows
        undone = self._undone(kind, namespace, position.version)
        unchanged = ((key, body) for key, body in rows if key not in undone)
        restored = [(key, body) for key, body in undone.items() if body is not None and key > position.after]
        return heapq.merge(unchanged, sorted(restored))

    def _undone(self, kind: kinds.Kind, namespace: str | None, version: int) -> dict[database.Key, bytes | None]:
        """What has changed since that resourceVersion, as it was then; None for what was not there."""
        if version + 1 < self._database.oldest or version > self._database.newest:
            raise problems.continue_expired()
        undone: dict[database.Key, bytes | None] = {}
        for row in self._database.changes(kind.name, namespace, after=version):
            key = database.Key(row.namespace, row.name)
            if key not in undone:
                gone = row.type == ChangeType.DELETED
                undone[key] = _as_of(row.body, kind, version) if gone else row.previous
        return undone

    def _position(self, since: str) -> int:
        if not (since.isascii() and since.isdigit()):
            raise problems.malformed_version(since)
        position, oldest, newest = int(since), self._database.oldest, self._database.newest
        if position + 1 < oldest:
            raise problems.expired(position, oldest)
        if position > newest:
            raise problems.unknown_version(position, newest)
        return position

    def _commit(
        self, type_: ChangeType, obj: Obj, *, before: meta.Object | None = None, previous: bytes | None = None
    ) -> Obj:
        kind, version = kinds.of(obj), self._database.newest + 1
        metadata = msgspec.structs.replace(obj.metadata, resource_version=str(version))
        stored = msgspec.structs.replace(obj, metadata=metadata)
        body = codec.encode(stored)
        row = database.ChangeRow(version, kind.name, metadata.namespace, metadata.name, type_.value, body, previous)
        if type_ is ChangeType.DELETED:
            self._database.remove(row)
        else:
            self._database.put(row, metadata.uid)
        entry = history.Entry(version, kind.name, metadata.namespace, type_.value, stored, body, before)
        self._history.append(entry)
        self._announce(entry)
        return stored

    def _announce(self, entry: history.Entry) -> None:
        for observer in self._observers:
            observer(entry)
        if not self._watches:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop, no waiting reader
            self._wake()
            return
        due = self._woken_at + WAKE_EVERY
        if loop.time() >= due:
            self._wake()
            self._woken_at = loop.time()
        elif self._waking is None or self._waking_on is not loop:
            self._waking, self._waking_on = loop.call_at(due, self._wake), loop

    def _wake(self) -> None:
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
        for watch in self._watches:
            watch.wake()


def _as_of(body: bytes, kind: kinds.Kind, version: int) -> bytes:
    """A deleted object as it may have been at `version`: its body has the resourceVersion of the deletion."""
    obj = codec.decode(body, kind.type)
    metadata = msgspec.structs.replace(obj.metadata, resource_version=str(version))
    return codec.encode(msgspec.structs.replace(obj, metadata=metadata))
