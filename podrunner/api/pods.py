"""What is particular to pods in the API: their birth, and their graceful end."""

from podrunner.api import resources
from podrunner.objects import kinds
from podrunner.objects.options import DeleteOptions
from podrunner.objects.pod import Pod
from podrunner.store import pods
from podrunner.store.registry import Registry


def _delete(registry: Registry, _kind: kinds.Kind, namespace: str, name: str, options: DeleteOptions) -> Pod:
    """Marks the pod; it is gone when its containers are. Answers the pod, as the API server does for this kind."""
    return pods.delete(
        registry,
        namespace,
        name,
        grace_seconds=options.grace_period_seconds,
        uid=options.preconditions.uid,
        resource_version=options.preconditions.resource_version,
    )


RESOURCE = resources.Resource(pods.POD, create=pods.create, delete=_delete)
