"""What is to be done for a pod: the operations `reconcile` asks for and the executor performs.

Every operation names its cause, and has a key under which it is never under way twice. Pure; performs no I/O.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import msgspec


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do. `cause` says why, for people: "init container init-demo succeeded"."""

    cause: str

    @property
    def target(self) -> str:
        """What it is done to; two operations of one type and target are the same operation."""
        raise NotImplementedError

    @property
    def key(self) -> tuple[str, str]:
        return type(self).__name__, self.target

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.target}: {self.cause}"


class CreateSandbox(Operation, frozen=True):
    """Create the pause container, the `attempt`-th of this pod.

    `messages_of` are the instances that it is to have files for termination messages for.
    """

    attempt: int
    messages_of: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        return f"#{self.attempt}"


class StartSandbox(Operation, frozen=True):
    """Start the created pause container."""

    sandbox_id: str

    @property
    def target(self) -> str:
        return self.sandbox_id


class WriteVolumes(Operation, frozen=True):
    """Write what is to be in these volumes of the pod.

    `first`: nobody has looked into them yet. `known` tells of what is in them by name (`payload.digest`).
    """

    sandbox_id: str
    volumes: tuple[str, ...]
    first: bool
    known: Mapping[str, str] = {}

    @property
    def target(self) -> str:
        return self.sandbox_id


class MeasureVolumes(Operation, frozen=True):
    """Look how much is in these volumes of the pod, which have a limit that nobody enforces."""

    sandbox_id: str
    volumes: tuple[str, ...]

    @property
    def target(self) -> str:
        return self.sandbox_id


class ReportMountFailure(Operation, frozen=True):
    """Say that a volume can't be set up, and why."""

    volume: str
    message: str

    @property
    def target(self) -> str:
        return self.volume


class ReportMountTimeout(Operation, frozen=True):
    """Say that the pod has waited for these volumes for long."""

    volumes: tuple[str, ...]

    @property
    def target(self) -> str:
        return "pod"


class InspectImage(Operation, frozen=True):
    """Ask the engine whether it has the image that `container` names; `ahead` of that container's turn if so."""

    container: str
    image: str
    ahead: bool = False

    @property
    def target(self) -> str:
        return f"{self.image} for {self.container}"


class PullImage(Operation, frozen=True):
    """Pull the image for the `attempt`-th instance of `container`; for one container of the pod at a time."""

    container: str
    image: str
    attempt: int

    @property
    def target(self) -> str:
        return self.image

    def __str__(self) -> str:
        return f"PullImage {self.image} for {self.container}: {self.cause}"


class PrefetchImage(Operation, frozen=True):
    """Pull the image ahead of the turn of `container`; where the engine has it, only if `renew`."""

    container: str
    image: str
    renew: bool

    @property
    def target(self) -> str:
        return self.image


class CreateContainer(Operation, frozen=True):
    """Create the `attempt`-th instance of `container` in the sandbox.

    `was_present`: the image needed no pull, which is an event of its own. `joins`: the engine id of the container whose
    processes it is to see, if any.
    """

    container: str
    attempt: int
    sandbox_id: str
    was_present: bool
    joins: str = ""

    @property
    def target(self) -> str:
        return f"{self.container}#{self.attempt}"


class _OfInstance(Operation, frozen=True):
    """Something that is done to one instance of a container."""

    container: str
    attempt: int
    container_id: str

    @property
    def target(self) -> str:
        return f"{self.container}#{self.attempt}"


class StartContainer(_OfInstance, frozen=True):
    """Start the created container."""


class RunPostStart(_OfInstance, frozen=True):
    """Run the postStart hook of a container that has just started."""


class RunPreStop(_OfInstance, frozen=True):
    """Run the preStop hook of a container that is to stop."""


class ReadMessage(_OfInstance, frozen=True):
    """Read what a container that has ended left to say in its termination message."""

    sandbox_id: str
    exit_code: int


class _Stop(_OfInstance, frozen=True, kw_only=True):
    """A step of the stop of a container.

    `message` is what the event says of it, if not just that it is stopped; `again`: it is going to be started again.
    """

    message: str = ""
    again: bool = False

    @property
    def announcement(self) -> str:
        """What is said when the stop begins."""
        return self.message or f"Stopping container {self.container}"


class AnnounceStop(_Stop, frozen=True):
    """Say that a container is going to stop, whose signal has to wait for its hook or for its turn."""


class SignalContainer(_Stop, frozen=True, kw_only=True):
    """Send a signal to the container's main process. `first`: the stop begins with it."""

    signal: str
    first: bool

    @property
    def target(self) -> str:
        return f"{super().target} with {self.signal}"


class StopSandbox(Operation, frozen=True):
    """Kill the pause container: it holds nothing that wants to end gracefully."""

    sandbox_id: str

    @property
    def target(self) -> str:
        return self.sandbox_id


class Remove(Operation, frozen=True):
    """Remove a container or a sandbox; one that still runs is killed. `name` is for people."""

    name: str
    engine_id: str

    @property
    def target(self) -> str:
        return self.name


class Wait(Operation, frozen=True):
    """Don't try `container` again before `until`; `reason` and `message` are what its status says meanwhile."""

    container: str
    attempt: int
    reason: str
    message: str
    until: datetime | None

    @property
    def target(self) -> str:
        return f"{self.container}#{self.attempt} {self.reason}"


class ReportSandboxChanged(Operation, frozen=True):
    """Say that the sandbox ended although the pod has not."""

    sandbox: str

    @property
    def target(self) -> str:
        return self.sandbox


class ReportDeadlineExceeded(Operation, frozen=True):
    """Say that the pod's activeDeadlineSeconds have passed."""

    @property
    def target(self) -> str:
        return "pod"


class ReportEnd(Operation, frozen=True):
    """Say why the node does not run the pod, or does so no longer."""

    reason: str
    message: str

    @property
    def target(self) -> str:
        return "pod"


class RemovePod(Operation, frozen=True):
    """Remove the pod's object: the engine has nothing of it any more."""

    @property
    def target(self) -> str:
        return "pod"


Key = tuple[str, str]

STARTING = frozenset({CreateContainer.__name__, StartContainer.__name__})
"""Operations that bring an instance of a container about: it has not ended before it began."""

MAKING = STARTING | {CreateSandbox.__name__, StartSandbox.__name__}
"""Operations whose result must be known before the last container can be said to be gone."""


def starting(under_way: Iterable[Key]) -> frozenset[str]:
    """The containers of which an instance is being created or started."""
    return frozenset(container_of(key) for key in under_way if key[0] in STARTING)


def container_of(key: Key) -> str:
    """The container whose instance an operation is about, of those that are about one."""
    return key[1].partition("#")[0]


class Plan(msgspec.Struct, frozen=True):
    """The operations to begin, the ones under way to cancel, and when to decide again if nothing happens before."""

    operations: tuple[Operation, ...] = ()
    cancel: tuple[Key, ...] = ()
    wake_at: datetime | None = None

    def __add__(self, other: "Plan") -> "Plan":
        times = [time for time in (self.wake_at, other.wake_at) if time is not None]
        return Plan(self.operations + other.operations, self.cancel + other.cancel, min(times, default=None))

    def without(self, under_way: Collection[Key]) -> "Plan":
        """This plan less the operations that are under way already, and each of the others once."""
        first: dict[Key, Operation] = {}
        for operation in self.operations:
            first.setdefault(operation.key, operation)
        return msgspec.structs.replace(
            self, operations=tuple(operation for key, operation in first.items() if key not in under_way)
        )

    def __str__(self) -> str:
        lines = [str(operation) for operation in self.operations]
        lines += [f"cancel {kind} {target}" for kind, target in self.cancel]
        if self.wake_at is not None:
            lines.append(f"wake at {self.wake_at:%H:%M:%S}")
        return "\n".join(lines)


def do(*operations: Operation) -> Plan:
    """A plan of these operations."""
    return Plan(operations)


def together(plans: Iterable[Plan]) -> Plan:
    """All of `plans` at once."""
    return sum(plans, Plan())
