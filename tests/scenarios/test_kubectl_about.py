"""What kubectl tells of the server: kinds, fields, versions, rights and the node, with a real engine."""

import re
from collections.abc import Iterator

import pytest

import kubectl_session
import kubectl_shell
from kubectl_shell import pod, squeezed

pytestmark = pytest.mark.engine

RESOURCES = """\
NAME                        SHORTNAMES   APIVERSION                 NAMESPACED   KIND
bindings                                 v1                         true         Binding
configmaps                  cm           v1                         true         ConfigMap
endpoints                   ep           v1                         true         Endpoints
events                      ev           v1                         true         Event
limitranges                 limits       v1                         true         LimitRange
namespaces                  ns           v1                         false        Namespace
nodes                       no           v1                         false        Node
persistentvolumeclaims      pvc          v1                         true         PersistentVolumeClaim
pods                        po           v1                         true         Pod
podtemplates                             v1                         true         PodTemplate
resourcequotas              quota        v1                         true         ResourceQuota
secrets                                  v1                         true         Secret
serviceaccounts             sa           v1                         true         ServiceAccount
services                    svc          v1                         true         Service
selfsubjectreviews                       authentication.k8s.io/v1   false        SelfSubjectReview
tokenreviews                             authentication.k8s.io/v1   false        TokenReview
localsubjectaccessreviews                authorization.k8s.io/v1    true         LocalSubjectAccessReview
selfsubjectaccessreviews                 authorization.k8s.io/v1    false        SelfSubjectAccessReview
selfsubjectrulesreviews                  authorization.k8s.io/v1    false        SelfSubjectRulesReview
subjectaccessreviews                     authorization.k8s.io/v1    false        SubjectAccessReview
leases                                   coordination.k8s.io/v1     true         Lease
endpointslices                           discovery.k8s.io/v1        true         EndpointSlice
events                      ev           events.k8s.io/v1           true         Event
nodes                                    metrics.k8s.io/v1beta1     false        NodeMetrics
pods                                     metrics.k8s.io/v1beta1     true         PodMetrics
runtimeclasses                           node.k8s.io/v1             false        RuntimeClass
"""


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_shell.Shell]:
    with kubectl_session.opened(tmp_path_factory.mktemp("about")) as world:
        yield kubectl_shell.opened(world)


def test_api_resources_lists_the_kinds(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("api-resources") == RESOURCES
    verbs = "create,delete,deletecollection,get,list,patch,update,watch"
    wide = squeezed(kubectl("api-resources", "-o", "wide", "--namespaced=true", "--api-group="))
    assert f"pods po v1 true Pod {verbs} all" in wide


def test_api_versions_lists_the_groups(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("api-versions").split() == [
        "authentication.k8s.io/v1",
        "authorization.k8s.io/v1",
        "coordination.k8s.io/v1",
        "discovery.k8s.io/v1",
        "events.k8s.io/v1",
        "metrics.k8s.io/v1beta1",
        "node.k8s.io/v1",
        "policy/v1",
        "v1",
    ]


def test_the_version_is_of_the_same_release_as_kubectl(kubectl: kubectl_shell.Shell) -> None:
    client, _, server = kubectl("version").splitlines()
    assert client == "Client Version: v1.37.1"
    assert re.fullmatch(r"Server Version: v1\.37\.0\+podrunner-\S+", server)


def test_cluster_info_tells_the_address(kubectl: kubectl_shell.Shell) -> None:
    told = re.sub(r"\x1b\[[\d;]*m", "", kubectl("cluster-info"))
    assert told == (
        "Kubernetes control plane is running at https://SERVER\n\n"
        "To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n"
    )


def test_whoever_has_the_credentials_may_do_everything(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert kubectl("auth", "can-i", "get", "/version") == "yes\n"
    assert squeezed(kubectl("auth", "can-i", "--list")) == [
        "Resources Non-Resource URLs Resource Names Verbs",
        "*.* [] [] [*]",
        "[*] [] [*]",
    ]
    assert squeezed(kubectl("auth", "whoami")) == [
        "ATTRIBUTE VALUE",
        "Username podrunner",
        "Groups [system:masters system:authenticated]",
    ]


def test_explain_tells_of_a_field(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("explain", "pod.spec.initContainers").startswith(
        "KIND:       Pod\nVERSION:    v1\n\nFIELD: initContainers <[]Container>\n\n\nDESCRIPTION:\n"
    )
    told = kubectl("explain", "pod.spec.initContainers")
    assert "\n  args\t<[]string>\n" in told
    assert "\n  restartPolicy\t<string>\n" in told
    assert kubectl("explain", "lease.spec.holderIdentity").startswith(
        "GROUP:      coordination.k8s.io\nKIND:       Lease\nVERSION:    v1\n\nFIELD: holderIdentity <string>\n"
    )


def test_explain_tells_of_all_fields_at_once(kubectl: kubectl_shell.Shell) -> None:
    told = kubectl("explain", "configmap", "--recursive")
    assert told.partition("FIELDS:\n")[2].startswith(
        "  apiVersion\t<string>\n"
        "  binaryData\t<map[string]string>\n"
        "  data\t<map[string]string>\n"
        "  immutable\t<boolean>\n"
        "  kind\t<string>\n"
        "  metadata\t<ObjectMeta>\n"
        "    annotations\t<map[string]string>\n"
        "    creationTimestamp\t<string>\n"
    )


def test_explain_of_what_is_not_there_is_an_error(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("explain", "pod.spec.absent", status=1) == (
        'KIND:       Pod\nVERSION:    v1\n\nerror: field "absent" does not exist\n'
    )
    assert kubectl("explain", "absent", status=1) == 'the server doesn\'t have a resource type "absent"\n'


def test_the_one_node_is_ready(kubectl: kubectl_shell.Shell) -> None:
    (name,) = kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").split()
    version = kubectl("version").splitlines()[2].removeprefix("Server Version: ")
    assert squeezed(kubectl("get", "nodes")) == ["NAME STATUS ROLES AGE VERSION", f"{name} Ready <none> 0s {version}"]
    header, row = squeezed(kubectl("get", "nodes", "-o", "wide"))
    assert header == ("NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME")
    engine = kubectl.world.engine.version()["Version"]
    assert row.endswith(f"docker://{engine}")


def test_describe_node_tells_conditions_capacity_and_pods(kubectl: kubectl_shell.Shell) -> None:
    kubectl.run_pod()
    name = kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    rows = squeezed(kubectl("describe", "node", name))
    info = kubectl.world.engine.info()
    conditions = rows.index("Conditions:")
    assert rows[0] == f"Name: {name}"
    assert [row.split()[:2] for row in rows[conditions + 3 : conditions + 7]] == [
        ["MemoryPressure", "False"],
        ["DiskPressure", "False"],
        ["PIDPressure", "False"],
        ["Ready", "True"],
    ]
    capacity = rows.index("Capacity:")
    assert rows[capacity + 1 : capacity + 4] == [
        f"cpu: {info['NCPU']}",
        f"memory: {info['MemTotal'] // 1024}Ki",
        "pods: 110",
    ]
    assert f"Container Runtime Version: docker://{info['ServerVersion']}" in rows
    assert "shop web 0 (0%) 0 (0%) 0 (0%) 0 (0%) 0s" in rows


def test_the_node_renews_its_lease(kubectl: kubectl_shell.Shell) -> None:
    name = kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    lease = ("--namespace=kube-node-lease", f"lease/{name}")
    kubectl("wait", *lease, "--for=create", "--timeout=30s")
    assert squeezed(kubectl("get", *lease)) == ["NAME HOLDER AGE", f"{name} {name} 0s"]


def test_the_kubernetes_service_is_in_the_default_namespace(kubectl: kubectl_shell.Shell) -> None:
    assert squeezed(kubectl("get", "services", "--namespace=default")) == [
        "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE",
        "kubernetes ClusterIP None <none> 443/TCP 0s",
    ]


def test_the_node_can_be_cordoned(kubectl: kubectl_shell.Shell) -> None:
    name = kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    assert kubectl("cordon", name) == f"node/{name} cordoned\n"
    assert squeezed(kubectl("get", "nodes", "--no-headers"))[0].split()[1] == "Ready,SchedulingDisabled"
    assert kubectl("uncordon", name) == f"node/{name} uncordoned\n"


def test_an_object_is_described_with_its_events(kubectl: kubectl_shell.Shell) -> None:
    kubectl("create", "-f", "-", stdin=pod("told"))
    kubectl("wait", "pod/told", "--for=condition=Ready")
    rows = squeezed(kubectl("describe", "pod", "told"))
    assert rows[:2] == ["Name: told", "Namespace: shop"]
    assert "Status: Running" in rows
    assert [row.split()[1] for row in rows[rows.index("Events:") + 3 :]] == [
        "Scheduled",
        "Pulled",
        "Created",
        "Started",
    ]
