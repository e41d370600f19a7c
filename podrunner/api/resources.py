"""The verbs every kind has: get, list, watch, create, delete; and where a kind does one in its own way."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from podrunner import errors
from podrunner.api import answers, body, context, query, streams, watches
from podrunner.objects import kinds
from podrunner.objects.options import DeleteOptions
from podrunner.store.registry import Registry

Endpoint = Callable[[Request], Awaitable[Response]]


def delete_now(registry: Registry, kind: kinds.Kind, namespace: str, name: str, options: DeleteOptions) -> Any:
    """Removes the object; answers a Status."""
    only = options.preconditions
    gone = registry.delete(kind, namespace, name, uid=only.uid, resource_version=only.resource_version)
    return answers.deleted(kind, gone.metadata)


class Resource(NamedTuple):
    """How one kind is served. `create` and `delete` take what they do not use, so that kinds can differ in them."""

    kind: kinds.Kind
    create: Callable[[Registry, Any], Any] = Registry.create
    delete: Callable[[Registry, kinds.Kind, str, str, DeleteOptions], Any] = delete_now


def routes(resource: Resource) -> list[Route]:
    """The paths of a namespaced kind under /api/v1."""
    plural = resource.kind.plural
    collection = f"/api/v1/namespaces/{{namespace}}/{plural}"
    single = f"{collection}/{{name}}"
    return [
        Route(f"/api/v1/{plural}", _list_or_watch(resource), methods=["GET"]),
        Route(collection, _list_or_watch(resource), methods=["GET"]),
        Route(collection, _create(resource), methods=["POST"]),
        Route(single, _get(resource), methods=["GET"]),
        Route(single, _delete(resource), methods=["DELETE"]),
    ]


def _get(resource: Resource) -> Endpoint:
    async def get(request: Request) -> Response:
        path = request.path_params
        return answers.json(context.of(request).registry.get(resource.kind, path["namespace"], path["name"]))

    return get


def _list_or_watch(resource: Resource) -> Endpoint:
    async def list_or_watch(request: Request) -> Response:
        answer = _watch if query.flag(request, "watch") else _list
        return answer(request, resource.kind)

    return list_or_watch


def _list(request: Request, kind: kinds.Kind) -> Response:
    if token := request.query_params.get("continue"):
        raise errors.BadRequest(f"continue key is not valid: {token}")  # we never give one out: lists are complete
    listing = context.of(request).registry.list(
        kind, request.path_params.get("namespace"), labels=query.labels(request), fields=query.fields(request)
    )
    return answers.json(
        {
            "kind": f"{kind.name}List",
            "apiVersion": kind.api_version,
            "metadata": {"resourceVersion": listing.resource_version},
            "items": listing.items,
        }
    )


def _watch(request: Request, kind: kinds.Kind) -> Response:
    if query.flag(request, "sendInitialEvents"):
        # Clients that hear this list and watch instead, as with API servers older than 1.27.
        raise errors.Invalid("sendInitialEvents: Forbidden: sendInitialEvents is not supported")
    bookmarks, seconds = query.flag(request, "allowWatchBookmarks"), query.integer(request, "timeoutSeconds")
    try:
        watch = context.of(request).registry.watch(
            kind,
            request.path_params.get("namespace"),
            since=request.query_params.get("resourceVersion"),
            labels=query.labels(request),
            fields=query.fields(request),
        )
    except errors.Expired as error:
        return streams.Stream(watches.refusal(error), media_type=answers.JSON)
    source = watches.lines(watch, kind, bookmarks=bookmarks, seconds=seconds or None)
    return streams.Stream(source, media_type=answers.JSON)


def _create(resource: Resource) -> Endpoint:
    async def create(request: Request) -> Response:
        query.refuse_dry_run(request)
        read = await body.read_object(request, resource.kind)
        obj = _placed(read.object, request.path_params["namespace"])
        stored = resource.create(context.of(request).registry, obj)
        return answers.json(stored, status=201, warnings=read.warnings)

    return create


def _delete(resource: Resource) -> Endpoint:
    async def delete(request: Request) -> Response:
        query.refuse_dry_run(request)
        options = await body.read_options(request, DeleteOptions)
        if options.dry_run:
            raise errors.BadRequest("dryRun: is not supported")
        if options.grace_period_seconds is None:
            options = msgspec.structs.replace(
                options, grace_period_seconds=query.integer(request, "gracePeriodSeconds")
            )
        path = request.path_params
        return answers.json(
            resource.delete(context.of(request).registry, resource.kind, path["namespace"], path["name"], options)
        )

    return delete


def _placed(obj: Any, namespace: str) -> Any:
    """The object in the namespace of the path. Raises errors.BadRequest when it names another."""
    if obj.metadata.namespace not in ("", namespace):
        raise errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    metadata = msgspec.structs.replace(obj.metadata, namespace=namespace)
    return msgspec.structs.replace(obj, metadata=metadata)
