"""What the real clients make of discovery and of the OpenAPI documents."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client, dynamic

from front_world import FrontWorld
from kubectl_world import KUBECTL

pytestmark = pytest.mark.engine  # the clients take their time

Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontWorld]:
    with FrontWorld(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def kubectl(world: FrontWorld, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """Runs kubectl, with one cache for all commands, and gives what it wrote, complaints last."""
    home = tmp_path_factory.mktemp("home")
    environment = {"HOME": str(home), "KUBECONFIG": os.devnull, "PATH": os.environ["PATH"]}
    server = f"--server=https://127.0.0.1:{world.front.port}"
    command = [str(KUBECTL), server, f"--certificate-authority={world.ring.authority}", f"--token={world.token}"]

    def run(*arguments: str, given: Any = None) -> str:
        """`given` is an object for standard input."""
        ended = subprocess.run(
            [*command, *arguments],
            env=environment,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return "\n".join(line.rstrip() for line in (ended.stdout + ended.stderr).strip().splitlines())

    return run


def test_api_resources_lists_what_is_served(kubectl: Kubectl) -> None:
    expected = """
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
    assert kubectl("api-resources") == expected.strip()


def test_api_versions_lists_every_group_version(kubectl: Kubectl) -> None:
    assert kubectl("api-versions").splitlines() == [
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


def test_explain_tells_of_a_field_and_what_is_in_it(kubectl: Kubectl) -> None:
    expected = """
KIND:       Pod
VERSION:    v1

FIELD: lifecycle <Lifecycle>


DESCRIPTION:
    What is done after the container's start and before its end.
    What is done at two moments of a container's life, and how it is told to
    end.

FIELDS:
  postStart\t<LifecycleHandler>
    Runs as soon as the container has started, beside its program. Until it has
    ended the container does not count as started; if it fails, the container is
    killed.

  preStop\t<LifecycleHandler>
    Runs before the container is told to end, within the pod's grace period; not
    if the program ends by itself.

  stopSignal\t<string>
    The signal that tells the container to end, such as SIGUSR1. The default is
    the image's, else SIGTERM. The pod's os has to be given.
"""
    assert kubectl("explain", "pod.spec.initContainers.lifecycle") == expected.strip()


def test_explain_tells_the_same_from_the_older_document(kubectl: Kubectl) -> None:
    expected = """
KIND:     Pod
VERSION:  v1

RESOURCE: resources <Object>

DESCRIPTION:
     The CPU, memory and other resources the container asks for and is held to.

     What a container or a pod asks for, and what it is held to, by the name of
     a resource: cpu, memory, ephemeral-storage.

FIELDS:
   claims\t<[]Object>
     Resource claims of the pod that the container uses.

   limits\t<map[string]string>
     The most it may use. Over its CPU limit a container is slowed down; over
     its memory limit it is killed.

   requests\t<map[string]string>
     The least it needs: what is set aside for it. The default is the limit,
     where there is one.
"""
    field = "pod.spec.initContainers.resources"
    assert kubectl("explain", field, "--output=plaintext-openapiv2") == expected.strip()


def test_explain_lists_all_fields_below_one(kubectl: Kubectl) -> None:
    expected = """
KIND:       Namespace
VERSION:    v1

FIELD: status <NamespaceStatus>


DESCRIPTION:
    How far the namespace is in its life.
    How far a namespace is in its life.

FIELDS:
  conditions\t<[]NamespaceCondition>
    lastTransitionTime\t<string>
    message\t<string>
    reason\t<string>
    status\t<string> -required-
    type\t<string> -required-
  phase\t<string>
"""
    assert kubectl("explain", "ns.status", "--recursive") == expected.strip()


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (("events.eventTime",), "FIELD: eventTime <string>"),
        (("events.regarding", "--api-version=events.k8s.io/v1"), "FIELD: regarding <ObjectReference>"),
        (("pod.spec.overhead",), "FIELD: overhead <map[string]Quantity>"),
        (("pod.spec.containers.ports.containerPort",), "FIELD: containerPort <integer>"),
        (("pod.spec.containers.readinessProbe.httpGet.port",), "FIELD: port <IntOrString>"),
        (("lease.spec.renewTime",), "FIELD: renewTime <string>"),
    ],
)
def test_explain_tells_a_fields_type(kubectl: Kubectl, field: tuple[str, ...], expected: str) -> None:
    assert expected in kubectl("explain", *field).splitlines()


def test_kubectl_leaves_validation_to_the_server(kubectl: Kubectl) -> None:
    written = kubectl(
        "create", "-f", "-", given={"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "dat": {}}
    )
    assert written == (
        'Error from server (BadRequest): error when creating "STDIN": Secret in version "v1" cannot be handled as a '
        'Secret: strict decoding error: unknown field "dat"'
    )


def test_kubectl_validates_what_cannot_be_patched_by_itself(kubectl: Kubectl) -> None:
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespce": "a"}}
    assert kubectl("create", "-f", "-", given=review) == (
        'error: error validating "STDIN": error validating data: ValidationError(SelfSubjectRulesReview.spec): unknown '
        'field "namespce" in io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec; if you choose to ignore these '
        "errors, turn validation off with --validate=false"
    )


def test_apply_leaves_what_others_added_to_a_list(kubectl: Kubectl) -> None:
    def account(*secrets: str) -> dict[str, Any]:
        named = [{"name": name} for name in secrets]
        return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder"}, "secrets": named}

    kubectl("apply", "-f", "-", given=account("a", "b"))
    added = '[{"op": "add", "path": "/secrets/-", "value": {"name": "another"}}]'
    kubectl("patch", "serviceaccount/builder", "--type=json", f"--patch={added}")
    assert kubectl("apply", "-f", "-", given=account("b", "c")) == "serviceaccount/builder configured"
    secrets = kubectl("get", "serviceaccount/builder", "--output=jsonpath={.secrets[*].name}")
    assert sorted(secrets.split()) == ["another", "b", "c"]


def test_the_python_client_finds_kinds_and_reads_the_older_document(world: FrontWorld) -> None:
    settings = client.Configuration(host=f"https://127.0.0.1:{world.front.port}")
    settings.ssl_ca_cert = str(world.ring.authority)
    settings.api_key = {"authorization": f"Bearer {world.token}"}
    found = dynamic.DynamicClient(client.ApiClient(settings))  # type: ignore[no-untyped-call]
    assert found.resources.get(api_version="node.k8s.io/v1", kind="RuntimeClass").name == "runtimeclasses"
    document = json.loads(found.request("get", "/openapi/v2", serialize=False).data)
    assert document["definitions"]["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"] == [
        {"group": "", "kind": "Pod", "version": "v1"}
    ]
