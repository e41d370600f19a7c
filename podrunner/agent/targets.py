"""Which container a request means, in the words of Kubernetes for those that mean none.

Source: `validateContainer`, kubernetes pkg/registry/core/pod/strategy.go.
"""

from podrunner import errors
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.pods import spec


def container(pod: Pod, name: str) -> Container:
    """The container called `name`, of whichever kind; an empty name means the only main container.

    Raises BadRequest.
    """
    found = spec.container(pod, name or _only(pod))
    if found is None:
        raise errors.BadRequest(f"container {name} is not valid for pod {pod.metadata.name}")
    return found


def _only(pod: Pod) -> str:
    regular = [known.name for known in pod.spec.containers]
    inits = [known.name for known in pod.spec.init_containers]
    if len(regular) == 1:
        return regular[0]
    choices = f"choose one of: [{' '.join(regular)}]"
    if inits:
        choices += f" or one of the init containers: [{' '.join(inits)}]"
    raise errors.BadRequest(f"a container name must be specified for pod {pod.metadata.name}, {choices}")
