"""Standard streams that the parent left closed or non-blocking, each in a process of its own."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from podrunner.cli import standard_streams

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: main, image: busybox}]}
"""


def test_whatever_is_closed_leads_to_the_null_device_and_works() -> None:
    script = f"""
import os, sys
for descriptor in (0, 1, 2):
    os.close(descriptor)
sys.stdin = sys.stdout = sys.stderr = None
sys.path.insert(0, {str(Path(standard_streams.__file__).parents[2])!r})
from podrunner.cli import standard_streams
standard_streams.settle()
links = [os.readlink(f"/proc/self/fd/{{each}}") for each in (0, 1, 2)]
inherited = [os.get_inheritable(each) for each in (0, 1, 2)]
assert links == ["/dev/null"] * 3 and all(inherited), (links, inherited)
assert sys.stdin.read() == ""
print("nobody reads this")
print("nor this", file=sys.stderr, flush=True)
os._exit(42)
"""
    assert subprocess.run([sys.executable, "-S", "-c", script], check=False).returncode == 42


def test_a_pipe_that_is_full_for_the_moment_is_waited_for() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    got = bytearray()

    def read() -> None:
        while block := os.read(read_end, 4096):
            got.extend(block)

    reader = threading.Timer(0.02, read)
    reader.start()
    sent = os.urandom(300_000)
    rest = memoryview(sent)
    writer = standard_streams.Patient(write_end)
    while rest:
        rest = rest[writer.write(rest) :]
    os.close(write_end)
    reader.join(5)
    os.close(read_end)
    assert bytes(got) == sent


def test_standard_input_that_has_nothing_for_the_moment_is_waited_for() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)

    def write() -> None:
        os.write(write_end, b"late")
        os.close(write_end)

    writer = threading.Timer(0.02, write)
    writer.start()
    assert standard_streams.Patient(read_end).readall() == b"late"
    writer.join(5)
    os.close(read_end)


def test_a_reader_that_leaves_while_it_is_waited_for_is_an_error() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    patient = standard_streams.Patient(write_end)
    threading.Timer(0.02, os.close, [read_end]).start()
    with pytest.raises(BrokenPipeError):
        # More than a pipe holds, so that at least the last of them is waited for.
        [patient.write(bytes(65536)) for _ in range(100)]
    os.close(write_end)
