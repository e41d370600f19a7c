"""Reading request bodies: bounded, JSON, decoded strictly or with warnings as `fieldValidation` asks."""

from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from podrunner import errors
from podrunner.api import answers, query
from podrunner.objects import base, decode, fielderrors, kinds

S = TypeVar("S", bound=base.Struct)

LONGEST = 3 * 1024 * 1024
"""Bytes of a body: the API server's MaxRequestBodyBytes."""


class Read(NamedTuple):
    """An object from a body, and what the client is to be warned of."""

    object: Any
    warnings: tuple[str, ...]


async def read_object(request: Request, kind: kinds.Kind) -> Read:
    """The body as an object of `kind`. Raises errors.BadRequest with Kubernetes' words."""
    data = await _json(request)
    about = _named(data, kind)
    if (about.kind, about.api_version) != (kind.name, kind.api_version):
        raise errors.BadRequest(f"{_described(about)} cannot be handled as a {kind.name}")
    decoded = decode.decode(data, kind.type)
    if decoded.errors:
        raise _refusal(about, kind, ", ".join(map(str, decoded.errors)))
    unknown = tuple(f"unknown field {fielderrors.quote(problem.path)}" for problem in decoded.unknown)
    strictness = query.one_of(request, "fieldValidation", ("Warn", "Strict", "Ignore"))
    if unknown and strictness == "Strict":
        raise _refusal(about, kind, f"strict decoding error: {', '.join(unknown)}")
    return Read(decoded.object, unknown if strictness == "Warn" else ())


async def read_options(request: Request, type_: type[S]) -> S:
    """The body as options of a request, all of them absent if it has none. Raises errors.BadRequest."""
    data = await _json(request)
    decoded = decode.decode({} if data is None else data, type_)
    if decoded.problems:
        raise errors.BadRequest(", ".join(map(str, decoded.problems)))
    return decoded.object


async def _json(request: Request) -> Any:
    """The body's data, None if there is none."""
    body = await _bytes(request)
    if not body:
        return None
    media_type = request.headers.get("content-type", answers.JSON).partition(";")[0].strip()
    if media_type not in (answers.JSON, "*/*"):
        raise HTTPException(
            415, f"the body of the request was in an unknown format - accepted media types include: {answers.JSON}"
        )
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.BadRequest(f"the object provided is unrecognized: couldn't get version/kind; {error}") from error


async def _bytes(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise HTTPException(413, f"Request entity too large: limit is {LONGEST}")
    return bytes(body)


class _About(NamedTuple):
    kind: str
    api_version: str


def _named(data: Any, kind: kinds.Kind) -> _About:
    """What the body says it is; a body that does not say is what its path expects."""
    if not isinstance(data, dict):
        raise errors.BadRequest(f"the body of the request has to be a {kind.name}")
    return _About(str(data.get("kind") or kind.name), str(data.get("apiVersion") or kind.api_version))


def _described(about: _About) -> str:
    return f'{about.kind} in version "{about.api_version}"'


def _refusal(about: _About, kind: kinds.Kind, why: str) -> errors.BadRequest:
    return errors.BadRequest(f"{_described(about)} cannot be handled as a {kind.name}: {why}")
