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
import http.server
import json
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import docker

from podrunner import errors, paths
from podrunner.client import api, http as client
from podrunner.client.actions import PodRef
from podrunner.objects import codec
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerState

PODRUNNER = str(Path(sys.executable).with_name("podrunner"))
KUBECTL = str(Path(sys.executable).with_name("kubectl"))
IMAGE = "busybox:1.36"

MEDIAN_SECONDS = 0.050
WORST_SECONDS = 0.250
EXECS = 5
STOP_SECONDS = 30


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


class _Bench:
    """A server, a watcher of its pods and a reader of the engine's events."""

    def __enter__(self) -> "_Bench":
        self._directory = Path(tempfile.mkdtemp(prefix="podrunner-bench-"))
        state_dir = self._directory / "state"
        self._environ = {
            **os.environ,
            paths.STATE_DIR_VARIABLE: str(state_dir),
            "KUBECONFIG": str(self._directory / "kubeconfig"),
        }
        self._run(PODRUNNER, "server", "start")
        self._run(PODRUNNER, "kubeconfig", "--write", self._environ["KUBECONFIG"])
        self._server = client.Server(paths.socket_path(state_dir))
        self._engine = docker.APIClient(version="auto")
        self._reported: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._events = self._engine.events(filters={"event": ["start", "die"]}, decode=True)
        threading.Thread(target=self._report, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for ref in self._pods():
            self._delete(ref)
        self._events.close()
        while self._pods():
            time.sleep(0.1)
        self._run(PODRUNNER, "server", "stop")
        shutil.rmtree(self._directory)

    def measure(self, rounds: int) -> list[Delay]:
        """The delays of so many pods, after one that warms everything up."""
        delays = [self._round(number) for number in range(rounds + 1)]
        return [delay for of_one in delays[1:] for delay in of_one]

    @contextlib.contextmanager
    def loaded(self) -> Iterator[None]:
        """While it lasts, five execs write, an image is pulled and a pod takes its time to stop."""
        with _registry_that_never_answers() as host:
            self._create("talker", "while :; do sleep 1; done")
            self._await("talker", "Running")
            self._create("puller", "true", image=f"{host}/never:1")
            self._create("stubborn", "trap '' TERM; while :; do sleep 1; done", grace=STOP_SECONDS)
            self._await("stubborn", "Running")
            self._delete(PodRef("default", "stubborn"), grace=STOP_SECONDS)
            command = [KUBECTL, "exec", "talker", "--", "sh", "-c", "while :; do echo talking; usleep 20000; done"]
            talking = [subprocess.Popen(command, env=self._environ, stdout=subprocess.DEVNULL) for _ in range(EXECS)]
            try:
                yield
            finally:
                for each in talking:
                    each.kill()
                    each.wait()
                for name in ("talker", "puller", "stubborn"):
                    self._delete(PodRef("default", name))

    def _round(self, number: int) -> list[Delay]:
        name = f"round-{number}"
        created = self._create(name, "usleep 100000")
        seen: dict[str, tuple[str, float]] = {}
        stream = api.watch_pod(self._server, PodRef("default", name), created.metadata.resource_version)
        with contextlib.closing(stream):
            for _, pod in api.changes(stream, Pod):
                at = time.time()
                for status in pod.status.container_statuses:
                    for what, engine_id in _known(status.state):
                        seen.setdefault(what, (engine_id or status.container_id, at))
                if "exit" in seen:
                    break
        self._delete(PodRef("default", name))
        return [self._delay(what, *about) for what, about in seen.items()]

    def _delay(self, what: str, container_id: str, seen_at: float) -> Delay:
        wanted = ("start" if what == "start" else "die", container_id.removeprefix("docker://"))
        while True:
            event = self._reported.get(timeout=10)
            if (event["Action"], event["Actor"]["ID"]) == wanted:
                return Delay(what, seen_at - event["timeNano"] / 1e9)

    def _report(self) -> None:
        for event in self._events:
            self._reported.put(event)

    def _create(self, name: str, script: str, *, image: str = IMAGE, grace: int = 0) -> Pod:
        manifest = {
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": grace,
                "containers": [{"name": "main", "image": image, "command": ["sh", "-c", script]}],
            },
        }
        return api.create_pod(self._server, codec.decode(manifest, Pod))

    def _await(self, name: str, phase: str) -> None:
        while api.get_pod(self._server, PodRef("default", name)).status.phase != phase:
            time.sleep(0.05)

    def _delete(self, ref: PodRef, grace: int = 0) -> None:
        with contextlib.suppress(errors.NotFound):
            uid = api.get_pod(self._server, ref).metadata.uid
            api.delete_pod(self._server, ref, uid=uid, grace_seconds=grace)

    def _pods(self) -> list[PodRef]:
        listing = json.loads(self._server.request("GET", "/api/v1/namespaces/default/pods").body)
        return [PodRef("default", item["metadata"]["name"]) for item in listing["items"]]

    def _run(self, *command: str) -> None:
        subprocess.run(command, env=self._environ, check=True, capture_output=True)


def _known(state: ContainerState) -> Iterator[tuple[str, str]]:
    """What the state tells of: `start` or `exit`, and the container's id if it is told here."""
    if state.running is not None:
        yield "start", ""
    if state.terminated is not None:
        yield "exit", state.terminated.container_id


@contextlib.contextmanager
def _registry_that_never_answers() -> Iterator[str]:
    """A host on loopback, where engines ask for no TLS, whose answers do not come before the end."""
    over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            over.wait()

        def log_message(self, *_: object) -> None:
            """That engines try TLS first is no news."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    sys.exit(main())
