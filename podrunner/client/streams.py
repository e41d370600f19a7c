"""The reading side of a run: each stream in a thread of its own, everything it brings put before the main thread.

A happening is a method of the session with all it needs but the time; one that a watch tells of has the number of the
change in the store too. Log streams are throttled: while one has blocks that were not shown yet, its thread reads no
further, and the server and the engine wait in turn.
"""

import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from podrunner import errors
from podrunner.client import actions, api, http
from podrunner.client.link import Lease, Link
from podrunner.client.session import Session
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod

_BLOCKS_IN_FLIGHT = 4

_BREATH_SECONDS = 0.1
"""Before a stream that broke is opened again, so that one that always breaks does no harm."""

_ENGINE_SECONDS = 1.0
"""The same for a log that the server can't get from the engine; how long that may go on is the session's to judge."""

Happening = Callable[[float], Sequence[actions.Action]]

T = TypeVar("T")


class Streams:
    """Starts threads that read; `put` takes what they read."""

    def __init__(self, link: Link, session: Session, put: Callable[[Happening, int | None], None]) -> None:
        self._link = link
        self._server = link.server
        self._session = session
        self._put = put

    def lease(self, lease: Lease, on_pull: Callable[[api.RunMessage], None]) -> None:
        """Keeps the lease, and has `on_pull` called in the main thread for each step of a pull."""
        self._start(self._read_lease, lease, on_pull)

    def watch(self, watch: actions.Watch) -> None:
        self._start(self._watch, watch)

    def watch_events(self, watch: actions.WatchEvents) -> None:
        self._start(self._watch_events, watch)

    def follow(self, follow: actions.Follow) -> None:
        self._start(self._follow, follow)

    def delete(self, delete: actions.Delete) -> None:
        self._start(self._delete, delete)

    def _start(self, work: Callable[..., None], *about: object) -> None:
        threading.Thread(target=self._guarded, args=(work, *about), daemon=True).start()

    def _guarded(self, work: Callable[..., None], *about: object) -> None:
        try:
            work(*about)
        except errors.PodrunnerError as error:
            self._happened(self._session.server_lost, str(error))
        except Exception as error:  # noqa: BLE001 (it is raised in the main thread, which reports it)
            self._put(functools.partial(_raise, error), None)

    def _happened(self, method: Callable[..., Sequence[actions.Action]], *what: object) -> None:
        self._put(functools.partial(method, *what), None)

    def _stored(self, version: str, method: Callable[..., Sequence[actions.Action]], *what: object) -> None:
        self._put(functools.partial(method, *what), int(version))

    def _read_lease(self, lease: Lease, on_pull: Callable[[api.RunMessage], None]) -> None:
        def pulled(message: api.RunMessage, now: float) -> Sequence[actions.Action]:
            on_pull(message)
            return ()

        for message in lease.messages():
            if message.type == "PULL":
                self._happened(pulled, message)

    def _watch(self, watch: actions.Watch) -> None:
        try:
            stream = self._link.reach(lambda: api.watch_pod(self._server, watch.pod, watch.since))
            for type_, pod in api.changes(stream, Pod):
                version = pod.metadata.resource_version
                if type_ == "DELETED":
                    self._stored(version, self._session.pod_gone, watch.pod)
                    return
                self._stored(version, self._session.pod_changed, pod)
        except http.Disconnected:
            time.sleep(_BREATH_SECONDS)
        except errors.Expired:
            self._look_again(watch.pod)
        self._happened(self._session.watch_ended, watch.pod)

    def _look_again(self, ref: actions.PodRef) -> None:
        try:
            pod = self._link.reach(lambda: api.get_pod(self._server, ref))
        except errors.NotFound:
            self._happened(self._session.pod_gone, ref)
        else:
            self._happened(self._session.pod_changed, pod)

    def _watch_events(self, watch: actions.WatchEvents) -> None:
        expired = False
        try:
            stream = self._link.reach(
                lambda: api.watch_events(self._server, watch.pod.namespace, watch.uid, watch.since)
            )
            for type_, event in api.changes(stream, Event):
                if type_ != "DELETED":
                    self._stored(event.metadata.resource_version, self._session.event_seen, watch.pod, event)
        except http.Disconnected:
            time.sleep(_BREATH_SECONDS)
        except errors.Expired:
            expired = True
        self._happened(self._session.event_watch_ended, watch.pod, expired)

    def _follow(self, follow: actions.Follow) -> None:
        stream = follow.stream
        credit = threading.Semaphore(_BLOCKS_IN_FLIGHT)

        def received(data: bytes, now: float) -> Sequence[actions.Action]:
            credit.release()
            return self._session.log_received(stream, data, now)

        try:
            blocks = self._link.reach(
                lambda: api.follow_log(self._server, stream.pod, stream.container, previous=follow.previous)
            )
            for block in blocks:
                credit.acquire()
                self._happened(received, block)
        except http.Disconnected:
            time.sleep(_BREATH_SECONDS)
            self._happened(self._session.log_broken, stream)
        except (http.Failed, errors.ServiceUnavailable):
            time.sleep(_ENGINE_SECONDS)
            self._happened(self._session.log_broken, stream)
        except errors.ObjectError as error:
            self._happened(self._session.log_refused, stream, str(error))
        else:
            self._happened(self._session.log_ended, stream)

    def _delete(self, delete: actions.Delete) -> None:
        try:
            self._link.reach(
                lambda: api.delete_pod(self._server, delete.pod, uid=delete.uid, grace_seconds=delete.grace_seconds)
            )
        except (errors.NotFound, errors.Conflict):
            self._happened(self._session.pod_gone, delete.pod)


def _raise(error: Exception, now: float) -> Sequence[actions.Action]:
    raise error
