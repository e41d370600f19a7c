"""Replays recorded cases on a real engine: each pod in a namespace of its own, watched until nothing of it is left."""

import contextlib
import functools
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar
from uuid import uuid4

import msgspec

import commandline
import golden_final as final
import golden_masks as masks
import golden_progress as progress
from golden_progress import DELETED, Shown
from golden_recordings import Action, Event, Recording
from kubectl_session import KubectlWorld
from podrunner.client import api
from podrunner.engine import labels
from podrunner.objects import cluster, codec, event as events, meta
from podrunner.objects.pod import Pod
from podrunner.pods import columns

LONGEST_SECONDS = 60.0
"""How long is waited for what was recorded before the deletion, and again for what was after it."""

SETTLING_SECONDS = 0.2
"""Something that should not come, but comes at once, is seen."""

S = TypeVar("S", bound=msgspec.Struct)


class Watched:
    """What the watches of a namespace with one pod bring, each by a thread of its own."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._changed = threading.Condition()
        self._rows: list[str] = []
        self._events: list[Event] = []
        self._pod = Pod()

    @property
    def shown(self) -> Shown:
        """All up to now, masked."""
        told = masks.everywhere(final.of(self._pod), self._namespace)
        return Shown(tuple(self._rows), tuple(self._events), told)

    def until(self, condition: Callable[[Shown], bool], within: float) -> bool:
        """Returns when the condition is true or it is too late; whether it is true."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self.shown), max(within, 0))

    def pod_changed(self, change: str, pod: Pod) -> None:
        row = DELETED if change == DELETED else f"{columns.ready(pod)} {columns.status(pod)} {columns.restarts(pod)}"
        with self._changed:
            self._pod = pod
            if self._rows[-1:] != [row]:
                self._rows.append(row)
            self._changed.notify_all()

    def event_came(self, _: str, told: events.Event) -> None:
        event = said(told, self._namespace)
        with self._changed:
            if event not in self._events:
                self._events.append(event)
            self._changed.notify_all()


class Replay:
    """One case on its way. `run` does it all."""

    def __init__(self, world: KubectlWorld, recording: Recording) -> None:
        self._world = world
        self._recording = recording
        self._pod_name = recording.pod().metadata.name
        self._namespace = f"golden-{recording.name}-{uuid4().hex[:8]}"
        self._watched = Watched(self._namespace)

    def run(self) -> Shown:
        """What was shown of the pod until it was gone; the status is the one just before its deletion."""
        with self._watching(since=self._create_namespace()):
            self._kubectl("create", "--filename=-", stdin=self._recording.manifest)
            self._act(time.monotonic())
            self._watched.until(self._is_over, LONGEST_SECONDS)
            time.sleep(SETTLING_SECONDS)
            before = self._watched.shown
            self._kubectl("delete", "pod", self._pod_name, "--wait=false", *self._recording.delete_arguments)
            self._watched.until(lambda shown: DELETED in shown.rows, LONGEST_SECONDS)
            commandline.eventually(lambda: not self._containers(), LONGEST_SECONDS)
            stored = self._stored_events()
            self._watched.until(lambda shown: stored <= set(shown.events), LONGEST_SECONDS)
            return self._watched.shown._replace(final=before.final)

    def _create_namespace(self) -> str:
        """Returns the resourceVersion after which all that happens in it comes."""
        body = codec.encode(cluster.Namespace(metadata=meta.ObjectMeta(name=self._namespace)))
        answer = self._world.server.request("POST", "/api/v1/namespaces", body=body)
        return codec.decode(answer.body, cluster.Namespace).metadata.resource_version

    @contextlib.contextmanager
    def _watching(self, since: str) -> Iterator[None]:
        with contextlib.ExitStack() as streams:
            self._follow(streams, "pods", since, Pod, self._watched.pod_changed)
            self._follow(streams, "events", since, events.Event, self._watched.event_came)
            yield

    def _follow(
        self, streams: contextlib.ExitStack, plural: str, since: str, type_: type[S], take: Callable[[str, S], None]
    ) -> None:
        def follow() -> None:
            for change, told in api.changes(stream, type_):
                take(change, told)

        query = {"watch": "1", "resourceVersion": since}
        stream = self._world.server.stream("GET", self._path(plural), query=query)
        thread = threading.Thread(target=follow)
        thread.start()
        streams.callback(thread.join)
        streams.callback(stream.close)

    def _act(self, created: float) -> None:
        """Gives the recorded commands at their times, and not before what had been shown before them."""
        environ = {
            **self._world.kubectl_environ,
            "NS": self._namespace,
            "POD": self._pod_name,
            "KUBECTL": self._world.program,
        }
        for action in self._recording.actions:
            self._watched.until(self._is_astray, created + action.at - time.monotonic())
            self._watched.until(functools.partial(self._is_ready_for, action), LONGEST_SECONDS)
            if self._is_astray(self._watched.shown):
                return
            subprocess.run(["sh", "-c", action.command], env=environ, check=True, stdout=subprocess.DEVNULL)

    def _is_ready_for(self, action: Action, shown: Shown) -> bool:
        return progress.has_come_to(self._recording, action.at, shown.rows) or self._is_astray(shown)

    def _is_over(self, shown: Shown) -> bool:
        return progress.is_complete(self._recording, shown) or self._is_astray(shown)

    def _is_astray(self, shown: Shown) -> bool:
        return progress.is_astray(self._recording, shown.rows)

    def _kubectl(self, *arguments: str, stdin: str = "") -> None:
        self._world.kubectl(*arguments, f"--namespace={self._namespace}", stdin=stdin)

    def _containers(self) -> list[str]:
        """What the engine has of the pod."""
        return commandline.docker("ps", "--all", "--quiet", f"--filter=label={labels.POD_NAMESPACE}={self._namespace}")

    def _stored_events(self) -> set[Event]:
        answer = self._world.server.request("GET", self._path("events"))
        listed = msgspec.convert(msgspec.json.decode(answer.body)["items"], list[events.Event])
        return {said(told, self._namespace) for told in listed}

    def _path(self, plural: str) -> str:
        return f"/api/v1/namespaces/{self._namespace}/{plural}"


def said(told: events.Event, namespace: str) -> Event:
    """What the event says, masked."""
    message = masks.text(told.message, namespace)
    return Event(told.type, told.reason, told.involved_object.field_path, message)
