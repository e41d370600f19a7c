"""The application: routes made from the catalog of what is served, and from podrunner's own few.

What start-up does not need is imported with the first request for it: `podrunner run` waits for this module.
"""

import functools
import importlib
from collections.abc import Awaitable, Callable, Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from podrunner.api import (
    catalog,
    context,
    discovery,
    errors,
    events_v1,
    logs,
    openapi,
    presenting,
    resources,
    runs,
    server_info,
)
from podrunner.objects import kinds
from podrunner.store.registry import Registry

Endpoint = Callable[[Request], Awaitable[Response]]

_EVERY_METHOD = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def create(registry: Registry, node: context.Node, leases: context.Leases, control: context.Control) -> Starlette:
    """The API over these parts, as an ASGI application."""
    app = Starlette(routes=_routes(), exception_handlers=errors.HANDLERS)
    app.router.redirect_slashes = False
    app.state.context = context.Context(registry, node, leases, control)
    return app


@functools.cache
def _routes() -> tuple[Route, ...]:
    """The same for every application: what belongs to one, endpoints find in its state."""
    return tuple(_every_route())


def _every_route() -> Iterator[Route]:
    yield Route("/version", server_info.version)
    for path in ("/healthz", "/livez", "/readyz"):
        yield Route(path, server_info.healthy)
    for served in catalog.SERVED:
        yield from _of_resource(served)
    yield from _of_pods()
    yield from discovery.routes()
    yield from openapi.routes()
    yield Route("/apis/podrunner.dev/v1/runs/{run}", runs.attend)
    yield Route("/apis/podrunner.dev/v1/builds", _later("builds", "build"), methods=["POST"])
    yield Route("/apis/podrunner.dev/v1/server", server_info.describe)
    yield Route("/apis/podrunner.dev/v1/server/stop", server_info.stop, methods=["POST"])


def _of_resource(served: catalog.Served) -> Iterator[Route]:
    """The paths of one resource that is stored, or a view on one, or answers at once."""
    prefix = catalog.path(served.group_version)
    everywhere = f"{prefix}/{served.plural}"
    collection = f"{prefix}/namespaces/{{namespace}}/{served.plural}" if served.namespaced else everywhere
    if kind := kinds.by_name(served.kind, served.group_version):
        yield from _of_view(presenting.View(kind, kind), served, everywhere, collection)
    elif served.group_version == events_v1.VIEW.shown.api_version:
        yield from _of_view(events_v1.VIEW, served, everywhere, collection)
    elif served.group_version == "metrics.k8s.io/v1beta1":
        for path in dict.fromkeys((everywhere, collection)):
            yield Route(path, _later("metrics", f"list_{served.plural}"))
        yield Route(f"{collection}/{{name}}", _later("metrics", f"get_{served.plural}"))
    elif served.kind == "Binding":
        yield Route(collection, _later("pods", "bind"), methods=["POST"])
    else:
        yield Route(collection, _later("reviews", "create"), methods=["POST"])


def _of_view(view: presenting.View, served: catalog.Served, everywhere: str, collection: str) -> Iterator[Route]:
    endpoints = resources.Endpoints(view)
    if everywhere != collection:
        yield Route(everywhere, endpoints.list_or_watch, methods=["GET"])
    yield from _by_verb(
        collection,
        served.verbs,
        list=endpoints.list_or_watch,
        create=endpoints.create,
        deletecollection=endpoints.delete_collection,
    )
    single = f"{collection}/{{name}}"
    yield from _by_verb(
        single,
        served.verbs,
        get=endpoints.get,
        update=endpoints.update,
        patch=endpoints.patch,
        delete=endpoints.delete,
    )
    for subresource in served.subresources:
        if subresource.kind == served.kind and "update" in subresource.verbs:
            part = resources.Endpoints(view, subresource.name)
            yield from _by_verb(
                f"{single}/{subresource.name}",
                subresource.verbs,
                get=part.get,
                update=part.update,
                patch=part.patch,
            )


_METHODS = {
    "get": "GET",
    "list": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}


def _by_verb(path: str, verbs: tuple[str, ...], **endpoints: Endpoint) -> Iterator[Route]:
    for verb, endpoint in endpoints.items():
        if verb in verbs:
            yield Route(path, endpoint, methods=[_METHODS[verb]])


def _of_pods() -> Iterator[Route]:
    """The subresources of pods that are no part of the object."""
    pod = "/api/v1/namespaces/{namespace}/pods/{name}"
    yield Route(f"{pod}/log", logs.read)
    yield Route(f"{pod}/binding", _later("pods", "bind"), methods=["POST"])
    yield Route(f"{pod}/eviction", _later("pods", "evict"), methods=["POST"])
    yield Route(f"{pod}/exec", _later("exec", "exec_"), methods=["GET", "POST"])
    yield Route(f"{pod}/attach", _later("exec", "attach"), methods=["GET", "POST"])
    yield Route(f"{pod}/portforward", _later("portforward", "forward"), methods=["GET", "POST"])
    yield Route(f"{pod}/proxy", _later("proxy", "answer"), methods=_EVERY_METHOD)
    yield Route(f"{pod}/proxy/{{path:path}}", _later("proxy", "answer"), methods=_EVERY_METHOD)


def _later(module: str, name: str) -> Endpoint:
    """An endpoint of a module that is imported when it is first asked for."""

    async def endpoint(request: Request) -> Response:
        loaded = importlib.import_module(f"podrunner.api.{module}")
        answer: Endpoint = getattr(loaded, name)
        return await answer(request)

    return endpoint
