"""The node registers itself, as a kubelet does. Pure but for the facts of the engine, which are given."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from podrunner.agent import registration
from podrunner.engine.client import EngineInfo
from podrunner.objects import kinds, meta
from podrunner.objects.lease import Lease
from podrunner.objects.node import Node
from podrunner.store import system
from podrunner.store.registry import Registry

INFO = EngineInfo(
    name="VM",
    operating_system="Debian GNU/Linux 12 (bookworm)",
    kernel="6.1.0",
    architecture="x86_64",
    cpus=2,
    memory_bytes=2**30,
    cgroup_version="2",
    storage_driver="overlay2",
)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


class Subject:
    """A registration over a store in memory."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.registry = Registry(None, self.clock)
        system.ensure(self.registry)
        machine = registration.Machine("vm", "198.51.100.7", INFO, "20.10.24")
        self.registration = registration.Registration(self.registry, machine, self.clock)
        self.registration.register()

    def node(self) -> Node:
        found: Node = self.registry.get(kinds.of(Node()), "", "vm")
        return found

    def conditions(self) -> dict[str, tuple[str, Any, Any]]:
        return {
            each.type: (each.status, each.last_heartbeat_time, each.last_transition_time)
            for each in self.node().status.conditions
        }


@pytest.fixture
def subject() -> Subject:
    return Subject()


def test_a_node_says_what_its_machine_has(subject: Subject) -> None:
    status = subject.node().status
    assert status.capacity == {"cpu": "2", "memory": "1048576Ki", "pods": "110"}
    assert status.allocatable == status.capacity
    assert [(each.type, each.address) for each in status.addresses] == [
        ("InternalIP", "198.51.100.7"),
        ("Hostname", "vm"),
    ]
    assert (status.node_info.container_runtime_version, status.node_info.architecture) == ("docker://20.10.24", "amd64")
    assert subject.node().metadata.labels["kubernetes.io/hostname"] == "vm"


def test_a_node_is_ready_while_its_engine_answers(subject: Subject) -> None:
    assert subject.conditions() == {
        "MemoryPressure": ("False", START, START),
        "DiskPressure": ("False", START, START),
        "PIDPressure": ("False", START, START),
        "Ready": ("True", START, START),
    }
    subject.clock.time = lost = START + timedelta(minutes=1)
    subject.registration.engine_lost()
    assert subject.conditions()["Ready"] == ("False", lost, lost)
    assert subject.conditions()["DiskPressure"] == ("False", lost, START)
    subject.clock.time = back = START + timedelta(minutes=2)
    subject.registration.engine_back()
    assert subject.conditions()["Ready"] == ("True", back, back)


def test_a_node_that_is_registered_again_keeps_the_labels_it_was_given(subject: Subject) -> None:
    known = subject.node()
    subject.registry.update(_labelled(known, disk="ssd"))
    subject.registration.register()
    assert subject.node().metadata.labels["disk"] == "ssd"
    assert subject.node().metadata.uid == known.metadata.uid


def test_a_node_holds_its_lease_from_the_start(subject: Subject) -> None:
    lease: Lease = subject.registry.get(kinds.of(Lease()), system.NODE_LEASES, "vm")
    assert (lease.spec.holder_identity, lease.spec.lease_duration_seconds) == ("vm", 40)
    assert lease.spec.renew_time == meta.at_microsecond(START)


def _labelled(node: Node, **labels: str) -> Node:
    return structs.replace(node, metadata=structs.replace(node.metadata, labels={**node.metadata.labels, **labels}))
