"""What may change of a stored object: from a good pair, change one thing, compare with what a cluster says."""

from typing import Any

import pytest

from podrunner.objects import decode, defaults, kinds, validation

IMAGE_ONLY = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)
BARE = {"name": "good", "namespace": "default", "uid": "1", "resourceVersion": "5"}
MOMENT = "2026-01-02T03:04:05Z"


def check(
    kind: str, old: dict[str, Any], new: dict[str, Any], subresource: str = "", api_version: str = "v1"
) -> list[str]:
    known = kinds.by_name(kind, api_version)
    assert known is not None
    about = BARE if known.namespaced else {**BARE, "namespace": ""}
    before, after = (
        defaults.apply(decode.decode({"metadata": about, **data}, known.type).object) for data in (old, new)
    )
    return [str(error) for error in validation.validate_update(after, before, subresource)]


def check_pod(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """`old` and `new` are what the specs have besides a container `a`."""
    spec = {"containers": [{"name": "a", "image": "b"}]}
    return check("Pod", {"spec": {**spec, **old}}, {"spec": {**spec, **new}})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"uid": "2"}, 'metadata.uid: Invalid value: "2": field is immutable'),
        (
            {},
            {"deletionTimestamp": MOMENT},
            f'metadata.deletionTimestamp: Invalid value: "{MOMENT}": field is immutable',
        ),
        ({}, {"resourceVersion": ""}, 'metadata.resourceVersion: Invalid value: "": must be specified for an update'),
        (
            {"deletionTimestamp": MOMENT, "finalizers": ["a/b"]},
            {"deletionTimestamp": MOMENT, "finalizers": ["a/b", "c/d"]},
            (
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted,"
                ' found new finalizers []string{"c/d"}'
            ),
        ),
        (
            {},
            {"finalizers": ["orphan", "foregroundDeletion"]},
            (
                'metadata.finalizers: Invalid value: ["orphan", "foregroundDeletion"]:'
                " finalizer orphan and foregroundDeletion cannot be both set"
            ),
        ),
    ],
)
def test_metadata_that_stays(old: dict[str, Any], new: dict[str, Any], expected: str) -> None:
    assert check("ConfigMap", {"metadata": {**BARE, **old}}, {"metadata": {**BARE, **new}}) == [expected]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {"containers": [{"name": "a", "image": "c"}]}),
        ({}, {"activeDeadlineSeconds": 5}),
        ({"activeDeadlineSeconds": 5}, {"activeDeadlineSeconds": 4}),
        ({}, {"tolerations": [{"operator": "Exists"}]}),
        (
            {"tolerations": [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}]},
            {"tolerations": [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 2}]},
        ),
        ({"schedulingGates": [{"name": "a"}, {"name": "b"}]}, {"schedulingGates": [{"name": "b"}]}),
        (
            {"schedulingGates": [{"name": "a"}], "nodeSelector": {"a": "b"}},
            {"schedulingGates": [{"name": "a"}], "nodeSelector": {"a": "b", "c": "d"}},
        ),
        ({"terminationGracePeriodSeconds": -1}, {"terminationGracePeriodSeconds": 1}),
    ],
)
def test_what_may_change_of_a_pod(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert check_pod(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            {},
            {"containers": [{"name": "a", "image": "b", "command": ["sh"]}]},
            f'{IMAGE_ONLY}  spec.containers[0].command:\n+   ["sh"]',
        ),
        (
            {"nodeName": "vm"},
            {"hostname": "kubia"},
            f'{IMAGE_ONLY}  spec.hostname:\n+   "kubia"\n  spec.nodeName:\n-   "vm"',
        ),
        (
            {"terminationGracePeriodSeconds": 30},
            {"terminationGracePeriodSeconds": 1},
            f"{IMAGE_ONLY}  spec.terminationGracePeriodSeconds:\n-   30\n+   1",
        ),
        (
            {},
            {"containers": [{"name": "a", "image": "b"}, {"name": "c", "image": "b"}]},
            "spec.containers: Forbidden: pod updates may not add or remove containers",
        ),
        (
            {"activeDeadlineSeconds": 5},
            {"activeDeadlineSeconds": 6},
            "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
        ),
        (
            {"activeDeadlineSeconds": 5},
            {},
            "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value",
        ),
        (
            {"tolerations": [{"operator": "Exists"}]},
            {},
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
        ),
        (
            {"schedulingGates": [{"name": "a"}]},
            {"schedulingGates": [{"name": "b"}]},
            ("spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'"),
        ),
        (
            {"schedulingGates": [{"name": "a"}], "nodeSelector": {"a": "b"}},
            {"schedulingGates": [{"name": "a"}], "nodeSelector": {"a": "c"}},
            (
                "spec.nodeSelector: Invalid value: {...}:"
                " only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            ),
        ),
    ],
)
def test_what_may_not_change_of_a_pod(old: dict[str, Any], new: dict[str, Any], expected: str) -> None:
    assert check_pod(old, new) == [expected]


def node_affinity(*zones: str) -> dict[str, Any]:
    expressions = [{"key": f"zone-{zone}", "operator": "Exists"} for zone in zones]
    required = {"nodeSelectorTerms": [{"matchExpressions": expressions}]}
    return {
        "schedulingGates": [{"name": "gate"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}},
    }


def test_a_gated_pod_may_be_narrowed_to_fewer_nodes_only() -> None:
    assert check_pod({"schedulingGates": [{"name": "gate"}]}, node_affinity("a")) == []
    assert check_pod(node_affinity("a"), node_affinity("a", "b")) == []
    (error,) = check_pod(node_affinity("a", "b"), node_affinity("a"))
    assert error.endswith("only additions are allowed (no mutations or deletions)")
    assert check_pod(node_affinity("a"), {"schedulingGates": [{"name": "gate"}]}) != []


def test_ephemeral_containers_are_only_added() -> None:
    def spec(*containers: dict[str, Any]) -> dict[str, Any]:
        return {"spec": {"containers": [{"name": "a", "image": "b"}], "ephemeralContainers": list(containers)}}

    first, second = {"name": "debug", "image": "b"}, {"name": "more", "image": "b"}
    assert check("Pod", spec(first), spec(first, second), "ephemeralcontainers") == []
    assert check("Pod", spec(first), spec(second), "ephemeralcontainers") == [
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n'
    ]
    assert check("Pod", spec(first), spec({**first, "image": "c"}), "ephemeralcontainers") == [
        (
            'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n'
            '  debug.image:\n-   "b"\n+   "c"'
        )
    ]


def test_resources_of_a_pod_can_not_be_resized() -> None:
    pod = {"spec": {"containers": [{"name": "a", "image": "b"}]}}
    assert check("Pod", pod, pod, "resize") == ["spec: Forbidden: Pod running on node without support for resize"]


def test_a_status_keeps_the_class_and_what_has_ended() -> None:
    def pod(policy: str, **status: Any) -> dict[str, Any]:
        spec = {"containers": [{"name": "a", "image": "b"}], "restartPolicy": policy}
        return {"spec": spec, "status": {"qosClass": "BestEffort", **status}}

    ended = {"containerStatuses": [{"name": "a", "state": {"terminated": {"exitCode": 0}}}]}
    running = {"containerStatuses": [{"name": "a", "state": {"running": {}}}]}
    for policy in ("Never", "OnFailure"):
        assert check("Pod", pod(policy, **ended), pod(policy, **running), "status") == [
            "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"
        ]
    assert check("Pod", pod("Always", **ended), pod("Always", **running), "status") == []
    assert check("Pod", pod("Always"), pod("Always", qosClass="Burstable"), "status") == [
        'status.qosClass: Invalid value: "Burstable": field is immutable'
    ]
    conditions = {"conditions": [{"type": "Ready"}, {"type": "-"}]}
    (error,) = check("Pod", pod("Always"), pod("Always", **conditions), "status")
    assert error.startswith('metadata.conditions[1].Type: Invalid value: "-": name part must consist of')


CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
SMALLER = {**CLAIM, "resources": {"requests": {"storage": "1Gi"}}}
BOUND = {"phase": "Bound", "capacity": {"storage": "2Gi"}}


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        (
            "ConfigMap",
            {"immutable": True, "data": {"a": "b"}},
            {"immutable": True, "data": {"a": "c"}},
            ["data: Forbidden: field is immutable when `immutable` is set"],
        ),
        (
            "ConfigMap",
            {"immutable": True},
            {"binaryData": {"a": "aGVsbG8="}},
            [
                "immutable: Forbidden: field is immutable when `immutable` is set",
                "binaryData: Forbidden: field is immutable when `immutable` is set",
            ],
        ),
        ("ConfigMap", {"data": {"a": "b"}}, {"immutable": True}, []),
        ("Secret", {"type": "a/b"}, {"type": "a/c"}, ['type: Invalid value: "a/c": field is immutable']),
        (
            "Secret",
            {"immutable": True, "data": {"a": "aGVsbG8="}},
            {"immutable": True},
            ["data: Forbidden: field is immutable when `immutable` is set"],
        ),
        (
            "Service",
            {"spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}},
            {"spec": {"clusterIP": "10.0.0.2", "ports": [{"port": 80}]}},
            ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
        ),
        (
            "Node",
            {"spec": {"providerID": "a", "podCIDRs": ["10.0.0.0/24"]}},
            {"spec": {"providerID": "b"}},
            [
                'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
                'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
            ],
        ),
        (
            "ResourceQuota",
            {"spec": {"scopes": ["BestEffort"]}},
            {"spec": {"scopes": ["Terminating"]}},
            ['spec.scopes: Invalid value: ["Terminating"]: field is immutable'],
        ),
        (
            "PersistentVolumeClaim",
            {"spec": CLAIM},
            {"spec": {**CLAIM, "storageClassName": "fast"}},
            [
                (
                    "spec: Forbidden: spec is immutable after creation except resources.requests and"
                    ' volumeAttributesClassName for bound claims\n  spec.storageClassName:\n+   "fast"'
                )
            ],
        ),
        ("PersistentVolumeClaim", {"spec": CLAIM}, {"spec": {**CLAIM, "volumeName": "v"}}, []),
        ("PersistentVolumeClaim", {"spec": SMALLER, "status": BOUND}, {"spec": CLAIM}, []),
        (
            "PersistentVolumeClaim",
            {"spec": CLAIM, "status": BOUND},
            {"spec": SMALLER},
            ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"],
        ),
        ("ServiceAccount", {}, {"imagePullSecrets": [{"name": "a"}]}, []),
    ],
)
def test_other_kinds(kind: str, old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    assert check(kind, old, new) == expected


def test_a_runtime_class_keeps_its_handler() -> None:
    assert check("RuntimeClass", {"handler": "a"}, {"handler": "b"}, api_version="node.k8s.io/v1") == [
        'handler: Invalid value: "b": field is immutable'
    ]


def test_the_phase_of_a_namespace_follows_from_its_deletion() -> None:
    assert check("Namespace", {}, {"status": {"phase": "Terminating"}}, "status") == [
        "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
    ]
