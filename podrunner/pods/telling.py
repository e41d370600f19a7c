"""What has happened and is not reported yet, as it is only half of what is to be told. Pure; performs no I/O.

The kubelet reports a pod after it has done all that was due for it: an instance together with its postStart hook, all
the main containers that start together, an end together with its message.
"""

from podrunner.objects.container import Container
from podrunner.pods import messages, plan
from podrunner.pods.observed import Container as Instance, State
from podrunner.pods.view import View


def withheld(view: View, container: Container) -> bool:
    """Whether the newest instance of the container is not reported yet: the status stays what it was."""
    instance = view.begun(container.name)
    if instance is None:
        return False
    if not view.told(instance) and _is_being_started(view, instance):
        return True
    if instance.state is State.EXITED:
        return messages.of(view, instance) is None
    return not view.post_start_is_over(container, instance) or view.memory.post_started.get(instance.id) is False


def _is_being_started(view: View, instance: Instance) -> bool:
    """Whether the start of the instance, or the first start of main containers together with it, is under way."""
    own = (plan.StartContainer.__name__, f"{instance.name}#{instance.attempt}")
    if own in view.under_way:
        return True
    mains = {container.name for container in view.pod.spec.containers}
    first = {name for name in mains & view.starting if (here := view.in_sandbox(name)) is None or not _began(here)}
    return instance.name in mains and bool(first - {instance.name})


def _began(instance: Instance) -> bool:
    return instance.state is not State.CREATED
