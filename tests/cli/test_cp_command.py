"""`podrunner cp`: files come over unchanged, and what is wrong is told as kubectl tells it."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import commandline
import kubectl_session
import twins

pytestmark = pytest.mark.engine

KEEP_ON = "trap exit TERM; while :; do sleep 0.1; done"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    """With a pod `web` whose container `bare` has no tar."""
    with kubectl_session.opened(tmp_path_factory.mktemp("cp")) as world:
        bare = commandline.container(f"rm /bin/tar; {KEEP_ON}", "bare")
        world.create(commandline.manifest(commandline.container(KEEP_ON), bare))
        world.becomes("Running")
        yield world


def cp(world: kubectl_session.KubectlWorld, *arguments: object, status: int = 0) -> str:
    """What `podrunner cp ARGUMENTS` of the container `main` tells."""
    said = twins.podrunner(world, "cp", "-c", "main", *map(str, arguments))
    assert (said.status, said.out) == (status, ""), said.err
    return said.err


def inside(world: kubectl_session.KubectlWorld, *command: str) -> str:
    return twins.podrunner(world, "exec", "web", "-c", "main", "--", *command).out


def test_a_directory_goes_there_and_comes_back_unchanged(world: kubectl_session.KubectlWorld, tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "sub" / "empty").mkdir(parents=True)
    (here / "large").write_bytes(random.Random(2).randbytes(8 << 20))
    (here / "sub" / ("long" * 40)).write_text("text\n")
    (here / "run.sh").write_text("#!/bin/sh\n")
    (here / "run.sh").chmod(0o755)
    (here / "link").symlink_to("run.sh")
    assert cp(world, here, "web:/tmp/there") == ""
    assert inside(world, "stat", "-c", "%A", "/tmp/there/run.sh") == "-rwxr-xr-x\n"
    assert cp(world, "default/web:/tmp/there", tmp_path / "back") == ""
    assert subprocess.run(["diff", "-r", "--no-dereference", here, tmp_path / "back"], check=False).returncode == 0


def test_a_file_goes_into_a_directory_or_gets_a_name(world: kubectl_session.KubectlWorld, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\n")
    inside(world, "mkdir", "-p", "/root")
    cp(world, tmp_path / "a", "web:/root")
    cp(world, tmp_path / "a", "web:/root/b", "--no-preserve")
    assert inside(world, "cat", "/root/a", "/root/b") == "1\n1\n"
    cp(world, "web:/root/b", tmp_path)
    cp(world, "web:/root/b", tmp_path / "c")
    assert [(tmp_path / name).read_text() for name in ("b", "c")] == ["1\n", "1\n"]


def test_a_link_that_leads_out_is_left_out(world: kubectl_session.KubectlWorld, tmp_path: Path) -> None:
    inside(world, "sh", "-c", "mkdir /opt; ln -s /etc/passwd /opt/out; echo 1 > /opt/a")
    assert cp(world, "web:/opt", tmp_path / "opt") == "warning: skipping 'out' is a link to an absolute path\n"
    assert [each.name for each in (tmp_path / "opt").iterdir()] == ["a"]


@pytest.mark.parametrize(
    "command",
    [
        "absent web:/tmp",
        "web:/a web:/b",
        "a b",
        "a/b/c:d e",
        "absent:/x y",
        "/etc/passwd web:",
        "/etc/passwd web:/no/x",
    ],
)
def test_what_is_wrong_is_told_as_kubectl_tells_it(world: kubectl_session.KubectlWorld, command: str) -> None:
    ours = twins.podrunner(world, "cp", "-c", "main", *command.split())
    theirs = twins.kubectl(world, "cp", "-c", "main", *command.split())
    assert ours.err == theirs.err
    assert ours.status != 0


def test_a_file_that_is_not_there_is_told(world: kubectl_session.KubectlWorld, tmp_path: Path) -> None:
    assert cp(world, "web:/absent", tmp_path / "x", status=1) == (
        "tar: ./absent: No such file or directory\n"
        "tar: error exit delayed from previous errors\n"
        "command terminated with exit code 1\n"
    )
    assert not (tmp_path / "x").exists()


def test_a_container_without_tar_is_told(world: kubectl_session.KubectlWorld, tmp_path: Path) -> None:
    for command in (("/etc/passwd", "web:/tmp"), ("web:/etc/passwd", str(tmp_path / "x"))):
        said = twins.podrunner(world, "cp", *command, "-c", "bare")
        assert said == (
            1, "", 'error: container "bare" has no tar, with which files are copied to and from containers\n'
        )  # fmt: skip
