"""A Secret's value is told to who asks for the Secret, and to nobody else: no log, event, error, table or label."""

import base64
import json
from pathlib import Path

import pytest
import yaml

import kubectl_session
from commandline import IMAGE

pytestmark = pytest.mark.engine

VALUE = "marker-5f2c9d41"
ENCODED = base64.b64encode(VALUE.encode()).decode()


def manifest(**changes: object) -> str:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"key": VALUE}}
    return yaml.safe_dump({**body, **changes})


def with_secret() -> str:
    container = {
        "name": "main",
        "image": IMAGE,
        "command": ["sh", "-c", "exit 3"],
        "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "key"}}}],
    }
    spec = {"restartPolicy": "Never", "containers": [container]}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "uses"}, "spec": spec})


def test_no_output_but_the_secret_itself_tells_its_value(tmp_path: Path) -> None:
    with kubectl_session.opened(tmp_path) as world:
        outputs: list[str] = []

        def kubectl(*arguments: str, stdin: str = "") -> None:
            done = world.kubectl(*arguments, stdin=stdin, status=None)
            outputs.append(f"{arguments}\n{done.out}{done.err}")

        kubectl("create", "-f", "-", stdin=manifest())
        kubectl("create", "-f", "-", stdin=manifest())
        kubectl("apply", "--server-side", "-f", "-", stdin=manifest())
        kubectl("apply", "--server-side", "-f", "-", stdin=manifest(immutable=True))
        kubectl("apply", "--server-side", "-f", "-", stdin=manifest(stringData={"key": f"{VALUE}-2"}))
        kubectl("patch", "secret", "keys", "-p", json.dumps({"data": {"key": f"{ENCODED}!"}}))
        kubectl("patch", "secret", "keys", "-p", json.dumps({"data": {"key": [VALUE]}}))
        kubectl("patch", "secret", "keys", "-p", json.dumps({"type": VALUE}))
        kubectl(
            "patch",
            "secret",
            "keys",
            "--type=json",
            "-p",
            json.dumps([{"op": "test", "path": "/data/key", "value": VALUE}]),
        )
        kubectl("create", "--validate=strict", "-f", "-", stdin=manifest(metadata={"name": "other"}, stringData=VALUE))
        kubectl("create", "-f", "-", stdin=with_secret())
        kubectl("wait", "pod/uses", "--for=jsonpath={.status.phase}=Failed", "--timeout=20s")
        for command in ("get secrets", "describe secret keys", "get events", "describe pod uses", "get pods -o yaml"):
            kubectl(*command.split())
        outputs.append(world.files.log.read_text())
        (engines,) = (str(world.container(name)["Config"]["Labels"]) for name in world.containers() if name == "main#0")
        outputs.append(engines)

        told = world.kubectl("get", "secret", "keys", "-o", "jsonpath={.data.key}").out
    assert told == ENCODED
    shown = [output for output in outputs if VALUE in output or ENCODED in output]
    # kubectl prints the patch that it could not send; that is the user's own text.
    assert [output for output in shown if "patch" not in output.splitlines()[0]] == []
