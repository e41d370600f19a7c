"""How soon a watcher sees what the engine reported.

    python bench/watch.py [--rounds 60]

Each round runs a pod of one container, and compares the engine's own times of its start and its exit with the moments
at which a watcher of pods has read them, over the API's socket. First on a quiet server; then with five execs that
write all the time, a pull and a stop of 30 s under way.

The bounds: median at most 50 ms; with the load, the 99th percentile at most 250 ms. All times are of one machine's
clock, so the engine has to be on this one. Everything is made in a state directory of the benchmark's own, and removed.
"""

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import workbench
from podrunner.client import api
from podrunner.client.actions import PodRef
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerState

MEDIAN_SECONDS = 0.050
WORST_SECONDS = 0.250


class Delay(NamedTuple):
    """How long after the engine reported a start or an exit the watcher saw it, in seconds."""

    what: str
    seconds: float


def main() -> int:
    """Prints the figures; exit status 1 if a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    rounds: int = parser.parse_args().rounds
    with _Bench() as bench:
        quiet = bench.measure(rounds)
        with bench.loaded():
            loaded = bench.measure(rounds)
    holds = True
    for name, delays, worst in (("quiet", quiet, None), ("loaded", loaded, WORST_SECONDS)):
        for what in ("start", "exit"):
            seconds = sorted(delay.seconds for delay in delays if delay.what == what)
            median, p99 = statistics.median(seconds), seconds[int(0.99 * (len(seconds) - 1))]
            good = median <= MEDIAN_SECONDS and (worst is None or p99 <= worst)
            holds = holds and good
            verdict = "holds" if good else "EXCEEDED"
            print(f"{name:6} {what:5} median {median * 1000:5.1f} ms   p99 {p99 * 1000:5.1f} ms   {verdict}")  # noqa: T201
    return 0 if holds else 1


class _Bench(workbench.Workbench):
    """A watcher of the server's pods."""

    def __enter__(self) -> "_Bench":
        super().__enter__()
        return self

    def measure(self, rounds: int) -> list[Delay]:
        """The delays of so many pods, after one that warms everything up."""
        delays = [self._round(number) for number in range(rounds + 1)]
        return [delay for of_one in delays[1:] for delay in of_one]

    def _round(self, number: int) -> list[Delay]:
        name = f"round-{number}"
        created = self.create(name, "usleep 100000")
        seen: dict[str, tuple[str, float]] = {}
        stream = api.watch_pod(self.server, PodRef("default", name), created.metadata.resource_version)
        with contextlib.closing(stream):
            for _, pod in api.changes(stream, Pod):
                at = time.time()
                for status in pod.status.container_statuses:
                    for what, engine_id in _known(status.state):
                        seen.setdefault(what, (engine_id or status.container_id, at))
                if "exit" in seen:
                    break
        self.delete(PodRef("default", name))
        return [self._delay(what, *about) for what, about in seen.items()]

    def _delay(self, what: str, container_id: str, seen_at: float) -> Delay:
        wanted = ("start" if what == "start" else "die", container_id.removeprefix("docker://"))
        while True:
            event = self.reported.get(timeout=10)
            if (event["Action"], event["Actor"]["ID"]) == wanted:
                return Delay(what, seen_at - event["timeNano"] / 1e9)


def _known(state: ContainerState) -> Iterator[tuple[str, str]]:
    """What the state tells of: `start` or `exit`, and the container's id if it is told here."""
    if state.running is not None:
        yield "start", ""
    if state.terminated is not None:
        yield "exit", state.terminated.container_id


if __name__ == "__main__":
    sys.exit(main())
