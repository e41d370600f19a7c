from podrunner.engine import labels
from podrunner.objects import meta, pod

WEB = pod.Pod(metadata=meta.ObjectMeta(name="web", namespace="shop", uid="0e0d"))


def test_a_sandbox_carries_the_labels_that_kubernetes_used_on_docker() -> None:
    assert labels.of_sandbox(WEB, "mine", 2) == {
        "io.kubernetes.pod.name": "web",
        "io.kubernetes.pod.namespace": "shop",
        "io.kubernetes.pod.uid": "0e0d",
        "io.kubernetes.container.name": "POD",
        "io.kubernetes.docker.type": "podsandbox",
        "podrunner.dev/instance": "mine",
        "podrunner.dev/attempt": "2",
    }


def test_a_container_also_says_which_sandbox_it_joined() -> None:
    assert labels.of_container(WEB, "nginx", "mine", 0, "5eed") == {
        "io.kubernetes.pod.name": "web",
        "io.kubernetes.pod.namespace": "shop",
        "io.kubernetes.pod.uid": "0e0d",
        "io.kubernetes.container.name": "nginx",
        "io.kubernetes.docker.type": "container",
        "io.kubernetes.sandbox.id": "5eed",
        "podrunner.dev/instance": "mine",
        "podrunner.dev/attempt": "0",
    }


def test_names_are_those_of_kubernetes_on_docker() -> None:
    assert labels.name_of_container(WEB, "nginx", 3) == "k8s_nginx_web_shop_0e0d_3"
    assert labels.name_of_sandbox(WEB, 1) == "k8s_POD_web_shop_0e0d_1"


def test_labels_say_whose_a_container_is() -> None:
    assert labels.parse(labels.of_container(WEB, "nginx", "mine", 4, "5eed")) == labels.Owner(
        pod_uid="0e0d",
        namespace="shop",
        pod_name="web",
        container_name="nginx",
        is_sandbox=False,
        attempt=4,
        instance="mine",
        sandbox_id="5eed",
    )
    assert labels.parse(labels.of_sandbox(WEB, "mine", 0)) == labels.Owner(
        pod_uid="0e0d",
        namespace="shop",
        pod_name="web",
        container_name="POD",
        is_sandbox=True,
        attempt=0,
        instance="mine",
    )


def test_labels_of_others_are_nobodys() -> None:
    ours = labels.of_container(WEB, "nginx", "mine", 0, "5eed")
    assert labels.parse({}) is None
    assert labels.parse({name: value for name, value in ours.items() if not name.startswith("podrunner.dev/")}) is None
    assert labels.parse(ours | {"podrunner.dev/attempt": "first"}) is None
