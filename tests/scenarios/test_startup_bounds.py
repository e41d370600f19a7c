"""podrunner adds little to what the engine itself needs to start a pod; the figures are bench/startup.py's.

Ratios and order only, with room for a busy machine: the bounds themselves are held by the benchmark, on a quiet one.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

BENCHMARK = Path(__file__).parent.parent.parent / "bench/startup.py"


def test_starting_a_pod_takes_little_more_than_the_engine_needs() -> None:
    command = [sys.executable, str(BENCHMARK), "--rounds", "3"]
    shown = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    median = {name: float(seconds) for name, seconds in re.findall(r"^(\w+) +median ([0-9.]+) s", shown, re.MULTILINE)}
    assert set(median) == {"bare", "api", "warm", "cold"}, shown
    assert median["api"] < 1.3 * median["bare"], shown
    assert median["warm"] < 1.8 * median["bare"], shown
    assert median["cold"] < 2.5 * median["bare"], shown
    assert median["api"] < median["warm"] < median["cold"], shown
