"""Keeps the EndpointSlices and Endpoints of Services as the pods behind them are.

Level-triggered: after any change everything that is not as `services.endpoints` says is put right.
"""

import asyncio
import contextlib
from collections.abc import Iterable

from msgspec import structs

from podrunner import errors
from podrunner.objects import kinds, meta
from podrunner.objects.endpoint_slice import EndpointSlice
from podrunner.objects.endpoints import Endpoints
from podrunner.objects.service import Service
from podrunner.services import endpoints
from podrunner.store import pods, services, strategy
from podrunner.store.registry import Registry

ENDPOINTS, SLICE = kinds.of(Endpoints()), kinds.of(EndpointSlice())

PAUSE = 0.02
"""Seconds between two rounds, so that a pod's quick changes make few of them."""

_OURS = (endpoints.SLICE_CONTROLLER, endpoints.MIRRORING_CONTROLLER)


class EndpointController:
    """`run` works until it is cancelled."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._changed = asyncio.Event()
        self._selects_pods = False

    async def run(self) -> None:
        """Puts right what a change made wrong, whenever there is one."""
        async with asyncio.TaskGroup() as tasks:
            for kind in (services.SERVICE, pods.POD, ENDPOINTS, SLICE):
                tasks.create_task(self._watch(kind))
            while True:
                await self._changed.wait()
                self._changed.clear()
                try:
                    self.settle()
                except errors.ObjectError:  # something changed meanwhile, and so there will be another round
                    self._changed.set()
                await asyncio.sleep(PAUSE)

    async def _watch(self, kind: kinds.Kind) -> None:
        with self._registry.watch(kind, since=None) as changes:
            while True:
                await changes.batch()
                # Without a Service that selects pods, nothing follows from their many changes.
                if kind is not pods.POD or self._selects_pods:
                    self._changed.set()

    def settle(self) -> None:
        """One round. Raises errors.ObjectError."""
        known = services.every(self._registry)
        selecting = [service for service in known if service.spec.selector and service.spec.type != "ExternalName"]
        self._selects_pods = bool(selecting)
        members = pods.every(self._registry) if selecting else ()
        wanted = [(service, endpoints.slices(service, members)) for service in selecting]
        for service in selecting:
            self._put_endpoints(endpoints.endpoints(service, members))
        wanted += self._mirrored(known)
        self._put_slices(wanted)
        self._remove_endpoints({_key(service) for service in known})

    def _mirrored(self, known: Iterable[Service]) -> list[tuple[Service, tuple[EndpointSlice, ...]]]:
        found = []
        for service in known:
            if service.spec.selector:
                continue
            with contextlib.suppress(errors.NotFound):
                given: Endpoints = self._registry.get(ENDPOINTS, *_key(service))
                if endpoints.SKIP_MIRROR not in given.metadata.labels:
                    found.append((service, endpoints.mirrored(given)))
        return found

    def _put_endpoints(self, wanted: Endpoints) -> None:
        about = wanted.metadata
        try:
            stored: Endpoints = self._registry.get(ENDPOINTS, about.namespace, about.name)
        except errors.NotFound:
            self._registry.create(wanted)
        else:
            metadata = structs.replace(stored.metadata, labels=about.labels)
            self._registry.update(structs.replace(stored, metadata=metadata, subsets=wanted.subsets))

    def _put_slices(self, wanted: Iterable[tuple[Service, tuple[EndpointSlice, ...]]]) -> None:
        """A slice that is there is changed, those that are too many go, and what is missing is made."""
        left = self._ours()
        for service, slices in wanted:
            own = left.pop(_key(service), [])
            same = {(each.ports, each.address_type): each for each in own}
            for each in slices:
                stored = same.pop((each.ports, each.address_type), None)
                if stored is None:
                    strategy.create(self._registry, each)
                    continue
                own.remove(stored)
                metadata = structs.replace(stored.metadata, labels=each.metadata.labels)
                self._registry.update(structs.replace(stored, metadata=metadata, endpoints=each.endpoints))
            self._remove(own)
        for superfluous in left.values():
            self._remove(superfluous)

    def _ours(self) -> dict[tuple[str, str], list[EndpointSlice]]:
        found: dict[tuple[str, str], list[EndpointSlice]] = {}
        for each in self._registry.list(SLICE).items:
            labels = each.metadata.labels
            if labels.get(endpoints.MANAGED_BY) in _OURS:
                key = (each.metadata.namespace, labels.get(endpoints.SERVICE_NAME, ""))
                found.setdefault(key, []).append(each)
        return found

    def _remove(self, superfluous: Iterable[EndpointSlice]) -> None:
        for each in superfluous:
            self._registry.delete(SLICE, each.metadata.namespace, each.metadata.name)

    def _remove_endpoints(self, known: set[tuple[str, str]]) -> None:
        """Those that were made here go with their Service."""
        for each in self._registry.list(ENDPOINTS).items:
            ours = each.metadata.labels.get(endpoints.ENDPOINTS_MANAGED_BY) == endpoints.ENDPOINTS_CONTROLLER
            if ours and _key(each) not in known:
                self._registry.delete(ENDPOINTS, *_key(each))


def _key(obj: meta.Object) -> tuple[str, str]:
    return obj.metadata.namespace, obj.metadata.name
