"""Who wrote which field: metadata.managedFields of what clients write."""

from typing import Any

from msgspec import structs
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
    """`after`, as this request's client writes it over `before`, with its defaults and its managedFields."""
    manager, after = name(request), defaults.apply(after)
    if not manager:
        return after
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
    metadata = structs.replace(after.metadata, managed_fields=entries.managed_fields)
    return settled(before, structs.replace(after, metadata=metadata))


def settled(before: Any | None, after: Any) -> Any:
    """`after`, which is complete; but `before` where only the times of managedFields tell them apart.

    So that what a client says again is no change.
    """
    if before is None:
        return after
    from podrunner.objects.patches import ownership

    earlier = codec.to_builtins(before)
    return before if ownership.undo_new_times(earlier, codec.to_builtins(after)) == earlier else after
