"""How well probes keep time, and what they cost.

    python bench/probes.py [--seconds 60]

50 containers, each with a TCP readiness probe every second, while five execs write and a stop of 30 s is under way. A
server in the pod notes when each connection came. The error of a period (what two connections of one probe are apart,
less a second): median at most 50 ms, 99th percentile at most 250 ms; podrunner's processor time: at most 10 % of one
core, the five execs' included. Then, ten times, a condition for liveness ends: the container has to be signalled within
the probe's period of 1 s and 0.5 s more.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import workbench
from podrunner.client.actions import PodRef

CONTAINERS = 50
FIRST_PORT = 10000
MEDIAN_SECONDS = 0.050
WORST_SECONDS = 0.250
PROCESSOR_SHARE = 0.10
KILL_SECONDS = 1.5
KILLS = 10

SERVER = f"""
const net = require('net');
const seen = {{}};
for (let port = {FIRST_PORT}; port < {FIRST_PORT + CONTAINERS}; port++) {{
  seen[port] = [];
  net.createServer((socket) => {{
    seen[port].push(performance.now() / 1000);
    socket.on('error', () => 0);
    socket.destroy();
  }}).listen(port);
}}
process.on('SIGUSR1', () => 0);
process.on('SIGUSR2', () => console.log(JSON.stringify(seen)));
process.on('SIGTERM', () => process.exit(0));
"""


def main() -> int:
    """Prints the figures; exit status 1 if a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds: float = parser.parse_args().seconds
    with _Bench() as bench:
        bench.begin()
        with bench.loaded():
            errors, share = bench.measure(seconds)
        bench.end()
        kills = bench.kills()
    median, p99 = statistics.median(errors), errors[int(0.99 * (len(errors) - 1))]
    verdicts = [
        (f"period error of {len(errors)} probes: median {median * 1000:.1f} ms", median <= MEDIAN_SECONDS),
        (f"period error: p99 {p99 * 1000:.1f} ms", p99 <= WORST_SECONDS),
        (f"podrunner's processor time: {share * 100:.1f} % of one core", share <= PROCESSOR_SHARE),
        (f"from a failing condition to the signal: longest {max(kills):.2f} s", max(kills) <= KILL_SECONDS),
    ]
    for text, holds in verdicts:
        print(f"{text}   {'holds' if holds else 'EXCEEDED'}")  # noqa: T201
    return 0 if all(holds for _, holds in verdicts) else 1


class _Bench(workbench.Workbench):
    ACTIONS = ("kill",)

    def __enter__(self) -> "_Bench":
        super().__enter__()
        return self

    def begin(self) -> None:
        """The pod of all the probes runs."""
        server = {"name": "main-0", "image": "luksa/kubia:1.0", "command": ["node", "-e", SERVER]}
        others = [
            {"name": f"main-{n}", "image": workbench.IMAGE, "command": ["sleep", "3600"]} for n in range(1, CONTAINERS)
        ]
        containers = [
            {**each, "readinessProbe": {"tcpSocket": {"port": FIRST_PORT + n}, "periodSeconds": 1, "timeoutSeconds": 1}}
            for n, each in enumerate([server, *others])
        ]
        self.create_of("probed", containers=containers, terminationGracePeriodSeconds=0)
        self.await_phase("probed", "Running")
        time.sleep(3)

    def measure(self, seconds: float) -> tuple[list[float], float]:
        """The errors of the periods within so many seconds, sorted, and podrunner's share of one core in that time."""
        pid = int(self.files.pid.read_text())
        before, began = self._times(), _processor_seconds(pid)
        since = time.monotonic()
        time.sleep(seconds)
        share = (_processor_seconds(pid) - began) / (time.monotonic() - since)
        after = self._times()
        errors = [
            abs(later - earlier - 1)
            for port, times in after.items()
            for earlier, later in zip(times[len(before[port]) :], times[len(before[port]) + 1 :], strict=False)
        ]
        return sorted(errors), share

    def _times(self) -> dict[str, list[float]]:
        """When connections came to each port, by the server's clock, in seconds."""
        (server,) = self.engine.containers(filters={"label": "io.kubernetes.container.name=main-0"})
        lines = self.engine.logs(server["Id"]).count(b"\n")
        self.engine.kill(server["Id"], "SIGUSR2")
        while (logged := self.engine.logs(server["Id"])).count(b"\n") == lines:
            time.sleep(0.05)
        times: dict[str, list[float]] = json.loads(logged.splitlines()[-1])
        return times

    def end(self) -> None:
        """The pod is gone."""
        self.delete(PodRef("default", "probed"))
        while any(ref.name == "probed" for ref in self.pods()):
            time.sleep(0.1)

    def kills(self) -> list[float]:
        """Seconds from the end of what liveness asks for to the signal, of some containers, one after the other."""
        return [self._kill(f"alive-{number}") for number in range(KILLS)]

    def _kill(self, name: str) -> float:
        script = "touch /tmp/alive; trap 'exit 0' TERM; while :; do sleep 0.1; done"
        liveness = {"exec": {"command": ["test", "-e", "/tmp/alive"]}, "periodSeconds": 1, "failureThreshold": 1}
        self.create(name, script, grace=5, livenessProbe=liveness)
        self.await_phase(name, "Running")
        # The probe's phase is another each time.
        time.sleep(1.5 + int(name.rpartition("-")[2]) / KILLS)
        (main,) = self.engine.containers(
            filters={"label": [f"io.kubernetes.pod.name={name}", "io.kubernetes.container.name=main"]}
        )
        while not self.reported.empty():
            self.reported.get()
        ended = time.time()
        self.engine.exec_start(self.engine.exec_create(main["Id"], ["rm", "/tmp/alive"])["Id"])
        while True:
            event: dict[str, Any] = self.reported.get(timeout=30)
            if event["Actor"]["ID"] == main["Id"]:
                break
        self.delete(PodRef("default", name))
        return float(event["timeNano"]) / 1e9 - ended


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
