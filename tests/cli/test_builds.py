"""What `--build` asks for, and which containers use what was built."""

from pathlib import Path
from typing import Any

import pytest

from podrunner import errors
from podrunner.cli import builds
from podrunner.client.building import Build
from podrunner.objects import codec
from podrunner.objects.pod import Pod


def pod(*containers: dict[str, Any]) -> Pod:
    named = [{"name": f"main-{number}", **each} for number, each in enumerate(containers)]
    return codec.decode(
        {"metadata": {"name": "web"}, "spec": {"initContainers": named[:1], "containers": named[1:]}}, Pod
    )


def test_a_build_is_a_name_and_a_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert builds.parse(["kubia=.", "localhost:5000/app:1=/src/a=b"]) == [
        Build("kubia", tmp_path),
        Build("localhost:5000/app:1", Path("/src/a=b")),
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["kubia"], "--build kubia: must be NAME=DIR"),
        (["=dir"], "--build =dir: must be NAME=DIR"),
        (["kubia="], "--build kubia=: must be NAME=DIR"),
        (["Kubia=dir"], '--build Kubia=dir: couldn\'t parse image reference "Kubia"'),
        (["kubia=/a", "docker.io/library/kubia:latest=/b"], "is built from /a already"),
    ],
)
def test_what_is_no_build_is_wrong_usage(given: list[str], problem: str) -> None:
    with pytest.raises(errors.UsageError) as wrong:
        builds.parse(given)
    assert problem in str(wrong.value)


def test_an_image_that_was_just_built_is_not_pulled_and_that_is_told() -> None:
    told: list[str] = []
    warned: list[str] = []
    given = pod(
        {"image": "kubia"},
        {"image": "docker.io/library/kubia:latest", "imagePullPolicy": "Always"},
        {"image": "kubia", "imagePullPolicy": "Never"},
        {"image": "kubia:1.0", "imagePullPolicy": "Always"},
        {"image": "base:1"},
        {"image": "Not an Image"},
    )
    wanted = builds.parse(["kubia=/src", "base:1=/base", "unused=/src"])
    (used,) = builds.used([given], wanted, told.append, warned.append)
    assert [each.image_pull_policy for each in (*used.spec.init_containers, *used.spec.containers)] == [
        "IfNotPresent", "IfNotPresent", "Never", "Always", "", "",
    ]  # fmt: skip
    assert told == [
        f'container "main-{number}": imagePullPolicy is IfNotPresent, for its image was just built' for number in (0, 1)
    ]
    assert warned == ["--build unused: no container has this image"]


def test_without_builds_pods_stay_as_they_are() -> None:
    given = [pod({"image": "kubia"}, {"image": "kubia:latest"})]
    assert builds.used(given, [], pytest.fail, pytest.fail) == given
