"""OpenAPI: what can be asked of the API and what its types hold, for kubectl's validation, apply and explain.

The documents are made when the first client asks, in a thread, because that takes a moment. Source of the answers'
headers: kube-openapi `pkg/handler/handler.go` and `pkg/handler3/handler.go`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from podrunner import errors
from podrunner.api import catalog, negotiation, preferences

if TYPE_CHECKING:
    from podrunner.api.openapi.rendered import Rendered

_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_FORMS = {negotiation.JSON: negotiation.JSON, _PROTOBUF: _PROTOBUF, _PROTOBUF.replace(".v1.0", "@v1.0"): _PROTOBUF}
"""The forms of v2 that can be asked for, and what each is answered as."""

_FOR_EVER = "public, immutable, max-age=31536000"
"""A document whose address has its hash never changes."""


def routes() -> list[Route]:
    """/openapi/v2, and /openapi/v3 with a document for each group version."""
    return [
        Route("/openapi/v2", _v2),
        Route("/openapi/v3", _index),
        *(Route(f"/openapi/v3{catalog.path(each)}", _v3(each)) for each in catalog.GROUP_VERSIONS),
    ]


async def _index(request: Request) -> Response:
    from podrunner.api.openapi import rendered

    return _answer(request, await asyncio.to_thread(rendered.index), negotiation.JSON)


def _v3(group_version: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        from podrunner.api.openapi import rendered

        document = await asyncio.to_thread(rendered.v3, group_version)
        wanted = request.query_params.get("hash")
        if wanted and wanted != document.hash:
            return RedirectResponse(rendered.url(group_version), 301)
        return _answer(request, document, negotiation.JSON, {"Cache-Control": _FOR_EVER} if wanted else {})

    return endpoint


async def _v2(request: Request) -> Response:
    from podrunner.api.openapi import rendered

    form = _form(request.headers.get("accept"))
    document = await asyncio.to_thread(rendered.v2_protobuf if form == _PROTOBUF else rendered.v2)
    return _answer(request, document, form)


def _form(accept: str | None) -> str:
    for clause in preferences.clauses(accept):
        for asked, answered in _FORMS.items():
            if clause.covers(asked):
                return answered
    raise errors.NotAcceptable(f"only the following media types are accepted: {', '.join(_FORMS)}")


def _answer(
    request: Request, document: "Rendered", media_type: str, more_headers: dict[str, str] | None = None
) -> Response:
    headers = {"ETag": f'"{document.hash}"', "Vary": "Accept"} | (more_headers or {})
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type=media_type)
