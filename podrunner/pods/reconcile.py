"""Decides what is to be done next for a pod. Pure; performs no I/O.

Level-triggered: the answer depends on what is, never on how it came about, and may be asked for at any time.
The rules are the kubelet's (`computePodActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go).
"""

from datetime import timedelta

from podrunner.objects.container import Container
from podrunner.pods import (
    ending,
    images,
    initializing,
    messages,
    mounting,
    observed,
    plan,
    probing,
    restarts,
    spec,
    stopping,
)
from podrunner.pods.plan import Plan
from podrunner.pods.view import View

CREATED, RUNNING, EXITED = observed.State.CREATED, observed.State.RUNNING, observed.State.EXITED

SANDBOX_AGAIN_AFTER = timedelta(seconds=5)
"""A sandbox that can't be made is tried again after this long, like the kubelet's next sync."""


def reconcile(view: View) -> Plan:
    """The operations that bring the pod closer to what its object asks for, less those under way."""
    wanted = _wanted(view) + messages.due(view)
    return (wanted + _vain_hooks(view)).without(view.under_way)


def _wanted(view: View) -> Plan:
    if view.pod.metadata.deletion_timestamp is not None:
        return stopping.deletion(view)
    if view.pod.status.phase in ending.FINAL_PHASES:
        return stopping.rest(view, f"the pod has {view.pod.status.phase.lower()}")
    end = ending.of(view)
    if end is not None:
        said = ending.announcement(view) if ending.is_to_be_announced(view) else None
        return Plan(() if said is None else (said,)) + stopping.rest(view, end.cause)
    deadline = Plan(wake_at=ending.deadline(view))
    if view.sandbox is None:
        return deadline + _lost_sandbox(view) + _outdated(view)
    of_volumes = mounting.due(view) + mounting.measurement(view)
    return deadline + _started_sandbox(view) + of_volumes + _containers(view) + _outdated(view)


def _vain_hooks(view: View) -> Plan:
    """The end of hooks whose container has ended. A command in the container has ended with it, and says how."""
    hooks = [
        (plan.RunPostStart.__name__, spec.post_start),
        (plan.RunPreStop.__name__, spec.pre_stop),
    ]
    vain = []
    for container in spec.containers(view.pod):
        instance = view.observed.latest(container.name)
        for kind, hook_of in hooks:
            hook = hook_of(container)
            if hook is None or hook.exec is not None or (instance is not None and instance.state is RUNNING):
                continue
            vain += [
                key for key in sorted(view.under_way) if key[0] == kind and plan.container_of(key) == container.name
            ]
    return Plan(cancel=tuple(vain))


def _lost_sandbox(view: View) -> Plan:
    """A new sandbox, after everything of the old one has ended."""
    if any(kind == "StartSandbox" for kind, _ in view.under_way):
        # One that does not start is removed, and the engine may tell of that before the operation says what was wrong.
        return Plan()
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
    """Containers that have not ended although their sandbox has, or although all are to begin anew."""
    alive = [known for known in view.observed.containers if known.state is not EXITED]
    return [
        known for known in alive if view.sandbox is None or known.sandbox_id != view.sandbox.id or view.voided(known)
    ]


def _new_sandbox(view: View, attempt: int, cause: str) -> Plan:
    failures = view.memory.sandbox_failures
    if failures is not None and view.now < failures.last + SANDBOX_AGAIN_AFTER:
        return Plan(wake_at=failures.last + SANDBOX_AGAIN_AFTER)
    obstacle = mounting.obstacle(view)
    if obstacle is not None:
        return obstacle
    if any(kind == plan.CreateSandbox.__name__ for kind, _ in view.under_way):
        return Plan()
    # The images are looked at while the sandbox starts: it takes the engine a third of a second.
    containers = {known.image: known.name for known in (*view.pod.spec.init_containers, *view.pod.spec.containers)}
    ahead = [
        plan.InspectImage(container=name, image=image, ahead=True, cause="its turn will come")
        for image, name in containers.items()
        if image not in view.memory.images
    ]
    first_instances = tuple(
        messages.instance(known.name, view.next_attempt(known.name))
        for known in (*view.pod.spec.init_containers, *view.pod.spec.containers)
        if known.termination_message_path
    )
    return plan.do(plan.CreateSandbox(attempt=attempt, messages_of=first_instances, cause=cause), *ahead)


def _started_sandbox(view: View) -> Plan:
    sandbox = view.sandbox
    if sandbox is None or sandbox.state is not CREATED:
        return Plan()
    return plan.do(plan.StartSandbox(sandbox_id=sandbox.id, cause="the sandbox was created"))


def _containers(view: View) -> Plan:
    """The ephemeral containers, and the next init container or, once these are done, all main containers together."""
    strays = _strays(view)
    if strays:
        anew = any(view.voided(known) for known in strays)
        return stopping.clear(view, strays, "all containers begin anew" if anew else "their sandbox ended")
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
    kept = plan.together(_sidecar(view, container) for container in initializing.kept_running(view))
    upcoming = initializing.upcoming(view)
    if upcoming is not None:
        turn = Plan() if upcoming.name in view.starting else _init_container(view, upcoming)
        return kept + turn + images.ahead(view)
    inits = view.pod.spec.init_containers
    cause = _done(view, inits[-1]) if inits else "the pod has no init containers"
    decided = kept
    for each in _up_to_a_hook(view):
        if each.name not in view.starting:
            # One after the other: what is pulled for one is not pulled for the next.
            decided += _main_container(view.during(decided), each, cause)
    return decided


def _done(view: View, container: Container) -> str:
    """The cause of what comes after an init container, for people."""
    if spec.kind(view.pod, container.name) is spec.Kind.SIDECAR:
        return f"sidecar {container.name} started"
    return f"init container {container.name} succeeded"


def _init_container(view: View, container: Container) -> Plan:
    inits = view.pod.spec.init_containers
    index = [known.name for known in inits].index(container.name)
    cause = _done(view, inits[index - 1]) if index else "it is the first init container"
    instance = view.in_sandbox(container.name)
    if instance is not None and instance.state is RUNNING:
        return _running(view, container, instance)
    return _start(view, container, instance, cause)


def _sidecar(view: View, container: Container) -> Plan:
    """A sidecar that had its turn runs on, whatever becomes of it."""
    if container.name in view.starting:
        return Plan()
    instance = view.in_sandbox(container.name)
    if instance is not None and instance.state is RUNNING:
        return _running(view, container, instance)
    return _start(view, container, instance, "a sidecar runs on")


def _up_to_a_hook(view: View) -> list[Container]:
    """The main containers whose turn it is: all, but those after one that is going to run its postStart hook wait.

    Source: the kubelet starts them one after the other, each together with its hook (`SyncPod`).
    """
    due: list[Container] = []
    for container in view.pod.spec.containers:
        due.append(container)
        if spec.post_start(container) is not None and not _has_had_its_turn(view, container):
            break
    return due


def _has_had_its_turn(view: View, container: Container) -> bool:
    ended = view.exit_code(container.name) is not None
    if container.name in view.memory.waiting or (ended and not view.restarts(container)):
        return True
    instance = view.in_sandbox(container.name)
    if instance is None or instance.state is CREATED or container.name in view.starting:
        return False
    return instance.state is EXITED or view.post_start_is_over(container, instance)


def _main_container(view: View, container: Container, cause: str) -> Plan:
    begun = view.begun(container.name)
    if begun is not None and begun.state is RUNNING:
        return _running(view, container, begun)
    ended = view.exit_code(container.name) is not None
    if ended and not view.restarts(container):
        return Plan()
    return _start(view, container, view.observed.latest(container.name), cause)


def _running(view: View, container: Container, instance: observed.Container) -> Plan:
    """What a running container needs: its hook, or its end.

    Source: `computePodActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go.
    """
    kind = spec.kind(view.pod, container.name)
    title = f"Init container {container.name}" if kind is spec.Kind.SIDECAR else f"Container {container.name}"
    if view.memory.post_started.get(instance.id) is False:
        return stopping.stop(view, instance, "its postStart hook failed", message="FailedPostStartHook")
    if view.outdated(container) is not None and kind is not spec.Kind.INIT:
        return _stop_to_restart(view, instance, "its image changed", f"{title} definition changed")
    failed = probing.failed(view, container, instance)
    if failed is not None:
        about = f"failed {failed.lower()} probe"
        if restarts.policy(view.pod, container) == "Never":
            return stopping.stop(view, instance, f"it {about}", message=f"{title} {about}")
        grace = probing.probe(container, failed).termination_grace_period_seconds
        return _stop_to_restart(view, instance, f"it {about}", f"{title} {about}", grace)
    if view.post_start_is_over(container, instance):
        return Plan()
    hook = plan.RunPostStart(
        container=instance.name, attempt=instance.attempt, container_id=instance.id, cause="it has started"
    )
    return plan.do(hook)


def _stop_to_restart(
    view: View, instance: observed.Container, cause: str, message: str, grace_seconds: int | None = None
) -> Plan:
    # The kubelet says so of main containers alone.
    if spec.kind(view.pod, instance.name) is spec.Kind.MAIN:
        message += ", will be restarted"
    return stopping.stop(view, instance, cause, message=message, grace_seconds=grace_seconds, again=True)


def _start(view: View, container: Container, latest: observed.Container | None, cause: str) -> Plan:
    """The start of the `latest` instance if it was only created; the creation of the next one if it has ended."""
    if latest is None or latest.state is EXITED:
        if view.lost(container.name) is not None:
            cause = f"{container.name} was removed"
        elif latest is not None and view.voided(latest):
            cause = "all containers begin anew"
        elif latest is not None and view.outdated(container) is not None and view.stopped_to_restart(container.name):
            cause = "its image changed"
        elif latest is not None:
            return _restart(view, container, latest)
        return images.create(view, container, view.next_attempt(container.name), cause)
    # How the instance before it ended is reported first.
    former_is_read = all(known.name != container.name for known in messages.unread(view))
    runs = view.sandbox is not None and view.sandbox.state is RUNNING
    if latest.state is CREATED and former_is_read and runs and mounting.are_ready(view):
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
    until = finished + delay * view.backoff_scale
    # Without a delay no clocks are compared: those of the engine and of podrunner may differ.
    if not delay or view.now >= until:
        cause = f"{container.name} exited {ended.exit_code}"
        return images.create(view, container, view.next_attempt(container.name), cause)
    if messages.of(view, ended) is None:
        return Plan()
    waiting = view.memory.waiting.get(container.name)
    if waiting is not None and waiting.reason == "CrashLoopBackOff" and waiting.attempt == ended.attempt:
        return Plan(wake_at=until)
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
            until=until,
            cause=f"{container.name} exited {ended.exit_code}",
        )
    )


def _outdated(view: View) -> Plan:
    """Removal of former sandboxes and of container instances before the last one, which `logs --previous` shows."""
    needed = {known.sandbox_id for known in messages.unread(view)}
    removals = [
        plan.Remove(name=f"sandbox#{sandbox.attempt}", engine_id=sandbox.id, cause="a newer sandbox took its place")
        for sandbox in view.observed.sandboxes[:-1]
        if sandbox.id not in needed
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
