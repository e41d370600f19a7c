"""What the benchmarks share: a podrunner with a state directory of its own, its pods, and a load beside them."""

import contextlib
import http.server
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker

from podrunner import errors, paths
from podrunner.client import api, http as client
from podrunner.client.actions import PodRef
from podrunner.objects import codec
from podrunner.objects.pod import Pod

PODRUNNER = str(Path(sys.executable).with_name("podrunner"))
KUBECTL = str(Path(sys.executable).with_name("kubectl"))
IMAGE = "busybox:1.36"

EXECS = 5
STOP_SECONDS = 30


class Workbench:
    """A server, and what the engine tells of these ACTIONS, as `reported`. Everything is removed at the end."""

    ACTIONS: tuple[str, ...] = ("start", "die")

    def __enter__(self) -> "Workbench":
        self._directory = Path(tempfile.mkdtemp(prefix="podrunner-bench-"))
        state_dir = self._directory / "state"
        self.files = paths.Files(state_dir)
        self.environ = {
            **os.environ,
            paths.STATE_DIR_VARIABLE: str(state_dir),
            "KUBECONFIG": str(self._directory / "kubeconfig"),
        }
        self.run(PODRUNNER, "server", "start")
        self.run(PODRUNNER, "kubeconfig", "--write", self.environ["KUBECONFIG"])
        self.server = client.Server(paths.socket_path(state_dir))
        self.engine = docker.APIClient(version="auto")
        self.reported: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._events = self.engine.events(filters={"event": list(self.ACTIONS)}, decode=True)
        threading.Thread(target=self._report, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for ref in self.pods():
            self.delete(ref)
        self._events.close()
        while self.pods():
            time.sleep(0.1)
        self.run(PODRUNNER, "server", "stop")
        shutil.rmtree(self._directory)

    @contextlib.contextmanager
    def loaded(self) -> Iterator[None]:
        """While it lasts, five execs write, an image is pulled and a pod takes its time to stop."""
        with registry_that_never_answers() as host:
            self.create("talker", "while :; do sleep 1; done")
            self.await_phase("talker", "Running")
            self.create("puller", "true", image=f"{host}/never:1")
            self.create("stubborn", "trap '' TERM; while :; do sleep 1; done", grace=STOP_SECONDS)
            self.await_phase("stubborn", "Running")
            self.delete(PodRef("default", "stubborn"), grace=STOP_SECONDS)
            command = [KUBECTL, "exec", "talker", "--", "sh", "-c", "while :; do echo talking; usleep 20000; done"]
            talking = [subprocess.Popen(command, env=self.environ, stdout=subprocess.DEVNULL) for _ in range(EXECS)]
            try:
                yield
            finally:
                for each in talking:
                    each.kill()
                    each.wait()
                for name in ("talker", "puller", "stubborn"):
                    self.delete(PodRef("default", name))

    def _report(self) -> None:
        for event in self._events:
            self.reported.put(event)

    def create(self, name: str, script: str, *, image: str = IMAGE, grace: int = 0, **fields: Any) -> Pod:
        """A pod of one container, which has these fields besides."""
        main = {"name": "main", "image": image, "command": ["sh", "-c", script], **fields}
        return self.create_of(name, containers=[main], terminationGracePeriodSeconds=grace)

    def create_of(self, name: str, **spec: Any) -> Pod:
        """A pod with that spec."""
        metadata = {"name": name, "namespace": "default"}
        manifest = {"metadata": metadata, "spec": {"restartPolicy": "Never", **spec}}
        return api.create_pod(self.server, codec.decode(manifest, Pod))

    def await_phase(self, name: str, phase: str) -> None:
        while api.get_pod(self.server, PodRef("default", name)).status.phase != phase:
            time.sleep(0.05)

    def delete(self, ref: PodRef, grace: int = 0) -> None:
        with contextlib.suppress(errors.NotFound):
            uid = api.get_pod(self.server, ref).metadata.uid
            api.delete_pod(self.server, ref, uid=uid, grace_seconds=grace)

    def pods(self) -> list[PodRef]:
        listing = json.loads(self.server.request("GET", "/api/v1/namespaces/default/pods").body)
        return [PodRef("default", item["metadata"]["name"]) for item in listing["items"]]

    def run(self, *command: str) -> None:
        subprocess.run(command, env=self.environ, check=True, capture_output=True)


@contextlib.contextmanager
def registry_that_never_answers() -> Iterator[str]:
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
