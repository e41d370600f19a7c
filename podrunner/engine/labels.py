"""Whose a container is: the labels and names that tie containers to pods. Pure; performs no I/O.

The `io.kubernetes.*` labels and the names are those of Kubernetes' own Docker integration (dockershim, `naming.go` and
`docker_service.go`), so that tools which group containers by pod keep working.
"""

from collections.abc import Mapping, Sequence

import msgspec

from podrunner.objects import pod as pods

POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
POD_UID = "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"
TYPE = "io.kubernetes.docker.type"
SANDBOX_ID = "io.kubernetes.sandbox.id"
INSTANCE = "podrunner.dev/instance"
ATTEMPT = "podrunner.dev/attempt"
MESSAGES_OF = "podrunner.dev/messages-of"
VOLUME = "podrunner.dev/volume"
CLAIM = "podrunner.dev/claim"
PASSING = "podrunner.dev/passing"
DEFAULT_NETWORK = "podrunner.dev/default-network"
SERVICES_ROLE = "podrunner.dev/services-role"
SERVICES_MADE_FOR = "podrunner.dev/services-made-for"

SANDBOX_TYPE = "podsandbox"
CONTAINER_TYPE = "container"
SANDBOX_NAME = "POD"


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """What a container's labels say. `sandbox_id` is empty for a sandbox, whose `container_name` is `POD`."""

    pod_uid: str
    namespace: str
    pod_name: str
    container_name: str
    is_sandbox: bool
    attempt: int
    instance: str
    sandbox_id: str = ""


def of_sandbox(pod: pods.Pod, instance: str, attempt: int, messages_of: Sequence[str] = ()) -> dict[str, str]:
    """The labels of the pod's sandbox, which has files for the termination messages of these instances."""
    assigned = {MESSAGES_OF: ",".join(messages_of)} if messages_of else {}
    return _common(pod, SANDBOX_NAME, SANDBOX_TYPE, instance, attempt) | assigned


def messages_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Those instances."""
    return tuple(filter(None, labels.get(MESSAGES_OF, "").split(",")))


def of_container(pod: pods.Pod, container_name: str, instance: str, attempt: int, sandbox_id: str) -> dict[str, str]:
    """The labels of a container of the pod that joins the sandbox `sandbox_id`."""
    return _common(pod, container_name, CONTAINER_TYPE, instance, attempt) | {SANDBOX_ID: sandbox_id}


def of_volume(pod: pods.Pod, volume: str, instance: str) -> dict[str, str]:
    """The labels of a volume that comes and goes with the pod."""
    about = pod.metadata
    return {
        POD_NAME: about.name,
        POD_NAMESPACE: about.namespace,
        POD_UID: about.uid,
        INSTANCE: instance,
        VOLUME: volume,
    }


def parse(labels: Mapping[str, str]) -> Owner | None:
    """Whose the container with these labels is; None if it isn't podrunner's."""
    kind = labels.get(TYPE)
    try:
        return Owner(
            pod_uid=labels[POD_UID],
            namespace=labels[POD_NAMESPACE],
            pod_name=labels[POD_NAME],
            container_name=labels[CONTAINER_NAME],
            is_sandbox=kind == SANDBOX_TYPE,
            attempt=int(labels[ATTEMPT]),
            instance=labels[INSTANCE],
            sandbox_id="" if kind == SANDBOX_TYPE else labels[SANDBOX_ID],
        )
    except (KeyError, ValueError):
        return None


def name_of_sandbox(pod: pods.Pod, attempt: int) -> str:
    """The engine's name for the pod's sandbox."""
    return name_of_container(pod, SANDBOX_NAME, attempt)


def name_of_container(pod: pods.Pod, container_name: str, attempt: int) -> str:
    """The engine's name for a container of the pod."""
    meta = pod.metadata
    return f"k8s_{container_name}_{meta.name}_{meta.namespace}_{meta.uid}_{attempt}"


def _common(pod: pods.Pod, container_name: str, kind: str, instance: str, attempt: int) -> dict[str, str]:
    return {
        POD_NAME: pod.metadata.name,
        POD_NAMESPACE: pod.metadata.namespace,
        POD_UID: pod.metadata.uid,
        CONTAINER_NAME: container_name,
        TYPE: kind,
        INSTANCE: instance,
        ATTEMPT: str(attempt),
    }
