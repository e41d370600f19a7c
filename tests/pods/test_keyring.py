"""Which credentials of pull secrets an image is tried with, as the kubelet's credentialprovider chooses them."""

import base64
import json
from typing import Any

import pytest

from podrunner.objects import meta
from podrunner.objects.config import Secret
from podrunner.pods import keyring


def auth(name: str, password: str = "pw") -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def secret(auths: Any, *, name: str = "regcred") -> Secret:
    return Secret(
        metadata=meta.ObjectMeta(name=name),
        type="kubernetes.io/dockerconfigjson",
        data={".dockerconfigjson": json.dumps({"auths": auths}).encode()},
    )


def users(repository: str, *locations: str) -> list[str]:
    """Whose credentials an image of the repository is tried with; every location has a user of its name."""
    ring = keyring.of([secret({location: {"auth": auth(location.replace(":", "_"))} for location in locations})])
    return [login.username.replace("_", ":") for login in keyring.logins(ring, repository)]


@pytest.mark.parametrize(
    ("location", "repository"),
    [
        ("quay.io", "quay.io/coreos/etcd"),
        ("quay.io/coreos", "quay.io/coreos/etcd"),
        ("quay.io/core", "quay.io/coreos/etcd"),
        ("https://quay.io", "quay.io/coreos/etcd"),
        ("http://quay.io/v1/", "quay.io/coreos/etcd"),
        ("https://quay.io/v2/coreos", "quay.io/coreos/etcd"),
        ("localhost:5000", "localhost:5000/kubia"),
        ("127.0.0.1:5000", "127.0.0.1:5000/kubia"),
        ("[::1]:5000", "[::1]:5000/kubia"),
        ("*.example.com", "registry.example.com/kubia"),
        ("*.*.example.com", "a.b.example.com/kubia"),
        ("prefix*.example.com", "prefix-7.example.com/kubia"),
        ("r*.example.com:8443/team", "r1.example.com:8443/team/kubia"),
        ("r[01].example.com", "r1.example.com/kubia"),
        ("docker.io", "docker.io/library/busybox"),
        ("index.docker.io", "docker.io/library/busybox"),
        ("https://index.docker.io/v1/", "docker.io/luksa/kubia"),
    ],
)
def test_credentials_are_used_where_host_port_and_path_match(location: str, repository: str) -> None:
    assert users(repository, location) == [location]


@pytest.mark.parametrize(
    ("location", "repository"),
    [
        ("quay.io", "ghcr.io/coreos/etcd"),
        ("quay.io/other", "quay.io/coreos/etcd"),
        ("localhost", "localhost:5000/kubia"),
        ("localhost:5001", "localhost:5000/kubia"),
        ("localhost:5000", "localhost/kubia"),
        ("*.example.com", "a.b.example.com/kubia"),
        ("*.example.com", "example.com/kubia"),
        ("*", "example.com/kubia"),
        ("example.com/*", "example.com/team/kubia"),
        ("r[01].example.com", "r2.example.com/kubia"),
        ("quay.io:port", "quay.io/kubia"),
        ("index.docker.io", "quay.io/kubia"),
    ],
)
def test_credentials_for_elsewhere_are_not_used(location: str, repository: str) -> None:
    assert users(repository, location) == []


def test_several_that_match_are_tried_from_the_longest_path_to_the_shortest() -> None:
    locations = ["quay.io", "*.io", "quay.io/coreos", "quay.io/coreos/etcd", "quay.io/other"]
    assert users("quay.io/coreos/etcd", *locations) == ["quay.io/coreos/etcd", "quay.io/coreos", "quay.io", "*.io"]


def test_secrets_with_the_same_location_are_tried_in_the_order_of_the_pod() -> None:
    held = [secret({"quay.io": {"auth": auth(name)}}) for name in ("old", "new")]
    assert [login.username for login in keyring.logins(keyring.of(held), "quay.io/kubia")] == ["old", "new"]


def test_dockercfg_and_names_and_passwords_in_plain_are_read() -> None:
    content = {"quay.io": {"username": "ann", "password": "a:b", "email": "a@b.c"}}
    older = Secret(type="kubernetes.io/dockercfg", data={".dockercfg": json.dumps(content).encode()})
    expected = keyring.Login("quay.io", "ann", "a:b")
    assert keyring.logins(keyring.of([older]), "quay.io/kubia") == (expected,)
    assert keyring.logins(keyring.of([secret({"quay.io": {"auth": auth("ann", "a:b")}})]), "quay.io/kubia") == (
        expected,
    )
    unpadded = secret({"quay.io": {"auth": auth("ann", "a:b").rstrip("=")}})
    assert keyring.logins(keyring.of([unpadded]), "quay.io/kubia") == (expected,)


def test_secrets_of_other_types_hold_no_credentials() -> None:
    content = secret({"quay.io": {"auth": auth("ann")}}).data
    assert keyring.of([Secret(type="Opaque", data=content), Secret(type="kubernetes.io/dockercfg", data=content)]) == {}


@pytest.mark.parametrize(
    ("auths", "problem"),
    [
        (
            {"quay.io": {"auth": "opensesame!"}},
            "unable to parse auth field, must be formatted as base64(username:password)",
        ),
        (
            {"quay.io": {"auth": base64.b64encode(b"opensesame").decode()}},
            "unable to parse auth field, must be formatted as base64(username:password)",
        ),
        ({"quay.io": {"username": "ann", "password": ["opensesame"]}}, "auth, username and password must be text"),
        ({"quay.io": "opensesame"}, "it is no configuration of the Docker CLI"),
        ("opensesame", "it is no configuration of the Docker CLI"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_shown(auths: Any, problem: str) -> None:
    with pytest.raises(keyring.UnreadableSecret) as unreadable:
        keyring.of([secret(auths)])
    assert str(unreadable.value) == f'image pull secret "regcred" can\'t be read: {problem}'


def test_the_text_of_a_login_tells_neither_user_nor_password() -> None:
    ring = keyring.of([secret({"quay.io": {"auth": auth("ann", "opensesame")}})])
    assert str(ring) == "{'quay.io': (Login(quay.io),)}"
