"""`podrunner run` whose standard streams are closed, full, non-blocking, or left by their reader."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from commandline import PODRUNNER, Podrunner, container, docker, eventually, manifest

pytestmark = pytest.mark.engine

WRITES = "trap 'exit 0' TERM; while :; do echo y; sleep 0.05; done"


def shell(podrunner: Podrunner, command: str, pod: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a line of bash, in which `podrunner` is the command under test and standard input is the pod."""
    path = f"{Path(PODRUNNER).parent}:{os.environ['PATH']}"
    environ = {**os.environ, "PODRUNNER_STATE_DIR": str(podrunner.state_dir), "PATH": path}
    return subprocess.run(
        ["bash", "-c", command],
        input=pod, capture_output=True, text=True, env=environ, timeout=60, check=False,
    )  # fmt: skip


def exit_codes(podrunner: Podrunner, since: float) -> list[str]:
    """Those of the main containers that have ended since then."""
    filters = [podrunner.ours, "--filter=event=die", "--filter=label=io.kubernetes.container.name=main"]
    times = [f"--since={since:.3f}", f"--until={time.time():.3f}"]
    return docker("events", *times, *filters, "--format={{.Actor.Attributes.exitCode}}")


@pytest.mark.parametrize(("closed", "left"), [(">&-", ""), ("2>&-", "[main] hello\n"), ("<&- >&- 2>&-", None)])
def test_closed_output_is_like_output_nobody_wants(podrunner: Podrunner, closed: str, left: str | None) -> None:
    (podrunner.directory / "pod.yaml").write_text(manifest(container("echo hello; exit 3")))
    done = shell(podrunner, f"podrunner run {podrunner.directory}/pod.yaml {closed}", "")
    assert (done.returncode, done.stdout) == (3, left or "")


@pytest.mark.parametrize("options", ["", "-o json"])
def test_output_that_cannot_be_written_stops_the_pod_gently_and_exits_125(podrunner: Podrunner, options: str) -> None:
    since = time.time()
    done = shell(podrunner, f"podrunner run {options} - >/dev/full", manifest(container(WRITES)))
    assert done.returncode == 125
    assert "error: standard output can't be written: No space left on device" in done.stderr.splitlines()
    assert "137" not in exit_codes(podrunner, since)


def test_a_pod_that_ended_before_its_output_could_be_written_does_not_succeed(podrunner: Podrunner) -> None:
    for script in ("echo hello", "echo hello; exit 3"):
        assert shell(podrunner, "podrunner run - >/dev/full", manifest(container(script))).returncode == 125


def test_a_reader_of_json_that_leaves_ends_the_run_gently(podrunner: Podrunner) -> None:
    since = time.time()
    quiet = container("trap 'exit 0' TERM; while :; do sleep 0.05; done")
    command = 'podrunner run -o json - | grep -m1 \'"ready":"2/2"\'; echo ${PIPESTATUS[0]}'
    done = shell(podrunner, command, manifest(quiet, container("sleep 1", "late")))
    assert (done.stdout.splitlines()[1], done.stderr) == ("141", "")
    assert podrunner.left_on_engine() == []
    assert exit_codes(podrunner, since) == ["0"]


def test_output_that_is_non_blocking_is_complete(podrunner: Podrunner) -> None:
    (podrunner.directory / "pod.yaml").write_text(manifest(container("seq 100000")))
    environ = {**os.environ, "PODRUNNER_STATE_DIR": str(podrunner.state_dir)}
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    command = [PODRUNNER, "run", "-q", f"{podrunner.directory}/pod.yaml"]
    with subprocess.Popen(command, stdout=write_end, env=environ) as process, os.fdopen(read_end) as stream:
        os.close(write_end)
        assert stream.readline() == "[main] 1\n"
        time.sleep(0.5)
        before = cpu_seconds(process.pid)
        time.sleep(1)
        assert cpu_seconds(process.pid) - before < 0.3
        assert stream.read() == "".join(f"[main] {number}\n" for number in range(2, 100001))
        assert process.wait(30) == 0


def cpu_seconds(pid: int) -> float:
    """How long the process has computed; while it waits for its reader it should not."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_line_without_an_end_is_shown_while_it_grows(podrunner: Podrunner) -> None:
    endless = "trap 'exit 0' TERM; seq 500000 | tr -d '\\n'; while :; do sleep 0.1; done"
    running = podrunner.start("run", "-q", "-", manifests=manifest(container(endless)))
    eventually(lambda: len(running.out.splitlines()) == 2)
    assert {len(line) for line in running.out.splitlines()} == {len("[main] ") + 1024 * 1024}
    running.process.terminate()
    running.ends(130)
    shown = "".join(line.removeprefix("[main] ") for line in running.out.splitlines())
    assert shown == "".join(map(str, range(1, 500001)))
