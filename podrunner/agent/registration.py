"""The node as an object: what the machine has and how it is, with its lease; as a kubelet registers itself.

Source: kubernetes `pkg/kubelet/nodestatus/setters.go` (conditions and their words), `pkg/kubelet/nodelease`.
"""

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import structs

from podrunner import clock, errors
from podrunner.engine.client import EngineInfo
from podrunner.objects import kinds, meta, release
from podrunner.objects.lease import Lease, LeaseSpec
from podrunner.objects.node import Node, NodeAddress, NodeCondition, NodeStatus, NodeSystemInfo
from podrunner.store import pods, system
from podrunner.store.registry import Registry

RENEW_EVERY = 10.0
LEASE_SECONDS = 40
"""Seconds between two renewals of the lease, and how long one counts: the kubelet's."""

REPORT_EVERY = timedelta(minutes=5)
"""How often conditions that stay the same are told again: the kubelet's nodeStatusReportFrequency."""

MOST_PODS = 110
"""The kubelet's --max-pods. It is told, and holds nobody back."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
"""The kernel's words for what Go calls otherwise."""

NODE = kinds.of(Node())
LEASE = kinds.of(Lease())

log = logging.getLogger(__name__)


class Machine(NamedTuple):
    """What the engine's machine is, and the address under which others reach it."""

    name: str
    ip: str
    info: EngineInfo
    engine_version: str


class Registration:
    """Keeps the node's object and lease. `run` works until it is cancelled."""

    def __init__(self, registry: Registry, machine: Machine, time: clock.Clock) -> None:
        self._registry = registry
        self._machine = machine
        self._clock = time
        self._engine_answers = True

    def register(self) -> None:
        """Says what the machine is; takes the place of what an earlier server said."""
        now = meta.at_second(self._clock.now())
        status = _status(self._machine, self._conditions(now))
        labels = _labels(self._machine)
        try:
            known: Node = self._registry.get(NODE, "", self._machine.name)
        except errors.NotFound:
            about = meta.ObjectMeta(name=self._machine.name, labels=labels)
            self._registry.create(Node(metadata=about, status=status))
        else:
            about = structs.replace(known.metadata, labels={**known.metadata.labels, **labels})
            self._registry.update(structs.replace(known, metadata=about, status=status))
        self._renew()

    async def run(self) -> None:
        """Renews the lease, and tells the conditions again now and then; only while there are pods.

        A server that has none writes nothing: its store would be written to day and night for nobody.
        """
        while True:
            if self._registry.list(pods.POD, limit=1).items:
                with contextlib.suppress(errors.NotFound):  # somebody deleted the namespace's content, or the node
                    self._renew()
                    self._report()
            await asyncio.sleep(RENEW_EVERY)

    def engine_lost(self) -> None:
        """The engine does not answer: the node is not ready."""
        self._engine_changed(answers=False)

    def engine_back(self) -> None:
        self._engine_changed(answers=True)

    def _engine_changed(self, *, answers: bool) -> None:
        if answers is not self._engine_answers:
            self._engine_answers = answers
            with contextlib.suppress(errors.NotFound):
                self._report(anyway=True)

    def _report(self, *, anyway: bool = False) -> None:
        known: Node = self._registry.get(NODE, "", self._machine.name)
        now = meta.at_second(self._clock.now())
        last = max(
            (each.last_heartbeat_time for each in known.status.conditions if each.last_heartbeat_time), default=None
        )
        if not anyway and last is not None and now - last < REPORT_EVERY:
            return
        conditions = _since(known.status.conditions, self._conditions(now))
        self._registry.update(structs.replace(known, status=structs.replace(known.status, conditions=conditions)))

    def _conditions(self, now: datetime) -> tuple[NodeCondition, ...]:
        def condition(kind: str, status: str, reason: str, message: str) -> NodeCondition:
            return NodeCondition(
                type=kind,
                status=status,
                reason=reason,
                message=message,
                last_heartbeat_time=now,
                last_transition_time=now,
            )

        ready = (
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
            if self._engine_answers
            else condition("Ready", "False", "KubeletNotReady", "container runtime is down")
        )
        return (
            condition(
                "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"
            ),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ready,
        )

    def _renew(self) -> None:
        now = meta.at_microsecond(self._clock.now())
        try:
            known: Lease = self._registry.get(LEASE, system.NODE_LEASES, self._machine.name)
        except errors.NotFound:
            about = meta.ObjectMeta(name=self._machine.name, namespace=system.NODE_LEASES)
            spec = LeaseSpec(holder_identity=self._machine.name, lease_duration_seconds=LEASE_SECONDS, renew_time=now)
            self._registry.create(Lease(metadata=about, spec=spec))
        else:
            self._registry.update(structs.replace(known, spec=structs.replace(known.spec, renew_time=now)))


def _labels(machine: Machine) -> dict[str, str]:
    facts = {"arch": _architecture(machine), "os": "linux"}
    return {
        **{f"beta.kubernetes.io/{name}": value for name, value in facts.items()},
        **{f"kubernetes.io/{name}": value for name, value in facts.items()},
        "kubernetes.io/hostname": machine.name,
    }


def _status(machine: Machine, conditions: tuple[NodeCondition, ...]) -> NodeStatus:
    info, has = machine.info, resources(machine.info)
    return NodeStatus(
        addresses=(
            NodeAddress(type="InternalIP", address=machine.ip),
            NodeAddress(type="Hostname", address=machine.name),
        ),
        capacity=has,
        allocatable=has,
        conditions=conditions,
        node_info=NodeSystemInfo(
            architecture=_architecture(machine),
            container_runtime_version=f"docker://{machine.engine_version}",
            kernel_version=info.kernel,
            kubelet_version=release.GIT_VERSION,
            operating_system="linux",
            os_image=info.operating_system,
        ),
    )


def resources(info: EngineInfo) -> dict[str, str]:
    """What the machine has for pods, by resource."""
    return {"cpu": str(info.cpus), "memory": f"{info.memory_bytes // 1024}Ki", "pods": str(MOST_PODS)}


def _architecture(machine: Machine) -> str:
    return _ARCHITECTURES.get(machine.info.architecture, machine.info.architecture)


def _since(before: tuple[NodeCondition, ...], now: tuple[NodeCondition, ...]) -> tuple[NodeCondition, ...]:
    """The conditions of now; one whose status is as before has been so since then."""
    known = {condition.type: condition for condition in before}
    return tuple(
        structs.replace(condition, last_transition_time=known[condition.type].last_transition_time)
        if condition.type in known and known[condition.type].status == condition.status
        else condition
        for condition in now
    )
