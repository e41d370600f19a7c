"""Everything that decisions about one pod, and reports of it, are made from. Pure; performs no I/O."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStatus
from podrunner.pods import plan
from podrunner.pods.observed import Container as Instance, Observed, Sandbox, State


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
        return self.observed.sandbox

    def in_sandbox(self, name: str) -> Instance | None:
        """The newest instance of the container `name` in the present sandbox."""
        latest = self.observed.latest(name)
        if latest is None or self.sandbox is None or latest.sandbox_id != self.sandbox.id:
            return None
        return latest

    def starting(self, name: str) -> bool:
        """Whether an instance of the container `name` is being created or started: it has not ended before it began."""
        return any(
            kind in ("CreateContainer", "StartContainer") and target.partition("#")[0] == name
            for kind, target in self.under_way
        )

    def stored(self, name: str) -> ContainerStatus | None:
        """The status of the container `name` as it was stored last."""
        status = self.pod.status
        for stored in (*status.init_container_statuses, *status.container_statuses):
            if stored.name == name:
                return stored
        return None

    def restart_count(self, name: str) -> int:
        """The larger of what the engine's labels and the stored status say: someone may have removed containers."""
        latest, stored = self.observed.latest(name), self.stored(name)
        return max(latest.attempt if latest else 0, stored.restart_count if stored else 0)

    def next_attempt(self, name: str) -> int:
        """The attempt number of the next instance of the container `name`; the first is 0."""
        stored = self.stored(name)
        existed = self.observed.latest(name) is not None or (stored is not None and stored.container_id != "")
        return self.restart_count(name) + 1 if existed else 0

    def init_container_succeeded(self, name: str) -> bool:
        """Whether the init container `name` has succeeded in the present sandbox.

        If its instance was removed behind our back, the stored status tells, provided that it is of this sandbox.
        """
        instance = self.in_sandbox(name)
        if instance is not None:
            return instance.state is State.EXITED and instance.exit_code == 0
        stored = self.stored(name)
        terminated = stored.state.terminated if stored else None
        if terminated is None or terminated.exit_code != 0 or self.sandbox is None:
            return False
        # Stored times have whole seconds; the second in which the sandbox was made belongs to it.
        began = self.sandbox.created_at - timedelta(seconds=1)
        return terminated.started_at is not None and terminated.started_at > began

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
            if self.starting(container.name) or not self.init_container_succeeded(container.name):
                return container
        return None
