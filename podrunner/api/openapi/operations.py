"""The paths of an OpenAPI v3 document, from the table of what is served. Pure; performs no I/O.

Source of the form: kubernetes `api/openapi-spec/v3/`. Clients read from it which kinds can be patched and how, and
whether the server checks fields by itself (`fieldValidation`) and can do a dry run (`dryRun`).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from podrunner.api import catalog
from podrunner.api.openapi import names, parameters, schemas

Item = dict[str, Any]
"""What can be done at one path: operations by HTTP method, and the parameters they share."""

ACTION = "x-kubernetes-action"

_ANSWERED = ("application/json", "application/yaml")
_TAKEN = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_TEXT: schemas.Schema = {"type": "string"}


class _Verb(NamedTuple):
    """How a verb appears: HTTP's method, Kubernetes' action, the word that begins the operation's id."""

    method: str
    action: str
    word: str
    description: str
    query: tuple[parameters.Parameter, ...] = ()


_VERBS = {
    "list": _Verb("get", "list", "list", "Lists or watches objects of kind {}.", parameters.LIST),
    "create": _Verb("post", "post", "create", "Creates a {}.", parameters.WRITE),
    "deletecollection": _Verb(
        "delete", "deletecollection", "delete", "Deletes all {} objects that match.", parameters.DELETE_COLLECTION
    ),
    "get": _Verb("get", "get", "read", "Reads a {}."),
    "update": _Verb("put", "put", "replace", "Replaces a {} by the one that is sent.", parameters.WRITE),
    "patch": _Verb("patch", "patch", "patch", "Changes parts of a {}.", parameters.PATCH),
    "delete": _Verb("delete", "delete", "delete", "Deletes a {}.", parameters.DELETE),
}
_COLLECTION = ("list", "create", "deletecollection")
_SINGLE = ("get", "update", "patch", "delete")


class _Scope(NamedTuple):
    """What the operations of one path are about. `suffix` ends their ids, `place` is what their path holds."""

    served: catalog.Served
    kind: schemas.Kind
    place: tuple[parameters.Parameter, ...]
    suffix: str = ""

    @property
    def component(self) -> str:
        return names.of(catalog.type_of(self.kind["kind"], catalog.join(self.kind["group"], self.kind["version"])))


def paths(served: catalog.Served) -> dict[str, Item]:
    """All paths of a resource, with its subresources."""
    at = catalog.path(served.group_version)
    root = f"{at}/namespaces/{{namespace}}/{served.plural}" if served.namespaced else f"{at}/{served.plural}"
    place = (parameters.NAMESPACE,) if served.namespaced else ()
    kind = schemas.kind(served.kind, served.group_version)
    found = {
        root: _item(_Scope(served, kind, place), _COLLECTION, served.verbs),
        f"{root}/{{name}}": _item(_Scope(served, kind, (parameters.NAME, *place)), _SINGLE, served.verbs),
    }
    if served.namespaced:
        everywhere = _Scope(served, kind, (), "ForAllNamespaces")
        found[f"{at}/{served.plural}"] = _item(everywhere, ("list",), served.verbs)
    for subresource in served.subresources:
        found |= _subresource(served, subresource, f"{root}/{{name}}/{subresource.name}", (parameters.NAME, *place))
    return {path: item for path, item in found.items() if item}


def _item(scope: _Scope, candidates: Iterable[str], verbs: tuple[str, ...]) -> Item:
    operations = {_VERBS[each].method: _operation(scope, each) for each in candidates if each in verbs}
    return _with_parameters(operations, scope.place) if operations else {}


def _subresource(
    served: catalog.Served, subresource: catalog.Subresource, path: str, place: tuple[parameters.Parameter, ...]
) -> dict[str, Item]:
    kind = schemas.kind(subresource.kind, subresource.group_version or served.group_version)
    scope = _Scope(served, kind, place, subresource.name.capitalize())
    if subresource.name == "log":
        return {path: _with_parameters({"get": _log(scope)}, place)}
    if subresource.name not in parameters.CONNECT:
        return {path: _item(scope, ("create", *_SINGLE), subresource.verbs)}
    own = parameters.CONNECT[subresource.name]
    found = {path: _connect(scope, subresource, own)}
    if subresource.name == "proxy":
        below = scope._replace(place=(*place, parameters.PATH), suffix="ProxyWithPath")
        found[f"{path}/{{path}}"] = _connect(below, subresource, own)
    return found


def _operation(scope: _Scope, name: str) -> dict[str, Any]:
    verb = _VERBS[name]
    given = {"requestBody": _body(scope, name)} if name not in ("list", "get") else {}
    return {
        **_head(scope, verb, verb.description.format(scope.kind["kind"])),
        "parameters": [parameters.describe(each) for each in verb.query],
        **given,
        "responses": {"201" if name == "create" else "200": _response(_answer(scope, name), name)},
    }


def _log(scope: _Scope) -> dict[str, Any]:
    return {
        **_head(scope, _VERBS["get"], "Reads what a container of the Pod wrote."),
        "parameters": [parameters.describe(each) for each in parameters.LOG],
        "responses": {"200": _content(_TEXT, ("text/plain",), "OK")},
    }


def _connect(scope: _Scope, subresource: catalog.Subresource, own: tuple[parameters.Parameter, ...]) -> Item:
    operations = {}
    for name in subresource.verbs:
        method = _VERBS[name].method
        verb = _Verb(method, "connect", "connect", "", ())
        operations[method] = {
            **_head(scope, verb, f"Connects {method.upper()} requests to {subresource.name} of a {scope.served.kind}."),
            "responses": {"200": _content(_TEXT, ("*/*",), "OK")},
        }
    return _with_parameters(operations, (*scope.place, *own))


def _head(scope: _Scope, verb: _Verb, description: str) -> dict[str, Any]:
    group, version = catalog.group(scope.served.group_version), catalog.version(scope.served.group_version)
    group = (group or "core").partition(".")[0]
    method = verb.method.capitalize() if verb.action == "connect" else ""
    collection = "Collection" if verb.action == "deletecollection" else ""
    namespaced = "Namespaced" if parameters.NAMESPACE in scope.place else ""
    about = f"{collection}{namespaced}{scope.served.kind}{scope.suffix}"
    return {
        "description": description,
        "operationId": f"{verb.word}{group.capitalize()}{version.capitalize()}{method}{about}",
        "tags": [f"{group}_{version}"],
        ACTION: verb.action,
        schemas.GROUP_VERSION_KIND: scope.kind,
    }


def _body(scope: _Scope, name: str) -> dict[str, Any]:
    if name == "patch":
        return _content(schemas.reference(names.PATCH), _PATCHES, required=True)
    if name in ("delete", "deletecollection"):
        return _content(schemas.reference(names.DELETE_OPTIONS), _TAKEN)
    return _content(schemas.reference(scope.component), _TAKEN, required=True)


def _answer(scope: _Scope, name: str) -> str:
    """The name of the component that is answered."""
    ends_gracefully = name == "delete" and scope.kind["kind"] == "Pod"
    if name in ("delete", "deletecollection") and not ends_gracefully:
        return names.STATUS
    return f"{scope.component}List" if name == "list" else scope.component


def _response(component: str, name: str) -> dict[str, Any]:
    streamed = ("application/json;stream=watch",) if name == "list" else ()
    return _content(schemas.reference(component), (*_ANSWERED, *streamed), "Created" if name == "create" else "OK")


def _content(
    schema: schemas.Schema, media_types: tuple[str, ...], description: str = "", *, required: bool = False
) -> dict[str, Any]:
    content: dict[str, Any] = {"content": {each: {"schema": schema} for each in media_types}}
    if description:
        content["description"] = description
    return content | {"required": True} if required else content


def _with_parameters(operations: dict[str, Any], place: tuple[parameters.Parameter, ...]) -> Item:
    return operations | ({"parameters": [parameters.describe(each) for each in place]} if place else {})
