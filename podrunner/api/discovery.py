"""Discovery: which groups, versions and resources the API has, in the two forms that clients ask for.

The aggregated form (apidiscovery.k8s.io) tells everything in two answers; the older one has an answer for each group
and each group version. Sources: k8s.io/apiserver `pkg/endpoints/discovery/` and `pkg/endpoints/discovery/aggregated/`.
"""

import functools
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from podrunner.api import answers, catalog, negotiation, preferences

_AGGREGATED = {"g": "apidiscovery.k8s.io", "as": "APIGroupDiscoveryList"}
_AGGREGATED_VERSIONS = ("v2", "v2beta1")

_EXTENSIONS = "apiextensions.k8s.io/v1"

Endpoint = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    """The paths under which clients look: /api and /apis, and below them each group and each group version."""
    return [
        Route("/api", _root(catalog.CORE, _versions_of_core)),
        Route("/apis", _root(catalog.GROUPS, lambda _request: _group_list())),
        *(Route(f"/apis/{group}", _fixed(_group, group)) for group in catalog.GROUPS),
        *(Route(catalog.path(each), _fixed(_resource_list, each)) for each in catalog.GROUP_VERSIONS),
        Route(f"/apis/{_EXTENSIONS}/customresourcedefinitions", _fixed(_no_definitions, _EXTENSIONS)),
    ]


def _fixed(document: Callable[[str], dict[str, Any]], name: str) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return answers.json(document(name))

    return endpoint


def _root(groups: tuple[str, ...], older_form: Callable[[Request], dict[str, Any]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        version = _aggregated_version(request.headers.get("accept"))
        return _answer(request, _aggregated(groups, version)) if version else answers.json(older_form(request))

    return endpoint


def _aggregated_version(accept: str | None) -> str | None:
    """The version of the aggregated form that the client wants most, None if it wants the older form more."""
    for clause in preferences.clauses(accept):
        if clause.covers(negotiation.JSON):
            wanted = clause.parameters
            if "as" not in wanted:
                return None
            if _AGGREGATED.items() <= wanted.items() and wanted.get("v") in _AGGREGATED_VERSIONS:
                return wanted["v"]
    return None


class _Document(NamedTuple):
    body: bytes
    etag: str
    media_type: str


def _answer(request: Request, document: _Document) -> Response:
    headers = {"ETag": document.etag, "Vary": "Accept", "Cache-Control": "public"}
    if request.headers.get("if-none-match") == document.etag:
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type=document.media_type)


@functools.cache
def _aggregated(groups: tuple[str, ...], version: str) -> _Document:
    items = [_group_discovery(group) for group in groups]
    group_version = f"{_AGGREGATED['g']}/{version}"
    body = msgspec.json.encode({"kind": _AGGREGATED["as"], "apiVersion": group_version, "metadata": {}, "items": items})
    etag = f'"{hashlib.sha512(body).hexdigest().upper()}"'
    parameters = f"g={_AGGREGATED['g']};v={version};as={_AGGREGATED['as']}"
    return _Document(body, etag, f"{negotiation.JSON};{parameters}")


def _group_discovery(group: str) -> dict[str, Any]:
    versions = [
        {
            "version": catalog.version(each),
            "resources": [_resource_discovery(served) for served in catalog.of_group_version(each)],
            "freshness": "Current",
        }
        for each in catalog.of_group(group)
    ]
    return {"metadata": {"name": group} if group else {}, "versions": versions}


def _resource_discovery(served: catalog.Served) -> dict[str, Any]:
    told = {
        "resource": served.plural,
        "responseKind": {"group": "", "version": "", "kind": served.kind},
        "scope": "Namespaced" if served.namespaced else "Cluster",
        "singularResource": served.singular,
        "verbs": served.verbs,
        "shortNames": served.short_names,
        "categories": served.categories,
        "subresources": [_subresource_discovery(each) for each in served.subresources],
    }
    return _without_empty_lists(told)


def _subresource_discovery(subresource: catalog.Subresource) -> dict[str, Any]:
    group, version = catalog.group(subresource.group_version), catalog.version(subresource.group_version)
    return {
        "subresource": subresource.name,
        "responseKind": {"group": group, "version": version, "kind": subresource.kind},
        "verbs": subresource.verbs,
    }


def _versions_of_core(request: Request) -> dict[str, Any]:
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": request.headers.get("host", "")}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def _group_list() -> dict[str, Any]:
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_versions(group) for group in catalog.GROUPS]}


def _group(group: str) -> dict[str, Any]:
    return {"kind": "APIGroup", "apiVersion": "v1"} | _versions(group)


def _versions(group: str) -> dict[str, Any]:
    versions = [{"groupVersion": each, "version": catalog.version(each)} for each in catalog.of_group(group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(group_version: str) -> dict[str, Any]:
    resources = [each for served in catalog.of_group_version(group_version) for each in _resources(served)]
    # The first, core/v1, is older than the rule that an object tells its version.
    version = {"apiVersion": "v1"} if catalog.group(group_version) else {}
    return {"kind": "APIResourceList"} | version | {"groupVersion": group_version, "resources": resources}


def _resources(served: catalog.Served) -> list[dict[str, Any]]:
    """The resource, and each of its subresources as one of its own."""
    resource = {
        "name": served.plural,
        "singularName": served.singular,
        "namespaced": served.namespaced,
        "kind": served.kind,
        "verbs": served.verbs,
        "shortNames": served.short_names,
        "categories": served.categories,
    }
    return [_without_empty_lists(resource), *(_subresource(served, each) for each in served.subresources)]


def _subresource(served: catalog.Served, subresource: catalog.Subresource) -> dict[str, Any]:
    other = subresource.group_version
    return {
        "name": f"{served.plural}/{subresource.name}",
        "singularName": "",
        "namespaced": served.namespaced,
        **({"group": catalog.group(other), "version": catalog.version(other)} if other else {}),
        "kind": subresource.kind,
        "verbs": subresource.verbs,
    }


def _no_definitions(group_version: str) -> dict[str, Any]:
    """The custom resources that there are, for kubectl, which looks a kind up among them if it cannot be patched."""
    metadata = {"resourceVersion": "1"}
    return {"kind": "CustomResourceDefinitionList", "apiVersion": group_version, "metadata": metadata, "items": []}


def _without_empty_lists(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in ((), [])}
