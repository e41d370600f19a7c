"""How much podrunner adds to what the engine itself needs to start a pod.

    python bench/startup.py [--rounds 15]

Each round measures, one after the other in changing order:

    bare    the engine alone, through docker-py's APIClient: the sandbox created and started, each init container
            created, started and waited for in turn, the two main containers created and started in parallel
    api     podrunner's server, from the request that creates the pod to its status Running, on the same engine network
    warm    the command `podrunner run`, from exec to Running, while a server runs
    cold    the command `podrunner run`, from exec to Running, when none does

The bounds: api at most 1.15 times bare; warm at most bare + 0.25 s; cold at most bare + 0.6 s; all medians.
Everything is made under a label and a state directory of the benchmark's own, and removed at the end.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import docker
import yaml
from msgspec import structs

from podrunner import paths
from podrunner.cli import background
from podrunner.client import api, http
from podrunner.client.actions import PodRef
from podrunner.objects import codec
from podrunner.objects.pod import Pod
from podrunner.pods import columns, spec

PODRUNNER = (str(Path(sys.executable).with_name("podrunner")),)

IMAGE = "busybox:1.36"
PAUSE = "podrunner/pause:1.2"
LABEL = "podrunner.dev/bench"
RUNS_FOREVER = ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.2; done"]

API_RATIO = 1.15
WARM_EXTRA = 0.25
COLD_EXTRA = 0.6

MANIFEST = f"""
apiVersion: v1
kind: Pod
metadata:
  name: startup
  namespace: default
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
  - {{name: init-1, image: "{IMAGE}", command: ["true"]}}
  - {{name: init-2, image: "{IMAGE}", command: ["true"]}}
  containers:
  - {{name: main-1, image: "{IMAGE}", command: {json.dumps(RUNS_FOREVER)}}}
  - {{name: main-2, image: "{IMAGE}", command: {json.dumps(RUNS_FOREVER)}}}
"""


def main() -> int:
    """Prints the figures; exit status 1 if a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    with _Bench() as bench:
        figures = bench.measure(rounds)
    medians = {name: statistics.median(seconds) for name, seconds in figures.items()}
    for name, seconds in figures.items():
        print(f"{name:5} median {medians[name]:.3f} s   min {min(seconds):.3f}   max {max(seconds):.3f}")  # noqa: T201
    over = {name: medians[name] - medians["bare"] for name in medians}
    ratio = medians["api"] / medians["bare"]
    verdicts = [
        (f"api / bare = {ratio:.3f}", ratio <= API_RATIO, API_RATIO),
        (f"warm - bare = {over['warm']:.3f} s", over["warm"] <= WARM_EXTRA, WARM_EXTRA),
        (f"cold - bare = {over['cold']:.3f} s", over["cold"] <= COLD_EXTRA, COLD_EXTRA),
    ]
    for text, holds, bound in verdicts:
        print(f"{text}   (at most {bound}: {'holds' if holds else 'EXCEEDED'})")  # noqa: T201
    return 0 if all(holds for _, holds, _ in verdicts) else 1


class _Bench:
    """The engine, a network, a state directory and a manifest, for as long as it measures."""

    def __enter__(self) -> "_Bench":
        self._engine = docker.APIClient(version="auto")
        self._id = uuid.uuid4().hex[:8]
        self._directory = Path(tempfile.mkdtemp(prefix="podrunner-bench-"))
        self._manifest = self._directory / "startup.yaml"
        self._manifest.write_text(MANIFEST)
        self._state_dir = self._directory / "state"
        self._environ = {**os.environ, paths.STATE_DIR_VARIABLE: str(self._state_dir)}
        self._network = f"podrunner-bench-{self._id}"
        self._engine.create_network(self._network, driver="bridge", labels={LABEL: self._id})
        return self

    def __exit__(self, *_: object) -> None:
        self._podrunner("server", "stop")
        for container in self._engine.containers(all=True, filters={"label": f"{LABEL}={self._id}"}):
            self._engine.remove_container(container["Id"], force=True)
        self._engine.remove_network(self._network)
        shutil.rmtree(self._directory)

    def measure(self, rounds: int) -> dict[str, list[float]]:
        """Seconds by name, after one round that warms everything up."""
        measures: list[tuple[str, Callable[[], float]]] = [
            ("bare", self.bare),
            ("api", self.api),
            ("warm", self.warm),
            ("cold", self.cold),
        ]
        figures: dict[str, list[float]] = {name: [] for name, _ in measures}
        for count in range(rounds + 1):
            turn = count % len(measures)
            for name, measured in measures[turn:] + measures[:turn]:
                seconds = measured()
                if count:
                    figures[name].append(seconds)
        return figures

    def bare(self) -> float:
        """The engine alone."""
        engine, labels = self._engine, {LABEL: self._id}
        began = time.perf_counter()
        config = engine.create_host_config(network_mode=self._network, ipc_mode="shareable")
        sandbox = engine.create_container(PAUSE, host_config=config, labels=labels)["Id"]
        engine.start(sandbox)
        joined = engine.create_host_config(network_mode=f"container:{sandbox}", ipc_mode=f"container:{sandbox}")
        made = [sandbox]
        for _ in range(2):
            init = engine.create_container(IMAGE, ["true"], host_config=joined, labels=labels)["Id"]
            engine.start(init)
            engine.wait(init)
            made.append(init)

        def start_main() -> None:
            container = engine.create_container(IMAGE, RUNS_FOREVER, host_config=joined, labels=labels)["Id"]
            engine.start(container)
            made.append(container)

        mains = [threading.Thread(target=start_main) for _ in range(2)]
        for main in mains:
            main.start()
        for main in mains:
            main.join()
        took = time.perf_counter() - began
        for container in reversed(made):
            engine.remove_container(container, force=True)
        return took

    def api(self) -> float:
        """podrunner's server, asked through its API. The manifest was parsed before."""
        pod = _annotated(codec.decode(yaml.safe_load(MANIFEST), Pod), {spec.NETWORK: self._network})
        ref = PodRef(pod.metadata.namespace, pod.metadata.name)
        background.ensure(self._state_dir)
        server = http.Server(paths.socket_path(self._state_dir))
        began = time.perf_counter()
        created = api.create_pod(server, pod)
        _wait(server, ref, created, lambda type_, seen: columns.status(seen) == "Running")
        took = time.perf_counter() - began
        api.delete_pod(server, ref, uid=created.metadata.uid, grace_seconds=0)
        _wait(server, ref, created, lambda type_, seen: type_ == "DELETED")
        return took

    def warm(self) -> float:
        """The command, with a server running."""
        background.ensure(self._state_dir)
        return self._run()

    def cold(self) -> float:
        """The command, without a server."""
        self._podrunner("server", "stop")
        return self._run()

    def _run(self) -> float:
        began = time.perf_counter()
        run = subprocess.Popen(
            [*PODRUNNER, "run", "-o", "json", str(self._manifest)], env=self._environ, stdout=subprocess.PIPE
        )
        took = next(
            time.perf_counter() - began for line in run.stdout or () if json.loads(line).get("status") == "Running"
        )
        run.send_signal(signal.SIGINT)
        run.communicate()
        return took

    def _podrunner(self, *arguments: str) -> None:
        subprocess.run([*PODRUNNER, *arguments], env=self._environ, check=True, stdout=subprocess.DEVNULL)


def _annotated(pod: Pod, annotations: dict[str, str]) -> Pod:
    return structs.replace(pod, metadata=structs.replace(pod.metadata, annotations=annotations))


def _wait(server: http.Server, ref: PodRef, created: Pod, wanted: Callable[[str, Pod], bool]) -> None:
    """Returns when a change of the pod since its creation is the wanted one."""
    with contextlib.closing(api.watch_pod(server, ref, created.metadata.resource_version)) as stream:
        for type_, seen in api.changes(stream, Pod):
            if wanted(type_, seen):
                return


if __name__ == "__main__":
    sys.exit(main())
