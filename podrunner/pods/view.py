"""Everything that decisions about one pod, and reports of it, are made from. Pure; performs no I/O."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStateTerminated, ContainerStatus
from podrunner.pods import plan, spec
from podrunner.pods.observed import Container as Instance, Observed, Sandbox, State

_KILLED = ContainerStateTerminated(
    reason="ContainerStatusUnknown",
    message="The container could not be located when the pod was deleted.  The container used to be Running",
    exit_code=137,
)
"""The kubelet's words (and its two spaces) for a container that ran and is gone, whoever removed it."""


class Image(msgspec.Struct, frozen=True):
    """What the engine says of an image reference: its id, or that it has none, or why the reference is not one."""

    id: str | None = None
    invalid: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """Why the `attempt`-th instance of a container does not run; it is not tried again before `until`, if given."""

    attempt: int
    reason: str
    message: str
    until: datetime | None = None


class Failures(msgspec.Struct, frozen=True):
    """How often in a row something failed, and when last."""

    count: int
    last: datetime


class Signalled(msgspec.Struct, frozen=True):
    """The signals a container got: when the first was sent, and the last with its time."""

    first_at: datetime
    signal: str
    last_at: datetime


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker remembers of a pod beyond the engine and the store.

    Losing it (a restart of podrunner) costs a repeated try or a repeated signal, never correctness.
    Keys: `images` by reference; `pulled` (container, attempt); `waiting`, `pull_failures`, `steady` by container name;
    `signalled` by engine id. `steady` is the last attempt that ran long enough to forget the restarts before it.
    `engine_lost` is why the engine can't be reached, empty when it can.
    """

    images: Mapping[str, Image] = {}
    pulled: frozenset[tuple[str, int]] = frozenset()
    waiting: Mapping[str, Waiting] = {}
    pull_failures: Mapping[str, Failures] = {}
    sandbox_failures: Failures | None = None
    signalled: Mapping[str, Signalled] = {}
    steady: Mapping[str, int] = {}
    reported: frozenset[plan.Key] = frozenset()
    engine_lost: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One pod at one moment. `pod` carries the status stored last, `under_way` the keys of unfinished operations."""

    pod: Pod
    observed: Observed
    now: datetime
    memory: Memory = Memory()
    under_way: frozenset[plan.Key] = frozenset()

    @property
    def sandbox(self) -> Sandbox | None:
        """The newest sandbox unless it has ended."""
        newest = self.observed.sandbox
        return None if newest is None or newest.state is State.EXITED else newest

    def in_sandbox(self, name: str) -> Instance | None:
        """The newest instance of the container `name` in the present sandbox."""
        latest = self.observed.latest(name)
        if latest is None or self.sandbox is None or latest.sandbox_id != self.sandbox.id:
            return None
        return latest

    def begun(self, name: str) -> Instance | None:
        """The newest instance of the container `name`, in whichever sandbox, that was more than created."""
        begun = [known for known in self.observed.containers if known.name == name and known.state is not State.CREATED]
        return begun[-1] if begun else None

    @property
    def starting(self) -> frozenset[str]:
        """The containers of which an instance is being created or started."""
        return plan.starting(self.under_way)

    def stored(self, name: str) -> ContainerStatus | None:
        """The status of the container `name` as it was stored last."""
        return spec.status(self.pod, name)

    def lost(self, name: str) -> ContainerStateTerminated | None:
        """How the newest instance of the container `name` ended, if someone removed it from the engine; else None.

        The stored status tells; one that ran when it was reported last counts as killed (kubelet:
        `convertToAPIContainerStatuses`, pkg/kubelet/kubelet_pods.go). For an init container, that status is of the
        present sandbox: it is reported as waiting before there is another.
        """
        stored, begun = self.stored(name), self.begun(name)
        if stored is None or (begun is not None and begun.attempt >= stored.restart_count):
            return None
        if stored.state.running is not None:
            return _KILLED
        return stored.state.terminated or stored.last_state.terminated

    def exit_code(self, name: str) -> int | None:
        """The exit code of the newest instance of the container `name`; None if it has not ended or there was none."""
        lost, begun = self.lost(name), self.begun(name)
        if lost is not None:
            return lost.exit_code
        return begun.exit_code if begun is not None and begun.state is State.EXITED else None

    def outdated(self, container: Container) -> Instance | None:
        """The newest instance of a main container if it was made from another image than the container has now."""
        begun = self.begun(container.name)
        return begun if begun is not None and begun.image not in ("", container.image) else None

    def being_replaced(self, container: Container) -> bool:
        """Whether that instance has ended because of its image: then it gets a successor whatever the restart policy.

        Source: `computePodActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go.
        """
        outdated = self.outdated(container)
        return outdated is not None and outdated.state is State.EXITED and outdated.id in self.memory.signalled

    def restart_count(self, name: str) -> int:
        """The larger of what the engine's labels and the stored status say: someone may have removed containers."""
        begun, stored = self.begun(name), self.stored(name)
        return max(begun.attempt if begun else 0, stored.restart_count if stored else 0)

    def next_attempt(self, name: str) -> int:
        """The attempt number of the next instance of the container `name`; the first is 0."""
        existed = self.begun(name) is not None or self.lost(name) is not None or self.restart_count(name) > 0
        return self.restart_count(name) + 1 if existed else 0

    def init_container_succeeded(self, name: str) -> bool:
        """Whether the init container `name` has succeeded in the present sandbox."""
        instance, lost = self.in_sandbox(name), self.lost(name)
        if lost is not None:
            return lost.exit_code == 0
        return instance is not None and instance.state is State.EXITED and instance.exit_code == 0

    def main_container_ran(self) -> bool:
        """Whether a main container was started in the present sandbox: then all init containers had succeeded."""
        instances = [self.in_sandbox(container.name) for container in self.pod.spec.containers]
        return any(instance is not None and instance.started_at is not None for instance in instances)

    def next_init_container(self) -> Container | None:
        """The first init container that has not succeeded; None when initialization is complete.

        Source: `findNextInitContainerToRun`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go.
        """
        if self.main_container_ran():
            return None
        for container in self.pod.spec.init_containers:
            if container.name in self.starting or not self.init_container_succeeded(container.name):
                return container
        return None
