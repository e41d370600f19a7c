"""Objects as a client wants to see them: whole, only their metadata, or as rows of a Table. Pure; performs no I/O."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request

from podrunner import errors
from podrunner.api import context, negotiation
from podrunner.objects import kinds, meta
from podrunner.store.registry import Listing
from podrunner.store.watch import Change

_encoder = msgspec.json.Encoder()

_INCLUDED = ("Metadata", "Object", "None")


def itself(given: Any) -> Any:
    return given


class View(NamedTuple):
    """How an API group shows a stored kind. Most show it as it is; events.k8s.io shows core events as its own."""

    kind: kinds.Kind
    """What is stored."""
    shown: kinds.Kind
    """What clients of this group see."""
    show: Callable[[Any], Any] = itself
    read: Callable[[Any], Any] = itself
    stored_field: Callable[[str], str] = itself
    """The name, in what is stored, of a field that this group's clients select by."""


class Presenter:
    """Presents what is stored to one client. The first table that it makes has the column definitions."""

    def __init__(
        self, view: View, accepted: negotiation.Accepted, now: Callable[[], datetime], include_object: str = ""
    ) -> None:
        if include_object and include_object not in _INCLUDED:
            raise errors.BadRequest(
                f'unrecognized includeObject value: "{include_object}", must be one of: {", ".join(_INCLUDED)}'
            )
        self._view = view
        self._accepted = accepted
        self._now = now
        self._include_object = include_object or "Metadata"
        self._headers = True

    @property
    def media_type(self) -> str:
        """What the answer is to be written in."""
        return self._accepted.media_type

    def single(self, obj: meta.Object) -> Any:
        """One object, as an answer."""
        match self._accepted.form:
            case negotiation.Form.OBJECT:
                return self._view.show(obj)
            case negotiation.Form.METADATA:
                return self._partial(obj)
            case negotiation.Form.TABLE:
                return self._table([obj], resource_version=obj.metadata.resource_version)

    def listing(self, listing: Listing) -> Any:
        """A list, as an answer."""
        if self._accepted.form is negotiation.Form.TABLE:
            return self._table(
                listing.items,
                resource_version=listing.resource_version,
                continue_=listing.continue_token,
                remaining=listing.remaining,
            )
        metadata: dict[str, Any] = {"resourceVersion": listing.resource_version}
        if listing.continue_token:
            metadata["continue"] = listing.continue_token
        if listing.remaining is not None:
            metadata["remainingItemCount"] = listing.remaining
        if self._accepted.form is negotiation.Form.METADATA:
            name, version = "PartialObjectMetadata", f"meta.k8s.io/{self._accepted.version}"
        else:
            name, version = self._view.shown.name, self._view.shown.api_version
        return {
            "kind": f"{name}List",
            "apiVersion": version,
            "metadata": metadata,
            "items": [self._item(obj) for obj in listing.items],
        }

    def change(self, change: Change) -> bytes:
        """The object of a watch's event, as JSON."""
        if self._accepted.form is negotiation.Form.OBJECT and self._view.show is itself:
            return change.body
        if self._accepted.form is not negotiation.Form.TABLE:
            return _encoder.encode(self._item(change.object))
        table = self._table([change.object], resource_version=change.resource_version)
        self._headers = False
        return _encoder.encode(table)

    def bookmark(self, resource_version: str, annotations: dict[str, str]) -> bytes:
        """The object of a watch's BOOKMARK, which says nothing but how far the watch is, as JSON."""
        metadata: dict[str, Any] = {"resourceVersion": resource_version}
        if annotations:
            metadata["annotations"] = annotations
        if self._accepted.form is negotiation.Form.METADATA:
            name, version = "PartialObjectMetadata", f"meta.k8s.io/{self._accepted.version}"
        elif self._accepted.form is negotiation.Form.TABLE:
            return _encoder.encode(self._table([], resource_version=resource_version))
        else:
            name, version = self._view.shown.name, self._view.shown.api_version
        return _encoder.encode({"kind": name, "apiVersion": version, "metadata": metadata})

    def _item(self, obj: meta.Object) -> Any:
        return self._partial(obj) if self._accepted.form is negotiation.Form.METADATA else self._view.show(obj)

    def _partial(self, obj: meta.Object) -> Any:
        version = f"meta.k8s.io/{self._accepted.version}"
        return {"kind": "PartialObjectMetadata", "apiVersion": version, "metadata": obj.metadata}

    def _table(
        self,
        objects: Sequence[meta.Object],
        *,
        resource_version: str,
        continue_: str = "",
        remaining: int | None = None,
    ) -> Any:
        from podrunner.api import tables

        return tables.table(
            self._view.shown.name,
            self._view.shown.api_version,
            [self._view.show(obj) for obj in objects],
            self._now(),
            resource_version=resource_version,
            continue_=continue_,
            remaining=remaining,
            include_object=self._include_object,
            headers=self._headers,
            table_version=self._accepted.version,
        )


def of(request: Request, view: View) -> Presenter:
    """What presents to the client of this request. Raises errors.NotAcceptable, errors.BadRequest."""
    return Presenter(
        view,
        negotiation.accepted(request.headers.get("accept")),
        context.of(request).registry.clock.now,
        request.query_params.get("includeObject", ""),
    )
