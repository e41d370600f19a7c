"""Who wrote which field: metadata.managedFields of what clients write."""

from typing import Any

import msgspec
from starlette.requests import Request

from podrunner.api import context
from podrunner.objects import codec, defaults, kinds


def name(request: Request) -> str:
    """The client's `fieldManager`, else the beginning of its User-Agent, as the API server takes it.

    Empty for a client that says neither; what such a one writes is nobody's.
    """
    given, agent = request.query_params.get("fieldManager", ""), request.headers.get("user-agent", "")
    if not (given or agent):
        return ""
    from podrunner.objects.patches import ownership

    return ownership.manager_name(given, agent)


def tracked(request: Request, before: Any | None, after: Any, subresource: str = "") -> Any:
    """`after`, as written by this request's client over `before`, with its managedFields."""
    manager = name(request)
    if not manager:
        return after
    return track(request, before, defaults.apply(after), manager=manager, subresource=subresource)


def track(request: Request, before: Any | None, after: Any, *, manager: str, subresource: str) -> Any:
    """`after`, which is complete, with the managedFields of an Update by `manager`."""
    from podrunner.objects.patches import ownership

    kind = kinds.of(after)
    data = ownership.track(
        None if before is None else codec.to_builtins(before),
        codec.to_builtins(after),
        kind.type,
        manager=manager,
        subresource=subresource,
        api_version=kind.api_version,
        now=context.of(request).registry.clock.now(),
    )
    entries = codec.decode({"managedFields": data["metadata"].get("managedFields", [])}, type(after.metadata))
    metadata = msgspec.structs.replace(after.metadata, managed_fields=entries.managed_fields)
    return msgspec.structs.replace(after, metadata=metadata)
