"""What containers leave to say at their end: when it is read, and how much of it is reported. Pure; performs no I/O.

Sources: `getTerminationMessage`, kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go; `normalizeStatus`,
pkg/kubelet/status/status_manager.go.
"""

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.pods import plan, spec
from podrunner.pods.observed import Container as Instance, MessageFiles, State
from podrunner.pods.plan import Plan
from podrunner.pods.view import View

LONGEST_OF_A_POD = 12 * 1024
"""Bytes that the messages of all containers of a pod may have together (kubelet: MaxPodTerminationMessageLogLength)."""


READY_MADE = 64
"""How many files a sandbox's volume of messages comes with, named by their number from 0 (images/pause)."""


def instance(container: str, attempt: int) -> str:
    """The `attempt`-th instance of a container, as the files of messages are assigned to it."""
    return f"{container}.{attempt}"


def file_name(files: MessageFiles, owner: str) -> str:
    """The file of the instance `owner`: the one assigned to it, else one that is called after it."""
    return str(files.assigned.index(owner)) if is_ready_made(files, owner) else owner


def is_ready_made(files: MessageFiles, owner: str) -> bool:
    """Whether the file of the instance `owner` came with the volume."""
    return owner in files.assigned[:READY_MADE]


def of(view: View, instance: Instance) -> str | None:
    """What an ended instance left to say; None if that has not been read yet."""
    if instance.started_at is None:
        return instance.error
    container = spec.container(view.pod, instance.name)
    if container is None or not _may_leave(container, instance.exit_code):
        return ""
    known = view.memory.messages.get(instance.id)
    return _reported(view, instance) if known is None else known


def due(view: View) -> Plan:
    """The reading of what has not been read."""
    return plan.do(*(_reading(view, instance) for instance in unread(view)))


def unread(view: View) -> list[Instance]:
    """The newest ended instances whose messages are not known."""
    newest = (view.begun(container.name) for container in spec.containers(view.pod))
    return [known for known in newest if known is not None and known.state is State.EXITED and of(view, known) is None]


def shortened(message: str, pod: Pod) -> str:
    """As much of a message as its container may report."""
    limit = LONGEST_OF_A_POD // max(len(spec.containers(pod)), 1)
    return message.encode()[:limit].decode(errors="ignore")


def falls_back_to_logs(container: Container, exit_code: int) -> bool:
    """Whether the end of the output stands in for a message that was not left."""
    return container.termination_message_policy == "FallbackToLogsOnError" and exit_code != 0


def _may_leave(container: Container, exit_code: int) -> bool:
    return bool(container.termination_message_path) or falls_back_to_logs(container, exit_code)


def _reported(view: View, instance: Instance) -> str | None:
    """What the stored status says of the instance's end."""
    stored = view.stored(instance.name)
    ends = (stored.state.terminated, stored.last_state.terminated) if stored else ()
    own = (end.message for end in ends if end is not None and end.container_id == f"docker://{instance.id}")
    return next(own, None)


def _reading(view: View, instance: Instance) -> plan.ReadMessage:
    return plan.ReadMessage(
        container=instance.name,
        attempt=instance.attempt,
        container_id=instance.id,
        sandbox_id=instance.sandbox_id,
        exit_code=instance.exit_code,
        cause=f"{instance.name} exited {instance.exit_code}",
    )
