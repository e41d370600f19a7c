"""What the routes work with: the store, and what they ask of the node and of the server, as protocols.

The agent and the composition root fulfil these; the tests of the API do it with a few lines.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypedDict

from starlette.requests import Request

from podrunner.objects.pod import Pod
from podrunner.store.registry import Registry


class User(TypedDict):
    """Who asks, in Kubernetes' terms."""

    name: str
    groups: tuple[str, ...]


class Line(Protocol):
    """One line a container wrote. `time` is RFC 3339 text; not `complete`: the output ended without a newline."""

    @property
    def time(self) -> str: ...
    @property
    def text(self) -> bytes: ...
    @property
    def complete(self) -> bool: ...


class PullProgress(Protocol):
    """How far a layer of an image is, in bytes."""

    @property
    def reference(self) -> str: ...
    @property
    def layer(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def current(self) -> int: ...
    @property
    def total(self) -> int: ...


class Report(Protocol):
    """A step of a pull, and the container it is for."""

    @property
    def namespace(self) -> str: ...
    @property
    def pod(self) -> str: ...
    @property
    def container(self) -> str: ...
    @property
    def progress(self) -> PullProgress: ...


class Session(Protocol):
    """A command that runs in a container, or a container that is attached to."""

    async def read(self) -> tuple[int, bytes] | None:
        """Output that came next, and where: 1 is stdout, 2 stderr; None when there is no more.

        Raises PodrunnerError when the engine is lost, or has waited for its reader for too long.
        """

    async def write(self, data: bytes) -> None:
        """Sends to stdin; waits while the process does not read. Dropped when it has ended."""

    async def close_stdin(self) -> None:
        """The process reads the end of its stdin."""

    async def resize(self, width: int, height: int) -> None:
        """Tells the size of the client's terminal, in characters."""

    async def exit_code(self) -> int | None:
        """How the command ended, after its output has; None when it was attached to."""

    async def close(self) -> None:
        """Lets go of it. May be called again, and at any time."""


class Tunnel(Protocol):
    """A connection to a port of a pod."""

    async def read(self) -> bytes:
        """What came next, b"" when the pod sends no more. Raises PodrunnerError; so it tells that nobody listens."""

    async def write(self, data: bytes) -> None:
        """Sends; waits while the pod does not read. Dropped when it never will."""

    async def write_eof(self) -> None:
        """Sends no more; the pod still may."""

    async def close(self) -> None:
        """Closes the connection. May be called again, and at any time."""


class ContainerUsage(Protocol):
    """A container's use: billionths of a processor, and bytes of working set."""

    @property
    def name(self) -> str: ...
    @property
    def cpu_nanocores(self) -> int: ...
    @property
    def memory_bytes(self) -> int: ...


class PodUsage(Protocol):
    """The use of a pod's running containers, measured over `window_seconds` before `at`."""

    @property
    def pod(self) -> Pod: ...
    @property
    def at(self) -> datetime: ...
    @property
    def window_seconds(self) -> float: ...
    @property
    def containers(self) -> Sequence[ContainerUsage]: ...


class Node(Protocol):
    """Where the pods run. What raises an ObjectError has done nothing."""

    def logs(
        self, pod: Pod, container: str, *, follow: bool, previous: bool, since: datetime | None, tail: int | None
    ) -> AsyncIterator[Sequence[Line]]:
        """A container's output; its first step raises the ObjectError of a request that can't be met."""

    async def exec(
        self,
        pod: Pod,
        container: str,
        command: Sequence[str],
        *,
        stdin: bool,
        stdout: bool,
        stderr: bool,
        tty: bool,
    ) -> Session:
        """Runs a command in a container."""

    async def attach(self, pod: Pod, container: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> Session:
        """Joins what a container reads and writes, from now on."""

    async def port_forward(self, pod: Pod, port: int) -> Tunnel:
        """Connects to a port on localhost inside the pod."""

    async def usage(self, pods: Iterable[Pod]) -> Sequence[PodUsage]:
        """What those of the pods use that run."""

    def build(self, reference: str, directory: Path) -> AsyncGenerator[str | PullProgress, None]:
        """Builds an image from a directory of the server's machine; what the build writes, and the pulls it does.

        Raises a PodrunnerError at once for a name or a directory that can't be, and as it goes for what fails.
        """

    def progress(self) -> AsyncIterator[Report]:
        """The progress of image pulls from now on."""


class Leases(Protocol):
    """The runs that hold a connection."""

    def hold(self, run: str, *, network: bool) -> AbstractAsyncContextManager[None]:
        """Keeps the run's pods; `network`: it is going to need podrunner's own network."""


class Control(Protocol):
    """The server itself."""

    def info(self) -> Mapping[str, Any]:
        """What it says of itself, ready to be encoded."""

    def stop(self) -> None:
        """Makes it leave, soon."""

    def user_of_token(self, token: str) -> User | None:
        """Who shows this token; None when it is not one of ours."""


class Context(NamedTuple):
    registry: Registry
    node: Node
    leases: Leases
    control: Control


def of(request: Request) -> Context:
    """The context of the application that serves this request."""
    context: Context = request.app.state.context
    return context
