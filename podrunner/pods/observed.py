"""What the engine says of one pod, in the pure core's own words.

`engine.observe` builds these from the engine's answers, the agent keeps them current, `reconcile` and `status` read
them. Pure; performs no I/O.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec


class State(StrEnum):
    """The state of an engine container, reduced to what decisions need.

    The engine's `paused` and `restarting` count as running; `removing` and `dead` count as exited.
    """

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


_ORDER = {State.CREATED: 0, State.RUNNING: 1, State.EXITED: 2}


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a container of the pod's spec.

    `attempt` counts the instances of that container from 0, `sandbox_id` is the sandbox whose namespaces it joined.
    `exit_code` is meaningful once exited (128+n for signal n); `error` is the engine's own word on a failed start.
    `image` is the reference it was created from ("": unknown), `image_id` the engine's `sha256:…`, `stop_signal` what
    the image asks to be ended with. A container that the engine could not start is exited and has no `started_at`.
    """

    id: str
    name: str
    attempt: int
    sandbox_id: str
    state: State
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    image: str = ""
    image_id: str = ""
    stop_signal: str = "SIGTERM"


class MessageFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where the containers of a sandbox leave their termination messages.

    `volume` is the engine's name of the volume, `directory` where it is on the engine's host. `assigned` tells which of
    the files that it came with are whose (`messages.instance`), in their order. `has_hosts` says that
    their /etc/hosts is there too; a sandbox of an older podrunner has none.
    """

    volume: str
    directory: str
    assigned: tuple[str, ...] = ()
    has_hosts: bool = False


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """One pause container.

    `volumes` says where the engine's host has the pod's volumes, by name. `ips` are its addresses on the pod network,
    IPv4 first; empty unless it runs. `bridges` are the names that its networks' bridges have on the engine's host.
    `runtime` is the engine's name of what runs it.
    """

    id: str
    attempt: int
    state: State
    created_at: datetime
    ips: tuple[str, ...] = ()
    bridges: tuple[str, ...] = ()
    messages: MessageFiles | None = None
    runtime: str = ""
    volumes: Mapping[str, str] = {}


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the engine has of one pod: sandboxes and containers, each oldest attempt first."""

    sandboxes: tuple[Sandbox, ...] = ()
    containers: tuple[Container, ...] = ()

    @property
    def sandbox(self) -> Sandbox | None:
        """The newest sandbox."""
        return self.sandboxes[-1] if self.sandboxes else None

    def latest(self, name: str) -> Container | None:
        """The newest instance of the container called `name`."""
        instances = [container for container in self.containers if container.name == name]
        return instances[-1] if instances else None

    def with_sandbox(self, sandbox: Sandbox) -> "Observed":
        """A successor that has `sandbox` in place of what was known under its id, unless that is newer."""
        if any(known.id == sandbox.id and _ORDER[known.state] > _ORDER[sandbox.state] for known in self.sandboxes):
            return self
        others = [known for known in self.sandboxes if known.id != sandbox.id]
        return msgspec.structs.replace(self, sandboxes=tuple(sorted([*others, sandbox], key=lambda s: s.attempt)))

    def with_container(self, container: Container) -> "Observed":
        """A successor that has `container` in place of what was known under its id, unless that is newer."""
        if any(known.id == container.id and _moment(known) > _moment(container) for known in self.containers):
            return self
        others = [known for known in self.containers if known.id != container.id]
        ordered = sorted([*others, container], key=lambda c: (c.name, c.attempt))
        return msgspec.structs.replace(self, containers=tuple(ordered))

    def without(self, engine_id: str) -> "Observed":
        """A successor that knows nothing under the id `engine_id` any more."""
        return Observed(
            sandboxes=tuple(sandbox for sandbox in self.sandboxes if sandbox.id != engine_id),
            containers=tuple(container for container in self.containers if container.id != engine_id),
        )


def _moment(container: Container) -> tuple[datetime, int]:
    """Orders looks at one container: two that overlap may come back in any order."""
    return container.started_at or container.created_at, _ORDER[container.state]
