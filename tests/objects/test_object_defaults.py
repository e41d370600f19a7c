"""What the API server fills in, and that it does so once."""

from typing import Any

import pytest

import manifest_cases
from podrunner.objects import cluster, codec, config, container, decode, defaults, kinds, meta, pod, yamltext


def filled(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    known = kinds.by_name(kind)
    assert known is not None
    decoded = decode.decode({"metadata": {"name": "kubia"}, **data}, known.type)
    assert decoded.problems == []
    return codec.to_builtins(defaults.apply(decoded.object))


def filled_container(**fields: Any) -> dict[str, Any]:
    data = filled("Pod", {"spec": {"containers": [{"name": "a", "image": "b:1", **fields}]}})
    container: dict[str, Any] = data["spec"]["containers"][0]
    return container


def filled_volume(**source: Any) -> dict[str, Any]:
    volume: dict[str, Any] = filled("Pod", {"spec": {"volumes": [{"name": "v", **source}]}})["spec"]["volumes"][0]
    return volume


def test_a_pod_gets_what_a_cluster_gives_it() -> None:
    assert filled("Pod", {"spec": {"containers": [{"name": "kubia", "image": "luksa/kubia:1.0"}]}}) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kubia", "namespace": "default"},
        "spec": {
            "containers": [
                {
                    "name": "kubia",
                    "image": "luksa/kubia:1.0",
                    "imagePullPolicy": "IfNotPresent",
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
            "dnsPolicy": "ClusterFirst",
            "enableServiceLinks": True,
            "preemptionPolicy": "PreemptLowerPriority",
            "priority": 0,
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "serviceAccount": "default",
            "serviceAccountName": "default",
            "terminationGracePeriodSeconds": 30,
        },
        "status": {},
    }


def test_what_is_stated_stays() -> None:
    spec = {"terminationGracePeriodSeconds": 0, "enableServiceLinks": False, "restartPolicy": "Never", "priority": 7}
    assert filled("Pod", {"spec": spec})["spec"].items() >= spec.items()


def test_defaults_applied_twice_change_nothing() -> None:
    for seed in range(200):
        (document,) = yamltext.documents(manifest_cases.valid(seed).text)
        once = defaults.apply(decode.decode(document.data, pod.Pod).object)
        assert defaults.apply(once) == once


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("kubia", "Always"),
        ("kubia:latest", "Always"),
        ("r.example.com:5000/kubia", "Always"),
        ("kubia:1.0", "IfNotPresent"),
        ("r.example.com:5000/kubia:1.0", "IfNotPresent"),
        ("kubia@sha256:" + "0" * 64, "IfNotPresent"),
        ("kubia:1.0@sha256:" + "0" * 64, "IfNotPresent"),
        ("kubia:latest@sha256:" + "0" * 64, "Always"),
    ],
)
def test_images_without_a_fixed_tag_are_always_pulled(image: str, policy: str) -> None:
    assert filled_container(image=image)["imagePullPolicy"] == policy


def test_ports_are_tcp() -> None:
    ports = [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]
    assert filled_container(ports=ports)["ports"] == [
        {"containerPort": 80, "protocol": "TCP"},
        {"containerPort": 53, "protocol": "UDP"},
    ]


def test_on_the_hosts_network_host_ports_are_the_containers() -> None:
    container = {"name": "a", "image": "b", "ports": [{"containerPort": 80}]}
    data = filled("Pod", {"spec": {"hostNetwork": True, "containers": [container]}})
    assert data["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]


def test_probes_get_their_timings_and_http_its_path_and_scheme() -> None:
    assert filled_container(livenessProbe={"httpGet": {"port": 80}, "periodSeconds": 3})["livenessProbe"] == {
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "failureThreshold": 3,
        "periodSeconds": 3,
        "successThreshold": 1,
        "timeoutSeconds": 1,
    }
    hook = filled_container(lifecycle={"preStop": {"httpGet": {"port": "web"}}})["lifecycle"]["preStop"]
    assert hook == {"httpGet": {"path": "/", "port": "web", "scheme": "HTTP"}}


def test_requests_are_limits_where_they_are_not_stated_and_amounts_canonical() -> None:
    resources = {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": 0.1}}
    assert filled_container(resources=resources)["resources"] == {
        "limits": {"cpu": "500m", "memory": "1Gi"},
        "requests": {"cpu": "100m", "memory": "1Gi"},
    }


def test_references_of_the_downward_api_get_their_version_and_divisor() -> None:
    env = [
        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    ]
    assert [each["valueFrom"] for each in filled_container(env=env)["env"]] == [
        {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
        {"resourceFieldRef": {"divisor": "0", "resource": "limits.cpu"}},
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, {"emptyDir": {}}),
        ({"configMap": {"name": "a"}}, {"configMap": {"name": "a", "defaultMode": 420}}),
        ({"secret": {"secretName": "a"}}, {"secret": {"secretName": "a", "defaultMode": 420}}),
        ({"secret": {"secretName": "a", "defaultMode": 0}}, {"secret": {"secretName": "a", "defaultMode": 0}}),
        ({"downwardAPI": {}}, {"downwardAPI": {"defaultMode": 420}}),
        ({"hostPath": {"path": "/a"}}, {"hostPath": {"path": "/a", "type": ""}}),
        ({"image": {"reference": "a"}}, {"image": {"reference": "a", "pullPolicy": "Always"}}),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {
                "projected": {
                    "defaultMode": 420,
                    "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
                }
            },
        ),
    ],
)
def test_volumes(source: dict[str, Any], expected: dict[str, Any]) -> None:
    assert filled_volume(**source) == {"name": "v", **expected}


def test_a_secrets_text_moves_to_its_data() -> None:
    secret = defaults.apply(config.Secret(data={"a": b"1", "b": b"2"}, string_data={"b": "3"}))
    assert (secret.type, secret.data, secret.string_data) == ("Opaque", {"a": b"1", "b": b"3"}, {})


def test_a_service_gets_its_type_protocols_and_policies() -> None:
    assert filled("Service", {"spec": {"ports": [{"port": 80}], "sessionAffinity": "ClientIP"}})["spec"] == {
        "type": "ClusterIP",
        "internalTrafficPolicy": "Cluster",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
    }
    assert filled("Service", {"spec": {"type": "NodePort"}})["spec"]["externalTrafficPolicy"] == "Cluster"


def test_a_claim_gets_its_volume_mode_and_phase() -> None:
    claim = filled("PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "1024Mi"}}}})
    assert claim["spec"] == {"resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"}
    assert claim["status"] == {"phase": "Pending"}


def test_a_namespace_is_labelled_with_its_name_and_has_none_itself() -> None:
    namespace = defaults.apply(cluster.Namespace(metadata=meta.ObjectMeta(name="test")))
    assert namespace.metadata == meta.ObjectMeta(name="test", labels={"kubernetes.io/metadata.name": "test"})
    assert namespace.status.phase == "Active"


def test_a_pod_with_limits_requests_what_its_containers_do_or_its_limits() -> None:
    """Source: `defaultPodRequests`, kubernetes pkg/apis/core/v1/defaults.go."""

    def requested(init: tuple[dict[str, Any], ...] = (), *, own: dict[str, str] | None = None, **main: str) -> Any:
        containers = [{"name": "main", "image": "b", "resources": {"requests": main}}]
        inits = [{"name": f"i{at}", "image": "b", **each} for at, each in enumerate(init)]
        whole = {"limits": {"cpu": "4", "memory": "1Gi"}, "requests": own or {}}
        spec = {"containers": containers, "initContainers": inits, "resources": whole}
        decoded = decode.decode({"metadata": {"name": "a"}, "spec": spec}, pod.Pod)
        resources = defaults.apply(decoded.object).spec.resources
        return resources and (resources.requests["cpu"], resources.requests["memory"])

    def asking(cpu: str, **fields: Any) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": cpu}}, **fields}

    assert requested() == ("4", "1Gi")
    assert requested(cpu="500m") == ("500m", "1Gi")
    assert requested(cpu="500m", own={"cpu": "1"}) == ("1", "1Gi")
    assert requested((asking("100m", restartPolicy="Always"),), cpu="500m") == ("600m", "1Gi")
    assert requested((asking("300m", restartPolicy="Always"), asking("400m")), cpu="100m") == ("700m", "1Gi")
    assert requested((asking("400m"), asking("300m", restartPolicy="Always")), cpu="50m") == ("400m", "1Gi")


def test_an_amount_that_can_not_be_read_is_left_to_validation() -> None:
    unreadable = container.ResourceRequirements(requests={"cpu": "1x"})
    main = container.Container(name="main", image="b", resources=unreadable)
    limited = container.ResourceRequirements(limits={"cpu": "4"})
    given = pod.Pod(spec=pod.PodSpec(containers=(main,), resources=limited))
    resources = defaults.apply(given).spec.resources
    assert resources is not None
    assert resources.requests == {}
