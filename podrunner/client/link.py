"""A run's connection to the server, brought back when the server goes away.

Every call and every stream of a run goes through `Link.reach`. The server looks after the pods of a lease that broke
with it for a moment, so that a run whose server was killed keeps its pods.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from podrunner import errors
from podrunner.client import api, http

RESTARTS = 5
"""How often in one run the server is brought back, so that one that always crashes is noticed."""

T = TypeVar("T")


class Link:
    """The server of one run. Its methods may be called from any thread."""

    def __init__(self, server: http.Server, start_server: Callable[[], None]) -> None:
        self.server = server
        self._start_server = start_server
        self._restarts = 0
        self._restoring = threading.Lock()

    def reach(self, call: Callable[[], T]) -> T:
        """What `call` returns; again with a new server whenever the connection breaks, so it must be repeatable.

        Raises `ServerError` or `EngineError` when no server can be brought back.
        """
        for _ in range(RESTARTS):
            with contextlib.suppress(http.Disconnected):
                return call()
            self._restore()
        return call()

    def _restore(self) -> None:
        with self._restoring:
            if self.server.answers():
                return
            self._restarts += 1
            if self._restarts > RESTARTS:
                raise errors.ServerError(f"podrunner's server went away {self._restarts} times during this run")
            self._start_server()


class Lease:
    """What keeps a run's pods alive: an open connection. Without `owns_pods` it only brings the messages.

    `network`: the pods are going to need podrunner's own network.
    """

    def __init__(self, link: Link, run_id: str, *, owns_pods: bool, network: bool) -> None:
        self._link = link
        self._run_id = run_id
        self._owns_pods = owns_pods
        self._network = network
        self._closed = False
        self._stream, self._messages = link.reach(self._open)

    def messages(self) -> Iterator[api.RunMessage]:
        """What comes over it until `close`; the lease is taken again whenever the connection broke."""
        while True:
            with contextlib.suppress(http.Disconnected):
                yield from self._messages
            if self._closed:
                return
            self._stream, self._messages = self._link.reach(self._open)

    def close(self) -> None:
        """Gives the lease up. May be called from another thread than reads the messages."""
        self._closed = True
        self._stream.close()

    def _open(self) -> tuple[http.Stream, Iterator[api.RunMessage]]:
        """Returns when the server has confirmed that it holds the lease."""
        stream = api.attend_run(self._link.server, self._run_id, lease=self._owns_pods, network=self._network)
        messages = api.run_messages(stream)
        if next(messages, None) is None:
            raise http.Disconnected("podrunner's server gave no lease")
        return stream, messages
