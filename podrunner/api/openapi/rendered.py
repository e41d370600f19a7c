"""The OpenAPI documents as bytes, made once each. Slow: tenths of a second at the first call. Pure; performs no I/O."""

import functools
import hashlib
from typing import NamedTuple

import msgspec

from podrunner.api import catalog
from podrunner.api.openapi import documents, older


class Rendered(NamedTuple):
    """`hash` tells this document from one of another release; it is the same for both forms of a document."""

    body: bytes
    hash: str


@functools.cache
def v3(group_version: str) -> Rendered:
    """The v3 document of a group version, as JSON."""
    return _rendered(documents.of_group_version(group_version))


@functools.cache
def index() -> Rendered:
    """Where the v3 documents are, with their hashes, so that clients may keep them for ever."""
    paths = {catalog.path(each).lstrip("/"): {"serverRelativeURL": url(each)} for each in catalog.GROUP_VERSIONS}
    return _rendered({"paths": paths})


def url(group_version: str) -> str:
    """The address of a v3 document, with its hash."""
    return f"/openapi/v3{catalog.path(group_version)}?hash={v3(group_version).hash}"


@functools.cache
def v2() -> Rendered:
    """The v2 document, as JSON."""
    return _rendered(_v2())


@functools.cache
def v2_protobuf() -> Rendered:
    """The v2 document, as protobuf."""
    from podrunner.api.openapi import gnostic

    return Rendered(gnostic.encode(_v2()), v2().hash)


def _v2() -> documents.Document:
    return older.document(map(documents.of_group_version, catalog.GROUP_VERSIONS))


def _rendered(document: documents.Document) -> Rendered:
    body = msgspec.json.encode(document)
    return Rendered(body, hashlib.sha512(body).hexdigest().upper())
