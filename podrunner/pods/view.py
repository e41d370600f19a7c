"""Everything that decisions about one pod, and reports of it, are made from. Pure; performs no I/O."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerStateTerminated, ContainerStatus
from podrunner.pods import plan, restarts, spec
from podrunner.pods.configuration import Configuration
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


class Written(msgspec.Struct, frozen=True):
    """What was written into a volume: what it was made from (`payload.stamp`), and what it was (`payload.digest`)."""

    stamp: str
    digest: str = ""


class MountFailures(msgspec.Struct, frozen=True):
    """How often in a row the pod's volumes could not be set up, `volume` the last time; when first and when last.

    `told`: that it takes long was said. `of_engine`: it was the engine that could not do it.
    """

    volume: str
    count: int
    first: datetime
    last: datetime
    told: bool = False
    of_engine: bool = False


class Stop(msgspec.Struct, frozen=True):
    """How far the stop of a container is: when it began, the last signal ("": none yet) and when that was sent.

    `again`: it is stopped in order to be started again, whatever the restart policy makes of its exit code.
    """

    began_at: datetime
    signal: str = ""
    signalled_at: datetime | None = None
    again: bool = False


class Results(msgspec.Struct, frozen=True):
    """What the probes of one instance say; None as long as one has not come to a result."""

    startup: bool | None = None
    liveness: bool | None = None
    readiness: bool | None = None


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker remembers of a pod beyond the engine and the store.

    Losing it (a restart of podrunner) costs a repeated try or a repeated signal, never correctness.
    Keys: `images`, `pull_failures` by reference; `pulled` (container, attempt, reference); `waiting`, `steady` by
    container name; `stops`, `probes`, `post_started`, `pre_stopped`, `messages` by engine id; `volumes` by sandbox id,
    then volume. `steady` is the last attempt that ran long enough to forget the restarts before it. `post_started`
    tells of each finished postStart hook whether it succeeded, `pre_stopped` which preStop hooks have finished,
    `messages` what containers left to say at their end.
    `measured_at` is when the volumes were last measured, `overfull` the one that has more in it than it may.
    `engine_lost` is why the engine can't be reached, empty when it can.
    """

    images: Mapping[str, Image] = {}
    pulled: frozenset[tuple[str, int, str]] = frozenset()
    waiting: Mapping[str, Waiting] = {}
    pull_failures: Mapping[str, Failures] = {}
    prefetched: frozenset[str] = frozenset()
    sandbox_failures: Failures | None = None
    mount_failures: MountFailures | None = None
    volumes: Mapping[str, Mapping[str, Written]] = {}
    measured_at: datetime | None = None
    overfull: str = ""
    stops: Mapping[str, Stop] = {}
    probes: Mapping[str, Results] = {}
    post_started: Mapping[str, bool] = {}
    pre_stopped: frozenset[str] = frozenset()
    messages: Mapping[str, str] = {}
    steady: Mapping[str, int] = {}
    reported: frozenset[plan.Key] = frozenset()
    engine_lost: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One pod at one moment. `pod` carries the status stored last, `under_way` the keys of unfinished operations.

    `configuration` is what the pod refers to; `backoff_scale` shrinks the waits before something is tried again.
    """

    pod: Pod
    observed: Observed
    now: datetime
    memory: Memory = Memory()
    configuration: Configuration = Configuration()
    under_way: frozenset[plan.Key] = frozenset()
    backoff_scale: float = 1.0

    @property
    def sandbox(self) -> Sandbox | None:
        """The newest sandbox unless it has ended."""
        newest = self.observed.sandbox
        return None if newest is None or newest.state is State.EXITED else newest

    def in_sandbox(self, name: str) -> Instance | None:
        """The newest instance of the container `name` in the present sandbox, since all containers began anew there."""
        latest = self.observed.latest(name)
        if latest is None or self.sandbox is None or latest.sandbox_id != self.sandbox.id:
            return None
        return None if self.voided(latest) else latest

    def voided(self, instance: Instance) -> bool:
        """Whether the instance belongs to what was before all containers of the pod had to begin anew."""
        began = self._began_anew
        return began is not None and instance.created_at <= began

    @property
    def _began_anew(self) -> datetime | None:
        """When a container last ended in a way for which one of its rules restarts all containers.

        Source: KEP-5532, "Restart All Containers on Container Exits".
        """
        ends = [
            known.finished_at or known.created_at
            for container in (*self.pod.spec.init_containers, *self.pod.spec.containers)
            if container.restart_policy_rules
            for known in self.observed.containers
            if known.name == container.name and known.state is State.EXITED
            if restarts.action(container, known.exit_code) is restarts.Action.RESTART_ALL_CONTAINERS
        ]
        return max(ends, default=None)

    def begun(self, name: str) -> Instance | None:
        """The newest instance of the container `name`, in whichever sandbox, that was more than created."""
        begun = [known for known in self.observed.containers if known.name == name and known.state is not State.CREATED]
        return begun[-1] if begun else None

    def during(self, decided: plan.Plan) -> "View":
        """This moment as if the operations of `decided` were under way already."""
        return msgspec.structs.replace(self, under_way=self.under_way | {each.key for each in decided.operations})

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
        """The newest instance of the container if it was made from another image than the container has now."""
        begun = self.begun(container.name)
        return begun if begun is not None and begun.image not in ("", container.image) else None

    def stopped_to_restart(self, name: str) -> bool:
        """Whether the newest instance has ended because it was stopped in order to be started again.

        That is done whatever the restart policy makes of its exit code, for a new image or a failed probe. Source:
        `computePodActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go.
        """
        begun = self.begun(name)
        stop = None if begun is None else self.memory.stops.get(begun.id)
        return begun is not None and begun.state is State.EXITED and stop is not None and stop.again

    def restarts(self, container: Container) -> bool:
        """Whether the container is started again, its newest instance having ended."""
        begun, code = self.begun(container.name), self.exit_code(container.name)
        if code is None:
            return False
        if self.stopped_to_restart(container.name) or (begun is not None and self.voided(begun)):
            return True
        return restarts.wanted(self.pod, container, code)

    def told(self, instance: Instance) -> bool:
        """Whether the stored status is, or was, of this instance."""
        stored = self.stored(instance.name)
        return stored is not None and stored.container_id == f"docker://{instance.id}"

    def results(self, instance: Instance) -> Results:
        """What the probes of the instance say; the stored status tells what they said before podrunner started."""
        known, stored = self.memory.probes.get(instance.id), self.stored(instance.name)
        if known is not None or stored is None or not self.told(instance):
            return known or Results()
        return Results(startup=stored.started or None, readiness=stored.ready or None)

    def post_start_is_over(self, container: Container, instance: Instance) -> bool:
        """Whether the instance has no postStart hook that is still to run or to end.

        One that was told of has had its hook: it may be from before podrunner started.
        """
        hooked = spec.post_start(container) is not None
        return not hooked or instance.id in self.memory.post_started or self.told(instance)

    def started(self, container: Container, instance: Instance | None) -> bool:
        """Whether the instance runs, its postStart hook is done and its startup probe, if any, has succeeded."""
        if instance is None or instance.state is not State.RUNNING:
            return False
        if not self.post_start_is_over(container, instance) or not self.memory.post_started.get(instance.id, True):
            return False
        return container.startup_probe is None or self.results(instance).startup is True

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
