"""Objects as rows: the columns of every kind, and what their cells say."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from podrunner.api import tables
from podrunner.objects import codec, kinds, meta, transient

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat().replace("+00:00", "Z")


def read(kind: kinds.Kind, data: dict[str, Any]) -> Any:
    """The object; it is called `x` and was created five minutes and three seconds ago unless it says otherwise."""
    metadata = {"name": "x", "creationTimestamp": ago(minutes=5, seconds=3)} | data.get("metadata", {})
    return codec.decode(data | {"metadata": metadata}, kind.type)


def kind_of(name: str, api_version: str) -> kinds.Kind:
    kind = kinds.by_name(name, api_version) or transient.by_name(name, api_version)
    assert kind is not None
    return kind


def cells(name: str, data: dict[str, Any], api_version: str = "v1") -> list[Any]:
    """The one row's cells, after their number is found right."""
    made = tables.table(name, api_version, [read(kind_of(name, api_version), data)], NOW)
    (row,) = made["rows"]
    assert len(row["cells"]) == len(made["columnDefinitions"])
    found: list[Any] = row["cells"]
    return found


@pytest.mark.parametrize(
    ("name", "api_version", "shown", "wide"),
    [
        ("Pod", "v1", "Name Ready Status Restarts Age", "IP Node Nominated_Node Readiness_Gates"),
        ("Event", "v1", "Last_Seen Type Reason Object Message", "Subobject Source First_Seen Count Name"),
        ("Event", "events.k8s.io/v1", "Last_Seen Type Reason Object Message", "Subobject Source First_Seen Count Name"),
        ("Namespace", "v1", "Name Status Age", ""),
        (
            "Node", "v1", "Name Status Roles Age Version",
            "Internal-IP External-IP OS-Image Kernel-Version Container-Runtime",
        ),
        ("ConfigMap", "v1", "Name Data Age", ""),
        ("Secret", "v1", "Name Type Data Age", ""),
        ("ServiceAccount", "v1", "Name Age", ""),
        (
            "PersistentVolumeClaim", "v1",
            "Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age", "VolumeMode",
        ),
        ("PodTemplate", "v1", "Name Containers Images Pod_Labels", ""),
        ("Service", "v1", "Name Type Cluster-IP External-IP Port(s) Age", "Selector"),
        ("Endpoints", "v1", "Name Endpoints Age", ""),
        ("EndpointSlice", "discovery.k8s.io/v1", "Name AddressType Ports Endpoints Age", ""),
        ("LimitRange", "v1", "Name Created_At", ""),
        ("ResourceQuota", "v1", "Name Request Limit Age", ""),
        ("Lease", "coordination.k8s.io/v1", "Name Holder Age", ""),
        ("RuntimeClass", "node.k8s.io/v1", "Name Handler Age", ""),
        ("PodMetrics", "metrics.k8s.io/v1beta1", "Name cpu memory Window", ""),
        ("NodeMetrics", "metrics.k8s.io/v1beta1", "Name cpu memory Window", ""),
        ("Gadget", "example.com/v1", "Name Created_At", ""),
    ],
)  # fmt: skip
def test_every_kind_has_kubectls_columns(name: str, api_version: str, shown: str, wide: str) -> None:
    columns = tables.table(name, api_version, [], NOW)["columnDefinitions"]
    assert [column["name"].replace(" ", "_") for column in columns if column["priority"] == 0] == shown.split()
    assert [column["name"].replace(" ", "_") for column in columns if column["priority"] == 1] == wide.split()
    assert [column["format"] for column in columns].count("name") == 1
    assert all(column["description"].endswith(".") for column in columns)


def test_every_kind_makes_a_row_of_an_object_that_says_nothing() -> None:
    for kind in (*kinds.KINDS, transient.EVENT_V1, transient.POD_METRICS, transient.NODE_METRICS):
        made = tables.table(kind.name, kind.api_version, [kind.type()], NOW)
        assert len(made["rows"][0]["cells"]) == len(made["columnDefinitions"])


def test_a_pods_row() -> None:
    ended = {"terminated": {"exitCode": 1, "finishedAt": ago(seconds=20)}}
    pod = {
        "metadata": {"creationTimestamp": ago(days=3, hours=4)},
        "spec": {"containers": [{"name": "main"}], "nodeName": "vm", "readinessGates": [{"conditionType": "a/b"}]},
        "status": {
            "phase": "Running",
            "podIPs": [{"ip": "172.18.0.2"}],
            "nominatedNodeName": "other",
            "containerStatuses": [
                {"name": "main", "ready": True, "state": {"running": {}}, "restartCount": 3, "lastState": ended},
            ],
        },
    }
    expected = ["x", "1/1", "Running", "3 (20s ago)", "3d4h", "172.18.0.2", "vm", "other", "0/1"]
    assert cells("Pod", pod) == expected
    assert cells("Pod", {"status": {"phase": "Pending"}})[5:] == ["<none>"] * 4


@pytest.mark.parametrize(
    ("phase", "conditions"),
    [
        ("Running", None),
        (
            "Succeeded",
            [
                {
                    "type": "Completed",
                    "status": "True",
                    "reason": "Succeeded",
                    "message": "The pod has completed successfully.",
                }
            ],
        ),
        ("Failed", [{"type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."}]),
    ],
)
def test_the_row_of_a_pod_that_has_ended_says_so(phase: str, conditions: Any) -> None:
    pod = read(kind_of("Pod", "v1"), {"status": {"phase": phase}})
    assert tables.table("Pod", "v1", [pod], NOW)["rows"][0].get("conditions") == conditions


EVENT = {
    "type": "Warning",
    "reason": "BackOff",
    "message": " Back-off restarting\n",
    "involvedObject": {"kind": "Pod", "name": "web", "fieldPath": "spec.containers{main}"},
    "source": {"component": "kubelet", "host": "vm"},
}


@pytest.mark.parametrize(
    ("times", "last_seen", "first_seen", "count"),
    [
        ({"firstTimestamp": ago(hours=3), "lastTimestamp": ago(seconds=23), "count": 12}, "23s", "3h", 12),
        ({"firstTimestamp": ago(hours=3)}, "3h", "3h", 1),
        ({"eventTime": ago(minutes=4)}, "4m", "4m", 1),
        ({"eventTime": ago(minutes=4), "series": {"count": 7, "lastObservedTime": ago(seconds=1)}}, "1s", "4m", 7),
        ({"eventTime": ago(minutes=4), "series": {"count": 7}}, "<unknown>", "4m", 7),
        ({}, "<unknown>", "<unknown>", 1),
    ],
)
def test_an_events_row(times: dict[str, Any], last_seen: str, first_seen: str, count: int) -> None:
    assert cells("Event", EVENT | times) == [
        last_seen, "Warning", "BackOff", "pod/web", "spec.containers{main}", "kubelet, vm", "Back-off restarting",
        first_seen, count, "x",
    ]  # fmt: skip


def test_an_event_says_who_reported_it() -> None:
    reporter = {"reportingComponent": "example.com/controller", "reportingInstance": "one"}
    assert cells("Event", EVENT | reporter)[5] == "kubelet, vm"
    assert cells("Event", reporter)[5] == "example.com/controller, one"
    assert cells("Event", {"source": {"component": "scheduler"}, "involvedObject": {"kind": "Node"}})[3:6] == [
        "node", "", "scheduler",
    ]  # fmt: skip


def test_the_newer_version_of_events_has_the_same_rows() -> None:
    newer = {
        "deprecatedLastTimestamp": ago(seconds=23),
        "deprecatedFirstTimestamp": ago(hours=3),
        "deprecatedCount": 12,
        "type": "Warning",
        "reason": "BackOff",
        "note": "Back-off restarting",
        "regarding": EVENT["involvedObject"],
        "deprecatedSource": EVENT["source"],
    }
    older = {"firstTimestamp": ago(hours=3), "lastTimestamp": ago(seconds=23), "count": 12}
    assert cells("Event", newer, "events.k8s.io/v1") == cells("Event", EVENT | older)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({}, ["Unknown", "<none>", "5m3s", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"]),
        (
            {
                "metadata": {
                    "labels": {
                        "node-role.kubernetes.io/worker": "",
                        "node-role.kubernetes.io/": "",
                        "kubernetes.io/role": "control",
                    }
                },
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": [
                        {"type": "MemoryPressure", "status": "True"},
                        {"type": "Ready", "status": "False"},
                    ],
                    "addresses": [
                        {"type": "Hostname", "address": "vm"},
                        {"type": "InternalIP", "address": "10.0.0.5"},
                        {"type": "ExternalIP", "address": "192.0.2.7"},
                    ],
                    "nodeInfo": {
                        "kubeletVersion": "v1.37.1",
                        "osImage": "Debian 12",
                        "kernelVersion": "6.1.0",
                        "containerRuntimeVersion": "docker://20.10",
                    },
                },
            },
            [
                "NotReady,SchedulingDisabled", "control,worker", "5m3s", "v1.37.1", "10.0.0.5", "192.0.2.7",
                "Debian 12", "6.1.0", "docker://20.10",
            ],
        ),
        (
            {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
            ["Ready", "<none>", "5m3s", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"],
        ),
    ],
)  # fmt: skip
def test_a_nodes_row(node: dict[str, Any], expected: list[str]) -> None:
    assert cells("Node", node) == ["x", *expected]


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"type": "ClusterIP", "clusterIP": "10.96.0.1"}, {}, ["ClusterIP", "<none>", "<none>", "<none>"]),
        (
            {
                "type": "ClusterIP",
                "clusterIPs": ["10.96.0.1", "fd00::1"],
                "externalIPs": ["192.0.2.1", "192.0.2.2"],
                "ports": [{"port": 443, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
            },
            {},
            ["ClusterIP", "10.96.0.1", "192.0.2.1,192.0.2.2", "443/TCP,53/UDP"],
        ),
        (
            {"type": "NodePort", "clusterIPs": ["None"], "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}]},
            {},
            ["NodePort", "None", "<none>", "80:30080/TCP"],
        ),
        ({"type": "LoadBalancer"}, {}, ["LoadBalancer", "<none>", "<pending>", "<none>"]),
        (
            {"type": "LoadBalancer", "externalIPs": ["192.0.2.1"]},
            {"ingress": [{"hostname": "lb.example.com"}, {"ip": "198.51.100.7"}, {"ip": "198.51.100.7"}]},
            ["LoadBalancer", "<none>", "198.51.100.7,lb.example.com,192.0.2.1", "<none>"],
        ),
        (
            {"type": "ExternalName", "externalName": "x.example.com"},
            {},
            ["ExternalName", "<none>", "x.example.com", "<none>"],
        ),
        ({}, {}, ["", "<none>", "<unknown>", "<none>"]),
    ],
)
def test_a_services_row(spec: dict[str, Any], status: dict[str, Any], expected: list[str]) -> None:
    service = {"spec": spec | {"selector": {"b": "2", "a": "1"}}, "status": {"loadBalancer": status}}
    assert cells("Service", service) == ["x", *expected, "5m3s", "a=1,b=2"]


@pytest.mark.parametrize(
    ("subsets", "expected"),
    [
        ([], "<none>"),
        ([{"notReadyAddresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}], ""),
        ([{"addresses": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "ports": [{"port": 80}]}], "10.0.0.1:80,[fd00::1]:80"),
        ([{"addresses": [{"ip": "10.0.0.1"}]}, {"addresses": [{"ip": "fd00::1"}]}], "10.0.0.1,fd00::1"),
        (
            [{"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], "ports": [{"port": n} for n in (80, 81, 82)]}],
            "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 3 more...",
        ),
    ],
)  # fmt: skip
def test_an_endpoints_row(subsets: list[Any], expected: str) -> None:
    assert cells("Endpoints", {"subsets": subsets}) == ["x", expected, "5m3s"]


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ({"status": {"phase": "Pending"}}, ["Pending", "", "", "", "", "<unset>", "5m3s", "<unset>"]),
        (
            {
                "spec": {
                    "volumeName": "v-1",
                    "storageClassName": "fast",
                    "volumeAttributesClassName": "gold",
                    "volumeMode": "Filesystem",
                },
                "status": {
                    "phase": "Bound",
                    "accessModes": ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOnce"],
                    "capacity": {"storage": "1024Mi"},
                },
            },
            ["Bound", "v-1", "1Gi", "RWO,RWX", "fast", "gold", "5m3s", "Filesystem"],
        ),
        (
            {
                "metadata": {
                    "deletionTimestamp": ago(),
                    "annotations": {"volume.beta.kubernetes.io/storage-class": "old"},
                },
                "spec": {"volumeName": "v-1", "storageClassName": "fast"},
                "status": {"phase": "Bound"},
            },
            ["Terminating", "v-1", "0", "", "old", "<unset>", "5m3s", "<unset>"],
        ),
    ],
)
def test_a_claims_row(claim: dict[str, Any], expected: list[str]) -> None:
    assert cells("PersistentVolumeClaim", claim) == ["x", *expected]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("Namespace", {"status": {"phase": "Active"}}, ["Active", "5m3s"]),
        ("ConfigMap", {"data": {"a": "1"}, "binaryData": {"b": "AA==", "c": "AA=="}}, [3, "5m3s"]),
        ("Secret", {"type": "Opaque", "data": {"a": "AA=="}, "stringData": {"b": "1"}}, ["Opaque", 1, "5m3s"]),
        ("ServiceAccount", {}, ["5m3s"]),
        ("LimitRange", {}, ["2026-03-01T11:54:57Z"]),
        (
            "PodTemplate",
            {
                "template": {
                    "metadata": {"labels": {"app": "web", "a": "b"}},
                    "spec": {"containers": [{"name": "m", "image": "i:1"}, {"name": "n", "image": "j"}]},
                }
            },
            ["m,n", "i:1,j", "a=b,app=web"],
        ),
        (
            "ResourceQuota",
            {
                "status": {
                    "hard": {"pods": "10", "cpu": "1000m", "limits.memory": "2048Mi", "limits.cpu": "4"},
                    "used": {"pods": "3", "limits.memory": "512Mi"},
                }
            },
            ["cpu: 0/1, pods: 3/10", "limits.cpu: 0/4, limits.memory: 512Mi/2Gi", "5m3s"],
        ),
    ],
)
def test_rows_of_the_smaller_kinds(name: str, data: dict[str, Any], expected: list[Any]) -> None:
    assert cells(name, data) == ["x", *expected]


@pytest.mark.parametrize(
    ("name", "api_version", "data", "expected"),
    [
        ("Lease", "coordination.k8s.io/v1", {"spec": {"holderIdentity": "vm"}}, ["vm", "5m3s"]),
        ("Lease", "coordination.k8s.io/v1", {}, ["", "5m3s"]),
        ("RuntimeClass", "node.k8s.io/v1", {"handler": "runc"}, ["runc", "5m3s"]),
        (
            "PodMetrics",
            "metrics.k8s.io/v1beta1",
            {
                "containers": [
                    {"name": "a", "usage": {"cpu": "1500000n", "memory": "1Mi"}},
                    {"name": "b", "usage": {"cpu": "500000n", "memory": "512Ki"}},
                ],
                "window": "30s",
            },
            ["2m", "1536Ki", "30s"],
        ),
        ("PodMetrics", "metrics.k8s.io/v1beta1", {"window": "15s"}, ["0", "0", "15s"]),
        ("NodeMetrics", "metrics.k8s.io/v1beta1", {"usage": {"cpu": "250m"}, "window": "15s"}, ["250m", "0", "15s"]),
    ],
)
def test_rows_of_the_other_groups(name: str, api_version: str, data: dict[str, Any], expected: list[Any]) -> None:
    assert cells(name, data, api_version) == ["x", *expected]


def test_a_table_is_what_the_api_has() -> None:
    claim = read(kind_of("ServiceAccount", "v1"), {"metadata": {"uid": "u-1", "labels": {"a": "b"}}})
    made = tables.table("ServiceAccount", "v1", [claim], NOW, resource_version="7", continue_="token", remaining=3)
    metadata = {"name": "x", "uid": "u-1", "labels": {"a": "b"}, "creationTimestamp": "2026-03-01T11:54:57Z"}
    assert json.loads(msgspec.json.encode(made)) == {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "7", "continue": "token", "remainingItemCount": 3},
        "columnDefinitions": [
            {
                "name": "Name",
                "type": "string",
                "format": "name",
                "description": "The object's name, unique among those of its kind in the namespace.",
                "priority": 0,
            },
            {
                "name": "Age",
                "type": "string",
                "format": "",
                "description": "How long ago the object was created.",
                "priority": 0,
            },
        ],
        "rows": [
            {
                "cells": ["x", "5m3s"],
                "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata},
            }
        ],
    }


def test_a_row_has_as_much_of_its_object_as_was_asked_for() -> None:
    account = read(kind_of("ServiceAccount", "v1"), {})
    (whole,) = tables.table("ServiceAccount", "v1", [account], NOW, include_object="Object")["rows"]
    assert whole["object"] is account
    (bare,) = tables.table("ServiceAccount", "v1", [account], NOW, include_object="None")["rows"]
    assert bare == {"cells": ["x", "5m3s"]}


def test_the_older_version_of_tables_is_the_same_under_another_name() -> None:
    account = read(kind_of("ServiceAccount", "v1"), {})
    made = tables.table("ServiceAccount", "v1", [account], NOW, table_version="v1beta1")
    assert made["apiVersion"] == made["rows"][0]["object"]["apiVersion"] == "meta.k8s.io/v1beta1"


def test_without_headers_there_are_no_columns() -> None:
    made = tables.table("Pod", "v1", [], NOW, resource_version="7", headers=False)
    assert made == {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "7"},
        "columnDefinitions": None,
        "rows": [],
    }


def test_an_unknown_kind_tells_when_an_object_was_created() -> None:
    gadget = meta.Object(metadata=meta.ObjectMeta(name="g", creation_timestamp=NOW))
    (row,) = tables.table("Gadget", "example.com/v1", [gadget], NOW)["rows"]
    assert row["cells"] == ["g", "2026-03-01T12:00:00Z"]
    (row,) = tables.table("Gadget", "example.com/v1", [meta.Object()], NOW)["rows"]
    assert row["cells"] == ["", "0001-01-01T00:00:00Z"]
