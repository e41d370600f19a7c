"""The verbs every kind has: get, list, watch, create, update, patch, delete, deletecollection.

What a verb does to what is stored is `store.strategy`'s; here it is read from the request and answered.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import answers, body, context, managers, negotiation, patching, presenting, query, streams, watches
from podrunner.objects import meta, options, selectors
from podrunner.store import strategy
from podrunner.store.registry import Listing


class Endpoints:
    """The endpoints of one kind in one API group, or of one of its subresources that is a part of the object."""

    def __init__(self, view: presenting.View, subresource: str = "") -> None:
        self._view = view
        self._kind = view.kind
        self._subresource = subresource

    async def get(self, request: Request) -> Response:
        presenter, obj = presenting.of(request, self._view), self._stored(request)
        return answers.json(presenter.single(obj), media_type=presenter.media_type)

    async def list_or_watch(self, request: Request) -> Response:
        return self._watch(request) if query.flag(request, "watch") else self._list(request)

    async def create(self, request: Request) -> Response:
        presenter, dry_run = presenting.of(request, self._view), query.dry_run(request)
        read = await body.read_object(request, self._view.shown)
        obj = managers.tracked(request, None, self._placed(request, self._view.read(read.object)))
        stored = strategy.create(context.of(request).registry, obj, dry_run=dry_run)
        return self._written(presenter, stored, read.warnings, status=201)

    async def update(self, request: Request) -> Response:
        presenter, dry_run = presenting.of(request, self._view), query.dry_run(request)
        read = await body.read_object(request, self._view.shown)
        obj = self._named(request, self._placed(request, self._view.read(read.object)))
        obj = managers.tracked(request, self._stored(request), obj, self._subresource)
        stored = strategy.replace(context.of(request).registry, obj, subresource=self._subresource, dry_run=dry_run)
        return self._written(presenter, stored, read.warnings)

    async def patch(self, request: Request) -> Response:
        presenter, dry_run = presenting.of(request, self._view), query.dry_run(request)
        patch = await patching.read(request)
        registry = context.of(request).registry
        current = self._find(request)
        if current is None and not patch.creates:
            self._stored(request)  # raises NotFound
        read = patching.patched(request, patch, self._view, current, self._subresource)
        obj = self._named(request, self._placed(request, read.object))
        if current is None:
            stored, status = strategy.create(registry, obj, dry_run=dry_run), 201
        else:
            stored, status = strategy.replace(registry, obj, subresource=self._subresource, dry_run=dry_run), 200
        return self._written(presenter, stored, read.warnings, status=status)

    async def delete(self, request: Request) -> Response:
        presenter, asked = presenting.of(request, self._view), await self._delete_options(request)
        path = request.path_params
        gone = strategy.delete(
            context.of(request).registry,
            self._kind,
            self._namespace(request) or "",
            path["name"],
            asked,
            dry_run=bool(asked.dry_run),
        )
        if not gone.shown:
            return answers.json(answers.deleted(self._kind, gone.object.metadata))
        return answers.json(presenter.single(gone.object), media_type=presenter.media_type)

    async def delete_collection(self, request: Request) -> Response:
        presenter, asked = presenting.of(request, self._view), await self._delete_options(request)
        gone = strategy.delete_collection(
            context.of(request).registry,
            self._kind,
            self._namespace(request),
            query.labels(request),
            self._fields(request),
            asked,
            dry_run=bool(asked.dry_run),
        )
        return answers.json(presenter.listing(gone), media_type=presenter.media_type)

    def _list(self, request: Request) -> Response:
        registry, presenter = context.of(request).registry, presenting.of(request, self._view)
        query.check_list(request)
        listing: Listing = registry.list(
            self._kind,
            self._namespace(request),
            labels=query.labels(request),
            fields=self._fields(request),
            limit=query.integer(request, "limit") or None,
            continue_=request.query_params.get("continue") or None,
        )
        query.check_age(request, listing.resource_version)
        return answers.json(presenter.listing(listing), media_type=presenter.media_type)

    def _watch(self, request: Request) -> Response:
        asked, presenter = query.watch(request), presenting.of(request, self._view)
        try:
            watch = context.of(request).registry.watch(
                self._kind,
                self._namespace(request),
                since=asked.since,
                labels=query.labels(request),
                fields=self._fields(request),
            )
        except errors.Expired as error:
            return streams.Stream(watches.refusal(error), media_type=negotiation.JSON)
        return streams.Stream(watches.lines(watch, presenter, asked), media_type=negotiation.JSON)

    def _find(self, request: Request) -> Any | None:
        try:
            return self._stored(request)
        except errors.NotFound:
            return None

    def _stored(self, request: Request) -> Any:
        return context.of(request).registry.get(self._kind, self._namespace(request) or "", request.path_params["name"])

    def _namespace(self, request: Request) -> str | None:
        """The namespace of the path; None where it names none, and for kinds without."""
        namespace: str | None = request.path_params.get("namespace") if self._kind.namespaced else None
        return namespace

    def _placed(self, request: Request, obj: Any) -> Any:
        """The object in the namespace of the path. Raises errors.BadRequest when it names another."""
        namespace = self._namespace(request) or ""
        if obj.metadata.namespace not in ("", namespace):
            raise errors.BadRequest(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        return msgspec.structs.replace(obj, metadata=msgspec.structs.replace(obj.metadata, namespace=namespace))

    @staticmethod
    def _named(request: Request, obj: Any) -> Any:
        """The object with the name of the path. Raises errors.BadRequest when it has another."""
        name = request.path_params["name"]
        if obj.metadata.name not in ("", name):
            raise errors.BadRequest(
                f"the name of the object ({obj.metadata.name}) does not match the name on the URL ({name})"
            )
        return msgspec.structs.replace(obj, metadata=msgspec.structs.replace(obj.metadata, name=name))

    def _fields(self, request: Request) -> selectors.FieldSelector:
        fields = query.fields(request)
        terms = (term._replace(field=self._view.stored_field(term.field)) for term in fields.terms)
        return fields._replace(terms=tuple(terms))

    @staticmethod
    def _written(
        presenter: presenting.Presenter, stored: meta.Object, warnings: tuple[str, ...], *, status: int = 200
    ) -> Response:
        return answers.json(
            presenter.single(stored),
            status=status,
            warnings=(*warnings, *answers.warnings_about(stored)),
            media_type=presenter.media_type,
        )

    @staticmethod
    async def _delete_options(request: Request) -> options.DeleteOptions:
        """The options of the body, else those of the query."""
        asked = await body.read_options(request, options.DeleteOptions)
        given: dict[str, Any] = {}
        if asked.grace_period_seconds is None:
            given["grace_period_seconds"] = query.integer(request, "gracePeriodSeconds")
        if asked.propagation_policy is None:
            given["propagation_policy"] = request.query_params.get("propagationPolicy")
        if query.dry_run(request):
            given["dry_run"] = ("All",)
        query.check_dry_run(asked.dry_run)
        return msgspec.structs.replace(asked, **given)
