"""How far the init containers of a pod are, sidecars among them. Pure; performs no I/O.

Source: `computeInitContainerActions`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go.
"""

from podrunner.objects.container import Container
from podrunner.pods import spec
from podrunner.pods.observed import State
from podrunner.pods.view import View


def upcoming(view: View) -> Container | None:
    """The init container whose turn it is: the first that has not done its part; None once all have.

    An init container has done it when it has succeeded, a sidecar when it has started once: after a later init
    container has begun, the sidecar is only kept running.
    """
    if view.main_container_ran():
        return None
    inits = view.pod.spec.init_containers
    last = max((index for index, known in enumerate(inits) if _has_begun(view, known)), default=-1)
    for index, container in enumerate(inits):
        if spec.kind(view.pod, container.name) is spec.Kind.SIDECAR:
            done = index < last or view.started(container, view.in_sandbox(container.name))
        else:
            done = container.name not in view.starting and view.init_container_succeeded(container.name)
        if not done:
            return container
    return None


def kept_running(view: View) -> tuple[Container, ...]:
    """The sidecars before the init container whose turn it is."""
    names = [known.name for known in view.pod.spec.init_containers]
    turn = upcoming(view)
    passed = frozenset(names if turn is None else names[: names.index(turn.name)])
    return tuple(container for container in spec.sidecars(view.pod) if container.name in passed)


def failed_for_good(view: View) -> Container | None:
    """The init container that failed and is not started again, which ends the pod."""
    turn = upcoming(view)
    if turn is None or turn.name in view.starting:
        return None
    instance = view.in_sandbox(turn.name)
    ended = view.lost(turn.name) is not None or (instance is not None and instance.state is State.EXITED)
    return turn if ended and not view.restarts(turn) else None


def _has_begun(view: View, container: Container) -> bool:
    return view.in_sandbox(container.name) is not None or view.lost(container.name) is not None
