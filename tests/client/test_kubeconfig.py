"""podrunner's entries in kubeconfigs, and everybody else's, which stay as they are written."""

import pytest

from podrunner import errors
from podrunner.client import kubeconfig
from podrunner.client.kubeconfig import Access

ACCESS = Access("https://127.0.0.1:21234", b"CA", token="s3cr3t")
BY_CERTIFICATE = Access("https://127.0.0.1:21234", b"CA", certificate=b"CRT", key=b"KEY")

ALONE = """\
apiVersion: v1
kind: Config
clusters:
- name: podrunner
  cluster:
    server: https://127.0.0.1:21234
    certificate-authority-data: Q0E=
users:
- name: podrunner
  user:
    token: s3cr3t
contexts:
- name: podrunner
  context:
    cluster: podrunner
    user: podrunner
current-context: podrunner
"""

OTHERS = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority: /home/me/.minikube/ca.crt
    extensions:
    - extension:
        last-update: Mon, 05 Aug 2024 12:00:00 CEST
        expiry: 2024-08-05
      name: cluster_info
    server: "https://192.168.49.2:8443"
  name: minikube
contexts:
- context: {cluster: minikube, user: 'minikube', namespace: on}
  name: minikube
current-context: minikube
kind: Config
preferences: {}
users:
- name: minikube
  user:
    token: 0123
    username: élan
    very-long: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
"""

WITH_OTHERS = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority: /home/me/.minikube/ca.crt
    extensions:
    - extension:
        last-update: Mon, 05 Aug 2024 12:00:00 CEST
        expiry: 2024-08-05
      name: cluster_info
    server: "https://192.168.49.2:8443"
  name: minikube
- name: podrunner
  cluster:
    server: https://127.0.0.1:21234
    certificate-authority-data: Q0E=
contexts:
- context: {cluster: minikube, user: 'minikube', namespace: on}
  name: minikube
- name: podrunner
  context:
    cluster: podrunner
    user: podrunner
current-context: minikube
kind: Config
preferences: {}
users:
- name: minikube
  user:
    token: 0123
    username: élan
    very-long: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
- name: podrunner
  user:
    token: s3cr3t
"""


def test_alone_it_is_a_whole_kubeconfig() -> None:
    assert kubeconfig.alone(ACCESS) == ALONE


def test_a_client_certificate_takes_the_place_of_the_token() -> None:
    user = "    client-certificate-data: Q1JU\n    client-key-data: S0VZ\n"
    assert kubeconfig.alone(BY_CERTIFICATE) == ALONE.replace("    token: s3cr3t\n", user)


def test_others_stay_to_the_letter_and_the_current_context_theirs() -> None:
    assert kubeconfig.merged(OTHERS, ACCESS) == WITH_OTHERS
    assert kubeconfig.merged(WITH_OTHERS, ACCESS) == WITH_OTHERS


def test_podrunner_s_own_entries_are_renewed_where_they_are() -> None:
    older = WITH_OTHERS.replace("21234", "29999").replace("Q0E=", "b2xk").replace("s3cr3t", "old")
    assert kubeconfig.merged(older, ACCESS) == WITH_OTHERS


def test_the_namespace_that_somebody_gave_the_context_stays() -> None:
    theirs = ALONE.replace("    user: podrunner\ncurrent", "    user: podrunner\n    namespace: shop\ncurrent")
    assert kubeconfig.merged(theirs, ACCESS) == theirs


@pytest.mark.parametrize(
    "empty",
    [
        "",
        "# nothing yet\n",
        "apiVersion: v1\nkind: Config\n",
        "apiVersion: v1\nkind: Config\nclusters: []\nusers: null\ncontexts:\n",
    ],
)
def test_into_an_empty_one_no_current_context_is_written(empty: str) -> None:
    assert kubeconfig.merged(empty, ACCESS) == ALONE.replace("current-context: podrunner\n", "")


def test_one_in_json_keeps_its_braces() -> None:
    merged = kubeconfig.merged('{"kind": "Config", "clusters": [], "current-context": ""}', ACCESS)
    assert merged == (
        '{"kind": "Config", "clusters": [{name: podrunner, cluster: {server: \'https://127.0.0.1:21234\','
        ' certificate-authority-data: Q0E=}}], "current-context": "",'
        " users: [{name: podrunner, user: {token: s3cr3t}}],"
        " contexts: [{name: podrunner, context: {cluster: podrunner, user: podrunner}}]}\n"
    )


def test_the_names_of_others_are_told() -> None:
    assert kubeconfig.others(WITH_OTHERS) == ["minikube"]
    assert kubeconfig.others(ALONE) == []
    assert kubeconfig.others("") == []


@pytest.mark.parametrize("text", ["- a list\n", "kind: Pod\n", "a: [\n", "a: 1\n---\nb: 2\n", "\x00", "some text"])
def test_what_is_no_kubeconfig_is_left_alone(text: str) -> None:
    for function in (kubeconfig.others, lambda text: kubeconfig.merged(text, ACCESS)):
        with pytest.raises(errors.UsageError, match=r"^it is no kubeconfig"):
            function(text)
