"""What a pod's service account adds to the pod when it is created.

Source: kubernetes plugin/pkg/admission/serviceaccount/admission.go. One rule is podrunner's own: the account's token is
mounted where the pod or the account asks for it (automountServiceAccountToken: true), and not where neither says
anything, for pods can't reach the API that it is for.
"""

import secrets

from msgspec import structs

from podrunner import errors
from podrunner.objects import kinds, meta
from podrunner.objects.cluster import ServiceAccount
from podrunner.objects.container import Container, VolumeMount
from podrunner.objects.pod import Pod
from podrunner.objects.volume import (
    ConfigMapProjection,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    KeyToPath,
    ProjectedVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
)
from podrunner.store import namespaces, problems
from podrunner.store.registry import Registry

TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"
EXPIRATION_SECONDS = 3607

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_MODE = 0o644


def admit(registry: Registry, pod: Pod) -> Pod:
    """The pod with its account's token mounted, if that is asked for, and its pull secrets, if it has none of its own.

    Raises errors.Forbidden without the account.
    """
    name, namespace = pod.spec.service_account_name, pod.metadata.namespace
    try:
        account: ServiceAccount = registry.get(namespaces.SERVICE_ACCOUNT, namespace, name)
    except errors.NotFound as missing:
        if name != namespaces.DEFAULT_ACCOUNT:
            message = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise problems.forbidden(kinds.of(pod), pod.metadata.name or "Unknown", message) from missing
        account = ServiceAccount()  # someone deleted it, and it is being made again
    wished = pod.spec.automount_service_account_token
    if account.automount_service_account_token if wished is None else wished:
        pod = _with_token(pod)
    if pod.spec.image_pull_secrets:
        return pod
    return structs.replace(pod, spec=structs.replace(pod.spec, image_pull_secrets=account.image_pull_secrets))


def _with_token(pod: Pod) -> Pod:
    members = (*pod.spec.init_containers, *pod.spec.containers)
    if all(map(_has_own, members)):
        return pod
    name = f"kube-api-access-{''.join(secrets.choice(_LETTERS) for _ in range(5))}"
    mount = VolumeMount(name=name, read_only=True, mount_path=TOKEN_DIRECTORY)

    def mounting(container: Container) -> Container:
        if _has_own(container):
            return container
        return structs.replace(container, volume_mounts=(*container.volume_mounts, mount))

    spec = structs.replace(
        pod.spec,
        volumes=(*pod.spec.volumes, _volume(name)),
        init_containers=tuple(map(mounting, pod.spec.init_containers)),
        containers=tuple(map(mounting, pod.spec.containers)),
    )
    return structs.replace(pod, spec=spec)


def _has_own(container: Container) -> bool:
    return any(mount.mount_path == TOKEN_DIRECTORY for mount in container.volume_mounts)


def _volume(name: str) -> Volume:
    namespace = meta.ObjectFieldSelector(api_version="v1", field_path="metadata.namespace")
    certificate = KeyToPath(key="ca.crt", path="ca.crt")
    sources = (
        VolumeProjection(
            service_account_token=ServiceAccountTokenProjection(expiration_seconds=EXPIRATION_SECONDS, path="token")
        ),
        VolumeProjection(config_map=ConfigMapProjection(name=namespaces.ROOT_CERTIFICATE, items=(certificate,))),
        VolumeProjection(
            downward_api=DownwardAPIProjection(items=(DownwardAPIVolumeFile(path="namespace", field_ref=namespace),))
        ),
    )
    return Volume(name=name, projected=ProjectedVolumeSource(sources=sources, default_mode=_MODE))
