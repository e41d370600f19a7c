"""Which fields `podrunner validate` warns of: those set by the user and not acted on, no others."""

from typing import Any

from podrunner.objects import config, decode, defaults, limits, pod, refusals, service, storage, support


def warned(**spec: Any) -> list[str]:
    decoded = decode.decode({"metadata": {"name": "a"}, "spec": spec}, pod.Pod)
    assert decoded.problems == []
    warnings = support.warnings(decoded.object)
    assert support.warnings(defaults.apply(decoded.object)) == warnings
    return [path for path, _ in warnings]


def test_a_plain_pod_has_no_warnings() -> None:
    container = {
        "name": "a",
        "image": "b",
        "command": ["c"],
        "args": ["$(D)"],
        "workingDir": "/",
        "env": [{"name": "D", "value": "e"}],
        "ports": [{"containerPort": 80, "hostPort": 80, "hostIP": "127.0.0.1", "protocol": "TCP", "name": "http"}],
        "imagePullPolicy": "Never",
        "tty": True,
        "stdin": True,
    }
    assert warned(
        containers=[container],
        initContainers=[{"name": "i", "image": "b"}],
        restartPolicy="Never",
        terminationGracePeriodSeconds=5,
        hostname="h",
        nodeSelector={"a": "b"},
        tolerations=[{"operator": "Exists"}],
        schedulerName="mine",
        priorityClassName="high",
        affinity={},
    ) == []  # fmt: skip


def test_kinds_without_effect_are_warned_of() -> None:
    quota = limits.ResourceQuota()
    assert support.warnings(quota) == [("kind", "ResourceQuota is not supported yet and has no effect")]
    assert support.warnings(config.ConfigMap()) == []


def test_what_services_do_not_do_is_warned_of() -> None:
    ports = service.ServicePort(port=80, protocol="TCP"), service.ServicePort(port=9, protocol="SCTP")
    spec = service.ServiceSpec(ports=ports, external_ips=("192.0.2.1",), session_affinity="ClientIP")
    assert [path for path, _ in support.warnings(service.Service(spec=spec))] == [
        "spec.externalIPs",
        "spec.ports[1].protocol",
    ]


def test_how_long_a_client_stays_with_a_pod_is_warned_of_unless_it_is_the_default() -> None:
    def told(seconds: int) -> list[str]:
        given = service.SessionAffinityConfig(client_ip=service.ClientIPConfig(timeout_seconds=seconds))
        spec = service.ServiceSpec(session_affinity="ClientIP", session_affinity_config=given)
        return [path for path, _ in support.warnings(service.Service(spec=spec))]

    assert (told(10800), told(60)) == ([], ["spec.sessionAffinityConfig"])


def test_what_is_not_acted_on_yet_is_warned_of_wherever_it_is() -> None:
    asking = {"httpGet": {"port": 80, "protocol": "HTTP2"}}
    mounts = [{"name": "v", "mountPath": "/v", "bindMountOptions": ["noexec"]}]
    hooks = {"preStop": asking}
    main = {"name": "a", "image": "b", "livenessProbe": asking, "lifecycle": hooks, "volumeMounts": mounts}
    copied = {"accessModes": ["ReadWriteOnce"], "dataSource": {"kind": "PersistentVolumeClaim", "name": "old"}}
    scratch = {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": copied}}}
    assert warned(containers=[main], volumes=[scratch]) == [
        "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.dataSource",
        "spec.containers[0].livenessProbe.httpGet.protocol",
        "spec.containers[0].lifecycle.preStop.httpGet.protocol",
        "spec.containers[0].volumeMounts[0].bindMountOptions",
    ]
    decoded = decode.decode({"metadata": {"name": "a"}, "spec": copied}, storage.PersistentVolumeClaim)
    assert [path for path, _ in support.warnings(decoded.object)] == ["spec.dataSource"]


def test_every_row_names_a_field_and_none_is_in_both_tables() -> None:
    for table in (support.NOT_YET, support.MEANINGLESS_HERE):
        for type_, fields in table.items():
            assert set(fields) <= set(type_.__struct_fields__)
            assert list(fields) == sorted(set(fields))
    for type_, fields in support.MEANINGLESS_HERE.items():
        assert not set(fields) & set(support.NOT_YET.get(type_, ()))


def limited(**spec: Any) -> dict[str, str]:
    """What is said of fields that are acted on, by path."""
    spec.setdefault("containers", [{"name": "a", "image": "b"}])
    decoded = decode.decode({"metadata": {"name": "a"}, "spec": spec}, pod.Pod)
    assert decoded.problems == []
    return dict(support.warnings(decoded.object))


def test_what_is_honoured_within_limits_is_told_with_the_limit() -> None:
    resources = {
        "limits": {"cpu": "1", "hugepages-2Mi": "2Mi", "nvidia.com/gpu": "1"},
        "requests": {"ephemeral-storage": "1Gi"},
    }
    init = {"name": "i", "image": "b", "resources": {"limits": {"example.com/fpga": "1"}}}
    assert limited(containers=[{"name": "a", "image": "b", "resources": resources}], initContainers=[init]) == {
        "spec.initContainers[0].resources.limits[example.com/fpga]": "has no effect: the engine has no such resource",
        "spec.containers[0].resources.limits[hugepages-2Mi]": "is not enforced: the engine limits no huge pages",
        "spec.containers[0].resources.requests[ephemeral-storage]": (
            "is not enforced: the engine measures no such storage"
        ),
    }
    per_container = "holds for each container that has no such limit of its own: an engine can't limit several together"
    assert limited(resources={"limits": {"memory": "1Gi"}}) == {"spec.resources.limits[memory]": per_container}
    assert list(limited(hostUsers=False)) == ["spec.hostUsers"]
    assert limited(hostUsers=True, hostNetwork=True, securityContext={"runAsUser": 7}) == {}


def test_strict_groups_are_told_of_where_a_container_has_no_group() -> None:
    strict, path = {"supplementalGroupsPolicy": "Strict"}, "spec.securityContext.supplementalGroupsPolicy"
    own = [{"name": "a", "image": "b", "securityContext": {"runAsGroup": 7}}]
    assert list(limited(securityContext=strict)) == [path]
    assert limited(securityContext={**strict, "runAsGroup": 7}) == {}
    assert limited(securityContext=strict, containers=own) == {}


def refused(**spec: Any) -> list[str]:
    spec.setdefault("containers", [{"name": "a", "image": "b"}])
    decoded = decode.decode({"metadata": {"name": "a"}, "spec": spec}, pod.Pod)
    assert decoded.problems == []
    return [f"{path}: {why}" for path, why in refusals.of_pod(decoded.object.spec)]


def test_what_needs_a_cluster_is_refused_and_says_so() -> None:
    volumes = [
        {"name": "a", "nfs": {"server": "s", "path": "/"}},
        {"name": "b", "csi": {"driver": "d"}},
        {"name": "c", "emptyDir": {}},
        {"name": "d", "hostPath": {"path": "data"}},
        {"name": "e", "hostPath": {"path": "/data"}},
        {"name": "f", "projected": {"sources": [{"clusterTrustBundle": {"path": "x"}}, {"secret": {"name": "s"}}]}},
    ]
    assert refused(volumes=volumes, resourceClaims=[{"name": "gpu"}]) == [
        f"spec.volumes[0].nfs: {refusals.NEEDS_A_CLUSTER}",
        f"spec.volumes[1].csi: {refusals.NEEDS_A_CLUSTER}",
        f"spec.volumes[3].hostPath.path: {refusals.RELATIVE_PATH}",
        f"spec.volumes[5].projected.sources[0].clusterTrustBundle: {refusals.NEEDS_SIGNERS}",
        f"spec.resourceClaims: {refusals.NEEDS_DRIVERS}",
    ]
    devices = {"name": "a", "image": "b", "volumeDevices": [{"name": "v", "devicePath": "/dev/x"}]}
    assert refused(containers=[devices]) == [f"spec.containers[0].volumeDevices: {refusals.BLOCK_DEVICES}"]


def test_what_is_less_than_in_a_cluster_is_told() -> None:
    volumes = [{"name": "disk", "emptyDir": {}}]
    mount = {"name": "disk", "mountPath": "/d", "readOnly": True, "recursiveReadOnly": "Enabled"}
    told = limited(containers=[{"name": "a", "image": "b", "volumeMounts": [mount]}], volumes=volumes)
    assert list(told) == ["spec.containers[0].volumeMounts[0].recursiveReadOnly"]
