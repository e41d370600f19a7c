"""How the OpenAPI documents are answered: their addresses, forms and hashes."""

from collections.abc import Iterator

import pytest

from api_world import Answer, World

_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("api") / "podrunner.sock") as running:
        yield running


def ask(api: World, path: str, **headers: str) -> Answer:
    return api.ask("GET", path, headers=headers)


def addresses(api: World) -> dict[str, str]:
    paths = ask(api, "/openapi/v3").data["paths"]
    return {name: each["serverRelativeURL"] for name, each in paths.items()}


def test_there_is_a_document_for_each_group_version(api: World) -> None:
    assert list(addresses(api)) == [
        "api/v1",
        "apis/events.k8s.io/v1",
        "apis/authentication.k8s.io/v1",
        "apis/authorization.k8s.io/v1",
        "apis/policy/v1",
        "apis/coordination.k8s.io/v1",
        "apis/discovery.k8s.io/v1",
        "apis/node.k8s.io/v1",
        "apis/metrics.k8s.io/v1beta1",
    ]


def test_a_document_whose_address_has_its_hash_may_be_kept_for_ever(api: World) -> None:
    answer = ask(api, addresses(api)["apis/node.k8s.io/v1"])
    assert answer.headers["Cache-Control"] == "public, immutable, max-age=31536000"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.data["info"]["title"] == "podrunner"
    assert "/apis/node.k8s.io/v1/runtimeclasses" in answer.data["paths"]
    assert "Cache-Control" not in ask(api, "/openapi/v3/apis/node.k8s.io/v1").headers


def test_a_client_with_an_old_hash_is_sent_to_the_new_one(api: World) -> None:
    answer = ask(api, "/openapi/v3/apis/node.k8s.io/v1?hash=OLD")
    assert answer.status == 301
    assert answer.headers["Location"] == addresses(api)["apis/node.k8s.io/v1"]


@pytest.mark.parametrize("path", ["/openapi/v3", "/openapi/v3/apis/policy/v1", "/openapi/v2"])
def test_a_client_that_has_a_document_is_told_that_it_has_not_changed(api: World, path: str) -> None:
    etag = ask(api, path).headers["ETag"]
    again = ask(api, path, **{"If-None-Match": etag})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("accept", "media_type", "begin"),
    [
        ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", _PROTOBUF, b"\x0a\x032.0"),
        (f"{_PROTOBUF}, application/json;q=0.5", _PROTOBUF, b"\x0a\x032.0"),
        ("application/json", "application/json", b'{"swagger":"2.0"'),
        ("*/*", "application/json", b'{"swagger":"2.0"'),
        ("", "application/json", b'{"swagger":"2.0"'),
    ],
)
def test_the_older_document_has_two_forms(api: World, accept: str, media_type: str, begin: bytes) -> None:
    answer = ask(api, "/openapi/v2", Accept=accept)
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Vary"]) == (200, media_type, "Accept")
    assert answer.body.startswith(begin)


def test_another_form_is_not_acceptable(api: World) -> None:
    answer = ask(api, "/openapi/v2", Accept="text/html")
    assert (answer.status, answer.data["reason"]) == (406, "NotAcceptable")


def test_a_group_that_is_not_served_has_no_document(api: World) -> None:
    assert ask(api, "/openapi/v3/apis/apps/v1").status == 404
