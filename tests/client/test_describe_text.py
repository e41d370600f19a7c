"""What `describe` tells of a pod, a node and a Secret; the pod's text is what kubectl 1.37 printed for it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from podrunner.client import describe

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
BEGUN = "2026-03-01T12:00:00Z"

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "default",
        "labels": {"app": "web", "tier": "front"},
        "annotations": {"note": "one\ntwo\x1b[31m"},
        "deletionTimestamp": "2026-03-01T12:00:20Z",
        "deletionGracePeriodSeconds": 30,
    },
    "spec": {
        "priority": 0,
        "serviceAccountName": "default",
        "nodeName": "vm",
        "tolerations": [
            {"operator": "Exists"}, {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 9}
        ],
        "initContainers": [{"name": "proxy", "image": "envoy", "restartPolicy": "Always"}],
        "containers": [
            {
                "name": "main",
                "image": "busybox:1.36",
                "command": ["sh", "-c", "one\ntwo"],
                "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}],
                "env": [
                    {"name": "PLAIN", "value": "x"},
                    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}},
                    {"name": "NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
                    {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                ],
                "envFrom": [{"prefix": "P_", "configMapRef": {"name": "settings", "optional": True}}],
                "resources": {"limits": {"memory": "64Mi"}},
                "livenessProbe": {
                    "httpGet": {"scheme": "HTTP", "port": "http", "path": "/live"},
                    "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
                },
                "volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": "here", "readOnly": True}],
            }
        ],
        "ephemeralContainers": [{"name": "debugger", "image": "busybox:1.36"}],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "key", "secret": {"secretName": "key"}}],
    },
    "status": {
        "phase": "Running",
        "hostIP": "192.0.2.2",
        "startTime": BEGUN,
        "podIP": "172.18.0.2",
        "podIPs": [{"ip": "172.18.0.2"}],
        "qosClass": "Burstable",
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [
            {
                "name": "main", "containerID": "docker://abc", "imageID": "docker://sha256:def", "ready": False,
                "restartCount": 2,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {
                    "terminated": {
                        "exitCode": 3, "reason": "Error", "message": "bye\n", "startedAt": BEGUN, "finishedAt": BEGUN
                    }
                },
            }
        ],
    },
}  # fmt: skip

EVENT = {
    "type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container", "count": 4,
    "firstTimestamp": BEGUN, "lastTimestamp": "2026-03-01T12:00:25Z", "source": {"component": "kubelet"},
    "involvedObject": {"fieldPath": "spec.containers{main}"},
}  # fmt: skip

TOLD = """\
Name:                      web
Namespace:                 default
Priority:                  0
Service Account:           default
Node:                      vm/192.0.2.2
Start Time:                Sun, 01 Mar 2026 12:00:00 +0000
Labels:                    app=web
                           tier=front
Annotations:               note:
                             one
                             two^[[31m
Status:                    Terminating (lasts 10s)
Termination Grace Period:  30s
IP:                        172.18.0.2
IPs:
  IP:  172.18.0.2
Init Containers:
  proxy:
    Image:        envoy
    Port:         <none>
    Host Port:    <none>
    Environment:  <none>
    Mounts:       <none>
Containers:
  main:
    Container ID:  docker://abc
    Image:         busybox:1.36
    Image ID:      docker://sha256:def
    Port:          80/TCP (http)
    Host Port:     0/TCP (http)
    Command:
      sh
      -c
      one
      two
    State:       Waiting
      Reason:    CrashLoopBackOff
    Last State:  Terminated
      Reason:    Error
      Message:   bye

      Exit Code:    3
      Started:      Sun, 01 Mar 2026 12:00:00 +0000
      Finished:     Sun, 01 Mar 2026 12:00:00 +0000
    Ready:          False
    Restart Count:  2
    Limits:
      memory:  64Mi
    Liveness:  http-get http://:http/live delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3
    Environment Variables from:
      settings  ConfigMap with prefix 'P_'  Optional: true
    Environment:
      PLAIN:  x
      TOKEN:  <set to the key 'token' in secret 'key'>  Optional: false
      NAME:   web (v1:metadata.name)
      CPU:    node allocatable (limits.cpu)
    Mounts:
      /data from data (ro,path="here")
Ephemeral Containers:
  debugger:
    Image:        busybox:1.36
    Port:         <none>
    Host Port:    <none>
    Environment:  <none>
    Mounts:       <none>
Conditions:
  Type    Status
  Ready   False\x20
Volumes:
  data:
    Type:       EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:\x20\x20\x20\x20\x20
    SizeLimit:  <unset>
  key:
    Type:        Secret (a volume populated by a Secret)
    SecretName:  key
    Optional:    false
QoS Class:       Burstable
Node-Selectors:  <none>
Tolerations:     op=Exists
                 a=b:NoExecute for 9s
Events:
  Type     Reason   Age               From     Message
  ----     ------   ----              ----     -------
  Warning  BackOff  5s (x4 over 30s)  kubelet  spec.containers{main}: Back-off restarting failed container
"""


@pytest.fixture
def _in_london(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are told as the clock on the wall has them."""
    with monkeypatch.context() as here:
        here.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_in_london")
def test_a_pod_is_told_with_its_containers_and_events() -> None:
    assert describe.text(POD, [EVENT], NOW) == TOLD


def test_of_a_secret_sizes_are_told_and_no_values() -> None:
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "default"}, "type": "Opaque",
        "data": {"token": "aHVudGVyMg=="},
    }  # fmt: skip
    assert describe.text(secret, [], NOW) == (
        "Name:         key\nNamespace:    default\nLabels:       <none>\nAnnotations:  <none>\n"
        "\nType:  Opaque\n\nData\n====\ntoken:  7 bytes\n"
    )


def test_other_kinds_are_told_by_their_fields() -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "vm", "namespace": "kube-node-lease", "creationTimestamp": BEGUN, "uid": "u-1"},
        "spec": {"holderIdentity": "vm", "leaseDurationSeconds": 40},
    }  # fmt: skip
    assert describe.text(lease, None, NOW) == (
        "Name:         vm\nNamespace:    kube-node-lease\nLabels:       <none>\nAnnotations:  <none>\n"
        "API Version:  coordination.k8s.io/v1\nKind:         Lease\nMetadata:\n"
        "  Creation Timestamp:  2026-03-01T12:00:00Z\n  UID:                 u-1\n"
        "Spec:\n  Holder Identity:         vm\n  Lease Duration Seconds:  40\n"
    )
