"""As whom containers run, and that they must not be root where the spec says so."""

from typing import Any

import pytest

from podrunner import errors
from podrunner.objects import decode, pod
from podrunner.pods import identity

MUST_BE = "(Must be 1-(2147483647)): must be between 0 and 2147483647, inclusive"
WHERE = '(pod: "web_shop(0e0d)", container: main)'


def a_pod(own: dict[str, Any], of_pod: dict[str, Any] | None = None) -> pod.Pod:
    main = {"name": "main", "image": "nginx", "securityContext": own}
    about = {"name": "web", "namespace": "shop", "uid": "0e0d"}
    spec = {"containers": [main], "securityContext": of_pod or {}}
    decoded = decode.decode({"metadata": about, "spec": spec}, pod.Pod)
    assert decoded.problems == []
    assert isinstance(decoded.object, pod.Pod)
    return decoded.object


def refusal(subject: pod.Pod, image_user: str = "") -> str:
    """What is said against the container; nothing if it may run."""
    try:
        identity.verify(subject, subject.spec.containers[0], image_user)
    except errors.CreateContainerConfigError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("own", "of_pod", "image_user", "expected"),
    [
        ({}, {}, "", ""),
        ({"runAsNonRoot": False}, {"runAsNonRoot": True}, "", ""),
        ({"runAsNonRoot": True}, {}, "1000:0", ""),
        ({"runAsNonRoot": True}, {"runAsUser": 7}, "", ""),
        ({}, {"runAsNonRoot": True, "runAsUser": 0}, "7", f"container's runAsUser breaks non-root policy {WHERE}"),
        ({"runAsNonRoot": True}, {}, "", f"container has runAsNonRoot and image will run as root {WHERE}"),
        ({"runAsNonRoot": True}, {}, "0:7", f"container has runAsNonRoot and image will run as root {WHERE}"),
        (
            {"runAsNonRoot": True},
            {},
            "node",
            "container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root " + WHERE,
        ),
        (
            {"runAsNonRoot": True},
            {},
            "4294967295",
            f"container has runAsNonRoot and image has an invalid user id (4294967295). {MUST_BE} {WHERE}",
        ),
    ],
)
def test_a_container_that_must_not_be_root_is_refused_in_the_kubelets_words(
    own: dict[str, Any], of_pod: dict[str, Any], image_user: str, expected: str
) -> None:
    assert refusal(a_pod(own, of_pod), image_user) == expected


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, False),
        ({"runAsNonRoot": True}, True),
        ({"runAsNonRoot": True, "runAsUser": 7}, False),
        ({"runAsGroup": 7}, True),
        ({"runAsGroup": 7, "runAsUser": 7}, False),
    ],
)
def test_the_image_is_asked_only_where_its_user_counts(own: dict[str, Any], expected: bool) -> None:
    subject = a_pod(own)
    assert identity.needs_image(subject, subject.spec.containers[0]) is expected


def test_slashes_in_a_sysctls_name_stand_for_dots_and_dots_for_slashes() -> None:
    assert identity.dotted("net.ipv4.conf.eth0/1.rp_filter") == "net.ipv4.conf.eth0/1.rp_filter"
    assert identity.dotted("net/ipv4/conf/eth0.1/rp_filter") == "net.ipv4.conf.eth0/1.rp_filter"
    assert identity.dotted("plain") == "plain"
