"""kubectl apply and diff, on the client's side and on the server's, with a real engine."""

from collections.abc import Iterator

import pytest

import kubectl_session
import kubectl_shell
from kubectl_shell import UPDATE_REFUSED, config_map, pod

pytestmark = pytest.mark.engine

CONFLICT_HELP = """\
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
"""

MANAGED_BY_KUBECTL = """\
apiVersion: v1
data:
  a: "1"
kind: ConfigMap
metadata:
  creationTimestamp: "TIME"
  managedFields:
  - apiVersion: v1
    fieldsType: FieldsV1
    fieldsV1:
      f:data:
        f:a: {}
    manager: kubectl
    operation: Apply
    time: "TIME"
  name: settings
  namespace: shop
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    with kubectl_session.opened(tmp_path_factory.mktemp("apply")) as world:
        yield world


@pytest.fixture
def kubectl(world: kubectl_session.KubectlWorld) -> kubectl_shell.Shell:
    return kubectl_shell.opened(world)


def data(kubectl: kubectl_shell.Shell) -> str:
    return kubectl("get", "configmap", "settings", "-o", "jsonpath={.data}")


def test_apply_creates_then_changes_then_leaves_alone(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("apply", "-f", "-", stdin=pod(labels={"app": "one"})) == "pod/web created\n"
    assert kubectl("apply", "-f", "-", stdin=pod(labels={"app": "one"})) == "pod/web unchanged\n"
    assert kubectl("apply", "-f", "-", stdin=pod(labels={"tier": "two"})) == "pod/web configured\n"
    assert kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.labels}") == '{"tier":"two"}'
    kubectl("wait", "pod/web", "--for=condition=Ready")
    assert kubectl("apply", "-f", "-", stdin=pod(labels={"tier": "two"})) == "pod/web unchanged\n"


def test_apply_takes_several_objects_in_order(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("apply", "-f", "-", stdin=[config_map("first"), config_map("second")]) == (
        "configmap/first created\nconfigmap/second created\n"
    )
    assert kubectl("apply", "-f", "-", "-o", "name", stdin=config_map("first")) == "configmap/first\n"


def test_apply_removes_what_the_manifest_no_longer_says_and_nothing_else(kubectl: kubectl_shell.Shell) -> None:
    kubectl("apply", "-f", "-", stdin=config_map(a="1", b="2"))
    kubectl("patch", "configmap", "settings", "-p", '{"data": {"theirs": "3"}}')
    assert kubectl("apply", "-f", "-", stdin=config_map(a="1")) == "configmap/settings configured\n"
    assert data(kubectl) == '{"a":"1","theirs":"3"}'


def test_apply_keeps_what_it_last_applied(kubectl: kubectl_shell.Shell) -> None:
    kubectl("apply", "-f", "-", stdin=config_map(a="1"))
    assert kubectl("apply", "view-last-applied", "configmap", "settings") == (
        'apiVersion: v1\ndata:\n  a: "1"\nkind: ConfigMap\n'
        "metadata:\n  annotations: {}\n  name: settings\n  namespace: shop\n"
    )


def test_apply_of_what_was_created_otherwise_warns(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=config_map(a="1"))
    assert kubectl("apply", "-f", "-", stdin=config_map(a="2")) == (
        "configmap/settings configured\n"
        "Warning: resource configmaps/settings is missing the kubectl.kubernetes.io/last-applied-configuration"
        " annotation which is required by kubectl apply. kubectl apply should only be used on resources created"
        " declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be"
        " patched automatically.\n"
    )


def test_apply_of_a_field_that_can_not_change_is_refused(kubectl: kubectl_shell.Shell) -> None:
    kubectl("apply", "-f", "-", stdin=pod(script="sleep 1000"))
    assert kubectl("apply", "-f", "-", stdin=pod(script="sleep 2000"), status=1) == (
        f'The Pod "web" is invalid: {UPDATE_REFUSED}\n'
        '  spec.containers[0].command[2]:\n-   "sleep 1000"\n+   "sleep 2000"\n'
    )


def test_apply_on_trial_stores_nothing(kubectl: kubectl_shell.Shell) -> None:
    trial = ("apply", "--dry-run=server", "-f", "-")
    assert kubectl(*trial, stdin=config_map(a="1")) == "configmap/settings created (server dry run)\n"
    assert kubectl("get", "configmap", "settings", "--ignore-not-found") == ""
    kubectl("apply", "-f", "-", stdin=config_map(a="1"))
    assert kubectl(*trial, stdin=config_map(a="2")) == "configmap/settings configured (server dry run)\n"
    assert kubectl(*trial, stdin=config_map(a="1")) == "configmap/settings unchanged (server dry run)\n"
    assert kubectl("apply", "--dry-run=client", "-f", "-", stdin=config_map(a="2")) == (
        "configmap/settings configured (dry run)\n"
    )
    assert data(kubectl) == '{"a":"1"}'


def test_diff_shows_what_apply_would_change(kubectl: kubectl_shell.Shell) -> None:
    kubectl("apply", "-f", "-", stdin=config_map(a="1", b="2"))
    assert kubectl("diff", "-f", "-", stdin=config_map(a="1", b="2")) == ""
    told = kubectl("diff", "-f", "-", stdin=config_map(a="1", b="3"), status=1).splitlines()
    assert told[3:] == [
        "@@ -1,7 +1,7 @@",
        " apiVersion: v1",
        " data:",
        '   a: "1"',
        '-  b: "2"',
        '+  b: "3"',
        " kind: ConfigMap",
        " metadata:",
        "   annotations:",
    ]
    assert data(kubectl) == '{"a":"1","b":"2"}'


def test_diff_of_what_is_not_there_shows_all_of_it(kubectl: kubectl_shell.Shell) -> None:
    told = kubectl("diff", "-f", "-", stdin=config_map(a="1"), status=1).splitlines()
    assert told[3:] == [
        "@@ -0,0 +1,9 @@",
        "+apiVersion: v1",
        "+data:",
        '+  a: "1"',
        "+kind: ConfigMap",
        "+metadata:",
        '+  creationTimestamp: "TIME"',
        "+  name: settings",
        "+  namespace: shop",
        "+  uid: UID",
    ]


def test_server_side_apply_owns_what_it_says_and_drops_what_it_no_longer_says(kubectl: kubectl_shell.Shell) -> None:
    apply = ("apply", "--server-side", "-f", "-")
    assert kubectl(*apply, stdin=config_map(a="1", b="2")) == "configmap/settings serverside-applied\n"
    assert data(kubectl) == '{"a":"1","b":"2"}'
    assert kubectl(*apply, stdin=config_map(a="1")) == "configmap/settings serverside-applied\n"
    told = kubectl("get", "configmap", "settings", "-o", "yaml", "--show-managed-fields")
    assert told.partition("  resourceVersion")[0] == MANAGED_BY_KUBECTL


def test_server_side_apply_of_the_same_changes_nothing(kubectl: kubectl_shell.Shell) -> None:
    version = ("get", "pod", "web", "-o", "jsonpath={.metadata.resourceVersion}")
    kubectl.run_pod()
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=pod())
    before = kubectl(*version)
    assert kubectl("apply", "--server-side", "-f", "-", stdin=pod()) == "pod/web serverside-applied\n"
    assert kubectl(*version) == before


def test_server_side_apply_of_what_another_manager_set_is_a_conflict_unless_forced(
    kubectl: kubectl_shell.Shell,
) -> None:
    kubectl("apply", "--server-side", "-f", "-", stdin=config_map(a="1", b="2"))
    other = ("apply", "--server-side", "--field-manager=ci", "-f", "-")
    assert kubectl(*other, stdin=config_map(a="9", b="2"), status=1) == (
        f'error: Apply failed with 1 conflict: conflict with "kubectl": .data.a\n{CONFLICT_HELP}'
    )
    assert kubectl(*other, stdin=config_map(a="9", b="9"), status=1) == (
        f'error: Apply failed with 2 conflicts: conflicts with "kubectl":\n- .data.a\n- .data.b\n{CONFLICT_HELP}'
    )
    assert data(kubectl) == '{"a":"1","b":"2"}'
    assert kubectl(*other, "--force-conflicts", stdin=config_map(a="9")) == "configmap/settings serverside-applied\n"
    assert data(kubectl) == '{"a":"9","b":"2"}'
    assert kubectl("apply", "--server-side", "-f", "-", stdin=config_map(a="1"), status=1) == (
        f'error: Apply failed with 1 conflict: conflict with "ci": .data.a\n{CONFLICT_HELP}'
    )


def test_what_was_applied_by_the_client_moves_to_the_server(kubectl: kubectl_shell.Shell) -> None:
    kubectl("apply", "-f", "-", stdin=config_map(a="1", b="2"))
    assert kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=config_map(a="3")) == (
        "configmap/settings serverside-applied\n"
    )
    managers = ("get", "configmap", "settings", "-o", "jsonpath={.metadata.managedFields[*].manager}")
    assert kubectl(*managers, "--show-managed-fields") == "kubectl kubectl-last-applied"
    assert data(kubectl) == '{"a":"3"}'


def test_server_side_apply_on_trial_stores_nothing(kubectl: kubectl_shell.Shell) -> None:
    trial = ("apply", "--server-side", "--dry-run=server", "-f", "-")
    assert kubectl(*trial, stdin=pod()) == "pod/web serverside-applied (server dry run)\n"
    assert kubectl("get", "pods") == "No resources found in shop namespace.\n"
