"""What the real kubectl prints of the tables."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kubectl_world import Kubectl
from podrunner.api import protobuf, tables
from podrunner.objects import codec, kinds

pytestmark = pytest.mark.engine  # kubectl takes its time

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat().replace("+00:00", "Z")


def pod(name: str, phase: str, restarts: int = 0) -> dict[str, Any]:
    terminated = {"terminated": {"exitCode": 1, "finishedAt": ago(seconds=20)}}
    status = {
        "name": "main",
        "ready": True,
        "restartCount": restarts,
        "lastState": terminated,
        "state": {"running": {}},
    }
    return {
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": ago(minutes=5, seconds=3)},
        "spec": {"containers": [{"name": "main"}], "nodeName": "vm"},
        "status": {"phase": phase, "podIPs": [{"ip": "172.18.0.2"}], "containerStatuses": [status]},
    }


def table(plural: str, objects: Sequence[dict[str, Any]], **options: Any) -> bytes:
    kind = kinds.by_any_name(plural)
    assert kind is not None
    decoded = [codec.decode(data, kind.type) for data in objects]
    return msgspec.json.encode(tables.table(kind.name, kind.api_version, decoded, NOW, **options))


def printed(home: Path, path: str, answer: Any, *command: str) -> str:
    with Kubectl(home, {path: answer}, protobuf.decode) as kubectl:
        ended = kubectl.run(*command)
    assert ended.returncode == 0, ended.stderr
    return "\n".join(line.rstrip() for line in ended.stdout.splitlines())


PODS = [pod("web", "Running", 3), pod("job", "Pending")]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            [],
            """\
NAME   READY   STATUS    RESTARTS      AGE
web    1/1     Running   3 (20s ago)   5m3s
job    1/1     Pending   0             5m3s""",
        ),
        (
            ["-o", "wide"],
            """\
NAME   READY   STATUS    RESTARTS      AGE    IP           NODE   NOMINATED NODE   READINESS GATES
web    1/1     Running   3 (20s ago)   5m3s   172.18.0.2   vm     <none>           <none>
job    1/1     Pending   0             5m3s   172.18.0.2   vm     <none>           <none>""",
        ),
        (["-o", "name"], "pod/web\npod/job"),
        (["--no-headers"], "web   1/1   Running   3 (20s ago)   5m3s\njob   1/1   Pending   0             5m3s"),
    ],
)
def test_pods_are_printed_as_a_cluster_has_them_printed(tmp_path: Path, options: list[str], expected: str) -> None:
    path, data = "/api/v1/namespaces/default/pods", table("pods", PODS, resource_version="7")
    if "name" in options:  # kubectl asks for no table then
        data = msgspec.json.encode({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": PODS})
    assert printed(tmp_path, path, data, "get", "pods", *options) == expected


def test_all_namespaces_come_from_the_metadata_of_the_rows(tmp_path: Path) -> None:
    answer = table("pods", PODS[:1])
    assert printed(tmp_path, "/api/v1/pods", answer, "get", "pods", "-A") == (
        "NAMESPACE   NAME   READY   STATUS    RESTARTS      AGE\n"
        "default     web    1/1     Running   3 (20s ago)   5m3s"
    )


def test_a_watch_has_its_columns_from_the_first_table_on(tmp_path: Path) -> None:
    path = "/api/v1/namespaces/default/pods"
    tables_ = [table("pods", [pod("web", phase)], headers=phase == "Running") for phase in ("Running", "Failed")]
    lines = b"".join(b'{"type":"MODIFIED","object":%s}\n' % each for each in tables_)
    answers = {path: table("pods", PODS[1:], resource_version="7"), f"{path}?resourceVersion=7&watch=true": lines}
    with Kubectl(tmp_path, answers, protobuf.decode) as kubectl:
        assert kubectl.run("get", "pods", "-w", "--output-watch-events").stdout.splitlines() == [
            "EVENT      NAME   READY   STATUS    RESTARTS   AGE",
            "ADDED      job    1/1     Pending   0          5m3s",
            "MODIFIED   web    1/1     Running   0          5m3s",
            "MODIFIED   web    1/1     Failed    0          5m3s",
        ]


@pytest.mark.parametrize(
    ("plural", "path", "data", "expected"),
    [
        (
            "events",
            "/api/v1/namespaces/default/events",
            {
                "metadata": {"name": "e"},
                "type": "Normal",
                "reason": "Pulled",
                "message": "It is there",
                "count": 2,
                "involvedObject": {"kind": "Pod", "name": "web", "fieldPath": "spec.a{b}"},
                "source": {"component": "kubelet", "host": "vm"},
                "firstTimestamp": ago(hours=1),
                "lastTimestamp": ago(seconds=23),
            },
            """\
LAST SEEN   TYPE     REASON   OBJECT    SUBOBJECT   SOURCE        MESSAGE       FIRST SEEN   COUNT   NAME
23s         Normal   Pulled   pod/web   spec.a{b}   kubelet, vm   It is there   60m          2       e""",
        ),
        (
            "nodes",
            "/api/v1/nodes",
            {
                "metadata": {"name": "vm", "creationTimestamp": ago(days=2)},
                "status": {
                    "addresses": [{"type": "InternalIP", "address": "10.0.0.5"}],
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "nodeInfo": {"kubeletVersion": "v1.37.1", "osImage": "Debian", "kernelVersion": "6.1"},
                },
            },
            """\
NAME   STATUS   ROLES    AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE   KERNEL-VERSION   CONTAINER-RUNTIME
vm     Ready    <none>   2d    v1.37.1   10.0.0.5      <none>        Debian     6.1              <unknown>""",
        ),
        (
            "services",
            "/api/v1/namespaces/default/services",
            {
                "metadata": {"name": "kubernetes", "creationTimestamp": ago(days=2)},
                "spec": {
                    "type": "ClusterIP",
                    "clusterIPs": ["10.96.0.1"],
                    "ports": [{"port": 443, "protocol": "TCP"}],
                },
            },
            """\
NAME         TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR
kubernetes   ClusterIP   10.96.0.1    <none>        443/TCP   2d    <none>""",
        ),
        (
            "secrets",
            "/api/v1/namespaces/default/secrets",
            {
                "metadata": {"name": "s", "creationTimestamp": ago(seconds=1)},
                "type": "Opaque",
                "data": {"a": "AA==", "b": "AA=="},
            },
            "NAME   TYPE     DATA   AGE\ns      Opaque   2      1s",
        ),
        (
            "leases",
            "/apis/coordination.k8s.io/v1/namespaces/default/leases",
            {"metadata": {"name": "vm", "creationTimestamp": ago(days=2)}, "spec": {"holderIdentity": "vm"}},
            "NAME   HOLDER   AGE\nvm     vm       2d",
        ),
        (
            "limitranges",
            "/api/v1/namespaces/default/limitranges",
            {"metadata": {"name": "limits", "creationTimestamp": ago(days=2)}},
            "NAME     CREATED AT\nlimits   2026-02-27T12:00:00Z",
        ),
        (
            "persistentvolumeclaims",
            "/api/v1/namespaces/default/persistentvolumeclaims",
            {"metadata": {"name": "data"}, "status": {"phase": "Pending"}},
            """\
NAME   STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE         VOLUMEMODE
data   Pending                                                     <unset>                 <unknown>   <unset>""",
        ),
    ],
)  # fmt: skip
def test_other_kinds_are_too(tmp_path: Path, plural: str, path: str, data: dict[str, Any], expected: str) -> None:
    assert printed(tmp_path, path, table(plural, [data]), "get", plural, "-o", "wide") == expected
