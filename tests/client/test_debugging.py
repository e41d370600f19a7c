"""What `podrunner debug` makes of a pod."""

from typing import Any

import pytest

from podrunner.client import debugging, podcontainers

MOUNT = {"name": "data", "mountPath": "/data"}
FAILED = {"terminated": {"exitCode": 3}}
ENDED = {"terminated": {"exitCode": 0}}
RUNNING: dict[str, Any] = {"running": {}}


def pod(**states: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "uid": "1"},
        "spec": {
            "nodeName": "vm",
            "priority": 0,
            "initContainers": [{"name": "setup", "image": "i"}],
            "containers": [
                {"name": "main", "image": "m", "command": ["run"], "args": ["x"], "volumeMounts": [MOUNT],
                 "livenessProbe": {}, "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}]},
                {"name": "side", "image": "s"},
            ],
            "volumes": [{"name": "data", "emptyDir": {}}, {"name": "other", "emptyDir": {}}],
        },
        "status": {
            "initContainerStatuses": [{"name": "setup", "state": states.get("setup", ENDED)}],
            "containerStatuses": [
                {"name": name, "state": states.get(name, RUNNING)} for name in ("main", "side")
            ],
        },
    }  # fmt: skip


def test_the_first_container_that_failed_is_found_also_after_its_restart() -> None:
    assert debugging.failed(pod(side=RUNNING), "") is None
    found = debugging.failed(pod(side=FAILED), "")
    assert found is not None
    assert found["name"] == "side"
    restarted = pod(main=RUNNING, side=FAILED)
    restarted["status"]["initContainerStatuses"][0]["lastState"] = FAILED
    first = debugging.failed(restarted, "")
    assert first is not None
    assert first["name"] == "setup"


def test_the_failed_container_keeps_what_it_saw_and_gets_a_shell() -> None:
    failed = pod(main=FAILED)
    wish = debugging.Wish(stdin=True, tty=True)
    assert debugging.restarted(failed, "web-debug", failed["spec"]["containers"][0], wish) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-debug", "namespace": "shop"},
        "spec": {
            "containers": [
                {"name": "main", "image": "m", "command": ["sh"], "volumeMounts": [MOUNT],
                 "env": [{"name": "A", "value": "1"}], "stdin": True, "tty": True},
            ],
            "volumes": [{"name": "data", "emptyDir": {}}],
            "restartPolicy": "Never",
        },
    }  # fmt: skip


def test_what_is_asked_for_goes_before_what_the_failed_container_had() -> None:
    failed = pod(main=FAILED)
    wish = debugging.Wish(image="n", command=["-v"], arguments_only=True, environment={"A": "2", "B": "3"})
    (main,) = debugging.restarted(failed, "x", failed["spec"]["containers"][0], wish)["spec"]["containers"]
    assert (main["image"], main["command"], main["args"]) == ("n", ["run"], ["-v"])
    assert main["env"] == [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}]


def test_a_copy_has_neither_probes_nor_labels_and_a_container_more() -> None:
    original = pod()
    copied = debugging.copied(original, "copy", debugging.Wish("look", "busybox"), share_processes=True)
    assert copied["metadata"] == {"name": "copy", "namespace": "shop"}
    assert copied["spec"]["containers"][2] == {"name": "look", "image": "busybox"}
    assert "livenessProbe" not in copied["spec"]["containers"][0]
    assert "livenessProbe" in original["spec"]["containers"][0]
    assert copied["spec"]["shareProcessNamespace"] is True
    assert "nodeName" not in copied["spec"]


def test_a_copy_s_container_gets_another_command() -> None:
    copied = debugging.copied(pod(), "copy", debugging.Wish("main", command=["sh"]), share_processes=False)
    main = copied["spec"]["containers"][0]
    assert (main["command"], main["image"], "args" in main) == (["sh"], "m", False)
    with pytest.raises(podcontainers.Unsuitable, match="existing container or a new image"):
        debugging.copied(pod(), "copy", debugging.Wish("absent"), share_processes=True)


def test_arguments_go_to_the_image_s_own_command() -> None:
    wish = debugging.Wish("look", "busybox", command=["-v"], arguments_only=True, environment={"A": "1"})
    assert debugging.ephemeral(wish, "main") == {
        "name": "look",
        "image": "busybox",
        "args": ["-v"],
        "env": [{"name": "A", "value": "1"}],
        "targetContainerName": "main",
    }
