"""What clients write over HTTP: updates, patches in all four forms, collections, dry runs; and who wrote what."""

from typing import Any

import pytest

from api_world import EVENTS, PODS, World, manifest

JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

KUBIA = f"{PODS}/kubia"
MERGE_HEADERS = {"Content-Type": MERGE_PATCH}
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def patch(world: World, media_type: str, body: Any, query: str = "", path: str = KUBIA) -> Any:
    """What a patch is answered with."""
    return world.ask("PATCH", f"{path}{query}", body, {"Content-Type": media_type}).data


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (MERGE_PATCH, {"metadata": {"labels": {"app": "kubia"}}}),
        (STRATEGIC_PATCH, {"metadata": {"labels": {"app": "kubia"}}}),
        (JSON_PATCH, [{"op": "add", "path": "/metadata/labels", "value": {"app": "kubia"}}]),
        (
            APPLY_PATCH,
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kubia", "labels": {"app": "kubia"}}},
        ),
    ],
)
def test_a_pod_is_patched_in_each_form(world: World, media_type: str, body: Any) -> None:
    world.create_pod()
    patched = patch(world, media_type, body, "?fieldManager=test")
    assert patched["metadata"]["labels"] == {"app": "kubia"}
    assert world.ask("GET", KUBIA).data == patched
    assert patched["spec"]["containers"][0]["image"] == "luksa/kubia:1.0"


def test_a_strategic_patch_finds_the_container_by_its_name(world: World) -> None:
    world.create_pod()
    body = {"spec": {"containers": [{"name": "kubia", "image": "luksa/kubia:2.0"}]}}
    (container,) = patch(world, STRATEGIC_PATCH, body)["spec"]["containers"]
    assert (container["image"], container["terminationMessagePath"]) == ("luksa/kubia:2.0", "/dev/termination-log")


@pytest.mark.parametrize(
    ("change", "described"),
    [({"kind": "Node"}, 'Node in version "v1"'), ({"apiVersion": "v2"}, 'Pod in version "v2"')],
)
def test_a_patch_does_not_make_another_kind_of_an_object(world: World, change: Any, described: str) -> None:
    world.create_pod()
    assert patch(world, MERGE_PATCH, change)["message"] == f"{described} cannot be handled as a Pod"
    assert world.ask("GET", KUBIA).data["kind"] == "Pod"


def test_a_patch_of_another_media_type_is_refused(world: World) -> None:
    world.create_pod()
    assert patch(world, JSON, {})["message"] == (
        "the body of the request was in an unknown format - accepted media types include:"
        " application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json,"
        " application/apply-patch+yaml"
    )


def test_a_patch_may_not_change_what_a_pod_keeps(world: World) -> None:
    world.create_pod()
    refused = patch(world, MERGE_PATCH, {"spec": {"hostNetwork": True}})
    assert (refused["code"], refused["reason"]) == (422, "Invalid")
    assert refused["message"].startswith('Pod "kubia" is invalid: spec: Forbidden: pod updates may not change fields')


def test_what_is_applied_is_in_the_namespace_of_the_path_where_it_names_none(world: World) -> None:
    path = "/api/v1/namespaces/kube-public/configmaps/settings?fieldManager=kubectl"
    applied = patch(world, APPLY_PATCH, config_map(a="1"), path=path)
    assert applied["metadata"]["namespace"] == "kube-public"


def test_applying_creates_and_drops_what_is_no_longer_sent(world: World) -> None:
    path = f"{CONFIG_MAPS}/settings"
    query = "?fieldManager=kubectl"
    assert world.ask("PATCH", path + query, config_map(a="1", b="2"), {"Content-Type": APPLY_PATCH}).status == 201
    assert patch(world, APPLY_PATCH, config_map(b="3"), query, path)["data"] == {"b": "3"}
    conflict = patch(world, APPLY_PATCH, config_map(b="4"), "?fieldManager=other", path)
    assert (conflict["code"], conflict["reason"]) == (409, "Conflict")
    assert conflict["message"] == 'Apply failed with 1 conflict: conflict with "kubectl": .data.b'
    assert patch(world, APPLY_PATCH, config_map(b="4"), "?fieldManager=other&force=true", path)["data"] == {"b": "4"}


@pytest.mark.parametrize("media_type", [APPLY_PATCH, MERGE_PATCH, STRATEGIC_PATCH])
def test_what_is_said_again_is_no_change(world: World, media_type: str) -> None:
    pod = manifest("again")
    pod["spec"]["containers"][0]["resources"] = {"limits": {"cpu": 0.5}}
    created = world.ask("POST", f"{PODS}?fieldManager=test", pod).data
    path = f"{PODS}/again"
    first = patch(world, media_type, pod, "?fieldManager=test&force=true", path)
    again = patch(world, media_type, pod, "?fieldManager=test&force=true", path)
    assert again == first
    assert media_type == APPLY_PATCH or first == created


def test_who_wrote_a_field_is_told(world: World) -> None:
    created = world.ask("POST", f"{CONFIG_MAPS}?fieldManager=kubectl-create", config_map(a="1")).data
    (entry,) = created["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("kubectl-create", "Update")
    assert entry["fieldsV1"] == {"f:data": {".": {}, "f:a": {}}}


def test_an_update_needs_the_newest_version(world: World) -> None:
    created = world.ask("POST", CONFIG_MAPS, config_map(a="1")).data
    updated = world.ask("PUT", f"{CONFIG_MAPS}/settings", created | {"data": {"a": "2"}})
    assert (updated.status, updated.data["data"]) == (200, {"a": "2"})
    refused = world.ask("PUT", f"{CONFIG_MAPS}/settings", created | {"data": {"a": "3"}})
    assert (refused.status, refused.data["message"]) == (
        409,
        (
            'Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your'
            " changes to the latest version and try again"
        ),
    )


def test_an_update_has_the_name_of_its_path(world: World) -> None:
    world.ask("POST", CONFIG_MAPS, config_map(a="1"))
    refused = world.ask("PUT", f"{CONFIG_MAPS}/other", config_map(a="2")).data
    assert refused["message"] == "the name of the object (settings) does not match the name on the URL (other)"


def test_the_status_is_written_only_where_it_is_named(world: World) -> None:
    world.create_pod()
    body = {"status": {"message": "from outside"}, "metadata": {"labels": {"a": "b"}}}
    assert "message" not in patch(world, MERGE_PATCH, body)["status"]
    assert patch(world, MERGE_PATCH, body, path=f"{KUBIA}/status")["status"]["message"] == "from outside"


def test_a_collection_is_deleted_by_its_labels(world: World) -> None:
    for name, app in (("a", "one"), ("b", "two"), ("c", "one")):
        world.create_pod(name, app=app)
    gone = world.ask("DELETE", f"{PODS}?labelSelector=app%3Done&gracePeriodSeconds=0").data
    assert [item["metadata"]["name"] for item in gone["items"]] == ["a", "c"]
    assert [item["metadata"]["name"] for item in world.ask("GET", PODS).data["items"]] == ["b"]


def test_a_list_comes_in_pages_of_one_moment(world: World) -> None:
    for name in ("a", "b", "c"):
        world.create_pod(name)
    first = world.ask("GET", f"{PODS}?limit=2").data
    assert [item["metadata"]["name"] for item in first["items"]] == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 1
    world.create_pod("d")
    second = world.ask("GET", f"{PODS}?limit=2&continue={first['metadata']['continue']}").data
    assert [item["metadata"]["name"] for item in second["items"]] == ["c"]
    assert "continue" not in second["metadata"]


def test_what_was_only_to_be_tried_is_not_done(world: World) -> None:
    world.create_pod()
    before = world.ask("GET", PODS).data
    assert world.ask("POST", f"{PODS}?dryRun=All", manifest("b")).status == 201
    assert world.ask("PATCH", f"{PODS}/kubia?dryRun=All", {"metadata": {"labels": {"a": "b"}}}, MERGE_HEADERS).data[
        "metadata"
    ]["labels"] == {"a": "b"}
    assert world.ask("DELETE", f"{PODS}/kubia?dryRun=All").status == 200
    assert world.ask("DELETE", f"{PODS}/kubia", {"dryRun": ["All"]}).status == 200
    assert world.ask("GET", PODS).data == before
    assert world.ask("DELETE", f"{PODS}/kubia?dryRun=Some").data["message"] == (
        'dryRun: Invalid value: "Some": supported values: "All"'
    )


def test_an_evicted_pod_ends_gracefully(world: World) -> None:
    world.create_pod()
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "kubia"}}
    assert world.ask("POST", f"{KUBIA}/eviction", body).status == 201
    assert world.ask("GET", KUBIA).data["metadata"]["deletionGracePeriodSeconds"] == 30


def test_events_are_the_same_in_both_groups(world: World) -> None:
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "happened"},
        "eventTime": "2024-03-01T12:15:00.000001Z",
        "regarding": {"kind": "Pod", "namespace": "default", "name": "kubia"},
        "reason": "Happened",
        "note": "it happened",
        "action": "Happening",
        "type": "Normal",
        "reportingController": "test",
        "reportingInstance": "test-1",
    }
    path = "/apis/events.k8s.io/v1/namespaces/default/events"
    assert world.ask("POST", path, body).status == 201
    assert world.ask("GET", f"{EVENTS}/happened").data["message"] == "it happened"
    (item,) = world.ask("GET", f"{path}?fieldSelector=regarding.name%3Dkubia").data["items"]
    assert (item["apiVersion"], item["note"]) == ("events.k8s.io/v1", "it happened")


def test_reviews_are_answered_at_once(world: World) -> None:
    group = {"apiVersion": "authorization.k8s.io/v1"}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    asked = group | {"kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {"verb": "create"}}}
    assert world.ask("POST", path, asked).data["status"] == {"allowed": True}
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "s3cret"}}
    answer = world.ask("POST", path, asked)
    assert answer.data["status"]["error"] == "the token is not one of this server's"
    assert b"s3cret" not in answer.body


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/json", ("PodList", "v1")),
        ("application/vnd.kubernetes.protobuf,application/json", ("PodList", "v1")),
        (
            "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
            ("PartialObjectMetadataList", "meta.k8s.io/v1"),
        ),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", ("Table", "meta.k8s.io/v1")),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", ("PodList", "v1")),
    ],
)
def test_a_list_takes_the_form_that_is_accepted(world: World, accept: str, answered: tuple[str, str]) -> None:
    listing = world.ask("GET", PODS, headers={"Accept": accept}).data
    assert (listing["kind"], listing["apiVersion"]) == answered


def test_an_object_can_be_had_as_yaml(world: World) -> None:
    world.create_pod()
    assert world.ask("GET", KUBIA, headers={"Accept": "application/yaml"}).body.startswith(
        b"apiVersion: v1\nkind: Pod\n"
    )


def test_a_form_that_nothing_can_take_is_not_acceptable(world: World) -> None:
    answer = world.ask("GET", PODS, headers={"Accept": "image/png"})
    assert (answer.status, answer.data["reason"]) == (406, "NotAcceptable")


def test_a_manifest_may_come_as_yaml(world: World) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: '1'\n"
    created = world.ask("POST", CONFIG_MAPS, body, {"Content-Type": "application/yaml"}).data
    assert created["data"] == {"a": "1"}


@pytest.mark.parametrize("seconds", [2**40, 2**63 - 1])
def test_times_beyond_the_calendar_are_far_away(world: World, seconds: int) -> None:
    world.create_pod()
    deleted = world.ask("DELETE", f"{KUBIA}?gracePeriodSeconds={seconds}").data
    assert deleted["metadata"]["deletionTimestamp"] > "3000"
    assert world.ask("GET", f"{KUBIA}/log?sinceSeconds={seconds}").status == 200
    assert world.ask("DELETE", f"{KUBIA}?gracePeriodSeconds=1").data["metadata"]["deletionTimestamp"] < "3000"
