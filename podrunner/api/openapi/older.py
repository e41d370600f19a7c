"""OpenAPI v2: all v3 documents in one, in the older form. Pure; performs no I/O.

Source of the form: kube-openapi `pkg/openapiconv/convert.go` and kubernetes `api/openapi-spec/swagger.json`.
"""

from collections.abc import Iterable
from typing import Any

from podrunner.api.openapi import documents, names, schemas

_PLAIN: dict[str, schemas.Schema] = {
    names.QUANTITY: {"type": "string"},
    names.INT_OR_STRING: {"type": "string", "format": "int-or-string"},
}
"""What v3 says with `oneOf`, for which v2 has no words."""


def document(newer: Iterable[documents.Document]) -> documents.Document:
    """The v2 document that says what these v3 documents say."""
    paths: dict[str, Any] = {}
    definitions: dict[str, schemas.Schema] = {}
    for each in newer:
        paths |= {path: _item(item) for path, item in each["paths"].items()}
        definitions |= {name: _definition(name, schema) for name, schema in each["components"]["schemas"].items()}
    return {
        "swagger": "2.0",
        "info": documents.info(),
        "paths": dict(sorted(paths.items())),
        "definitions": dict(sorted(definitions.items())),
    }


def _definition(name: str, schema: schemas.Schema) -> schemas.Schema:
    if name in _PLAIN:
        return {"description": schema["description"], **_PLAIN[name]}
    converted = _schema(schema)
    if "properties" in schema:
        converted["properties"] = {each: _schema(inner) for each, inner in schema["properties"].items()}
    return converted


def _schema(schema: schemas.Schema) -> schemas.Schema:
    converted = {name: value for name, value in schema.items() if name not in ("allOf", "$ref")}
    for reference in (schema, *schema.get("allOf", ())):
        if "$ref" in reference:
            converted["$ref"] = reference["$ref"].replace(schemas.REFERENCE, "#/definitions/")
    for inner in ("items", "additionalProperties"):
        if inner in schema:
            converted[inner] = _schema(schema[inner])
    return converted


def _item(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [_parameter(each) for each in value] if name == "parameters" else _operation(value)
        for name, value in item.items()
    }


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    converted = {name: value for name, value in operation.items() if name != "requestBody"}
    own = [_parameter(each) for each in operation.get("parameters", ())]
    if body := operation.get("requestBody"):
        converted["consumes"] = list(body["content"])
        own.insert(0, {"name": "body", "in": "body", "schema": _only_schema(body), "required": "required" in body})
    converted["parameters"] = own
    ((code, response),) = operation["responses"].items()
    converted["produces"] = list(response["content"])
    converted["responses"] = {code: {"description": response["description"], "schema": _only_schema(response)}}
    return converted


def _only_schema(body: dict[str, Any]) -> schemas.Schema:
    """That of the body, which is the same in all media types."""
    schema: schemas.Schema = next(iter(body["content"].values()))["schema"]
    return _schema(schema)


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in parameter.items() if name != "schema"}
    return {**plain, **parameter["schema"]}
