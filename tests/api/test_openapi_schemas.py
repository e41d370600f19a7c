"""The schemas say of every type what the official client, made from Kubernetes' own documents, has in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from podrunner.api import catalog
from podrunner.api.openapi import documents

pytestmark = pytest.mark.engine  # importing all models of the client takes its time

# Models of the official client, by the components they were made of, where several groups have one of that name.
_MODELS = {
    "io.k8s.api.core.v1.EndpointPort": "CoreV1EndpointPort",
    "io.k8s.api.core.v1.Event": "CoreV1Event",
    "io.k8s.api.core.v1.EventList": "CoreV1EventList",
    "io.k8s.api.core.v1.EventSeries": "CoreV1EventSeries",
    "io.k8s.api.core.v1.ResourceClaim": "CoreV1ResourceClaim",
    "io.k8s.api.discovery.v1.EndpointPort": "DiscoveryV1EndpointPort",
    "io.k8s.api.events.v1.Event": "EventsV1Event",
    "io.k8s.api.events.v1.EventList": "EventsV1EventList",
    "io.k8s.api.events.v1.EventSeries": "EventsV1EventSeries",
}
_PLAIN = {"Time": "datetime", "MicroTime": "datetime", "Quantity": "str", "FieldsV1": "object", "IntOrString": "object"}
_TYPES = {"string": "str", "integer": "int", "boolean": "bool"}

_NOT_ANSWERED = {"io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta": ("shardInfo",)}
"""Of sharded lists, an alpha feature."""

Schemas = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    found: Schemas = {}
    for group_version in catalog.GROUP_VERSIONS:
        found |= documents.of_group_version(group_version)["components"]["schemas"]
    return found


def _objects(schemas: Schemas) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Name, schema and model of each object. The metrics have no models."""
    for name, schema in schemas.items():
        if "properties" in schema and ".metrics." not in name:
            yield name, schema, getattr(client, _model(name))


def _model(component: str) -> str:
    return _MODELS.get(component) or f"V1{component.rpartition('.')[2]}"


def _as_the_client_writes_it(schema: dict[str, Any]) -> str:
    """The type of a property in the client's words: List[V1Container]."""
    for reference in (schema, *schema.get("allOf", ())):
        if "$ref" in reference:
            component = reference["$ref"].removeprefix("#/components/schemas/")
            return _PLAIN.get(component.rpartition(".")[2]) or _model(component)
    if schema["type"] == "array":
        return f"List[{_as_the_client_writes_it(schema['items'])}]"
    if schema["type"] == "object":
        return f"Dict[str, {_as_the_client_writes_it(schema['additionalProperties'])}]"
    return "bytes" if schema.get("format") == "byte" else _TYPES[schema["type"]]


def test_every_property_has_the_type_it_has_in_the_client(schemas: Schemas) -> None:
    checked = 0
    for name, schema, model in _objects(schemas):
        expected = {model.attribute_map[attribute]: type_ for attribute, type_ in model.openapi_types.items()}
        for missing in _NOT_ANSWERED.get(name, ()):
            del expected[missing]
        found = {field: _as_the_client_writes_it(each) for field, each in schema["properties"].items()}
        assert found == expected, name
        checked += len(found)
    assert checked > 1000


def test_what_the_client_insists_on_is_required(schemas: Schemas) -> None:
    for name, schema, model in _objects(schemas):
        required = [attribute for attribute, field in model.model_fields.items() if field.is_required()]
        assert schema.get("required", []) == sorted(model.attribute_map[each] for each in required), name


def test_metrics_which_the_client_does_not_know_are_always_complete(schemas: Schemas) -> None:
    package = "io.k8s.metrics.pkg.apis.metrics.v1beta1"
    assert {
        name: schemas[f"{package}.{name}"]["required"] for name in ("PodMetrics", "ContainerMetrics", "NodeMetrics")
    } == {
        "PodMetrics": ["containers", "timestamp", "window"],
        "ContainerMetrics": ["name", "usage"],
        "NodeMetrics": ["timestamp", "usage", "window"],
    }
