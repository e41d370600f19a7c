"""The OpenAPI documents: what kubectl reads from them, and that they hang together."""

import re
from typing import Any

import msgspec
import pytest
from starlette.routing import Match

from podrunner.api import app, catalog
from podrunner.api.openapi import documents, gnostic, older

PODS = "/api/v1/namespaces/{namespace}/pods"
_METHODS = ("delete", "get", "patch", "post", "put")

Document = dict[str, Any]


@pytest.fixture(scope="module")
def newer() -> dict[str, Document]:
    """The v3 documents, by group version."""
    return {each: documents.of_group_version(each) for each in catalog.GROUP_VERSIONS}


@pytest.fixture(scope="module")
def core(newer: dict[str, Document]) -> Document:
    return newer["v1"]


@pytest.fixture(scope="module")
def v2(newer: dict[str, Document]) -> Document:
    return older.document(newer.values())


def schema(document: Document, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][f"io.k8s.api.core.v1.{name}"]
    return found


def extensions(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name.startswith("x-")}


def references(document: Document) -> set[str]:
    return set(
        re.findall(r'"\$ref":"#/(?:definitions|components/schemas)/([^"]+)"', msgspec.json.encode(document).decode())
    )


def test_every_reference_leads_somewhere(newer: dict[str, Document], v2: Document) -> None:
    for document in newer.values():
        assert references(document) <= document["components"]["schemas"].keys()
    assert len(references(v2)) > 200
    assert references(v2) <= v2["definitions"].keys()


def test_types_have_kubernetes_names(newer: dict[str, Document]) -> None:
    names = {group_version: list(document["components"]["schemas"]) for group_version, document in newer.items()}
    assert names["coordination.k8s.io/v1"] == [
        "io.k8s.api.coordination.v1.Lease",
        "io.k8s.api.coordination.v1.LeaseList",
        "io.k8s.api.coordination.v1.LeaseSpec",
        "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
        "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
        "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta",
        "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry",
        "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
        "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
        "io.k8s.apimachinery.pkg.apis.meta.v1.Patch",
        "io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions",
        "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
        "io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause",
        "io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails",
        "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
    ]
    assert {
        "io.k8s.api.events.v1.Event",
        "io.k8s.api.events.v1.EventSeries",
        "io.k8s.api.core.v1.EventSource",
    } <= set(names["events.k8s.io/v1"])
    assert "io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetricsList" in names["metrics.k8s.io/v1beta1"]
    assert "io.k8s.api.authentication.v1.UserInfo" in names["authentication.k8s.io/v1"]
    assert "io.k8s.api.authorization.v1.ResourceAttributes" in names["authorization.k8s.io/v1"]
    assert {"io.k8s.api.policy.v1.Eviction", "io.k8s.api.core.v1.PodList"} <= set(names["v1"])


def test_values_have_kubernetes_forms(core: Document) -> None:
    properties = schema(core, "Container")["properties"] | schema(core, "HTTPGetAction")["properties"]
    assert properties["name"] == {
        "type": "string",
        "description": "The container's name, unique in the pod; a DNS label. It cannot be changed.",
        "default": "",
    }
    assert properties["resources"] == {
        "allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.ResourceRequirements"}],
        "description": "The CPU, memory and other resources the container asks for and is held to.",
        "default": {},
    }
    assert properties["command"]["items"] == {"type": "string"}
    assert properties["port"]["allOf"] == [
        {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString"}
    ]
    limits = schema(core, "ResourceRequirements")["properties"]["limits"]["additionalProperties"]
    assert limits == {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity"}
    assert schema(core, "Secret")["properties"]["data"]["additionalProperties"] == {"type": "string", "format": "byte"}
    spec = schema(core, "PodSpec")["properties"]
    assert (spec["priority"]["format"], spec["activeDeadlineSeconds"]["format"]) == ("int32", "int64")
    times = schema(core, "Event")["properties"]
    assert [times[name]["allOf"][0]["$ref"].rpartition(".")[2] for name in ("eventTime", "lastTimestamp")] == [
        "MicroTime",
        "Time",
    ]


def test_a_list_says_what_it_is_a_list_of(core: Document) -> None:
    pods = schema(core, "PodList")
    assert pods["properties"]["items"]["items"] == {"$ref": "#/components/schemas/io.k8s.api.core.v1.Pod"}
    assert pods["required"] == ["items"]
    assert extensions(pods) == {"x-kubernetes-group-version-kind": [{"group": "", "kind": "PodList", "version": "v1"}]}


def test_lists_say_how_they_merge(core: Document) -> None:
    spec = schema(core, "PodSpec")["properties"]
    assert extensions(spec["volumes"]) == {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-merge-key": "name",
        "x-kubernetes-patch-strategy": "merge,retainKeys",
    }
    assert extensions(schema(core, "EphemeralContainer")["properties"]["ports"]) == {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
        "x-kubernetes-patch-merge-key": "containerPort",
        "x-kubernetes-patch-strategy": "merge",
    }
    assert extensions(spec["nodeSelector"]) == {"x-kubernetes-map-type": "atomic"}
    assert extensions(schema(core, "ObjectReference")) == {"x-kubernetes-map-type": "atomic"}
    assert schema(core, "ContainerPort")["properties"]["protocol"]["default"] == "TCP"


def test_a_patch_says_what_kubectl_looks_for(core: Document) -> None:
    patch = core["paths"][f"{PODS}/{{name}}"]["patch"]
    assert [(each["name"], each["in"]) for each in patch["parameters"]] == [
        ("dryRun", "query"),
        ("fieldManager", "query"),
        ("fieldValidation", "query"),
        ("force", "query"),
    ]
    assert list(patch["requestBody"]["content"]) == [
        "application/apply-patch+yaml",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ]
    assert extensions(patch) == {
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {"group": "", "kind": "Pod", "version": "v1"},
    }


def test_the_paths_of_a_resource_are_told_with_their_operations(newer: dict[str, Document]) -> None:
    def operations(group_version: str) -> dict[str, dict[str, str]]:
        paths = newer[group_version]["paths"]
        return {
            path: {name: item[name]["operationId"] for name in _METHODS if name in item} for path, item in paths.items()
        }

    assert operations("coordination.k8s.io/v1") == {
        "/apis/coordination.k8s.io/v1/leases": {"get": "listCoordinationV1LeaseForAllNamespaces"},
        "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases": {
            "delete": "deleteCoordinationV1CollectionNamespacedLease",
            "get": "listCoordinationV1NamespacedLease",
            "post": "createCoordinationV1NamespacedLease",
        },
        "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}": {
            "delete": "deleteCoordinationV1NamespacedLease",
            "get": "readCoordinationV1NamespacedLease",
            "patch": "patchCoordinationV1NamespacedLease",
            "put": "replaceCoordinationV1NamespacedLease",
        },
    }
    assert operations("metrics.k8s.io/v1beta1")["/apis/metrics.k8s.io/v1beta1/nodes"] == {
        "get": "listMetricsV1beta1NodeMetrics"
    }
    core = operations("v1")
    assert core[f"{PODS}/{{name}}/exec"] == {
        "get": "connectCoreV1GetNamespacedPodExec",
        "post": "connectCoreV1PostNamespacedPodExec",
    }
    assert core[f"{PODS}/{{name}}/eviction"] == {"post": "createCoreV1NamespacedPodEviction"}
    assert core[f"{PODS}/{{name}}/log"] == {"get": "readCoreV1NamespacedPodLog"}
    assert core["/api/v1/namespaces"] == {"get": "listCoreV1Namespace", "post": "createCoreV1Namespace"}


def test_the_parameters_of_a_path_are_told(core: Document) -> None:
    item = core["paths"][f"{PODS}/{{name}}"]
    assert [(each["name"], each["in"], each["required"]) for each in item["parameters"]] == [
        ("name", "path", True),
        ("namespace", "path", True),
    ]
    assert "parameters" not in core["paths"]["/api/v1/namespaces"]


def test_what_is_told_is_served(newer: dict[str, Document]) -> None:
    nobody: Any = None
    routes = app.create(nobody, nobody, nobody, nobody).routes
    for document in newer.values():
        for path, item in document["paths"].items():
            for method in item.keys() & set(_METHODS):
                scope = {"type": "http", "method": method.upper(), "path": path, "path_params": {}, "root_path": ""}
                assert any(route.matches(scope)[0] is Match.FULL for route in routes), f"{method} {path}"


def test_the_older_form_says_the_same_in_its_words(v2: Document) -> None:
    definitions = v2["definitions"]
    assert definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"]["type"] == "string"
    container = definitions["io.k8s.api.core.v1.Container"]["properties"]
    assert container["resources"] == {
        "$ref": "#/definitions/io.k8s.api.core.v1.ResourceRequirements",
        "description": "The CPU, memory and other resources the container asks for and is held to.",
        "default": {},
    }
    assert container["ports"]["items"] == {"$ref": "#/definitions/io.k8s.api.core.v1.ContainerPort"}
    assert container["ports"]["x-kubernetes-patch-merge-key"] == "containerPort"
    create = v2["paths"][PODS]["post"]
    assert create["parameters"][0] == {
        "name": "body",
        "in": "body",
        "schema": {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"},
        "required": True,
    }
    assert create["parameters"][1] == {
        "name": "dryRun",
        "in": "query",
        "description": "All: do everything but store the result.",
        "type": "string",
        "uniqueItems": True,
    }
    assert create["consumes"] == ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
    assert create["responses"] == {
        "201": {"description": "Created", "schema": {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"}}
    }


def test_the_protobuf_form_has_gnostics_fields() -> None:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "V"},
        "paths": {},
        "definitions": {"N": {"type": "object", "properties": {"p": {"$ref": "#/q", "default": {}, "x-a": ["b"]}}}},
    }
    reference = b"\x0a\x03#/q" + b"\x2a\x04\x12\x02{}" + b'\xfa\x01\x0e\x0a\x03x-a\x12\x07\x12\x05["b"]'
    named = b"\x0a\x01p\x12" + bytes([len(reference)]) + reference
    properties = b"\x0a" + bytes([len(named)]) + named
    schema = b"\xb2\x01\x08\x0a\x06object" + b"\xca\x01" + bytes([len(properties)]) + properties
    definition = b"\x0a\x01N\x12" + bytes([len(schema)]) + schema
    definitions = b"\x0a" + bytes([len(definition)]) + definition
    assert gnostic.encode(document) == (
        b"\x0a\x032.0" + b"\x12\x06\x0a\x01T\x12\x01V" + b"\x42\x00" + b"\x4a" + bytes([len(definitions)]) + definitions
    )
