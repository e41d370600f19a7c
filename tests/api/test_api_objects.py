"""Pods and events over HTTP: get, list, create, delete, and errors as Status objects."""

import http.client
import time
from typing import Any

import msgspec
import pytest

from api_world import EVENTS, PODS, World, manifest
from podrunner.objects.pod_status import PodStatus
from podrunner.store import events, pods


def message(world: World, method: str, path: str, body: Any = None) -> str:
    """`code reason: message` of the Status that refuses a request."""
    answer = world.ask(method, path, body)
    told = answer.data
    assert (told["kind"], told["apiVersion"], told["status"], told["code"]) == (
        "Status",
        "v1",
        "Failure",
        answer.status,
    )
    return f"{answer.status} {told['reason']}: {told['message']}"


def test_a_created_pod_is_answered_as_admitted(world: World) -> None:
    answer = world.ask("POST", PODS, manifest())
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.data["metadata"]["namespace"] == "default"
    assert answer.data["spec"]["restartPolicy"] == "Always"
    assert answer.data["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert world.ask("GET", f"{PODS}/kubia").data == answer.data


def test_a_name_that_is_taken_is_a_conflict(world: World) -> None:
    world.create_pod()
    answer = world.ask("POST", PODS, manifest())
    assert answer.status == 409
    assert answer.data == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'pods "kubia" already exists',
        "reason": "AlreadyExists",
        "details": {"name": "kubia", "kind": "pods"},
        "code": 409,
    }


def test_an_invalid_pod_is_refused_with_every_cause(world: World) -> None:
    two_of_a_name = [{"name": "kubia", "image": "a"}, {"name": "kubia", "image": ""}]
    answer = world.ask("POST", PODS, manifest(containers=two_of_a_name))
    assert answer.status == 422
    assert answer.data["message"] == (
        'Pod "kubia" is invalid: [spec.containers[1].image: Required value,'
        ' spec.containers[1].name: Duplicate value: "kubia"]'
    )
    assert [cause["field"] for cause in answer.data["details"]["causes"]] == [
        "spec.containers[1].image",
        "spec.containers[1].name",
    ]


def test_an_amount_that_can_not_be_read_is_invalid(world: World) -> None:
    container = {"name": "kubia", "image": "a", "resources": {"limits": {"memory": "64MB"}}}
    answer = world.ask("POST", PODS, manifest(containers=[container]))
    assert answer.status == 422
    assert answer.data["message"].startswith(
        'Pod "kubia" is invalid: spec.containers[0].resources.limits[memory]: Invalid value: "64MB": quantities must'
    )


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", "the body of the request has to be a Pod"),
        (b"[]", "the body of the request has to be a Pod"),
        (b'{"kind": "Pod", "apiVersion": "v2"}', 'Pod in version "v2" cannot be handled as a Pod'),
        (b'{"kind": "Node", "apiVersion": "v1"}', 'Node in version "v1" cannot be handled as a Pod'),
        (
            b'{"spec": {"hostNetwork": 1, "restartPolicy": {}}}',
            (
                'Pod in version "v1" cannot be handled as a Pod:'
                " spec.hostNetwork: Invalid value: 1: must be true or false, not a number,"
                " spec.restartPolicy: Invalid value: must be a string, not a mapping"
            ),
        ),
        (
            b'{"metadata": {"name": "a", "namespace": "other"}}',
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
)
def test_a_body_that_is_no_such_pod_is_a_bad_request(world: World, body: bytes, refusal: str) -> None:
    assert message(world, "POST", PODS, body) == f"400 BadRequest: {refusal}"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_a_bad_request(world: World, body: bytes) -> None:
    assert message(world, "POST", PODS, body).startswith("400 BadRequest: the object provided is unrecognized")


def test_a_body_of_another_media_type_is_refused(world: World) -> None:
    answer = world.ask("POST", PODS, b"a pod", {"Content-Type": "text/plain"})
    assert (answer.status, answer.data["reason"]) == (415, "UnsupportedMediaType")


def test_a_body_beyond_three_megabytes_is_refused(world: World) -> None:
    assert message(world, "POST", PODS, b" " * (3 * 2**20 + 1)) == (
        "413 RequestEntityTooLarge: Request entity too large: limit is 3145728"
    )


def test_a_client_that_leaves_amid_its_body_is_no_defect(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with world.connect() as client:
        client.sendall(f"POST {PODS} HTTP/1.1\r\nHost: podrunner\r\nContent-Length: 9\r\n\r\n{{".encode())
        time.sleep(0.02)
    time.sleep(0.02)
    world.stop()
    assert caplog.text == ""


def test_unknown_fields_are_errors_where_strictness_is_asked_for(world: World) -> None:
    body = manifest(nodename="a") | {"extra": 1}
    assert message(world, "POST", f"{PODS}?fieldValidation=Strict", body) == (
        '400 BadRequest: Pod in version "v1" cannot be handled as a Pod: strict decoding error:'
        ' unknown field "spec.nodename", unknown field "extra"'
    )


def test_a_hundred_unknown_fields_are_told(world: World) -> None:
    body = manifest()
    body["spec"] |= {f"field{number}": 1 for number in range(200)}
    refusal = message(world, "POST", f"{PODS}?fieldValidation=Strict", body)
    assert refusal.endswith('unknown field "spec.field98", unknown field "spec.field99"')


def test_unknown_fields_are_warned_of_otherwise(world: World) -> None:
    warned = world.ask("POST", PODS, manifest("a", nodename="a"))
    assert (warned.status, warned.headers.get_all("Warning")) == (201, ['299 - "unknown field \\"spec.nodename\\""'])
    ignored = world.ask("POST", f"{PODS}?fieldValidation=Ignore", manifest("b", nodename="a"))
    assert (ignored.status, ignored.headers.get_all("Warning")) == (201, None)


def test_warnings_fit_into_headers_whatever_the_fields_are_called(world: World) -> None:
    body = manifest()
    body["spec"] |= {"\u2192": 1, "a\r\nb": 2, "\x7f": 3} | {f"unknown{number}": 1 for number in range(200)}
    answer = world.ask("POST", PODS, body)
    warnings = answer.headers.get_all("Warning") or []
    assert (answer.status, len(warnings)) == (201, 20)
    assert warnings[0] == '299 - "unknown field \\"spec.\\u2192\\""'


def test_a_list_has_a_version_to_watch_from(world: World) -> None:
    pod = world.create_pod()
    listing = world.ask("GET", PODS).data
    assert (listing["kind"], listing["apiVersion"]) == ("PodList", "v1")
    assert listing["metadata"] == {"resourceVersion": pod.metadata.resource_version}
    assert [item["metadata"]["name"] for item in listing["items"]] == ["kubia"]
    assert world.ask("GET", "/api/v1/namespaces/other/pods").data["items"] == []
    assert world.ask("GET", "/api/v1/pods").data == listing


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("labelSelector=app%3Da", ["a"]),
        ("labelSelector=app+in+(a,b)", ["a", "b"]),
        ("fieldSelector=metadata.name%3Db", ["b"]),
        ("fieldSelector=status.phase!%3DPending", []),
        ("limit=1", ["a"]),
    ],
)
def test_a_list_can_be_narrowed(world: World, query: str, names: list[str]) -> None:
    world.create_pod("a", app="a")
    world.create_pod("b", app="b")
    items = world.ask("GET", f"{PODS}?{query}").data["items"]
    assert [item["metadata"]["name"] for item in items] == names


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("watch=maybe", 'watch: Invalid value: "maybe": must be true or false'),
        ("watch=1&timeoutSeconds=soon", 'timeoutSeconds: Invalid value: "soon": must be a whole number'),
        ("watch=1&resourceVersion=new", 'resourceVersion: Invalid value: "new": must be a number'),
        ("fieldSelector=spec.image%3Da", "field label not supported: spec.image"),
        ("fieldSelector=a", "fieldSelector: Invalid value: \"a\": invalid selector: 'a'; can't understand 'a'"),
        ("continue=abc", "continue key is not valid: abc"),
    ],
)
def test_a_question_that_can_not_be_understood_is_a_bad_request(world: World, query: str, refusal: str) -> None:
    assert message(world, "GET", f"{PODS}?{query}") == f"400 BadRequest: {refusal}"


def test_what_is_not_there_is_not_found(world: World) -> None:
    assert message(world, "GET", f"{PODS}/kubia") == '404 NotFound: pods "kubia" not found'
    assert message(world, "DELETE", f"{PODS}/kubia") == '404 NotFound: pods "kubia" not found'
    assert message(world, "GET", f"{EVENTS}/kubia") == '404 NotFound: events "kubia" not found'


def test_paths_and_methods_that_are_not_served_are_told_apart(world: World) -> None:
    assert message(world, "GET", "/api/v1/nothing") == "404 NotFound: the server could not find the requested resource"
    assert message(world, "GET", f"{PODS}/") == "404 NotFound: the server could not find the requested resource"
    assert message(world, "POST", f"{PODS}/kubia") == (
        "405 MethodNotAllowed: the server does not allow this method on the requested resource"
    )


@pytest.mark.parametrize(
    ("query", "body", "grace"),
    [
        ("", None, 30),
        ("?gracePeriodSeconds=5", None, 5),
        ("", {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 4}, 4),
        ("?gracePeriodSeconds=5", {"gracePeriodSeconds": 1}, 1),
    ],
)
def test_a_deleted_pod_is_answered_with_the_end_it_is_given(
    world: World, query: str, body: dict[str, Any] | None, grace: int
) -> None:
    world.create_pod()
    answer = world.ask("DELETE", f"{PODS}/kubia{query}", body)
    assert answer.status == 200
    assert answer.data["metadata"]["deletionGracePeriodSeconds"] == grace
    assert "deletionTimestamp" in world.ask("GET", f"{PODS}/kubia").data["metadata"]


def test_a_deletion_can_be_for_one_pod_only(world: World) -> None:
    pod = world.create_pod()
    body = {"preconditions": {"uid": "another"}}
    assert message(world, "DELETE", f"{PODS}/kubia", body).startswith("409 Conflict: Operation cannot be fulfilled on")
    same = {"preconditions": {"uid": pod.metadata.uid, "resourceVersion": pod.metadata.resource_version}}
    assert world.ask("DELETE", f"{PODS}/kubia", same).status == 200


def test_events_are_objects_like_any_other(world: World) -> None:
    pod = world.create_pod()
    world.do(lambda: events.Recorder(world.registry, host="vm").record(pod, "Normal", "Started", "Started kubia"))
    (event,) = world.ask("GET", f"{EVENTS}?fieldSelector=involvedObject.name%3Dkubia").data["items"]
    path = f"{EVENTS}/{event['metadata']['name']}"
    assert world.ask("GET", path).data == event
    gone = world.ask("DELETE", path)
    assert (gone.data["status"], gone.data["details"]["kind"]) == ("Success", "events")
    metadata = {"name": "mine"}
    assert world.ask("POST", EVENTS, {"metadata": metadata, "reason": "Said"}).status == 201
    assert [item["reason"] for item in world.ask("GET", "/api/v1/events").data["items"]] == ["Said"]


def test_what_we_did_not_expect_is_told_without_particulars(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("a password")

    monkeypatch.setattr(world.control, "info", broken)
    answer = world.ask("GET", "/apis/podrunner.dev/v1/server")
    assert (answer.status, answer.data["reason"]) == (500, "InternalError")
    assert b"password" not in answer.body
    world.stop()
    assert "RuntimeError: a password" in caplog.text


def test_the_health_and_the_version_are_told(world: World) -> None:
    assert [world.ask("GET", path).body for path in ("/healthz", "/livez", "/readyz")] == [b"ok"] * 3
    version = world.ask("GET", "/version").data
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor']}.")


def test_the_server_tells_of_itself_and_can_be_told_to_leave(world: World) -> None:
    assert world.ask("GET", "/apis/podrunner.dev/v1/server").data == {"version": "0.1.0", "pid": 42}
    assert world.ask("POST", "/apis/podrunner.dev/v1/server/stop", b"{}").status == 202
    assert world.control.stopped


def test_several_requests_share_a_connection(world: World) -> None:
    connection = http.client.HTTPConnection("podrunner")
    with world.connect() as sock:
        connection.sock = sock
        for _ in range(3):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"ok"


def test_a_status_in_a_pod_to_create_is_not_taken(world: World) -> None:
    claimed = manifest() | {"status": {"phase": "Running"}}
    assert world.ask("POST", PODS, claimed).data["status"]["phase"] == "Pending"
    stored = world.do(world.registry.get, pods.POD, "default", "kubia")
    assert msgspec.structs.replace(stored.status, qos_class="") == PodStatus(phase="Pending")
