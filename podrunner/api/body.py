"""Reading request bodies: bounded, in JSON, YAML or Kubernetes' protobuf, decoded as `fieldValidation` asks."""

import functools
from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from podrunner import errors
from podrunner.api import negotiation, query
from podrunner.objects import base, decode, fielderrors, kinds, yamltext

S = TypeVar("S", bound=base.Struct)

LONGEST = 3 * 1024 * 1024
"""Bytes of a body: the API server's MaxRequestBodyBytes."""

_MOST_PROBLEMS = 100
"""Told of one body: as many as sigs.k8s.io/json keeps of its strict errors (saveStrictError)."""

OBJECT_TYPES = (negotiation.JSON, negotiation.YAML, negotiation.PROTOBUF)
"""Media types in which a whole object may come."""


class Read(NamedTuple):
    """An object from a body, and what the client is to be warned of."""

    object: Any
    warnings: tuple[str, ...]


async def read_object(request: Request, kind: kinds.Kind) -> Read:
    """The body as an object of `kind`. Raises errors.BadRequest with Kubernetes' words."""
    return to_object(request, await _data(request), kind)


def to_object(request: Request, data: Any, kind: kinds.Kind) -> Read:
    """Plain data as an object of `kind`, unknown fields refused or warned of as the request's `fieldValidation` says.

    Raises errors.BadRequest with Kubernetes' words, also when the data says that it is of another kind.
    """
    about = _named(data, kind)
    if (about.kind, about.api_version) != (kind.name, kind.api_version):
        raise errors.BadRequest(f"{_described(about)} cannot be handled as a {kind.name}")
    decoded = decode.decode(data, kind.type)
    if decoded.errors:
        raise _refusal(about, kind, ", ".join(map(str, decoded.errors[:_MOST_PROBLEMS])))
    unknown = tuple(f"unknown field {fielderrors.quote(problem.path)}" for problem in decoded.unknown[:_MOST_PROBLEMS])
    strictness = query.one_of(request, "fieldValidation", ("Warn", "Strict", "Ignore"))
    if unknown and strictness == "Strict":
        raise _refusal(about, kind, f"strict decoding error: {', '.join(unknown)}")
    return Read(decoded.object, unknown if strictness == "Warn" else ())


async def read_options(request: Request, type_: type[S]) -> S:
    """The body as options of a request, all of them absent if it has none. Raises errors.BadRequest."""
    data = await _data(request)
    decoded = decode.decode({} if data is None else data, type_)
    if decoded.problems:
        raise errors.BadRequest(", ".join(map(str, decoded.problems)))
    return decoded.object


def media_type(request: Request) -> str:
    """The Content-Type without its parameters; JSON where none is given."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() or negotiation.JSON


async def read_bytes(request: Request) -> bytes:
    """The whole body. Raises HTTPException (413)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise HTTPException(413, f"Request entity too large: limit is {LONGEST}")
    return bytes(body)


def parse(body: bytes, media_type: str) -> Any:
    """JSON or YAML as plain data. Raises errors.BadRequest."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        if media_type == negotiation.JSON:
            raise errors.BadRequest(
                f"the object provided is unrecognized (must be of type JSON): couldn't get version/kind; {error}"
            ) from error
    return _parse_yaml(body)


def unsupported(supported: tuple[str, ...]) -> errors.UnsupportedMediaType:
    return errors.UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {', '.join(supported)}"
    )


async def _data(request: Request) -> Any:
    """The body's data, None if there is none."""
    body = await read_bytes(request)
    if not body:
        return None
    given = media_type(request)
    if given == negotiation.PROTOBUF:
        return _protobuf()(body)
    if given not in (*OBJECT_TYPES, "*/*"):
        raise unsupported(OBJECT_TYPES)
    return parse(body, given)


def _parse_yaml(body: bytes) -> Any:
    try:
        documents = list(yamltext.documents(body.decode()))
    except (ValueError, RecursionError) as error:
        raise errors.BadRequest(f"error parsing YAML: {error}") from error
    if len(documents) > 1 or any(document.duplicates for document in documents):
        raise errors.BadRequest("error parsing YAML: one document without duplicate keys is expected")
    return documents[0].data if documents else None


@functools.cache
def _protobuf() -> Any:
    from podrunner.api import protobuf

    return protobuf.decode


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
