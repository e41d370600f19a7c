"""One good pod and its parts, to change one thing at a time. All times are seconds after noon."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from podrunner.objects import container as containers, meta, pod as pods, pod_status
from podrunner.pods import observed, plan, reconcile, spec, status, view

S = TypeVar("S", bound=msgspec.Struct)

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

INIT_DEMO = containers.Container(name="init-demo", image="init-demo:1.0", image_pull_policy="IfNotPresent")
NETWORK_CHECK = containers.Container(name="network-check", image="checker:1.0", image_pull_policy="IfNotPresent")
KUBIA = containers.Container(name="kubia", image="kubia:1.0", image_pull_policy="IfNotPresent")
ENVOY = containers.Container(name="envoy", image="envoy:1.0", image_pull_policy="IfNotPresent")

PRESENT = view.Image("sha256:1")
ALL_PRESENT = {known.image: PRESENT for known in (INIT_DEMO, NETWORK_CHECK, KUBIA, ENVOY)}


def at(seconds: float) -> datetime:
    """A moment of the test."""
    return NOON + timedelta(seconds=seconds)


def pod(
    *,
    inits: tuple[containers.Container, ...] = (INIT_DEMO, NETWORK_CHECK),
    mains: tuple[containers.Container, ...] = (KUBIA, ENVOY),
    policy: str = "Always",
    grace: int = 30,
    fail_fast: bool = False,
    prefetch: bool = False,
    phase: str = "Pending",
) -> pods.Pod:
    """kubia-init, on its node and not reported on yet."""
    return pods.Pod(
        metadata=meta.ObjectMeta(
            name="kubia-init",
            namespace="default",
            uid="1234",
            annotations={
                name: "true" for name, wanted in ((spec.FAIL_FAST, fail_fast), (spec.PREFETCH, prefetch)) if wanted
            },
        ),
        spec=pods.PodSpec(
            init_containers=inits,
            containers=mains,
            restart_policy=policy,
            termination_grace_period_seconds=grace,
            node_name="vm",
        ),
        status=pod_status.PodStatus(phase=phase),
    )


def deleted(subject: pods.Pod, *, asked_for: float = 0, grace: int | None = None) -> pods.Pod:
    """The pod with the mark of its deletion."""
    period = spec.grace_seconds(subject) if grace is None else grace
    marked = msgspec.structs.replace(
        subject.metadata, deletion_timestamp=at(asked_for + period), deletion_grace_period_seconds=period
    )
    return msgspec.structs.replace(subject, metadata=marked)


def changed(what: S, **changes: Any) -> S:
    """The container, or whatever else, with these fields changed."""
    return msgspec.structs.replace(what, **changes)


def sandbox(state: str = "running", *, attempt: int = 0, created: float = 0) -> observed.Sandbox:
    """A pause container, `sandbox-0` unless it is a later attempt."""
    return observed.Sandbox(
        id=f"sandbox-{attempt}",
        attempt=attempt,
        state=observed.State(state),
        created_at=at(created),
        ips=("172.18.0.2",) if state == "running" else (),
    )


def created(name: str, attempt: int = 0, *, sandbox: int = 0) -> observed.Container:
    """An instance that was not started yet."""
    return observed.Container(
        id=f"{name}-{attempt}",
        name=name,
        attempt=attempt,
        sandbox_id=f"sandbox-{sandbox}",
        state=observed.State.CREATED,
        created_at=at(0),
        image=f"{name}:1.0",
        image_id="sha256:1",
    )


def running(name: str, attempt: int = 0, *, sandbox: int = 0, since: float = 0) -> observed.Container:
    """An instance that runs."""
    return msgspec.structs.replace(
        created(name, attempt, sandbox=sandbox), state=observed.State.RUNNING, started_at=at(since)
    )


def exited(
    name: str, code: int = 0, attempt: int = 0, *, sandbox: int = 0, since: float = 0, until: float = 1
) -> observed.Container:
    """An instance that ran and ended."""
    return msgspec.structs.replace(
        running(name, attempt, sandbox=sandbox, since=since),
        state=observed.State.EXITED,
        finished_at=at(until),
        exit_code=code,
    )


def unstartable(name: str, attempt: int = 0, *, sandbox: int = 0) -> observed.Container:
    """An instance whose command the engine could not start."""
    return msgspec.structs.replace(
        created(name, attempt, sandbox=sandbox),
        state=observed.State.EXITED,
        exit_code=127,
        error='exec: "/no/such/command": no such file or directory',
    )


INITS_DONE = (exited("init-demo"), exited("network-check"))
UP = (sandbox(), *INITS_DONE, running("kubia"), running("envoy"))


def see(
    *what: observed.Sandbox | observed.Container,
    pod: pods.Pod | None = None,
    now: float = 1,
    memory: view.Memory | None = None,
    under_way: tuple[plan.Operation, ...] = (),
) -> view.View:
    """A view of the pod when the engine has `what`; every image is known to be present unless `memory` says more."""
    snapshot = observed.Observed()
    for thing in what:
        if isinstance(thing, observed.Sandbox):
            snapshot = snapshot.with_sandbox(thing)
        else:
            snapshot = snapshot.with_container(thing)
    return view.View(
        pod=pod or GOOD,
        observed=snapshot,
        now=at(now),
        memory=memory or remembering(),
        under_way=frozenset(operation.key for operation in under_way),
    )


def planned(seen: view.View) -> str:
    """The text of what is decided."""
    return str(reconcile.reconcile(seen))


def remembering(images: Mapping[str, view.Image] | None = None, **entries: Any) -> view.Memory:
    """A memory in which every image is present, unless `images` says otherwise."""
    return view.Memory(images=ALL_PRESENT if images is None else images, **entries)


def reported(seen: view.View) -> pods.Pod:
    """The pod as it is stored after a report of what was seen."""
    return msgspec.structs.replace(seen.pod, status=status.build(seen))


GOOD = pod()
