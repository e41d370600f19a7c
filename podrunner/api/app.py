"""The table of routes, and the application made of it."""

from starlette.applications import Starlette
from starlette.routing import Route

from podrunner.api import context, errors, logs, pods, resources, runs, server_info
from podrunner.store import events
from podrunner.store.registry import Registry

ROUTES = [
    Route("/version", server_info.version),
    Route("/healthz", server_info.healthy),
    Route("/livez", server_info.healthy),
    Route("/readyz", server_info.healthy),
    *resources.routes(pods.RESOURCE),
    Route("/api/v1/namespaces/{namespace}/pods/{name}/log", logs.read),
    *resources.routes(resources.Resource(events.EVENT)),
    Route("/apis/podrunner.dev/v1/runs/{run}", runs.attend),
    Route("/apis/podrunner.dev/v1/server", server_info.describe),
    Route("/apis/podrunner.dev/v1/server/stop", server_info.stop, methods=["POST"]),
]


def create(registry: Registry, node: context.Node, leases: context.Leases, control: context.Control) -> Starlette:
    """The API over these parts, as an ASGI application."""
    app = Starlette(routes=ROUTES, exception_handlers=errors.HANDLERS)
    app.router.redirect_slashes = False
    app.state.context = context.Context(registry, node, leases, control)
    return app
