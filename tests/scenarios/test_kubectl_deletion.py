"""kubectl delete in all its forms, and what a deletion must not do, with a real engine."""

from collections.abc import Iterator

import pytest

import kubectl_session
import kubectl_shell
from commandline import eventually
from kubectl_shell import config_map, pod

pytestmark = pytest.mark.engine

STUBBORN = "trap '' TERM; while true; do sleep 1; done"
FORCED = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated."
    " The resource may continue to run on the cluster indefinitely.\n"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    with kubectl_session.opened(tmp_path_factory.mktemp("deletion")) as world:
        yield world


@pytest.fixture
def kubectl(world: kubectl_session.KubectlWorld) -> kubectl_shell.Shell:
    return kubectl_shell.opened(world)


def containers(kubectl: kubectl_shell.Shell) -> list[str]:
    """The names that the engine's containers of the namespace's pods have in them."""
    labelled = {"label": f"io.kubernetes.pod.namespace={kubectl.namespace}"}
    found = kubectl.world.engine.containers(all=True, filters=labelled)
    return sorted(known["Labels"]["io.kubernetes.container.name"] for known in found)


def test_a_graceful_deletion_waits_until_the_pod_is_gone(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(script=STUBBORN, grace=1)
    watch = kubectl.world.start_kubectl("-n", kubectl.namespace, "get", "pod", "web", "-w", "--output-watch-events")
    eventually(lambda: "ADDED" in watch.out)
    assert kubectl("delete", "pod", "web") == 'pod "web" deleted from shop namespace\n'
    assert containers(kubectl) == []
    eventually(lambda: "DELETED" in watch.out)
    watch.process.terminate()
    rows = [row.split() for row in watch.out.splitlines()[1:]]
    told = [f"{event} {ready} {status}" for event, _, ready, status, *_ in rows]
    assert list(dict.fromkeys(told)) == [
        "ADDED 1/1 Running",
        "MODIFIED 1/1 Terminating",
        "MODIFIED 0/1 Terminating",
        "DELETED 0/1 Terminating",
    ]


def test_a_deletion_that_is_not_waited_for_goes_on_by_itself(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(script=STUBBORN, grace=1)
    assert kubectl("delete", "pod", "web", "--wait=false") == 'pod "web" deleted from shop namespace\n'
    assert kubectl("get", "pod", "web", "--no-headers") == "web   1/1   Terminating   0     0s\n"
    assert kubectl("wait", "pod/web", "--for=delete") == "pod/web condition met\n"
    assert containers(kubectl) == []


def test_now_and_grace_period_shorten_what_the_pod_asks_for(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=[pod("a", grace=600), pod("b", grace=600)])
    seconds = ("-o", "jsonpath={.metadata.deletionGracePeriodSeconds}")
    kubectl("wait", "pod", "--all", "--for=condition=Ready")
    assert kubectl("delete", "pod", "a", "--grace-period=2", "--wait=false") == 'pod "a" deleted from shop namespace\n'
    assert kubectl("get", "pod", "a", *seconds) == "2"
    assert kubectl("delete", "pod", "b", "--now") == 'pod "b" deleted from shop namespace\n'


def test_a_forced_deletion_takes_the_object_at_once_and_the_containers_soon(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(script=STUBBORN, grace=600)
    assert kubectl("delete", "pod", "web", "--force", "--grace-period=0") == (
        f'pod "web" force deleted from shop namespace\n{FORCED}'
    )
    assert kubectl("get", "pod", "web", status=1) == 'Error from server (NotFound): pods "web" not found\n'
    eventually(lambda: not containers(kubectl))


def test_deletion_by_label_spares_the_others(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=[pod("a", {"app": "x"}), pod("b", {"app": "x"}), pod("c", {"app": "z"})])
    assert kubectl("delete", "pods", "-l", "app=x") == (
        'pod "a" deleted from shop namespace\npod "b" deleted from shop namespace\n'
    )
    assert kubectl("get", "pods", "-o", "name") == "pod/c\n"
    assert kubectl("delete", "pods", "-l", "app=x") == "No resources found\n"


def test_deletion_of_all_is_of_one_kind_and_namespace(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=[pod("a"), pod("b"), config_map()])
    assert kubectl("delete", "pods", "--all") == (
        'pod "a" deleted from shop namespace\npod "b" deleted from shop namespace\n'
    )
    assert kubectl("delete", "pods", "--all") == "No resources found\n"
    assert kubectl("get", "configmap", "settings", "-o", "name") == "configmap/settings\n"


def test_deletion_by_file_and_of_several_kinds(kubectl: kubectl_shell.Shell) -> None:
    stated = [pod(), config_map()]
    kubectl("create", "-f", "-", stdin=stated)
    assert kubectl("delete", "-f", "-", stdin=stated) == (
        'pod "web" deleted from shop namespace\nconfigmap "settings" deleted from shop namespace\n'
    )
    assert kubectl("delete", "-f", "-", stdin=pod(), status=1) == (
        'Error from server (NotFound): error when deleting "STDIN": pods "web" not found\n'
    )
    assert kubectl("delete", "-f", "-", "--ignore-not-found", stdin=stated) == ""
    kubectl("create", "-f", "-", stdin=stated)
    assert kubectl("delete", "pod/web", "cm/settings", "--cascade=orphan") == (
        'pod "web" deleted from shop namespace\nconfigmap "settings" deleted from shop namespace\n'
    )


def test_deletion_of_what_is_not_there_is_an_error_unless_that_is_fine(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("delete", "pod", "a", "b", status=1) == (
        'Error from server (NotFound): pods "a" not found\nError from server (NotFound): pods "b" not found\n'
    )
    assert kubectl("delete", "pod", "a", "--ignore-not-found") == ""


def test_deletion_on_trial_deletes_nothing(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=config_map())
    assert kubectl("delete", "configmap", "settings", "--dry-run=server") == (
        'configmap "settings" deleted from shop namespace (server dry run)\n'
    )
    assert kubectl("get", "configmap", "settings", "-o", "name") == "configmap/settings\n"


def test_a_finalizer_keeps_the_object_until_it_is_taken_off(kubectl: kubectl_shell.Shell) -> None:
    kept = pod()
    kept["metadata"]["finalizers"] = ["example.org/keep"]
    kubectl("create", "-f", "-", stdin=kept)
    kubectl("wait", "pod/web", "--for=condition=Ready")
    assert kubectl("delete", "pod", "web", "--wait=false") == 'pod "web" deleted from shop namespace\n'
    eventually(lambda: not containers(kubectl))
    assert "Terminating" in kubectl("get", "pod", "web")
    assert kubectl("patch", "pod", "web", "--type=merge", "-p", '{"metadata": {"finalizers": null}}') == (
        "pod/web patched\n"
    )
    assert kubectl("get", "pod", "web", "--ignore-not-found") == ""


def test_a_deleted_namespace_takes_its_content_with_it(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(script=STUBBORN, grace=1)
    kubectl("create", "-f", "-", stdin=config_map())
    assert kubectl.said(kubectl.world.kubectl("delete", "namespace", kubectl.namespace).out) == (
        'namespace "shop" deleted\n'
    )
    assert containers(kubectl) == []
    assert kubectl("get", "namespace", kubectl.namespace, status=1) == (
        'Error from server (NotFound): namespaces "shop" not found\n'
    )
    assert kubectl("get", "pods,configmaps,serviceaccounts,events") == "No resources found in shop namespace.\n"
    assert kubectl("create", "configmap", "late", status=1) == (
        'error: failed to create configmap: namespaces "shop" not found\n'
    )


def test_nothing_is_created_in_a_namespace_that_is_being_deleted(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod(script=STUBBORN, grace=2)
    kubectl.world.kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
    assert "Terminating" in kubectl("get", "namespace", kubectl.namespace)
    assert kubectl("create", "configmap", "late", status=1) == (
        'error: failed to create configmap: configmaps "late" is forbidden:'
        " unable to create new content in namespace shop because it is being terminated\n"
    )
    kubectl("wait", f"namespace/{kubectl.namespace}", "--for=delete")


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_the_first_namespaces_can_not_be_deleted(world: kubectl_session.KubectlWorld, name: str) -> None:
    assert world.kubectl("delete", "namespace", name, status=1).err == (
        f'Error from server (Forbidden): namespaces "{name}" is forbidden: this namespace may not be deleted\n'
    )


def test_a_root_certificate_that_was_deleted_comes_back(kubectl: kubectl_shell.Shell) -> None:
    published = ("get", "configmap", "kube-root-ca.crt", "-o", "jsonpath={.data}")
    before = kubectl(*published)
    assert kubectl("delete", "configmap", "--all") == 'configmap "kube-root-ca.crt" deleted from shop namespace\n'
    eventually(lambda: kubectl(*published, "--ignore-not-found") == before)
