"""The API on a real Unix socket, in a thread, over a store in memory and stand-ins for the node and the runs."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from starlette.types import ASGIApp

from podrunner import clock, errors
from podrunner.api import app, auth, context, listen
from podrunner.objects.container import Container
from podrunner.objects.meta import ObjectMeta
from podrunner.objects.pod import Pod, PodSpec
from podrunner.store import pods, system
from podrunner.store.registry import Registry

T = TypeVar("T")

PODS = "/api/v1/namespaces/default/pods"
EVENTS = "/api/v1/namespaces/default/events"


class Answer(NamedTuple):
    """One whole HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


class Line(NamedTuple):
    """One line of a container."""

    text: bytes
    time: str = "2024-03-01T12:15:00.000000001Z"
    complete: bool = True


class Pull(NamedTuple):
    reference: str = "luksa/kubia:1.0"
    layer: str = "5f70bf18a086"
    status: str = "Downloading"
    current: int = 10
    total: int = 100


class Report(NamedTuple):
    namespace: str = "default"
    pod: str = "kubia"
    container: str = "kubia"
    progress: Pull = Pull()


class Asked(NamedTuple):
    """What the API asked the node for."""

    container: str
    follow: bool
    previous: bool
    since: datetime | None
    tail: int | None


class Node:
    """A node whose containers' output is a list of batches; a follower waits for ever after the last."""

    def __init__(self) -> None:
        self.batches: Sequence[Sequence[Line]] = [[Line(b"hello")]]
        self.refusal: errors.PodrunnerError | None = None
        self.failure: errors.PodrunnerError | None = None
        self.asked: list[Asked] = []
        self.given: list[AsyncIterator[Sequence[context.Line]]] = []  # kept: who got one has to close it
        self.readers = 0
        self.pulls: asyncio.Queue[Report] = asyncio.Queue()
        self.building = asyncio.Event()
        self.builds = 0

    def logs(
        self, pod: Pod, container: str, *, follow: bool, previous: bool, since: datetime | None, tail: int | None
    ) -> AsyncIterator[Sequence[context.Line]]:
        self.asked.append(Asked(container, follow, previous, since, tail))
        self.given.append(self._output(follow))
        return self.given[-1]

    async def _output(self, follow: bool) -> AsyncIterator[Sequence[context.Line]]:
        if self.refusal:
            raise self.refusal
        self.readers += 1
        try:
            for batch in self.batches:
                yield batch
            if self.failure:
                raise self.failure
            if follow:
                await asyncio.Event().wait()
        finally:
            self.readers -= 1

    async def exec(self, *_: Any, **__: Any) -> context.Session:
        raise AssertionError("see stream_world")

    attach = exec

    async def port_forward(self, *_: Any) -> context.Tunnel:
        raise AssertionError("see stream_world")

    async def usage(self, pods: Iterable[Pod]) -> Sequence[context.PodUsage]:
        return []

    def build(self, reference: str, directory: Path) -> AsyncGenerator[str | context.PullProgress, None]:
        if directory == Path("/nowhere"):
            raise errors.UsageError(f"{directory} is no directory")
        return self._build(reference)

    async def _build(self, reference: str) -> AsyncGenerator[str | context.PullProgress, None]:
        self.builds += 1
        try:
            yield f"Step 1/1 : FROM {reference}\n"
            yield Pull()
            if self.failure:
                raise self.failure
            await self.building.wait()
        finally:
            self.builds -= 1

    async def progress(self) -> AsyncIterator[context.Report]:
        while True:
            yield await self.pulls.get()


class Leases:
    """Counts who holds what."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.networks: list[bool] = []

    @asynccontextmanager
    async def hold(self, run: str, *, network: bool) -> AsyncIterator[None]:
        self.held.append(run)
        self.networks.append(network)
        try:
            yield
        finally:
            self.held.remove(run)


class Control:
    """A server that says what it is and notes that it should leave."""

    def __init__(self) -> None:
        self.stopped = False

    def info(self) -> Mapping[str, Any]:
        return {"version": "0.1.0", "pid": 42}

    def stop(self) -> None:
        self.stopped = True

    def user_of_token(self, token: str) -> context.User | None:
        return auth.OWNER if token == "the token" else None


class World:
    """A running API. The store and the stand-ins belong to its thread: look at them with `do`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def __enter__(self) -> "World":
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Tells the server to stop and waits until it has."""
        if self._thread.is_alive():
            self.do(self._stopping.set)
            self._thread.join(5)
        assert not self._thread.is_alive()

    async def _main(self) -> None:
        self.registry = Registry(None, clock.SystemClock())
        system.ensure(self.registry)
        self.node, self.leases, self.control = Node(), Leases(), Control()
        self._stopping, self.loop = asyncio.Event(), asyncio.get_running_loop()
        await self._serve(app.create(self.registry, self.node, self.leases, self.control))
        self.registry.close()

    async def _serve(self, api: ASGIApp) -> None:
        await listen.serve(auth.Trusted(api), listen.bind(self.path), self._stopping, on_ready=self._ready.set)

    def do(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """What `function` returns when the server's thread calls it."""

        async def call() -> T:
            return function(*args, **kwargs)

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(5)

    def connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(5)
        sock.connect(str(self.path))
        return sock

    def open(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """An answer whose body is still to be read; closing it closes the connection."""
        connection = http.client.HTTPConnection("podrunner")
        connection.sock = self.connect()
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, {"Connection": "close", **(headers or {})})
        return connection.getresponse()

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        with closing(self.open(method, path, body, headers)) as response:
            return Answer(response.status, response.headers, response.read())

    def lines(self, path: str) -> "Lines":
        """A stream of JSON lines."""
        return Lines(self.open("GET", path))

    def create_pod(self, name: str = "kubia", **labels: str) -> Pod:
        """A pod in the store, given to the node `vm`."""
        return self.do(lambda: pods.bind(self.registry, pods.create(self.registry, pod(name, **labels)), "vm"))


class Lines:
    """The lines of an answer that goes on, as data."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return map(json.loads, self._response)

    def next(self) -> Any:
        return json.loads(self._response.readline())

    def close(self) -> None:
        self._response.close()


def pod(name: str = "kubia", **labels: str) -> Pod:
    container = Container(name="kubia", image="luksa/kubia:1.0")
    return Pod(metadata=ObjectMeta(name=name, labels=labels), spec=PodSpec(containers=(container,)))


def manifest(name: str = "kubia", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "kubia", "image": "luksa/kubia:1.0"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}
