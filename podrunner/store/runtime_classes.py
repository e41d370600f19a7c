"""What the RuntimeClass of a new pod says of it.

Source: kubernetes plugin/pkg/admission/runtimeclass/admission.go.
"""

import msgspec

from podrunner import errors
from podrunner.objects import kinds
from podrunner.objects.pod import Pod
from podrunner.objects.runtime_class import RuntimeClass
from podrunner.store import problems
from podrunner.store.registry import Registry

_RUNTIME_CLASS = kinds.of(RuntimeClass())


def admitted(registry: Registry, pod: Pod) -> Pod:
    """The pod with the overhead that its RuntimeClass names. Raises errors.Forbidden if there is no such class."""
    name = pod.spec.runtime_class_name
    if not name:
        return pod
    try:
        known: RuntimeClass = registry.get(_RUNTIME_CLASS, "", name)
    except errors.NotFound as missing:
        why = f'pod rejected: RuntimeClass "{name}" not found'
        raise problems.forbidden(kinds.of(pod), pod.metadata.name, why) from missing
    if known.overhead is None or pod.spec.overhead:
        return pod
    return msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, overhead=known.overhead.pod_fixed))
