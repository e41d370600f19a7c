"""`podrunner validate`, with many manifests through the command and a few through a process of its own."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import manifest_cases
from commandline import PODRUNNER
from podrunner.cli import main

FIFTY = range(50)
NAMES = list(manifest_cases.MUTATIONS)


def test_fifty_valid_manifests_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in FIFTY:
        file = tmp_path / f"{seed}.yaml"
        file.write_text(manifest_cases.valid(seed).text)
        assert main.run(["validate", str(file)]) == 0
        told = capsys.readouterr()
        assert told.out.startswith("pod/pod-")
        assert all(line.startswith(f"warning: {file}:") for line in told.err.splitlines())


def test_fifty_broken_manifests_exit_2_with_the_field_and_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in FIFTY:
        file = tmp_path / f"{seed}.yaml"
        manifest, fault = manifest_cases.broken(NAMES[seed % len(NAMES)], seed)
        file.write_text(manifest.text)
        assert main.run(["validate", str(file)]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert f"{file}:{manifest.line(fault.at)}: {manifest_cases.text_path(fault.path)}: " in told.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"---\n---\n",
        b"\tkind: Pod\n",
        b"kind: Pod\nkind: Pod\napiVersion: v1\n",
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
        b"kind: [Pod\n",
        b"\xff\xfe\x00",
        b"kind: Pod\napiVersion: v1\nmetadata: {name: " + b"x" * 1_000_000 + b"}\n",
        b"- just\n- a list\n",
        b"42\n",
        b"kind: !!python/object:os.system Pod\n",
        b"kind: Pod\napiVersion: v1\nspec: {containers: {}}\n",
    ],
)
def test_what_is_no_manifest_exits_2_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    monkeypatch.setenv("PODRUNNER_STATE_DIR", str(tmp_path / "state"))
    for command in ("validate", "run"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert main.run([command, "-"]) == 2
        told = capsys.readouterr().err
        assert told.startswith("<stdin>:")
        assert "defect" not in told
    assert not (tmp_path / "state").exists()


@pytest.mark.engine  # needs none, but a process
def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "pod.yaml"
    file.write_text(manifest_cases.valid(1).text)
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([PODRUNNER, "validate", file], stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    told = [line for line in done.stderr.decode().splitlines() if not line.startswith("warning: ")]
    assert (done.returncode, told) == (141, [])
