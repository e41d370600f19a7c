"""The one door for objects: create, get, list, update, delete, watch.

Synchronous: a call takes a fraction of a millisecond and belongs on the loop's thread. What is particular to a kind is
elsewhere (`store.pods`, `store.events`).
"""

from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from podrunner import clock as clocks
from podrunner.objects import codec, kinds, meta, selectors
from podrunner.store import admission, database, preconditions, problems, selection
from podrunner.store.watch import Change, ChangeType, Watch

Obj = TypeVar("Obj", bound=meta.Object)


class Listing(NamedTuple):
    """Objects ordered by namespace and name, and the resourceVersion a watch goes on from."""

    items: tuple[Any, ...]
    resource_version: str


class Registry:
    """The objects in the file at `path` (None: in memory). Raises errors.ServerError when that is not ours to open."""

    def __init__(self, path: Path | None, clock: clocks.Clock) -> None:
        self.clock = clock
        self._database = database.Database(path)
        self._watches: set[Watch] = set()

    def create(self, obj: Obj) -> Obj:
        """Admits and stores a new object; answers it as stored.

        Raises errors.Invalid, errors.BadRequest, errors.AlreadyExists.
        """
        admitted = admission.admit(obj, self.clock.now())
        kind, metadata = kinds.of(obj), admitted.metadata
        if self._database.body(kind.name, metadata.namespace, metadata.name) is not None:
            raise problems.already_exists(kind, metadata.name)
        return self._commit(ChangeType.ADDED, admitted, previous=None)

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
    ) -> Listing:
        """The objects of a kind, in one namespace or in all, that match the selectors.

        Raises errors.BadRequest when `fields` names a field that the kind can't be selected by.
        """
        selected = selection.Selection(kind, namespace, labels, fields)
        selected.check()
        return Listing(self._select(selected), str(self._database.newest))

    def update(self, obj: Obj) -> Obj:
        """Replaces the object of that name; answers it as stored. One without a change writes nothing.

        The object's resourceVersion and uid, where set, must be the stored ones (else errors.Conflict); its creation is
        not for change. Raises errors.NotFound.
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
        return current if successor == current else self._commit(ChangeType.MODIFIED, successor, previous=body)

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
        return self._commit(ChangeType.DELETED, obj, previous=None)

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
            initial = tuple(Change(ChangeType.ADDED, obj) for obj in self._select(selected))
        watch = Watch(self._database, selected, position=position, initial=initial, on_close=self._watches.discard)
        self._watches.add(watch)
        return watch

    @property
    def watches(self) -> int:
        """How many watches are open."""
        return len(self._watches)

    def close(self) -> None:
        """Ends every watch and closes the file."""
        for watch in tuple(self._watches):
            watch.close()
        self._database.close()

    def _body(self, kind: kinds.Kind, namespace: str, name: str) -> bytes:
        body = self._database.body(kind.name, namespace, name)
        if body is None:
            raise problems.not_found(kind, name)
        return body

    def _select(self, selected: selection.Selection) -> tuple[Any, ...]:
        bodies = self._database.bodies(selected.kind.name, selected.namespace)
        objects = (codec.decode(body, selected.kind.type) for body in bodies)
        return tuple(obj for obj in objects if selected.matches(obj))

    def _position(self, since: str) -> int:
        if not (since.isascii() and since.isdigit()):
            raise problems.malformed_version(since)
        position, oldest, newest = int(since), self._database.oldest, self._database.newest
        if position + 1 < oldest:
            raise problems.expired(position, oldest)
        if position > newest:
            raise problems.unknown_version(position, newest)
        return position

    def _commit(self, type_: ChangeType, obj: Obj, *, previous: bytes | None) -> Obj:
        kind, version = kinds.of(obj), self._database.newest + 1
        metadata = msgspec.structs.replace(obj.metadata, resource_version=str(version))
        stored = msgspec.structs.replace(obj, metadata=metadata)
        row = database.ChangeRow(
            version, kind.name, metadata.namespace, metadata.name, type_.value, codec.encode(stored), previous
        )
        if type_ is ChangeType.DELETED:
            self._database.remove(row)
        else:
            self._database.put(row, metadata.uid)
        for watch in self._watches:
            watch.wake()
        return stored
