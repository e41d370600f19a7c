"""Decides what is to be done next for a pod. Pure; performs no I/O.

Level-triggered: the answer depends on what is, never on how it came about, and may be asked for at any time.
The rules are the kubelet's (`computePodActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go).
"""

from datetime import timedelta

from podrunner.objects.container import Container
from podrunner.pods import images, observed, plan, restarts, spec, stopping
from podrunner.pods.plan import Plan
from podrunner.pods.view import View

CREATED, RUNNING, EXITED = observed.State.CREATED, observed.State.RUNNING, observed.State.EXITED

SANDBOX_AGAIN_AFTER = timedelta(seconds=5)
"""A sandbox that can't be made is tried again after this long, like the kubelet's next sync."""


def reconcile(view: View) -> Plan:
    """The operations that bring the pod closer to what its object asks for, less those under way."""
    if view.pod.metadata.deletion_timestamp is not None:
        wanted = stopping.deletion(view)
    elif view.pod.status.phase in ("Succeeded", "Failed"):
        wanted = stopping.rest(view)
    elif view.sandbox is None:
        wanted = _lost_sandbox(view) + _outdated(view)
    else:
        wanted = _started_sandbox(view) + _containers(view) + _outdated(view)
    return wanted.without(view.under_way)


def _lost_sandbox(view: View) -> Plan:
    """A new sandbox, after everything of the old one has ended."""
    if any(kind == "StartSandbox" for kind, _ in view.under_way):
        # One that does not start is removed, and the engine may tell of that before the operation says what was wrong.
        return Plan()
    if stopping.for_good(view):
        return stopping.clear(view, view.observed.containers, "the sandbox ended and the pod is not restarted")
    strays = _strays(view)
    if strays or view.starting:
        return _sandbox_changed(view) + stopping.clear(view, strays, "the sandbox ended")
    ended = view.observed.sandbox
    if ended is None:
        return _sandbox_changed(view) + _new_sandbox(view, 0, "the pod has no sandbox")
    return _sandbox_changed(view) + _new_sandbox(view, ended.attempt + 1, "the sandbox ended")


def _sandbox_changed(view: View) -> Plan:
    """Says once that the sandbox ended, if there was one and it had been made."""
    ended = view.observed.sandbox
    if view.memory.reported or view.memory.sandbox_failures or (ended is None and not view.observed.containers):
        return Plan()
    name = f"#{ended.attempt}" if ended else "removed"
    return plan.do(plan.ReportSandboxChanged(sandbox=name, cause="the sandbox ended while the pod goes on"))


def _strays(view: View) -> list[observed.Container]:
    """Containers that have not ended although their sandbox has."""
    alive = [known for known in view.observed.containers if known.state is not EXITED]
    return [known for known in alive if view.sandbox is None or known.sandbox_id != view.sandbox.id]


def _new_sandbox(view: View, attempt: int, cause: str) -> Plan:
    failures = view.memory.sandbox_failures
    if failures is not None and view.now < failures.last + SANDBOX_AGAIN_AFTER:
        return Plan(wake_at=failures.last + SANDBOX_AGAIN_AFTER)
    # The images are looked at while the sandbox starts: it takes the engine a third of a second.
    containers = {known.image: known.name for known in (*view.pod.spec.init_containers, *view.pod.spec.containers)}
    ahead = [
        plan.InspectImage(container=name, image=image, ahead=True, cause="its turn will come")
        for image, name in containers.items()
        if image not in view.memory.images
    ]
    return plan.do(plan.CreateSandbox(attempt=attempt, cause=cause), *ahead)


def _started_sandbox(view: View) -> Plan:
    sandbox = view.sandbox
    if sandbox is None or sandbox.state is not CREATED:
        return Plan()
    return plan.do(plan.StartSandbox(sandbox_id=sandbox.id, cause="the sandbox was created"))


def _containers(view: View) -> Plan:
    """The ephemeral containers, and the next init container or, once these are done, all main containers together."""
    strays = _strays(view)
    if strays:
        return stopping.clear(view, strays, "their sandbox ended")
    return _ephemeral_containers(view) + _lasting_containers(view)


def _ephemeral_containers(view: View) -> Plan:
    """Those that never began: they may start before initialization is complete, and are never restarted."""
    due = [
        container
        for container in view.pod.spec.ephemeral_containers
        if container.name not in view.starting and not view.begun(container.name) and not view.lost(container.name)
    ]
    cause = "it was added to the pod"
    return plan.together(_start(view, known, view.observed.latest(known.name), cause) for known in due)


def _lasting_containers(view: View) -> Plan:
    upcoming = view.next_init_container()
    if upcoming is not None:
        return Plan() if upcoming.name in view.starting else _init_container(view, upcoming)
    inits = view.pod.spec.init_containers
    cause = f"init container {inits[-1].name} succeeded" if inits else "the pod has no init containers"
    due = [container for container in view.pod.spec.containers if container.name not in view.starting]
    return plan.together(_main_container(view, container, cause) for container in due)


def _init_container(view: View, container: Container) -> Plan:
    names = [known.name for known in view.pod.spec.init_containers]
    index = names.index(container.name)
    cause = f"init container {names[index - 1]} succeeded" if index else "it is the first init container"
    instance = view.in_sandbox(container.name)
    failed = view.lost(container.name) is not None or (instance is not None and instance.state is EXITED)
    if failed and not spec.restarts_init_containers(view.pod):
        return Plan()
    return _start(view, container, instance, cause)


def _main_container(view: View, container: Container, cause: str) -> Plan:
    outdated = view.outdated(container)
    if outdated is not None and outdated.state is RUNNING:
        message = f"Container {container.name} definition changed, will be restarted"
        return stopping.stop(view, outdated, "its image changed", message)
    code = view.exit_code(container.name)
    wanted = code is None or restarts.wanted(view.pod.spec.restart_policy, code)
    if not wanted and not view.being_replaced(container):
        return Plan()
    return _start(view, container, view.observed.latest(container.name), cause)


def _start(view: View, container: Container, latest: observed.Container | None, cause: str) -> Plan:
    """The start of the `latest` instance if it was only created; the creation of the next one if it has ended."""
    if latest is None or latest.state is EXITED:
        if view.lost(container.name) is not None:
            cause = f"{container.name} was removed"
        elif view.being_replaced(container):
            cause = "its image changed"
        elif latest is not None:
            return _restart(view, container, latest)
        return images.create(view, container, view.next_attempt(container.name), cause)
    if latest.state is CREATED and view.sandbox is not None and view.sandbox.state is RUNNING:
        return plan.do(
            plan.StartContainer(container=container.name, attempt=latest.attempt, container_id=latest.id, cause=cause)
        )
    return Plan()


def _restart(view: View, container: Container, ended: observed.Container) -> Plan:
    """The next instance of a container that ended, after its back-off."""
    began = ended.started_at or ended.created_at
    finished = ended.finished_at or began
    restart = view.restart_count(container.name) + 1 - view.memory.steady.get(container.name, 0)
    delay = restarts.delay(restart, finished - began)
    # Without a delay no clocks are compared: those of the engine and of podrunner may differ.
    if not delay or view.now >= finished + delay:
        cause = f"{container.name} exited {ended.exit_code}"
        return images.create(view, container, view.next_attempt(container.name), cause)
    waiting = view.memory.waiting.get(container.name)
    if waiting is not None and waiting.reason == "CrashLoopBackOff" and waiting.attempt == ended.attempt:
        return Plan(wake_at=finished + delay)
    meta = view.pod.metadata
    message = (
        f"back-off {restarts.text(delay)} restarting failed container={container.name} "
        f"pod={meta.name}_{meta.namespace}({meta.uid})"
    )
    return plan.do(
        plan.Wait(
            container=container.name,
            attempt=ended.attempt,
            reason="CrashLoopBackOff",
            message=message,
            until=finished + delay,
            cause=f"{container.name} exited {ended.exit_code}",
        )
    )


def _outdated(view: View) -> Plan:
    """Removal of former sandboxes and of container instances before the last one, which `logs --previous` shows."""
    removals = [
        plan.Remove(name=f"sandbox#{sandbox.attempt}", engine_id=sandbox.id, cause="a newer sandbox took its place")
        for sandbox in view.observed.sandboxes[:-1]
    ]
    for container in (*view.pod.spec.init_containers, *view.pod.spec.containers):
        instances = [known for known in view.observed.containers if known.name == container.name]
        removals += [
            plan.Remove(
                name=f"{old.name}#{old.attempt}", engine_id=old.id, cause="only the last ended instance is kept"
            )
            for old in instances[:-2]
            if old.state is EXITED
        ]
    return plan.do(*removals)
