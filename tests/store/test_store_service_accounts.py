"""What a service account adds to a pod. Obligations of kubernetes plugin/pkg/admission/serviceaccount."""

from typing import Any

import pytest
from msgspec import structs

import pod_cases
from podrunner import clock, errors
from podrunner.objects import meta
from podrunner.objects.cluster import ServiceAccount
from podrunner.objects.container import VolumeMount
from podrunner.objects.pod import Pod
from podrunner.objects.volume import EmptyDirVolumeSource, Volume
from podrunner.store import pods, system
from podrunner.store.registry import Registry
from podrunner.store.service_accounts import TOKEN_DIRECTORY


@pytest.fixture
def registry() -> Registry:
    made = Registry(None, clock.SystemClock())
    system.ensure(made)
    about = meta.ObjectMeta(name="robot", namespace="default")
    made.create(ServiceAccount(metadata=about, automount_service_account_token=True))
    return made


def created(registry: Registry, pod: Pod = pod_cases.GOOD, **spec: Any) -> Pod:
    about = meta.ObjectMeta(name="web", namespace="default")
    return pods.create(registry, structs.replace(pod, metadata=about, spec=structs.replace(pod.spec, **spec)))


def mounted(pod: Pod) -> list[bool]:
    members = (*pod.spec.init_containers, *pod.spec.containers)
    return [any(mount.mount_path == TOKEN_DIRECTORY for mount in member.volume_mounts) for member in members]


def test_a_pod_that_says_nothing_gets_no_token(registry: Registry) -> None:
    pod = created(registry)
    assert pod.spec.volumes == ()
    assert not any(mounted(pod))


def test_a_pod_that_asks_for_it_gets_the_token_in_every_container(registry: Registry) -> None:
    pod = created(registry, automount_service_account_token=True)
    assert mounted(pod) == [True] * 4
    (volume,) = pod.spec.volumes
    assert volume.name.startswith("kube-api-access-")
    assert volume.projected is not None
    token, certificate, namespace = volume.projected.sources
    assert token.service_account_token is not None
    assert (token.service_account_token.path, token.service_account_token.expiration_seconds) == ("token", 3607)
    assert certificate.config_map is not None
    assert certificate.config_map.name == "kube-root-ca.crt"
    assert namespace.downward_api is not None


def test_the_account_may_ask_for_it_and_the_pod_may_decline(registry: Registry) -> None:
    assert all(mounted(created(registry, service_account_name="robot")))
    registry.delete(pods.POD, "default", "web")
    declined = created(registry, service_account_name="robot", automount_service_account_token=False)
    assert not any(mounted(declined))


def test_a_container_keeps_what_it_mounts_there_itself(registry: Registry) -> None:
    own = VolumeMount(name="own", mount_path=TOKEN_DIRECTORY)
    mounting = pod_cases.changed(pod_cases.KUBIA, volume_mounts=(own,))
    volume = Volume(name="own", empty_dir=EmptyDirVolumeSource())
    pod = created(registry, pod_cases.pod(mains=(mounting,)), automount_service_account_token=True, volumes=(volume,))
    assert pod.spec.containers[0].volume_mounts == (own,)


def test_an_account_that_is_not_there_is_refused(registry: Registry) -> None:
    with pytest.raises(errors.Forbidden) as refused:
        created(registry, service_account_name="nobody")
    assert str(refused.value) == (
        'pods "web" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found'
    )
