"""The pods a run is given, and the errors the command line ends with before anything runs."""

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from podrunner import errors
from podrunner.cli import main, manifests
from podrunner.objects import codec, limitations
from podrunner.objects.pod import Pod

WEB = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: main
    image: busybox
"""
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
"""


def load(
    path: Path, text: str, namespace: str | None = None, network: str | None = None, warnings: list[str] | None = None
) -> list[Pod]:
    (path / "pod.yaml").write_text(text)
    heard = [] if warnings is None else warnings
    return manifests.load([str(path / "pod.yaml")], namespace, network, heard.append).pods


def problems(path: Path, text: str, namespace: str | None = None, network: str | None = None) -> Sequence[str]:
    with pytest.raises(errors.ManifestError) as caught:
        load(path, text, namespace, network)
    return [problem.replace(f"{path}/", "") for problem in caught.value.problems]


def test_a_pod_without_a_namespace_is_put_in_the_given_one(tmp_path: Path) -> None:
    assert [pod.metadata.namespace for pod in load(tmp_path, WEB)] == ["default"]
    assert [pod.metadata.namespace for pod in load(tmp_path, WEB, "lab")] == ["lab"]


def test_a_pod_of_another_namespace_than_is_asked_for_is_refused(tmp_path: Path) -> None:
    there = WEB.replace("name: web", "name: web\n  namespace: there")
    assert [pod.metadata.namespace for pod in load(tmp_path, there)] == ["there"]
    assert problems(tmp_path, there, "here") == [
        'pod.yaml:1: metadata.namespace: is "there", which is not the "here" of --namespace'
    ]


def on_network(name: str) -> str:
    return WEB.replace("  name: web", f"  name: web\n  annotations:\n    podrunner.dev/network: {name}")


def test_a_manifest_may_name_a_network_and_none_or_the_same_is_given(tmp_path: Path) -> None:
    for network in (None, "lab"):
        (pod,) = load(tmp_path, on_network("lab"), network=network)
        assert pod.metadata.annotations == {"podrunner.dev/network": "lab"}
    assert problems(tmp_path, on_network("lab"), network="other") == [
        'pod.yaml:6: metadata.annotations[podrunner.dev/network]: is "lab", which is not the "other" of --network'
    ]


@pytest.mark.parametrize("name", ["run", "fail-fast", "publish", "netwrok"])
def test_what_a_run_sets_itself_is_refused_in_a_manifest(tmp_path: Path, name: str) -> None:
    text = on_network("lab").replace("lab", f"lab\n    podrunner.dev/{name}: x")
    (problem,) = problems(tmp_path, text)
    assert problem == (
        f"pod.yaml:7: metadata.annotations[podrunner.dev/{name}]: Forbidden: `podrunner run` sets what begins with"
        " podrunner.dev/; a manifest may only have podrunner.dev/network"
    )


def test_an_object_that_says_which_version_it_is_cannot_be_created(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = (
        'pod.yaml:5: metadata.resourceVersion: Invalid value: "7":'
        " resourceVersion should not be set on objects to be created"
    )
    assert problems(tmp_path, WEB.replace("name: web", 'name: web\n  resourceVersion: "7"')) == [told]
    assert main.run(["validate", str(tmp_path / "pod.yaml")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/{told}\n"


def test_other_kinds_are_refused_with_their_line(tmp_path: Path) -> None:
    node = "apiVersion: v1\nkind: Node\nmetadata: {name: here}\n"
    assert problems(tmp_path, f"{WEB}---\n{node}") == [
        "pod.yaml:10: kind Node does not come and go with a run; `podrunner apply` creates it"
    ]


def test_without_a_pod_there_is_nothing_to_run(tmp_path: Path) -> None:
    assert problems(tmp_path, SETTINGS) == ["pod.yaml: there is no Pod to run"]


def test_what_needs_a_cluster_is_refused_with_its_line(tmp_path: Path) -> None:
    remote = WEB.replace("spec:", "spec:\n  volumes: [{name: a, nfs: {server: s, path: /}}]")
    (problem,) = problems(tmp_path, remote)
    assert problem.startswith("pod.yaml:6: spec.volumes[0].nfs: Forbidden: volumes of this kind need a cluster")


def test_a_pod_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"{WEB}---\n{WEB}")
    assert problem.startswith('pod.yaml:10: metadata.name: Duplicate value: "web": it is in ')


def test_a_field_without_effect_is_warned_about_with_its_line(tmp_path: Path) -> None:
    warnings: list[str] = []
    load(tmp_path, WEB.replace("spec:", "spec:\n  resources: {limits: {cpu: 1}}"), warnings=warnings)
    assert [warning.replace(f"{tmp_path}/", "") for warning in warnings] == [
        f"pod.yaml:6: spec.resources.limits[cpu]: {limitations.PER_CONTAINER}"
    ]


def annotations(pods: Sequence[Pod], **options: Any) -> list[dict[str, str]]:
    asked = {"run_id": None, "fail_fast": False, "network": None, "publish": []} | options
    return [pod.metadata.annotations for pod in manifests.annotated(pods, **asked)]


def test_the_server_is_told_by_annotations_besides_those_of_the_manifest() -> None:
    pod = codec.decode({"metadata": {"annotations": {"team": "a"}}}, Pod)
    assert annotations([pod], run_id="1", fail_fast=True, network="net", publish=["8080:80", "9090"]) == [
        {
            "team": "a",
            "podrunner.dev/run": "1",
            "podrunner.dev/fail-fast": "true",
            "podrunner.dev/network": "net",
            "podrunner.dev/publish": "8080:80,9090",
        }
    ]
    assert annotations([pod, pod]) == [{"team": "a"}, {"team": "a"}]
    assert annotations([pod], prefetch=True) == [{"team": "a", "podrunner.dev/prefetch": "true"}]


@pytest.mark.parametrize("port", ["http", "0", "80:http", "1:2:3", "65536"])
def test_a_port_that_is_none_is_wrong_usage(port: str) -> None:
    with pytest.raises(errors.UsageError, match="invalid port"):
        annotations([Pod()], publish=[port])


def test_a_port_of_several_pods_cannot_be_published() -> None:
    with pytest.raises(errors.UsageError, match="--publish is for a single pod"):
        annotations([Pod(), Pod()], publish=["80"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "Missing argument 'FILE...'"),
        (["run", "--timeout", "5", "pod.yaml"], 'missing unit in duration "5"'),
        (["run", "--timeout", "9999999h", "pod.yaml"], 'invalid duration "9999999h"'),
        (["run", "none.yaml"], "none.yaml: No such file or directory"),
        (["run", "-o", "yaml", "none.yaml"], "Invalid value for '-o'"),
        (["validate", "none.yaml"], "none.yaml: No such file or directory"),
        (["walk"], "No such command 'walk'"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main.run(arguments) == 2
    assert told in capsys.readouterr().err


def test_validate_tells_every_problem_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(WEB.replace("image: busybox", "imagee: busybox").replace("name: web", "name: Web"))
    assert main.run(["validate", str(broken)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ")[0].removeprefix(f"{tmp_path}/") for line in err.splitlines()] == [
        "broken.yaml:4",
        "broken.yaml:8",
    ]


def test_validate_says_what_is_valid_and_what_has_no_effect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(f"{WEB}  resources: {{limits: {{cpu: 1}}}}\n---\n{SETTINGS}")
    assert main.run(["validate", str(good)]) == 0
    out, err = capsys.readouterr()
    assert out == "pod/web is valid\nconfigmap/settings is valid\n"
    assert err == f"warning: {good}:9: spec.resources.limits[cpu]: {limitations.PER_CONTAINER}\n"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UsageError("x"), 2),
        (errors.ManifestError(["x"]), 2),
        (errors.Invalid("x"), 2),
        (errors.AlreadyExists("x"), 2),
        (errors.TimedOut("x"), 124),
        (errors.NotFound("x"), 1),
        (errors.ServiceUnavailable("x"), 125),
        (errors.ServerError("x"), 125),
        (errors.EngineUnreachable("x"), 125),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (PermissionError(errno.EACCES, "Permission denied", "secret.yaml"), 1),
        (RuntimeError("x"), 1),
    ],
)
def test_every_error_has_its_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int
) -> None:
    def fails(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(main.podrunner_command, "invoke", fails)
    monkeypatch.setattr(main, "_discard_output", lambda: None)
    assert main.run(["validate"]) == status
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert ("defect" in told) == isinstance(error, RuntimeError)
