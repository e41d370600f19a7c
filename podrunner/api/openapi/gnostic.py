"""The OpenAPI v2 document as protobuf, which is the one form kubectl reads it in. Pure; performs no I/O.

Source: gnostic `openapiv2/OpenAPIv2.proto`. The descriptor is built here, of the messages and fields that our document
uses. Extensions and defaults are YAML inside it, for which JSON passes.
"""

import functools
from collections.abc import Mapping
from typing import Any

import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from podrunner.api.openapi import documents

_PACKAGE = "openapi.v2"

_MESSAGES: Mapping[str, str] = {
    "Document": "swagger=1 info=2:Info paths=8:Paths definitions=9:Properties",
    "Info": "title=1 version=2",
    "Paths": "path=2:*NamedPathItem",
    "NamedPathItem": "name=1 value=2:PathItem",
    "PathItem": "get=2:Operation put=3:Operation post=4:Operation delete=5:Operation patch=8:Operation"
    " parameters=9:*ParametersItem",
    "Operation": "tags=1:*string description=3 operation_id=5 produces=6:*string consumes=7:*string"
    " parameters=8:*ParametersItem responses=9:Responses vendor_extension=13:*NamedAny",
    "ParametersItem": "parameter=1:Parameter",
    "Parameter": "body_parameter=1:BodyParameter non_body_parameter=2:NonBodyParameter",
    "BodyParameter": "name=2 in=3 required=4:bool schema=5:Schema",
    "NonBodyParameter": "query_parameter_sub_schema=3:QueryParameter path_parameter_sub_schema=4:PathParameter",
    "QueryParameter": "in=2 description=3 name=4 type=6 unique_items=20:bool",
    "PathParameter": "required=1:bool in=2 description=3 name=4 type=5 unique_items=19:bool",
    "Responses": "response_code=1:*NamedResponseValue",
    "NamedResponseValue": "name=1 value=2:ResponseValue",
    "ResponseValue": "response=1:Response",
    "Response": "description=1 schema=2:SchemaItem",
    "SchemaItem": "schema=1:Schema",
    "Schema": "_ref=1 format=2 description=4 default=5:Any required=19:*string"
    " additional_properties=21:AdditionalPropertiesItem type=22:TypeItem items=23:ItemsItem properties=25:Properties"
    " vendor_extension=31:*NamedAny",
    "AdditionalPropertiesItem": "schema=1:Schema",
    "TypeItem": "value=1:*string",
    "ItemsItem": "schema=1:*Schema",
    "Properties": "additional_properties=1:*NamedSchema",
    "NamedSchema": "name=1 value=2:Schema",
    "NamedAny": "name=1 value=2:Any",
    "Any": "yaml=2",
}
"""The fields of each message: name=number:type, `*` before a repeated one's type, string where there is no type."""

_SCALARS = {
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
}


def encode(document: documents.Document) -> bytes:
    """A v2 document as gnostic's Document."""
    paths = [{"name": path, "value": _item(item)} for path, item in document["paths"].items()]
    made = _document_class()(
        swagger=document["swagger"],
        info=document["info"],
        paths={"path": paths},
        definitions=_properties(document["definitions"]),
    )
    return made.SerializeToString(deterministic=True)


@functools.cache
def _document_class() -> type[message.Message]:
    file = descriptor_pb2.FileDescriptorProto(name="openapiv2.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        file.message_type.add(name=name, field=[_field(text) for text in fields.split()])
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Document"))


def _field(text: str) -> descriptor_pb2.FieldDescriptorProto:
    name, _, rest = text.partition("=")
    number, _, type_ = rest.partition(":")
    kind = type_.lstrip("*") or "string"
    field = descriptor_pb2.FieldDescriptorProto
    made = field(name=name, number=int(number))
    made.label = field.LABEL_REPEATED if type_.startswith("*") else field.LABEL_OPTIONAL
    if kind in _SCALARS:
        made.type = _SCALARS[kind]
    else:
        made.type, made.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    return made


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [_parameter(each) for each in value] if name == "parameters" else _operation(value)
        for name, value in item.items()
    }


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: operation[name] for name in ("tags", "description", "produces", "consumes") if name in operation}
    responses = [
        {"name": code, "value": {"response": _response(response)}} for code, response in operation["responses"].items()
    ]
    return {
        **plain,
        "operation_id": operation["operationId"],
        "parameters": [_parameter(each) for each in operation["parameters"]],
        "responses": {"response_code": responses},
        "vendor_extension": _extensions(operation),
    }


def _response(response: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": response["description"], "schema": {"schema": _schema(response["schema"])}}


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in parameter.items() if name not in ("schema", "uniqueItems")}
    if parameter["in"] == "body":
        return {"parameter": {"body_parameter": plain | {"schema": _schema(parameter["schema"])}}}
    plain["unique_items"] = parameter["uniqueItems"]
    return {"parameter": {"non_body_parameter": {f"{parameter['in']}_parameter_sub_schema": plain}}}


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {name: schema[name] for name in ("format", "description", "required") if name in schema}
    if "$ref" in schema:
        made["_ref"] = schema["$ref"]
    if "type" in schema:
        made["type"] = {"value": [schema["type"]]}
    if "default" in schema:
        made["default"] = _any(schema["default"])
    if "items" in schema:
        made["items"] = {"schema": [_schema(schema["items"])]}
    if "additionalProperties" in schema:
        made["additional_properties"] = {"schema": _schema(schema["additionalProperties"])}
    if "properties" in schema:
        made["properties"] = _properties(schema["properties"])
    return made | {"vendor_extension": _extensions(schema)}


def _properties(schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {"additional_properties": [{"name": name, "value": _schema(each)} for name, each in schemas.items()]}


def _extensions(holder: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "value": _any(value)} for name, value in holder.items() if name.startswith("x-")]


def _any(value: Any) -> dict[str, str]:
    return {"yaml": msgspec.json.encode(value).decode()}
