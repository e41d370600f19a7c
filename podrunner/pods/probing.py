"""Which probes of a pod's containers run, and what becomes of a container whose probes fail. Pure; performs no I/O.

Sources: `doProbe`, kubernetes pkg/kubelet/prober/worker.go; `computePodActions`, pkg/kubelet/kuberuntime.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import structs

from podrunner.objects.container import Container, Probe
from podrunner.pods import spec
from podrunner.pods.observed import Container as Instance, State
from podrunner.pods.view import Results, View


class Kind(StrEnum):
    """The three probes, by the word that events begin with."""

    STARTUP = "Startup"
    LIVENESS = "Liveness"
    READINESS = "Readiness"


class Probing(NamedTuple):
    """One probe of one instance of a container, which was started at that time."""

    kind: Kind
    container: str
    instance_id: str
    since: datetime


def wanted(view: View) -> frozenset[Probing]:
    """The probes that are to run now."""
    return frozenset(
        Probing(kind, container.name, instance.id, instance.started_at or instance.created_at)
        for container in (*spec.sidecars(view.pod), *view.pod.spec.containers)
        if (instance := view.begun(container.name)) is not None
        for kind in _due(view, container, instance)
    )


def _due(view: View, container: Container, instance: Instance) -> Iterator[Kind]:
    """A startup probe holds the others back, and ends with its first result; liveness ends with a failure."""
    if instance.state is not State.RUNNING or not view.post_start_is_over(container, instance):
        return
    results = view.results(instance)
    stops = instance.id in view.memory.stops or view.pod.metadata.deletion_timestamp is not None
    if container.startup_probe is not None and results.startup is not True:
        if not stops and results.startup is None:
            yield Kind.STARTUP
        return
    if container.liveness_probe is not None and not stops and results.liveness is not False:
        yield Kind.LIVENESS
    if container.readiness_probe is not None:
        yield Kind.READINESS


def probe(container: Container, kind: Kind) -> Probe:
    """The container's probe of that kind. Raises LookupError if it has none."""
    probes = {
        Kind.STARTUP: container.startup_probe,
        Kind.LIVENESS: container.liveness_probe,
        Kind.READINESS: container.readiness_probe,
    }
    found = probes[kind]
    if found is None:
        raise LookupError(f"{container.name} has no {kind.lower()} probe")
    return found


def failed(view: View, container: Container, instance: Instance) -> Kind | None:
    """The probe for whose failure the instance has to be restarted."""
    results = view.results(instance)
    if container.startup_probe is not None and results.startup is False:
        return Kind.STARTUP
    return Kind.LIVENESS if container.liveness_probe is not None and results.liveness is False else None


def with_result(results: Results, kind: Kind, succeeded: bool) -> Results:
    """The results after a probe of that kind has come to one."""
    return structs.replace(results, **{kind.lower(): succeeded})
