"""kubectl create, replace, edit, patch, label, annotate and set, with a real engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import kubectl_session
import kubectl_shell
from kubectl_shell import UPDATE_REFUSED, config_map, pod

pytestmark = pytest.mark.engine

STALE = "the object has been modified; please apply your changes to the latest version and try again"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    with kubectl_session.opened(tmp_path_factory.mktemp("changes")) as world:
        yield world


@pytest.fixture
def kubectl(world: kubectl_session.KubectlWorld) -> kubectl_shell.Shell:
    return kubectl_shell.opened(world)


def labels(kubectl: kubectl_shell.Shell, name: str) -> str:
    return kubectl("get", name, "-o", "jsonpath={.metadata.labels}")


# ---- create


def test_create_makes_objects_from_manifests(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("create", "-f", "-", stdin=[pod(), config_map(a="1")]) == (
        "pod/web created\nconfigmap/settings created\n"
    )
    assert kubectl("create", "-f", "-", stdin=pod(), status=1) == (
        'Error from server (AlreadyExists): error when creating "STDIN": pods "web" already exists\n'
    )


def test_create_takes_a_list_and_generates_names(kubectl: kubectl_shell.Shell) -> None:
    generated = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}}
    told = kubectl(
        "create", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": [config_map("named"), generated]}
    )
    first, second = told.splitlines()
    assert first == "configmap/named created"
    assert second.startswith("configmap/made-")
    assert len(second) == len("configmap/made-xxxxx created")


def test_create_on_trial_shows_what_would_be_there(kubectl: kubectl_shell.Shell) -> None:
    told = kubectl("run", "tried", "--image=busybox:1.36", "--dry-run=server", "-o", "yaml")
    assert (
        told
        == """\
apiVersion: v1
kind: Pod
metadata:
  creationTimestamp: "TIME"
  generation: 1
  labels:
    run: tried
  name: tried
  namespace: shop
  uid: UID
spec:
  containers:
  - image: busybox:1.36
    imagePullPolicy: IfNotPresent
    name: tried
    resources: {}
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: File
  dnsPolicy: ClusterFirst
  enableServiceLinks: true
  preemptionPolicy: PreemptLowerPriority
  priority: 0
  restartPolicy: Always
  schedulerName: default-scheduler
  securityContext: {}
  serviceAccount: default
  serviceAccountName: default
  terminationGracePeriodSeconds: 30
status:
  phase: Pending
  qosClass: BestEffort
"""
    )
    assert kubectl("get", "pods") == "No resources found in shop namespace.\n"


def test_configuration_is_created_from_the_command_line(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("create", "configmap", "settings", "--from-literal=a=1", "--from-literal=b=2") == (
        "configmap/settings created\n"
    )
    assert kubectl("get", "configmap", "settings", "-o", "jsonpath={.data}") == '{"a":"1","b":"2"}'
    assert kubectl("create", "configmap", "settings", status=1) == (
        'error: failed to create configmap: configmaps "settings" already exists\n'
    )
    assert kubectl("create", "secret", "generic", "key", "--from-literal=pin=1234") == "secret/key created\n"
    assert kubectl("get", "secret", "key", "-o", "jsonpath={.type} {.data}") == 'Opaque {"pin":"MTIzNA=="}'
    assert kubectl("create", "serviceaccount", "robot") == "serviceaccount/robot created\n"


def test_a_registry_secret_has_the_credentials_as_docker_writes_them(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "secret", "docker-registry", "pull", "--docker-server=registry.example",
            "--docker-username=me", "--docker-password=pw")  # fmt: skip
    assert kubectl(
        "get", "secret", "pull", "-o", 'go-template={{.type}} {{index .data ".dockerconfigjson" | base64decode}}'
    ) == (
        'kubernetes.io/dockerconfigjson {"auths":{"registry.example":'
        '{"username":"me","password":"pw","auth":"bWU6cHc="}}}'
    )


def test_a_namespace_is_created_with_what_belongs_into_it(world: kubectl_session.KubectlWorld) -> None:
    assert world.kubectl("create", "namespace", "fresh").out == "namespace/fresh created\n"
    told = world.kubectl("get", "serviceaccounts,configmaps,secrets,pods", "--namespace=fresh", "-o", "name").out
    assert told == "serviceaccount/default\nconfigmap/kube-root-ca.crt\n"
    assert world.kubectl("create", "ns", "fresh", status=1).err == (
        'Error from server (AlreadyExists): namespaces "fresh" already exists\n'
    )
    assert world.kubectl("get", "namespace", "fresh", "-o", "jsonpath={.metadata.labels} {.status.phase}").out == (
        '{"kubernetes.io/metadata.name":"fresh"} Active'
    )


# ---- replace


def test_replace_changes_what_may_change(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(labels={"app": "one"})
    live = yaml.safe_load(kubectl.world.kubectl("get", "pod", "web", "-n", kubectl.namespace, "-o", "yaml").out)
    live["metadata"]["labels"] = {"app": "two"}
    assert kubectl("replace", "-f", "-", stdin=live) == "pod/web replaced\n"
    assert labels(kubectl, "pod/web") == '{"app":"two"}'
    assert kubectl("get", "pod", "web", "-o", "jsonpath={.status.phase}") == "Running"


def test_replace_of_a_scheduled_pod_needs_its_node(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    kubectl("wait", "pod/web", "--for=condition=PodScheduled")
    node = kubectl("get", "pod", "web", "-o", "jsonpath={.spec.nodeName}")
    assert kubectl("replace", "-f", "-", stdin=pod(), status=1) == (
        f'The Pod "web" is invalid: {UPDATE_REFUSED}\n  spec.nodeName:\n-   "{node}"\n'
    )


def test_replace_of_an_old_version_is_a_conflict(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=config_map(a="1"))
    stale = config_map(a="2")
    stale["metadata"]["resourceVersion"] = "1"
    assert kubectl("replace", "-f", "-", stdin=stale, status=1) == (
        'Error from server (Conflict): error when replacing "STDIN":'
        f' Operation cannot be fulfilled on configmaps "settings": {STALE}\n'
    )
    assert kubectl("replace", "-f", "-", stdin=config_map(b="3")) == "configmap/settings replaced\n"
    assert kubectl("get", "configmap", "settings", "-o", "jsonpath={.data}") == '{"b":"3"}'


def test_replace_of_what_is_not_there_is_refused(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("replace", "-f", "-", stdin=config_map(), status=1) == (
        'Error from server (NotFound): error when replacing "STDIN": configmaps "settings" not found\n'
    )


def test_replace_by_force_makes_a_new_pod(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(script="sleep 1000")
    uid = ("get", "pod", "web", "-o", "jsonpath={.metadata.uid}")
    before = kubectl.world.kubectl("-n", kubectl.namespace, *uid).out
    assert kubectl("replace", "--force", "-f", "-", stdin=pod(script="sleep 2000")) == (
        'pod "web" deleted from shop namespace\npod/web replaced\n'
    )
    assert kubectl.world.kubectl("-n", kubectl.namespace, *uid).out != before
    assert kubectl("wait", "pod/web", "--for=condition=Ready") == "pod/web condition met\n"
    assert kubectl("exec", "web", "--", "cat", "/proc/1/cmdline") == "sleep\0002000\0"


# ---- edit


def test_edit_stores_what_the_editor_wrote(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod(labels={"app": "one"}))
    editor = {"EDITOR": "sed -i 's/app: one/app: two/'"}
    assert kubectl("edit", "pod", "web", environ=editor) == "pod/web edited\n"
    assert labels(kubectl, "pod/web") == '{"app":"two"}'
    assert kubectl("edit", "pod", "web", environ={"EDITOR": "true"}) == "Edit cancelled, no changes made.\n"


def test_an_edit_that_is_refused_is_kept_in_a_file(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod(script="sleep 1000"))
    told = kubectl("edit", "pod", "web", status=1, environ={"EDITOR": "sed -i 's/sleep 1000/sleep 2000/'"})
    refused, kept, cancelled = told.splitlines()
    assert refused == 'error: pods "web" is invalid'
    assert cancelled == "error: Edit cancelled, no valid changes were saved."
    file = kept.removeprefix('A copy of your changes has been stored to "').removesuffix('"')
    comment = [line for line in Path(file).read_text().splitlines() if line.startswith("# ")]
    assert comment[3:5] == ['# pods "web" was not valid:', f"# * {UPDATE_REFUSED}"]


# ---- patch


def test_a_strategic_patch_merges_containers_by_name(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    change = '{"spec": {"containers": [{"name": "main", "image": "busybox:1.37"}]}}'
    assert kubectl("patch", "pod", "web", "--dry-run=server", "-p", change) == "pod/web patched\n"
    merged = ("--dry-run=server", "-o", "jsonpath={.spec.containers[*]['image','command']}")
    assert kubectl("patch", "pod", "web", "-p", change, *merged) == 'busybox:1.37 ["sh","-c","sleep 1000"]'
    assert kubectl("get", "pod", "web", "-o", "jsonpath={.spec.containers[*].image}") == "busybox:1.36"


def test_a_merge_patch_replaces_lists_and_removes_nulls(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod(labels={"a": "1", "b": "2"}))
    merge = ("patch", "pod", "web", "--type=merge", "-p")
    assert kubectl(*merge, '{"metadata": {"labels": {"a": null, "c": "3"}}}') == "pod/web patched\n"
    assert labels(kubectl, "pod/web") == '{"b":"2","c":"3"}'
    assert kubectl(*merge, '{"metadata": {"labels": {"c": "3"}}}') == "pod/web patched (no change)\n"
    assert kubectl(*merge, '{"spec": {"containers": [{"name": "main", "image": "busybox:1.36"}]}}', status=1) == (
        f'The Pod "web" is invalid: {UPDATE_REFUSED}\n  spec.containers[0].command:\n-   ["sh","-c","sleep 1000"]\n'
    )


def test_a_json_patch_does_its_operations_all_or_none(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=config_map(labels={"a": "1"}, x="1"))
    json = ("patch", "configmap", "settings", "--type=json", "-p")
    add = '{"op": "add", "path": "/data/y", "value": "2"}'
    assert kubectl(*json, f'[{add}, {{"op": "remove", "path": "/metadata/labels/a"}}]') == (
        "configmap/settings patched\n"
    )
    assert kubectl("get", "configmap", "settings", "-o", "jsonpath={.data}{.metadata.labels}") == '{"x":"1","y":"2"}'
    assert kubectl(*json, '[{"op": "remove", "path": "/data/x"}, {"op": "remove", "path": "/data/z"}]', status=1) == (
        "The request is invalid: the server rejected our request due to an error in our request\n"
    )
    assert kubectl(*json, '[{"op": "test", "path": "/data/x", "value": "9"}]', status=1) == (
        "The request is invalid: the server rejected our request due to an error in our request\n"
    )
    assert kubectl("get", "configmap", "settings", "-o", "jsonpath={.data}") == '{"x":"1","y":"2"}'


def test_the_status_is_patched_by_itself(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    change = '{"spec": {"activeDeadlineSeconds": 5}, "status": {"message": "looked at"}}'
    seen = ("-o", "jsonpath={.spec.activeDeadlineSeconds}/{.status.message}")
    assert kubectl("patch", "pod", "web", "--subresource=status", "-p", change, *seen) == "/looked at"
    assert kubectl("patch", "pod", "web", "-p", '{"status": {"message": "other"}}') == ("pod/web patched (no change)\n")


PATCHES_REFUSED = {
    '{"metadata": {"name": "q"}}': (
        "Error from server (BadRequest): the name of the object (q) does not match the name on the URL (web)\n"
    ),
    '{"metadata": {"resourceVersion": "1"}}': (
        f'Error from server (Conflict): Operation cannot be fulfilled on pods "web": {STALE}\n'
    ),
    '{"kind": "Node"}': 'Error from server (BadRequest): Node in version "v1" cannot be handled as a Pod\n',
    '{"spec": {"schedulerName": "moon"}}': (
        f'The Pod "web" is invalid: {UPDATE_REFUSED}\n  spec.schedulerName:\n-   "default-scheduler"\n+   "moon"\n'
    ),
    '{"metadata": {"labels": {"a b": "c"}}}': (
        'The Pod "web" is invalid: metadata.labels: Invalid value: "a b": name part must consist of alphanumeric'
        " characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or"
        " 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')\n"
    ),
    '{"spec": {"activeDeadlineSeconds": -1}}': (
        'The Pod "web" is invalid: \n'
        "* spec.activeDeadlineSeconds: Invalid value: -1: must be between 0 and 2147483647, inclusive\n"
        "* spec.activeDeadlineSeconds: Invalid value: -1: must be between 1 and 2147483647, inclusive\n"
    ),
}


def test_a_patch_that_is_not_allowed_is_refused(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    told = {change: kubectl("patch", "pod", "web", "-p", change, status=1) for change in PATCHES_REFUSED}
    assert told == PATCHES_REFUSED


def test_an_unknown_field_in_a_patch_is_warned_of(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    assert kubectl("patch", "pod", "web", "-p", '{"spec": {"bogus": 1}}') == (
        'pod/web patched (no change)\nWarning: unknown field "spec.bogus"\n'
    )


# ---- label, annotate, set


def test_labels_are_added_changed_and_removed(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=[config_map("a", {"app": "x"}), config_map("b", {"app": "z"})])
    assert kubectl("label", "configmap", "a", "tier=one") == "configmap/a labeled\n"
    assert kubectl("label", "configmap", "a", "tier=two", status=1) == (
        "error: 'tier' already has a value (one), and --overwrite is false\n"
    )
    assert kubectl("label", "configmap", "a", "tier=two", "--overwrite") == "configmap/a labeled\n"
    assert sorted(kubectl("label", "configmap", "a", "--list").splitlines()) == ["app=x", "tier=two"]
    assert kubectl("label", "configmap", "a", "tier-") == "configmap/a unlabeled\n"
    assert kubectl("label", "configmap", "a", "tier-") == 'label "tier" not found.\nconfigmap/a not labeled\n'
    assert kubectl("label", "configmaps", "-l", "app=z", "seen=1") == "configmap/b labeled\n"
    assert kubectl("label", "configmaps", "--all", "all=1") == (
        "configmap/a labeled\nconfigmap/b labeled\nconfigmap/kube-root-ca.crt labeled\n"
    )
    assert (labels(kubectl, "cm/a"), labels(kubectl, "cm/b")) == (
        '{"all":"1","app":"x"}', '{"all":"1","app":"z","seen":"1"}'
    )  # fmt: skip
    assert kubectl("label", "configmap", "a", "q=r", "--resource-version=1", status=1) == (
        f'Error from server (Conflict): Operation cannot be fulfilled on configmaps "a": {STALE}\n'
    )


def test_annotations_are_added_changed_and_removed(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    assert kubectl("annotate", "pod", "web", "note=any text") == "pod/web annotated\n"
    assert kubectl("annotate", "pod", "web", "note=other", status=1) == (
        "error: --overwrite is false but found the following declared annotation(s):"
        " 'note' already has a value (any text)\n"
    )
    assert kubectl("annotate", "pod", "web", "note=other", "--overwrite") == "pod/web annotated\n"
    assert kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.annotations}") == '{"note":"other"}'
    assert kubectl("annotate", "pod", "web", "note-") == "pod/web annotated\n"
    assert kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.annotations}") == ""


def test_set_image_names_what_it_changes(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    assert kubectl("set", "image", "pod/web", "main=podrunner/pause:1.4", "--dry-run=server") == (
        "pod/web image updated (server dry run)\n"
    )
    assert kubectl("set", "image", "pod/web", "main=busybox:1.36") == ""
    assert kubectl("set", "image", "pod/web", "absent=busybox:1.36", status=1) == (
        'error: unable to find container named "absent"\n'
    )


def test_set_image_restarts_the_container_whatever_the_policy(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(restartPolicy="Never")
    assert kubectl("set", "image", "pod/web", "main=luksa/init-demo:1.0") == "pod/web image updated\n"
    kubectl("wait", "pod/web", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1")
    running = "jsonpath={.status.phase} {.status.containerStatuses[0].image}"
    assert kubectl("get", "pod", "web", "-o", running) == "Running luksa/init-demo:1.0"
    assert kubectl(
        "events", "--for=pod/web", "-o", "jsonpath={range .items[?(@.reason=='Killing')]}{.message}{end}"
    ) == ("Container main definition changed, will be restarted")


def test_set_of_what_a_pod_can_not_change_is_refused(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod())
    assert kubectl("set", "env", "pod/web", "A=B", status=1) == (
        f'error: failed to patch env update to pod template: Pod "web" is invalid: {UPDATE_REFUSED}\n'
        '  spec.containers[0].env:\n+   [{"name":"A","value":"B"}]\n'
    )


def test_what_is_immutable_stays(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin={**config_map(a="1"), "immutable": True})
    assert kubectl("patch", "configmap", "settings", "-p", '{"data": {"a": "2"}}', status=1) == (
        'The ConfigMap "settings" is invalid: data: Forbidden: field is immutable when `immutable` is set\n'
    )
    assert kubectl("patch", "configmap", "settings", "-p", '{"immutable": false}', status=1) == (
        'The ConfigMap "settings" is invalid: immutable: Forbidden: field is immutable when `immutable` is set\n'
    )
    assert kubectl("label", "configmap", "settings", "a=b") == "configmap/settings labeled\n"
    kubectl("create", "secret", "generic", "key", "--from-literal=a=1")
    assert kubectl("patch", "secret", "key", "-p", '{"type": "other"}', status=1) == (
        'The Secret "key" is invalid: type: Invalid value: "other": field is immutable\n'
    )
