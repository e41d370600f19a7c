"""What only pods have in the API: being bound to the node, and being evicted."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import answers, body, context, query
from podrunner.objects import kinds, transient
from podrunner.store import strategy


async def bind(request: Request) -> Response:
    """`pods/{name}/binding`, and `bindings`, where the name is the object's."""
    binding, dry_run = await _asked(request, transient.BINDING), query.dry_run(request)
    strategy.bind(context.of(request).registry, binding, dry_run=dry_run)
    return answers.json(answers.status("Success") | {"code": 201}, status=201)


async def evict(request: Request) -> Response:
    """`pods/{name}/eviction`: deletes the pod gracefully."""
    eviction, dry_run = await _asked(request, transient.EVICTION), query.dry_run(request)
    if eviction.delete_options is not None:
        query.check_dry_run(eviction.delete_options.dry_run)
    strategy.evict(context.of(request).registry, eviction, dry_run=dry_run)
    return answers.json(answers.status("Success") | {"code": 201}, status=201)


async def _asked(request: Request, kind: kinds.Kind) -> Any:
    """The body, with the name and namespace of the path. Raises errors.BadRequest when it has others."""
    asked, path = (await body.read_object(request, kind)).object, request.path_params
    name = path.get("name", asked.metadata.name)
    if asked.metadata.name not in ("", name):
        raise errors.BadRequest("name in URL does not match name in the body of the request")
    if asked.metadata.namespace not in ("", path["namespace"]):
        raise errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    metadata = msgspec.structs.replace(asked.metadata, name=name, namespace=path["namespace"])
    return msgspec.structs.replace(asked, metadata=metadata)
