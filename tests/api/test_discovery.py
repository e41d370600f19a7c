"""What clients find out about the API before they use it."""

from collections.abc import Iterator
from typing import Any

import pytest

from api_world import Answer, World
from podrunner.api import catalog
from podrunner.objects import kinds, transient

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
KUBECTL = f"{AGGREGATED},application/json"
EVERY_VERB = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("api") / "podrunner.sock") as running:
        yield running


def ask(api: World, path: str, accept: str = KUBECTL, **headers: str) -> Answer:
    return api.ask("GET", path, headers={"Accept": accept, **headers})


def resources(api: World, path: str, group: str = "") -> dict[str, Any]:
    """The resources of the first version of a group in the aggregated form, by plural."""
    items = {item["metadata"].get("name", ""): item for item in ask(api, path).data["items"]}
    return {each["resource"]: each for each in items[group]["versions"][0]["resources"]}


def test_the_aggregated_form_is_answered_to_who_asks_for_it(api: World) -> None:
    answer = ask(api, "/apis")
    assert answer.headers["Content-Type"] == AGGREGATED
    assert answer.headers["Vary"] == "Accept"
    assert {name: answer.data[name] for name in ("kind", "apiVersion", "metadata")} == {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
    }


def test_groups_and_versions_are_in_the_order_of_preference(api: World) -> None:
    found = [
        (item["metadata"], [each["version"] for each in item["versions"]]) for item in ask(api, "/apis").data["items"]
    ]
    assert found == [
        ({"name": "events.k8s.io"}, ["v1"]),
        ({"name": "authentication.k8s.io"}, ["v1"]),
        ({"name": "authorization.k8s.io"}, ["v1"]),
        ({"name": "policy"}, ["v1"]),
        ({"name": "coordination.k8s.io"}, ["v1"]),
        ({"name": "discovery.k8s.io"}, ["v1"]),
        ({"name": "node.k8s.io"}, ["v1"]),
        ({"name": "metrics.k8s.io"}, ["v1beta1"]),
    ]
    core = ask(api, "/api").data["items"]
    assert [(item["metadata"], [each["version"] for each in item["versions"]]) for item in core] == [({}, ["v1"])]


def test_pods_are_told_with_their_subresources(api: World) -> None:
    pods = resources(api, "/api")["pods"]
    subresources = pods.pop("subresources")
    assert pods == {
        "resource": "pods",
        "responseKind": {"group": "", "version": "", "kind": "Pod"},
        "scope": "Namespaced",
        "singularResource": "pod",
        "verbs": EVERY_VERB,
        "shortNames": ["po"],
        "categories": ["all"],
    }
    assert {each["subresource"]: (each["responseKind"]["kind"], each["verbs"]) for each in subresources} == {
        "attach": ("PodAttachOptions", ["create", "get"]),
        "binding": ("Binding", ["create"]),
        "ephemeralcontainers": ("Pod", ["get", "patch", "update"]),
        "eviction": ("Eviction", ["create"]),
        "exec": ("PodExecOptions", ["create", "get"]),
        "log": ("Pod", ["get"]),
        "portforward": ("PodPortForwardOptions", ["create", "get"]),
        "proxy": ("PodProxyOptions", ["create", "delete", "get", "patch", "update"]),
        "status": ("Pod", ["get", "patch", "update"]),
    }


def test_a_subresource_of_another_group_says_so(api: World) -> None:
    subresources = {each["subresource"]: each for each in resources(api, "/api")["pods"]["subresources"]}
    assert subresources["eviction"]["responseKind"] == {"group": "policy", "version": "v1", "kind": "Eviction"}


def test_a_resource_of_the_cluster_is_told_so(api: World) -> None:
    assert resources(api, "/apis", "node.k8s.io") == {
        "runtimeclasses": {
            "resource": "runtimeclasses",
            "responseKind": {"group": "", "version": "", "kind": "RuntimeClass"},
            "scope": "Cluster",
            "singularResource": "runtimeclass",
            "verbs": EVERY_VERB,
        }
    }


def test_a_client_that_has_the_document_is_told_that_it_has_not_changed(api: World) -> None:
    etag = ask(api, "/apis").headers["ETag"]
    assert len(etag) == 130  # SHA-512 in hexadecimal digits and quotes
    again = ask(api, "/apis", **{"If-None-Match": etag})
    assert (again.status, again.headers["ETag"], again.body) == (304, etag, b"")
    assert ask(api, "/api", **{"If-None-Match": etag}).status == 200


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (AGGREGATED.replace("v2", "v2beta1"), "APIGroupDiscoveryList"),
        (f"{AGGREGATED.replace('v2', 'v3')},application/json", "APIGroupList"),
        (f"application/vnd.kubernetes.protobuf,{AGGREGATED}", "APIGroupDiscoveryList"),
        (f"application/json,{AGGREGATED}", "APIGroupList"),
        (f"application/json;q=0.8,{AGGREGATED};q=0.9", "APIGroupDiscoveryList"),
        ("application/json, */*", "APIGroupList"),
        ("", "APIGroupList"),
    ],
)
def test_the_form_is_the_one_the_client_wants_most(api: World, accept: str, kind: str) -> None:
    assert ask(api, "/apis", accept).data["kind"] == kind


def test_the_aggregated_form_has_an_older_version(api: World) -> None:
    answer = ask(api, "/api", AGGREGATED.replace("v2", "v2beta1"))
    assert answer.headers["Content-Type"] == AGGREGATED.replace("v2", "v2beta1")
    assert answer.data["apiVersion"] == "apidiscovery.k8s.io/v2beta1"


def test_the_older_form_tells_the_versions_of_the_core_group(api: World) -> None:
    assert ask(api, "/api", "application/json", Host="podrunner:1").data == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "podrunner:1"}],
    }


def test_the_older_form_tells_each_group(api: World) -> None:
    version = {"groupVersion": "metrics.k8s.io/v1beta1", "version": "v1beta1"}
    metrics = {"name": "metrics.k8s.io", "versions": [version], "preferredVersion": version}
    assert ask(api, "/apis/metrics.k8s.io").data == {"kind": "APIGroup", "apiVersion": "v1", **metrics}
    assert ask(api, "/apis", "application/json").data["groups"][-1] == metrics


def test_the_older_form_tells_each_version(api: World) -> None:
    assert ask(api, "/apis/metrics.k8s.io/v1beta1").data == {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": "metrics.k8s.io/v1beta1",
        "resources": [
            {"name": "nodes", "singularName": "", "namespaced": False, "kind": "NodeMetrics", "verbs": ["get", "list"]},
            {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]},
        ],
    }


def test_the_older_form_has_subresources_as_resources(api: World) -> None:
    found = {each["name"]: each for each in ask(api, "/api/v1").data["resources"]}
    assert found["namespaces"] == {
        "name": "namespaces",
        "singularName": "namespace",
        "namespaced": False,
        "kind": "Namespace",
        "verbs": [verb for verb in EVERY_VERB if verb != "deletecollection"],
        "shortNames": ["ns"],
    }
    assert found["pods/eviction"] == {
        "name": "pods/eviction",
        "singularName": "",
        "namespaced": True,
        "group": "policy",
        "version": "v1",
        "kind": "Eviction",
        "verbs": ["create"],
    }
    assert found["nodes/status"]["verbs"] == ["get", "patch", "update"]


def test_an_unknown_group_is_not_found(api: World) -> None:
    assert ask(api, "/apis/apps/v1").status == 404


def test_podrunners_own_paths_are_not_told(api: World) -> None:
    assert b"podrunner" not in ask(api, "/apis").body


def test_there_are_no_custom_resources(api: World) -> None:
    answer = ask(api, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    assert (answer.data["kind"], answer.data["items"]) == ("CustomResourceDefinitionList", [])


def test_every_kind_is_served() -> None:
    served = {(each.kind, each.group_version) for each in catalog.SERVED}
    known = {(kind.name, kind.api_version) for kind in (*kinds.KINDS, *transient.KINDS)}
    assert known - served == {("Eviction", "policy/v1")}  # which is posted to pods/eviction
    assert served <= known


def test_what_has_a_status_has_one_as_subresource() -> None:
    with_status = {each.plural for each in catalog.SERVED if "status" in each.type.__struct_fields__}
    told = {each.plural for each in catalog.SERVED if "status" in [sub.name for sub in each.subresources]}
    reviews = {each.plural for each in catalog.SERVED if each.verbs == ("create",)}
    assert told == with_status - reviews
