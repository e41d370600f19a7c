"""The JSON schemas of our types, as components of an OpenAPI v3 document. Pure; performs no I/O.

Source of the form: kube-openapi `pkg/builder3` and kubernetes `api/openapi-spec/v3/`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import inspect

from podrunner.api import catalog
from podrunner.api.openapi import fields, names
from podrunner.objects import base, descriptions, envelopes, structure
from podrunner.objects.patches import schema as merging

Schema = dict[str, Any]
Kind = dict[str, str]
"""A group, a version and a kind."""

GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"
REFERENCE = "#/components/schemas/"

_PLAIN: Mapping[str, Schema] = {
    names.TIME: {"type": "string", "format": "date-time"},
    names.MICRO_TIME: {"type": "string", "format": "date-time"},
    names.QUANTITY: {"oneOf": [{"type": "string"}, {"type": "number"}]},
    names.INT_OR_STRING: {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
    names.FIELDS_V1: {"type": "object"},
    names.PATCH: {"type": "object"},
}
"""What is a component of its own although it is no struct of ours."""


class Components:
    """Collects the schemas of types and of all that they refer to, each one once."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def add(self, type_: type[base.Struct], kinds: Sequence[Kind] = ()) -> None:
        """A type that is sent or answered as a whole, under these kinds."""
        self._struct(type_)
        if kinds:
            self.schemas[names.of(type_)][GROUP_VERSION_KIND] = list(kinds)

    def add_list(self, type_: type[base.Struct], kind: Kind) -> None:
        """The list of a type's objects."""
        schema = self._described(envelopes.List, structure.of(envelopes.List))
        schema["description"] = f"A list of {kind['kind'].removesuffix('List')} objects."
        schema["properties"]["items"]["items"] = self._struct(type_)
        self.schemas[names.of_list(type_)] = schema | {GROUP_VERSION_KIND: [kind]}

    def add_plain(self, name: str) -> Schema:
        """A component that is no struct; a reference to it."""
        about = descriptions.about(name.rpartition(".")[2])
        self.schemas.setdefault(name, {"description": about, **_PLAIN[name]})
        return reference(name)

    def _struct(self, type_: type[base.Struct], shape: inspect.StructType | None = None) -> Schema:
        """A reference to a type's component, which is made if it is not there yet."""
        name = names.of(type_)
        if name not in self.schemas:
            self.schemas[name] = {}  # for a type that holds itself
            self.schemas[name] = self._described(type_, shape or structure.of(type_))
        return reference(name)

    def _described(self, type_: type[base.Struct], shape: inspect.StructType) -> Schema:
        in_order = sorted(shape.fields, key=lambda field: field.encode_name)
        schema: Schema = {
            "description": descriptions.about(type_.__name__),
            "type": "object",
            "properties": {field.encode_name: self._property(type_, field) for field in in_order},
        }
        if required := fields.required(type_, shape.fields):
            schema["required"] = required
        if type_ in merging.ATOMIC_STRUCTS:
            schema["x-kubernetes-map-type"] = "atomic"
        return schema

    def _property(self, type_: type[base.Struct], field: inspect.Field) -> Schema:
        schema = self._value(field.type, micro=fields.has_microseconds(field))
        if "$ref" in schema:
            schema = {"allOf": [schema]}  # what stands beside a $ref is ignored
        schema["description"] = descriptions.of_field(type_, field.encode_name)
        if (default := fields.default(type_, field)) is not None:
            schema["default"] = default
        return schema | _merging(merging.rule(type_, field.encode_name))

    def _value(self, shape: inspect.Type, *, micro: bool = False) -> Schema:
        match shape:
            case inspect.StructType():
                return self._struct(cast("type[base.Struct]", shape.cls), shape)
            case inspect.UnionType():
                return self._union(shape, micro=micro)
            case inspect.Metadata():
                return self.add_plain(names.QUANTITY)
            case inspect.DateTimeType():
                return self.add_plain(names.MICRO_TIME if micro else names.TIME)
            case inspect.VarTupleType():
                return {"type": "array", "items": self._value(shape.item_type)}
            case inspect.DictType(value_type=inspect.AnyType()):
                return self.add_plain(names.FIELDS_V1)
            case inspect.DictType():
                return {"type": "object", "additionalProperties": self._value(shape.value_type)}
            case inspect.IntType():
                return {"type": "integer", "format": "int64" if shape.le and shape.le >= 2**31 else "int32"}
            case _:
                return dict(_SCALARS[type(shape)])

    def _union(self, shape: inspect.UnionType, *, micro: bool) -> Schema:
        members = [member for member in shape.types if not isinstance(member, inspect.NoneType)]
        return self._value(members[0], micro=micro) if len(members) == 1 else self.add_plain(names.INT_OR_STRING)


def _merging(rule: merging.Rule) -> Schema:
    """How a list or map merges, in the extensions that kubectl and server-side apply's clients read."""
    told = {
        "x-kubernetes-list-map-keys": list(rule.map_keys),
        "x-kubernetes-list-type": rule.list_type,
        "x-kubernetes-map-type": rule.map_type,
        "x-kubernetes-patch-merge-key": rule.merge_key,
        "x-kubernetes-patch-strategy": rule.strategy,
    }
    return {name: value for name, value in told.items() if value}


_SCALARS: dict[type[inspect.Type], Schema] = {
    inspect.StrType: {"type": "string"},
    inspect.BoolType: {"type": "boolean"},
    inspect.BytesType: {"type": "string", "format": "byte"},
    inspect.AnyType: {},
}


def kind(name: str, group_version: str) -> Kind:
    """A kind of a group version, as extensions name it."""
    return {"group": catalog.group(group_version), "kind": name, "version": catalog.version(group_version)}


def reference(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"{REFERENCE}{name}"}
