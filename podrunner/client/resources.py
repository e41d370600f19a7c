"""Kubernetes' calls for objects of any kind, as plain data, over the server's Unix socket.

What kinds there are is known without asking: `objects.kinds` is the table that the server serves from.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from podrunner import errors
from podrunner.client import http
from podrunner.objects import kinds

NAMESPACE = "default"
"""Where a command looks that names no namespace."""

MANAGER = "podrunner"
"""Who owns the fields that our own commands set."""

TABLE = f"application/json;as=Table;v=v1;g=meta.k8s.io,{http.JSON}"
"""Accept: rows as `kubectl get` prints them."""

APPLY_PATCH = "application/apply-patch+yaml"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


class Selection(NamedTuple):
    """Which objects of a kind: by their labels, by their fields; "" for all."""

    labels: str = ""
    fields: str = ""

    def query(self) -> dict[str, str]:
        given = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return {name: value for name, value in given.items() if value}


EVERYTHING = Selection()


class Written(NamedTuple):
    """An object as the server has it after a write. `created`: it was not there before."""

    object: dict[str, Any]
    created: bool
    warnings: list[str]


class Change(NamedTuple):
    """What a watch brings: ADDED, MODIFIED, DELETED or BOOKMARK, and the object, or a Table of it."""

    type: str
    object: dict[str, Any]


def kind_named(text: str) -> kinds.Kind:
    """The kind that a command line calls `po`, `pod`, `pods` or `leases.coordination.k8s.io`. Raises UsageError."""
    kind = kinds.by_any_name(text)
    if kind is None:
        raise errors.UsageError(f'the server doesn\'t have a resource type "{text}"')
    return kind


def path(kind: kinds.Kind, namespace: str | None, name: str = "", subresource: str = "") -> str:
    """Where an object is, or, without a name, the collection; `namespace` None: of all namespaces."""
    place = f"/namespaces/{quote(namespace, safe='')}" if kind.namespaced and namespace else ""
    below = "".join(f"/{quote(part, safe='')}" for part in (name, subresource) if part)
    return f"{kind.path}{place}/{kind.plural}{below}"


def get(
    server: http.Server, kind: kinds.Kind, namespace: str | None, name: str, *, accept: str = http.JSON
) -> dict[str, Any]:
    """One object. Raises `NotFound`."""
    return read(server.request("GET", path(kind, namespace, name), accept=accept).body)


def listing(
    server: http.Server,
    kind: kinds.Kind,
    namespace: str | None,
    selection: Selection = EVERYTHING,
    *,
    accept: str = http.JSON,
    query: Mapping[str, str] = {},
) -> dict[str, Any]:
    """The list of those that are selected. Raises `BadRequest` for what is no selector."""
    asked = {**selection.query(), **query}
    return read(server.request("GET", path(kind, namespace), query=asked, accept=accept).body)


def watch(
    server: http.Server,
    kind: kinds.Kind,
    namespace: str | None,
    selection: Selection = EVERYTHING,
    *,
    since: str = "",
    accept: str = http.JSON,
    query: Mapping[str, str] = {},
) -> http.Stream:
    """What changes after the resourceVersion `since`, after all that is there if it is ""; `changes` reads it."""
    asked = {"watch": "true", **selection.query(), **({"resourceVersion": since} if since else {}), **query}
    return server.stream("GET", path(kind, namespace), query=asked, accept=accept)


def changes(blocks: Iterable[bytes]) -> Iterator[Change]:
    """What a watch brings. Raises what an ERROR tells (`Expired`)."""
    for line in http.lines(blocks):
        event = read(line)
        if event["type"] == "ERROR":
            raise http.status_error(msgspec.json.encode(event["object"]))
        yield Change(event["type"], event["object"])


def create(
    server: http.Server, kind: kinds.Kind, namespace: str, obj: Mapping[str, Any], *, subresource: str = ""
) -> dict[str, Any]:
    """The object as it was admitted. Raises `AlreadyExists`, `Invalid`."""
    where = path(kind, namespace, obj["metadata"]["name"], subresource) if subresource else path(kind, namespace)
    return read(server.request("POST", where, body=msgspec.json.encode(obj)).body)


def replace(server: http.Server, kind: kinds.Kind, namespace: str, obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object in the place of the one of its name, whatever that was. Raises `NotFound`, `Invalid`."""
    where = path(kind, namespace, obj["metadata"]["name"])
    return read(server.request("PUT", where, body=msgspec.json.encode(obj)).body)


def apply(
    server: http.Server,
    kind: kinds.Kind,
    namespace: str,
    obj: Mapping[str, Any],
    *,
    force: bool = False,
    dry_run: bool = False,
) -> Written:
    """Server-side apply as the manager `podrunner`. Raises `Conflict` for fields of other managers, `Invalid`."""
    query = {"fieldManager": MANAGER, "fieldValidation": "Strict", "force": "true" if force else "false"}
    return _patch(server, path(kind, namespace, obj["metadata"]["name"]), obj, APPLY_PATCH, query, dry_run=dry_run)


def patch(
    server: http.Server,
    kind: kinds.Kind,
    namespace: str,
    name: str,
    change: Mapping[str, Any],
    *,
    subresource: str = "",
) -> Written:
    """The object, or a subresource of it, after a strategic merge patch. Raises `NotFound`, `Invalid`."""
    query = {"fieldManager": MANAGER}
    return _patch(server, path(kind, namespace, name, subresource), change, STRATEGIC_PATCH, query)


def delete(
    server: http.Server, kind: kinds.Kind, namespace: str | None, name: str, options: Mapping[str, Any] = {}
) -> dict[str, Any]:
    """Starts the deletion; `options` are those of DeleteOptions. The object as it goes on, or a Status when it is gone.

    Raises `NotFound`, and `Conflict` where the preconditions don't hold.
    """
    body = msgspec.json.encode({"apiVersion": "v1", "kind": "DeleteOptions", **options})
    return read(server.request("DELETE", path(kind, namespace, name), body=body).body)


def read(data: bytes) -> dict[str, Any]:
    """An answer as plain data. Raises ServerError for what is no JSON object."""
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise errors.ServerError(
            f"podrunner's server answered something unexpected ({error}); is it of another version?"
        ) from error


def _patch(
    server: http.Server,
    where: str,
    body: Mapping[str, Any],
    content_type: str,
    query: Mapping[str, str],
    *,
    dry_run: bool = False,
) -> Written:
    asked = {**query, **({"dryRun": "All"} if dry_run else {})}
    answer = server.request("PATCH", where, query=asked, body=msgspec.json.encode(body), content_type=content_type)
    return Written(read(answer.body), answer.status == 201, answer.warnings)
