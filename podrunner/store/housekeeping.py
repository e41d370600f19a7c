"""What follows from deletions, in the background: namespaces end, and what belonged to a deleted object goes after it.

Source of the second: kubernetes `pkg/controller/garbagecollector` (an object goes when none of its owners is left).
"""

import asyncio
import contextlib
import logging
from typing import Any

from podrunner import errors
from podrunner.objects import kinds, meta, options
from podrunner.store import deletion, history, namespaces
from podrunner.store.registry import Registry

PAUSE = 0.05
"""Seconds between two rounds, so that many deletions make few of them."""

log = logging.getLogger(__name__)


class Housekeeper:
    """Keeps the store in order as long as `run` runs."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._due = asyncio.Event()
        self._due.set()
        self._owned = {_key(obj) for obj in registry.owned()}
        registry.observe(self._changed)

    async def run(self) -> None:
        """Works until it is cancelled. What is not done when the server leaves is done by the next one."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                self.tidy()
            except errors.PodrunnerError as failure:
                log.warning("housekeeping: %s", failure)
            await asyncio.sleep(PAUSE)

    def tidy(self) -> None:
        """One round: does what can be done now."""
        namespaces.advance(self._registry)
        for key in tuple(self._owned):
            self._collect(*key)

    def _changed(self, entry: history.Entry) -> None:
        owned = bool(entry.object.metadata.owner_references) and entry.type != "DELETED"
        key = _key(entry.object)
        if owned:
            self._owned.add(key)
        else:
            self._owned.discard(key)
        if owned or entry.type == "DELETED" or entry.kind == namespaces.NAMESPACE.name:
            self._due.set()

    def _collect(self, kind: kinds.Kind, namespace: str, name: str) -> None:
        """Deletes an object whose owners are all gone."""
        with contextlib.suppress(errors.NotFound):
            obj = self._registry.get(kind, namespace, name)
            if obj.metadata.deletion_timestamp is None and not any(
                self._exists(owner, namespace) for owner in obj.metadata.owner_references
            ):
                log.info("%s %s/%s goes, for its owners are gone", kind.name, namespace, name)
                deletion.delete(self._registry, kind, namespace, name, options.DeleteOptions())

    def _exists(self, owner: meta.OwnerReference, namespace: str) -> bool:
        """Whether the owner is there. One of a kind that is not known here could be anywhere, and so could be one in
        a namespace for an object that is in none.
        """
        kind = kinds.by_name(owner.kind, owner.api_version)
        if kind is None or (kind.namespaced and not namespace):
            return True
        try:
            found: Any = self._registry.get(kind, namespace if kind.namespaced else "", owner.name)
        except errors.NotFound:
            return False
        return bool(found.metadata.uid == owner.uid)


def _key(obj: meta.Object) -> tuple[kinds.Kind, str, str]:
    return kinds.of(obj), obj.metadata.namespace, obj.metadata.name
