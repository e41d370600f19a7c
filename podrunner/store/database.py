"""The store's file: objects, the history of their changes, and nothing of what they mean.

Rows in, rows out. One process owns the file (SQLite's exclusive lock holds that) and calls from one thread. A write is
one transaction and takes some 0.05 ms; it survives the process at once, a power cut loses at most the last moments.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from podrunner import errors

SCHEMA_VERSION = 1

HISTORY_CHANGES = 10_000
HISTORY_BYTES = 64 * 2**20
COMPACTION_INTERVAL = 16
"""Changes between two looks at the bounds of the history, which so may be exceeded by as many."""

_LOCK_SECONDS = 1.0

_SCHEMA = f"""
BEGIN;
CREATE TABLE objects (
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    uid TEXT NOT NULL, resource_version INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, namespace, name)
);
CREATE TABLE changes (
    resource_version INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, body BLOB NOT NULL, previous BLOB,
    total_bytes INTEGER NOT NULL -- of all changes ever, this one included
);
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""


class Key(NamedTuple):
    """What the objects of a kind are ordered by."""

    namespace: str
    name: str


class ChangeRow(NamedTuple):
    """One change of one object. `body` is the object as it is from then on (or last was, if `type` is DELETED).

    `previous` is what a modification replaced.
    """

    resource_version: int
    kind: str
    namespace: str
    name: str
    type: str
    body: bytes
    previous: bytes | None


class Database:
    """An open store file (`path` None: in memory).

    `newest` is the resourceVersion of the last change; versions have no gaps and begin above 1, because clients take
    "0" for "any".
    """

    def __init__(self, path: Path | None) -> None:
        self._connection = _open(path)
        last: tuple[int, int] | None = self._connection.execute(
            "SELECT resource_version, total_bytes FROM changes ORDER BY resource_version DESC LIMIT 1"
        ).fetchone()
        self.newest, self._total_bytes = last or (1, 0)
        self.oldest = self._oldest(self.newest + 1)
        """The resourceVersion of the oldest change the history still has; one past `newest` if it has none."""

    def body(self, kind: str, namespace: str, name: str) -> bytes | None:
        """The object of that name."""
        row = self._connection.execute(
            "SELECT body FROM objects WHERE kind = ? AND namespace = ? AND name = ?", (kind, namespace, name)
        ).fetchone()
        return None if row is None else row[0]

    def rows(self, kind: str, namespace: str | None, after: Key) -> Iterator[tuple[Key, bytes]]:
        """The objects of a kind (in one namespace) past that namespace and name, in this order, as they are read.

        Nothing may be written before the last one was read.
        """
        rows = self._connection.execute(
            "SELECT namespace, name, body FROM objects WHERE kind = ?1 AND (?2 IS NULL OR namespace = ?2)"
            " AND (namespace, name) > (?3, ?4) ORDER BY namespace, name",
            (kind, namespace, *after),
        )
        return ((Key(namespace, name), body) for namespace, name, body in rows)

    def count(self, kind: str, namespace: str | None, after: Key) -> int:
        """How many objects `rows` would give."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM objects WHERE kind = ?1 AND (?2 IS NULL OR namespace = ?2)"
            " AND (namespace, name) > (?3, ?4)",
            (kind, namespace, *after),
        ).fetchone()
        return int(count)

    def stalest(self, kind: str, limit: int) -> list[Key]:
        """The objects of a kind that were not written for longest, oldest first."""
        rows = self._connection.execute(
            "SELECT namespace, name FROM objects WHERE kind = ? ORDER BY resource_version LIMIT ?", (kind, limit)
        )
        return [Key._make(row) for row in rows]

    def namespaces(self, but_for: str) -> list[str]:
        """The namespaces of all objects but those of one kind."""
        rows = self._connection.execute(
            "SELECT DISTINCT namespace FROM objects WHERE kind != ? AND namespace != ''", (but_for,)
        )
        return [namespace for (namespace,) in rows]

    def containing(self, text: bytes) -> list[tuple[str, bytes]]:
        """Kind and body of every object whose JSON has `text` somewhere. Reads the whole file."""
        return list(self._connection.execute("SELECT kind, body FROM objects WHERE instr(body, ?)", (text,)))

    def changes(self, kind: str, namespace: str | None, *, after: int) -> Iterator[ChangeRow]:
        """The changes with a resourceVersion above `after`, oldest first, as they are read.

        Nothing may be written before the last one was read, or the iterator is gone.
        """
        rows = self._connection.execute(
            "SELECT resource_version, kind, namespace, name, type, body, previous FROM changes"
            " WHERE resource_version > ?1 AND kind = ?2 AND (?3 IS NULL OR namespace = ?3)"
            " ORDER BY resource_version",
            (after, kind, namespace),
        )
        return map(ChangeRow._make, rows)

    def put(self, change: ChangeRow, uid: str) -> None:
        """Makes the change: the object is there with the body given, and history tells it."""
        with self._transaction(change):
            self._connection.execute(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)",
                (change.kind, change.namespace, change.name, uid, change.resource_version, change.body),
            )

    def remove(self, change: ChangeRow) -> None:
        """Makes the change: the object is gone, and history tells it."""
        with self._transaction(change):
            self._connection.execute(
                "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?",
                (change.kind, change.namespace, change.name),
            )

    def close(self) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def _transaction(self, change: ChangeRow) -> Iterator[None]:
        """Commits what the block does to the objects together with its entry in the history."""
        total = self._total_bytes + len(change.body) + len(change.previous or b"")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*change, total))
            if change.resource_version % COMPACTION_INTERVAL == 0:
                self._compact(change.resource_version, total)
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise errors.ServerError(f"cannot write to the store: {error}") from error
            raise
        self.newest, self._total_bytes = change.resource_version, total
        if change.resource_version % COMPACTION_INTERVAL == 0:
            self.oldest = self._oldest(self.newest)

    def _oldest(self, otherwise: int) -> int:
        (oldest,) = self._connection.execute("SELECT min(resource_version) FROM changes").fetchone()
        return otherwise if oldest is None else int(oldest)

    def _compact(self, newest: int, total: int) -> None:
        """Forgets the oldest changes beyond the bounds of the history (so never the newest, which holds the counter).

        A few at a time, twice as many as come, so that no write takes long.
        """
        self._connection.execute(
            "DELETE FROM changes WHERE resource_version IN"
            " (SELECT resource_version FROM changes ORDER BY resource_version LIMIT ?)"
            " AND (resource_version <= ? OR total_bytes <= ?)",
            (2 * COMPACTION_INTERVAL, newest - HISTORY_CHANGES, total - HISTORY_BYTES),
        )


def _open(path: Path | None) -> sqlite3.Connection:
    try:
        if path is not None:
            path.touch(mode=0o600)  # SQLite gives its other files the mode of this one
        connection = sqlite3.connect(":memory:" if path is None else path, isolation_level=None, timeout=_LOCK_SECONDS)
        # WAL under an exclusive lock needs no shared memory: it works on network file systems too.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _prepare(connection, path)
    except OSError as error:
        raise errors.ServerError(f"cannot open the store {path}: {error.strerror}") from error
    except sqlite3.OperationalError as error:
        raise errors.ServerError(
            f"cannot open the store {path}: {error}; is another podrunner server using it?"
        ) from error
    except sqlite3.DatabaseError as error:
        raise errors.ServerError(f"cannot read the store {path}: {error}; move it away to start afresh") from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    """Makes the tables of a new file; refuses a file of another schema."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(_SCHEMA)
    elif version != SCHEMA_VERSION:
        raise errors.ServerError(
            f"the store {path} has schema {version}, this podrunner knows schema {SCHEMA_VERSION}:"
            " use the podrunner that wrote it, or move the file away to start afresh"
        )
