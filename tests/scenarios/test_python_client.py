"""The official Python client, with the kubeconfig that podrunner writes."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes
import pytest
from kubernetes.client.exceptions import ApiException

import kubectl_session
from commandline import IMAGE

pytestmark = pytest.mark.engine

STAYS = "echo here; trap 'exit 0' TERM; while :; do sleep 0.1; done"


class Client:
    """The client's API objects, for one server."""

    def __init__(self, kubeconfig: Path) -> None:
        self.api: Any = kubernetes.config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
        self.core: Any = kubernetes.client.CoreV1Api(self.api)

    def create(self, name: str, script: str = STAYS, **spec: Any) -> Any:
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": IMAGE, "command": ["sh", "-c", script]}],
                **spec,
            },
        }
        return self.core.create_namespaced_pod("default", body)

    def until(self, name: str, phase: str) -> list[str]:
        """The phases that a watch tells of until that one."""
        phases: list[str] = []
        watch: Any = kubernetes.watch.Watch()  # type: ignore[no-untyped-call]
        for event in watch.stream(
            self.core.list_namespaced_pod, "default", field_selector=f"metadata.name={name}", timeout_seconds=30
        ):
            told = event["object"].status.phase
            if told not in phases[-1:]:
                phases.append(told)
            if told == phase:
                watch.stop()
        return phases


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    with kubectl_session.opened(tmp_path_factory.mktemp("python-client")) as world:
        yield world


@pytest.fixture(scope="module")
def client(world: kubectl_session.KubectlWorld) -> Client:
    return Client(world.kubeconfig)


def test_a_pod_is_created_and_watched_to_its_end(client: Client) -> None:
    created = client.create("ends", "exit 0")
    assert (created.status.phase, created.spec.containers[0].image) == ("Pending", IMAGE)
    assert client.until("ends", "Succeeded")[-1] == "Succeeded"
    status = client.core.read_namespaced_pod_status("ends", "default").status
    assert status.container_statuses[0].state.terminated.exit_code == 0


def test_a_log_is_followed(client: Client) -> None:
    client.create("counts", "for i in 1 2 3; do echo line $i; sleep 0.1; done")
    client.until("counts", "Running")
    followed = client.core.read_namespaced_pod_log("counts", "default", follow=True, _preload_content=False)
    assert b"".join(followed.stream()) == b"line 1\nline 2\nline 3\n"
    assert client.core.read_namespaced_pod_log("counts", "default", tail_lines=1) == "line 3\n"


def test_a_command_runs_in_a_container(client: Client) -> None:
    client.create("stays")
    client.until("stays", "Running")
    run = kubernetes.stream.stream(
        kubernetes.client.CoreV1Api(
            kubernetes.client.ApiClient(client.api.configuration)
        ).connect_get_namespaced_pod_exec,
        "stays",
        "default",
        command=["sh", "-c", "read word; echo out $word; echo err >&2; exit 3"],
        stdin=True,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
    )
    run.write_stdin("hello\n")
    run.run_forever(timeout=10)
    assert (run.read_stdout(), run.read_stderr(), run.returncode) == ("out hello\n", "err\n", 3)


def test_a_pod_is_patched(client: Client) -> None:
    client.create("patched")
    body = {"metadata": {"labels": {"more": "yes"}}}
    patched = client.core.patch_namespaced_pod("patched", "default", body)
    assert patched.metadata.labels == {"app": "patched", "more": "yes"}
    names = [pod.metadata.name for pod in client.core.list_namespaced_pod("default", label_selector="more=yes").items]
    assert names == ["patched"]


def test_a_deleted_pod_is_seen_to_go(client: Client) -> None:
    created = client.create("goes")
    client.until("goes", "Running")
    told: list[str] = []
    watch: Any = kubernetes.watch.Watch()  # type: ignore[no-untyped-call]

    def follow() -> None:
        stream = watch.stream(
            client.core.list_namespaced_pod,
            "default",
            field_selector="metadata.name=goes",
            resource_version=created.metadata.resource_version,
            timeout_seconds=30,
        )
        for event in stream:
            told.append(event["type"])
            if event["type"] == "DELETED":
                watch.stop()

    following = threading.Thread(target=follow)
    following.start()
    marked = client.core.delete_namespaced_pod("goes", "default")
    assert marked.metadata.deletion_grace_period_seconds == 1
    following.join(30)
    assert told[-1] == "DELETED"
    with pytest.raises(ApiException) as gone:
        client.core.read_namespaced_pod("goes", "default")
    assert (gone.value.status, gone.value.reason) == (404, "Not Found")


def test_what_is_refused_tells_why(client: Client) -> None:
    with pytest.raises(ApiException) as refused:
        client.create("Bad_Name")
    assert refused.value.status == 422
    assert 'Pod \\"Bad_Name\\" is invalid: metadata.name: Invalid value' in str(refused.value.body)


def test_other_kinds_have_the_clients_types_too(client: Client) -> None:
    (node,) = client.core.list_node().items
    assert {condition.type: condition.status for condition in node.status.conditions}["Ready"] == "True"
    secret = client.core.create_namespaced_secret("default", {"metadata": {"name": "s"}, "stringData": {"a": "b"}})
    assert secret.data == {"a": "Yg=="}
    events = client.core.list_namespaced_event("default").items
    assert "Scheduled" in {event.reason for event in events}
