"""A watch: a reader of the store's history that is woken when there is more to read.

It holds a position and no queue, so a slow reader costs nothing and loses nothing; one too slow for the history gets
Expired and has to list again. Lists and watches share one commit order: a watch from the resourceVersion of a list
sees every later change exactly once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Any

import msgspec

from podrunner.objects import codec
from podrunner.store import history, problems, selection


class ChangeType(StrEnum):
    """What happened to an object, as a watcher with a selector sees it."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Change(msgspec.Struct, frozen=True):
    """One change. `object` is the object after it (before it, if DELETED); its resourceVersion is the change's."""

    type: ChangeType
    object: Any
    encoded: bytes | None = None

    @property
    def body(self) -> bytes:
        """The object as JSON."""
        return self.encoded or codec.encode(self.object)

    @property
    def resource_version(self) -> str:
        version: str = self.object.metadata.resource_version
        return version


class Watch:
    """The changes of the selected objects, from a position on: `initial` first, then history, then as they happen.

    `async for change in watch` ends when the watch is closed. `batch` is for readers that want several at a time or
    do something at intervals. Both raise errors.Expired when the position has been compacted away.
    """

    def __init__(
        self,
        changes: history.History,
        selected: selection.Selection,
        *,
        position: int,
        initial: tuple[Change, ...],
        on_close: Callable[["Watch"], None],
    ) -> None:
        self._history = changes
        self._selected = selected
        self._position = position
        self._initial = initial
        self._on_close = on_close
        self._news = asyncio.Event()
        self._closed = False

    @property
    def resource_version(self) -> str:
        """Every change up to this one has been handed out: what a bookmark says."""
        return str(self._position)

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    async def batch(self, timeout: float | None = None) -> tuple[Change, ...]:  # noqa: ASYNC109 (of each wait, not of the call)
        """The next changes, oldest first; waits until there are some.

        Empty when none came within `timeout` seconds (None: no limit), or the watch is closed.
        """
        while not self._closed:
            self._news.clear()
            if changes := self.pending():
                return changes
            if self._position < self._history.newest:
                await asyncio.sleep(0)
                continue
            try:
                await asyncio.wait_for(self._news.wait(), timeout)
            except TimeoutError:
                break
        return ()

    def pending(self) -> tuple[Change, ...]:
        """Some of the changes that have happened and were not handed out yet, without waiting.

        Empty does not mean that there are no more as long as `resource_version` is not the store's newest.
        """
        if self._initial:
            return self.initial()
        if self._position + 1 < self._history.oldest:
            raise problems.expired(self._position, self._history.oldest)
        step = self._history.after(self._position, self._selected.kind, self._selected.namespace)
        self._position = step.position
        return tuple(change for entry in step.entries if (change := self._seen(entry)) is not None)

    def initial(self) -> tuple[Change, ...]:
        """What was there when the watch began, as ADDED, if it was to begin with that; hands it out once.

        `resource_version` is then that of the list these make.
        """
        initial, self._initial = self._initial, ()
        return initial

    async def __aiter__(self) -> AsyncIterator[Change]:
        while changes := await self.batch():
            for change in changes:
                yield change

    def wake(self) -> None:
        """There is news, or none will come any more."""
        self._news.set()

    def close(self) -> None:
        """Ends the watch; whoever waits for it gets nothing more. Closing twice is fine."""
        if not self._closed:
            self._closed = True
            self._on_close(self)
            self.wake()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _seen(self, entry: history.Entry) -> Change | None:
        """The change as these selectors show it: an object that begins to match is added, one that ceases is deleted.

        Source: k8s.io/apiserver `pkg/storage/cacher/cache_watcher.go`, convertToWatchEvent.
        """
        as_it_is = Change(ChangeType(entry.type), entry.object, entry.body)
        if self._selected.everything:
            return as_it_is
        matches = self._selected.matches(entry.object)
        if entry.before is None:
            return as_it_is if matches else None
        if self._selected.matches(entry.before):
            if matches:
                return as_it_is
            metadata = msgspec.structs.replace(entry.before.metadata, resource_version=str(entry.version))
            return Change(ChangeType.DELETED, msgspec.structs.replace(entry.before, metadata=metadata))
        return Change(ChangeType.ADDED, entry.object, entry.body) if matches else None
