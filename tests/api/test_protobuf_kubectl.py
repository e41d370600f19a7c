"""What the real kubectl sends in protobuf is read as it was meant."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import full_objects
from kubectl_world import PROTOBUF, Kubectl
from podrunner.api import protobuf
from podrunner.objects.pod import Pod

pytestmark = pytest.mark.engine  # kubectl takes its time

POD = full_objects.full(Pod) | {"apiVersion": "v1", "kind": "Pod"}
POD["metadata"] |= {"name": "rich", "namespace": "default"}
OBJECTS = {
    "/api/v1/namespaces/default/pods/rich": POD,
    "/api/v1/nodes/vm": {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "vm"}},
}


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Kubectl]:
    with Kubectl(tmp_path, OBJECTS, protobuf.decode) as running:
        yield running


def created(kubectl: Kubectl, *command: str, expected: int = 0) -> Any:
    """The one object that the command creates."""
    ended = kubectl.run(*command)
    assert ended.returncode == expected, ended.stderr
    (sent,) = kubectl.sent
    assert sent.media_type == PROTOBUF
    return protobuf.decode(sent.body)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("create namespace demo", {"kind": "Namespace", "metadata": {"name": "demo"}, "spec": {}, "status": {}}),
        (
            "create configmap c --from-literal=a=1 --from-literal=b=é",
            {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1", "b": "é"}},
        ),
        (
            "create secret generic s --from-literal=p=hello --type=example.com/t",
            {"kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "aGVsbG8="}, "type": "example.com/t"},
        ),
        ("create serviceaccount builder", {"kind": "ServiceAccount", "metadata": {"name": "builder"}}),
        (
            "create service clusterip web --tcp=80:8080 --tcp=443:https",
            {
                "kind": "Service",
                "metadata": {"name": "web", "labels": {"app": "web"}},
                "spec": {
                    "type": "ClusterIP",
                    "selector": {"app": "web"},
                    "ports": [
                        {"name": "80-8080", "protocol": "TCP", "port": 80, "targetPort": 8080},
                        {"name": "443-https", "protocol": "TCP", "port": 443, "targetPort": "https"},
                    ],
                },
                "status": {"loadBalancer": {}},
            },
        ),
        (
            "create quota q --hard=cpu=1,memory=1Gi --scopes=BestEffort",
            {
                "kind": "ResourceQuota",
                "metadata": {"name": "q"},
                "spec": {"hard": {"cpu": "1", "memory": "1Gi"}, "scopes": ["BestEffort"]},
                "status": {},
            },
        ),
    ],
)
def test_objects_are_created_as_they_are_described(kubectl: Kubectl, command: str, expected: Any) -> None:
    assert created(kubectl, *command.split()) == {"apiVersion": "v1", **expected}


def test_files_become_binary_data(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\x00\xfe")
    data = created(kubectl, "create", "configmap", "c", f"--from-file={tmp_path / 'bytes'}")
    assert data["binaryData"] == {"bytes": "/wD+"}


@pytest.mark.parametrize(
    ("command", "kind", "spec"),
    [
        (
            "auth can-i create pods --subresource=exec",
            "SelfSubjectAccessReview",
            {
                "resourceAttributes": {
                    "namespace": "default", "verb": "create", "resource": "pods", "subresource": "exec",
                }
            },
        ),
        (
            "auth can-i get /healthz",
            "SelfSubjectAccessReview",
            {"nonResourceAttributes": {"path": "/healthz", "verb": "get"}},
        ),
        ("auth can-i --list", "SelfSubjectRulesReview", {"namespace": "default"}),
    ],
)  # fmt: skip
def test_questions_about_rights_are_understood(kubectl: Kubectl, command: str, kind: str, spec: Any) -> None:
    asked = created(kubectl, *command.split(), expected=0 if "--list" in command else 1)
    assert (asked["apiVersion"], asked["kind"], asked["spec"]) == ("authorization.k8s.io/v1", kind, spec)


def test_the_question_who_one_is_is_understood(kubectl: Kubectl) -> None:
    asked = created(kubectl, "auth", "whoami")
    assert (asked["apiVersion"], asked["kind"]) == ("authentication.k8s.io/v1", "SelfSubjectReview")


def test_the_copy_of_a_pod_with_every_field_is_that_pod(kubectl: Kubectl) -> None:
    keep = ["labels", "annotations", "liveness", "readiness", "startup", "init-containers"]
    flags = ["--copy-to=copy", "--image=busybox:1.36", "--container=debugger", "--same-node"]
    copy = created(kubectl, "debug", "rich", *flags, *(f"--keep-{each}" for each in keep), "--", "sleep", "1")
    assert copy["metadata"] == {
        "name": "copy",
        "namespace": "default",
        "annotations": POD["metadata"]["annotations"],
        "labels": POD["metadata"]["labels"],
    }
    *containers, debugger = copy["spec"].pop("containers")
    original = dict(POD["spec"])
    assert containers == original.pop("containers")
    del original["ephemeralContainers"]  # a pod can't be created with any
    assert copy["spec"] == original
    assert debugger == {
        "name": "debugger",
        "image": "busybox:1.36",
        "command": ["sleep", "1"],
        "resources": {},
        "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}},
        "terminationMessagePolicy": "File",
    }


def test_a_pod_that_debugs_a_node_is_understood(kubectl: Kubectl) -> None:
    pod = created(kubectl, "debug", "node/vm", "--image=busybox:1.36", "--profile=sysadmin", "--", "sleep", "1")
    assert re.fullmatch(r"node-debugger-vm-\w{5}", pod["metadata"]["name"])
    assert pod["spec"] == {
        "containers": [
            {
                "name": "debugger",
                "image": "busybox:1.36",
                "command": ["sleep", "1"],
                "resources": {},
                "securityContext": {"privileged": True},
                "terminationMessagePolicy": "File",
                "volumeMounts": [{"name": "host-root", "mountPath": "/host"}],
            }
        ],
        "hostIPC": True,
        "hostNetwork": True,
        "hostPID": True,
        "nodeName": "vm",
        "restartPolicy": "Never",
        "tolerations": [{"operator": "Exists"}],
        "volumes": [{"name": "host-root", "hostPath": {"path": "/"}}],
    }
