"""One podrunner under test: its command, its server's API, and what the engine has and had of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import docker
import msgspec
import yaml

import commandline
from commandline import IMAGE, Running, eventually
from podrunner import errors, paths
from podrunner.client import api, http
from podrunner.client.actions import PodRef
from podrunner.engine import address, client, labels
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.pods import columns

NAMESPACE = "default"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
MARKER = "marker"
NODE_CLIENT = """
const [url] = process.argv.slice(1);
require('https').get(url, { rejectUnauthorized: false }, (response) => response.pipe(process.stdout))
  .on('error', () => process.exit(1));
"""


class Happening(NamedTuple):
    """What the engine tells of a container: `create init-1#0`, `die main#2 137`, `kill main#0 15`."""

    action: str
    container: str
    detail: str

    def __str__(self) -> str:
        return " ".join(filter(None, self))


class World:
    """A state directory with its server and runs, and their containers. Made by `opened`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.instance = uuid4().hex
        self.environ: dict[str, str] = {}
        self.command = commandline.Podrunner(directory)
        self.state_dir = self.command.state_dir
        self.state_dir.mkdir(mode=0o700)
        self.files = paths.Files(self.state_dir)
        self.files.instance.write_text(f"{self.instance}\n")
        self.server = http.Server(self.files.socket)
        self.engine = client.open_api(address.resolve(os.environ), client.OLDEST_TESTED_API)
        self._ours = f"{labels.INSTANCE}={self.instance}"
        self._runs: list[Running] = []
        self._history = directory / "engine-events"
        with self._history.open("wb") as told:
            self._recording = subprocess.Popen(
                ["docker", "events", "--since=1", f"--filter=label={self._ours}", "--format={{json .}}"],
                stdout=told,
            )

    # ---- the command

    def start(self, *arguments: str, manifests: str = "", environ: Mapping[str, str] = {}) -> Running:
        """Starts `podrunner ARGUMENTS`; `-` among them stands for the manifests."""
        running = self.command.start(*arguments, manifests=manifests, environ={**self.environ, **environ})
        self._runs.append(running)
        return running

    def run(self, manifests: str, *options: str, status: int = 0) -> Running:
        """`podrunner run` of the manifests to its end, which must be with that exit status."""
        running = self.start("run", "-", *options, manifests=manifests)
        assert running.status() == status, running.err
        return running

    def serve(self, *options: str) -> int:
        """Starts the server; returns its process id."""
        started = self.start("server", "start", *options)
        assert started.status() == 0, started.err
        return self.command.server_pid()

    def kill_server(self) -> int:
        """Without a chance to tidy up; returns the process id it had."""
        pid = self.command.server_pid()
        os.kill(pid, signal.SIGKILL)
        return pid

    def proc_of_server(self) -> Path:
        """What the kernel tells of the server's process."""
        return Path("/proc") / str(self.command.server_pid())

    # ---- the server's API

    def create(self, manifest: str) -> Pod:
        """Creates the manifest's pod, which no run owns; returns it as it was admitted."""
        body = msgspec.json.encode(yaml.safe_load(manifest))
        return msgspec.json.decode(self.server.request("POST", PODS, body=body).body, type=Pod)

    def pod(self, name: str = "web") -> Pod:
        """The pod as it is now. Raises errors.NotFound."""
        return api.get_pod(self.server, PodRef(NAMESPACE, name))

    def becomes(self, status: str, name: str = "web", *, within: float = 15.0) -> Pod:
        """The pod, as soon as its STATUS is that."""
        deadline = time.monotonic() + within
        while columns.status(pod := self.pod(name)) != status:
            assert time.monotonic() < deadline, f"{name} is {columns.status(pod)}, not {status}: {self.events(name)}"
            time.sleep(0.02)
        return pod

    def delete(self, name: str = "web", *, grace_seconds: int | None = None) -> None:
        """Asks for the deletion of the pod."""
        api.delete_pod(
            self.server, PodRef(NAMESPACE, name), uid=self.pod(name).metadata.uid, grace_seconds=grace_seconds
        )

    def is_gone(self, name: str = "web") -> bool:
        """Whether the pod has neither object nor container any more."""
        try:
            self.pod(name)
        except errors.NotFound:
            return not self.containers()
        return False

    def course(self, created: Pod) -> list[str]:
        """The pod's READY and STATUS from its creation to now, as `kubectl get pods -w` shows them, without repeats."""
        now = self.pod(created.metadata.name).metadata.resource_version
        rows = [_row(created)]
        with contextlib.closing(
            api.watch_pod(self.server, PodRef.of(created), created.metadata.resource_version)
        ) as stream:
            for _, seen in api.changes(stream, Pod):
                if _row(seen) != rows[-1]:
                    rows.append(_row(seen))
                if seen.metadata.resource_version == now:
                    break
        return rows

    def events(self, name: str = "web") -> list[str]:
        """The newest such pod's events, in the order they first came: type, reason, message, how often if not once."""
        query = {"fieldSelector": f"involvedObject.name={name}"}
        answer = self.server.request("GET", f"/api/v1/namespaces/{NAMESPACE}/events", query=query)
        listed = msgspec.convert(msgspec.json.decode(answer.body)["items"], list[Event])
        return [
            f"{event.type} {event.reason} {event.message}{f' (x{event.count})' if event.count > 1 else ''}"
            for event in listed
            if event.involved_object.uid == listed[-1].involved_object.uid
        ]

    def log(self, container: str, name: str = "web", **query: str) -> str:
        """What the API tells of a container's output."""
        answer = self.server.request("GET", f"{PODS}/{name}/log", query={"container": container, **query})
        return answer.body.decode()

    # ---- the engine

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by its name in the pod and its attempt: `POD#0`, `main#1`."""
        found = {}
        for listed in self.engine.containers(all=True, filters={"label": self._ours}):
            with contextlib.suppress(docker.errors.NotFound):
                found[_label(listed["Labels"])] = self.engine.inspect_container(listed["Id"])
        return found

    def container(self, name: str) -> dict[str, Any]:
        """What the engine says of `main#0`."""
        return self.containers()[name]

    def kill(self, name: str, signal_: str = "KILL") -> None:
        """Behind podrunner's back."""
        self.engine.kill(self.container(name)["Id"], signal_)

    def remove(self, name: str) -> None:
        """Behind podrunner's back."""
        self.engine.remove_container(self.container(name)["Id"], force=True)

    def execute(self, name: str, *command: str) -> str:
        """The output of a command inside the container."""
        created = self.engine.exec_create(self.container(name)["Id"], list(command))
        output: bytes = self.engine.exec_start(created["Id"])
        return output.decode()

    def ask(self, name: str, url: str) -> str:
        """What a server answers Node.js inside the container over HTTPS; waits until one listens."""
        return str(eventually(lambda: self.execute(name, "node", "-e", NODE_CLIENT, url).strip()))

    def left(self) -> list[str]:
        """The names of what is on the engine: containers, volumes and networks."""
        return self.command.left_on_engine()

    def history(self, *actions: str) -> list[str]:
        """What has happened to the containers up to now, in order; of those actions, if any are named."""
        mark = self.engine.create_container(
            IMAGE, labels={labels.INSTANCE: self.instance, labels.CONTAINER_NAME: MARKER, labels.ATTEMPT: "0"}
        )
        told = eventually(lambda: self._told_up_to(str(mark["Id"])))
        self.engine.remove_container(mark["Id"])
        return [str(happening) for happening in told if not actions or happening.action in actions]

    def _told_up_to(self, mark: str) -> list[Happening]:
        told = [
            json.loads(line) for line in self._history.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")
        ]
        return _happenings(told) if any(event["Actor"]["ID"] == mark for event in told) else []

    # ---- the end

    def close(self) -> None:
        """Ends and removes everything; prints what may explain a failure."""
        for running in self._runs:
            if running.process.poll() is None:
                running.process.kill()
                running.status()
            _say(f"{running.process.args!r}: {running.process.returncode}\n{running.out[-4000:]}\n{running.err}")
        self.command.start("server", "stop").status()
        if self.files.log.exists():
            _say(f"the server's log:\n{self.files.log.read_text()}")
        for left in self.engine.containers(all=True, filters={"label": self._ours}):
            _say(f"{left['Names']} is left: {self.engine.logs(left['Id'], tail=50).decode(errors='replace')}")
            self.engine.remove_container(left["Id"], v=True, force=True)
        for volume in self.engine.volumes(filters={"label": self._ours})["Volumes"] or ():
            self.engine.remove_volume(volume["Name"])
        for network in self.engine.networks(filters={"label": self._ours}):
            self.engine.remove_network(network["Id"])
        self.engine.close()
        self._recording.kill()
        self._recording.wait()


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[World]:
    """A world without a running server."""
    world = World(directory)
    try:
        yield world
    finally:
        world.close()


def tidied(world: World, *, name: str = "web") -> Iterator[World]:
    """For a fixture of a world that tests share: a test leaves nothing behind, its pod of that name neither."""
    yield world
    with contextlib.suppress(errors.NotFound):
        world.delete(name, grace_seconds=0)
    eventually(lambda: world.is_gone(name))
    assert world.left() == []


def _say(text: str) -> None:
    """To where pytest shows it if the test fails."""
    sys.stdout.write(f"{text}\n")


def _row(pod: Pod) -> str:
    return f"{columns.ready(pod)} {columns.status(pod)}"


def _label(given: Mapping[str, str]) -> str:
    return f"{given.get(labels.CONTAINER_NAME)}#{given.get(labels.ATTEMPT)}"


def _happenings(told: list[dict[str, Any]]) -> list[Happening]:
    happenings = []
    for event in told:
        attributes = event["Actor"]["Attributes"]
        container = _label(attributes)
        if event["Type"] == "container" and MARKER not in container and not event["Action"].startswith("exec_"):
            detail = attributes.get("exitCode") or attributes.get("signal") or ""
            happenings.append(Happening(event["Action"], container, detail))
    return happenings
