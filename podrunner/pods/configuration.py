"""What a pod refers to beyond itself: objects of its namespace, and facts of its node. Pure; performs no I/O."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.pod import Pod
from podrunner.objects.volume import Volume, VolumeProjection
from podrunner.pods import spec


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the pod's references lead to: an object that is not among these does not exist.

    `config_maps` and `secrets` by name; `claims` are the uids of PersistentVolumeClaims by name. `allocatable` is the
    node's, by resource ("cpu": "2"), `host_ips` its addresses. `service_variables` tell of the namespace's Services.
    `app_armor`: the node enforces AppArmor's profiles.
    """

    config_maps: Mapping[str, ConfigMap] = {}
    secrets: Mapping[str, Secret] = {}
    claims: Mapping[str, str] = {}
    allocatable: Mapping[str, str] = {}
    host_ips: tuple[str, ...] = ()
    service_variables: Mapping[str, str] = {}
    service_account_uid: str = ""
    app_armor: bool = True


class References(NamedTuple):
    """The names that a pod refers to, by kind."""

    config_maps: frozenset[str]
    secrets: frozenset[str]
    claims: frozenset[str]


def references(pod: Pod) -> References:
    """What the pod's variables and volumes are made from."""
    found = frozenset((*_of_variables(pod), *_of_volumes(pod)))
    return References(
        config_maps=frozenset(name for kind, name in found if kind is ConfigMap),
        secrets=frozenset(name for kind, name in found if kind is Secret),
        claims=frozenset(filter(None, (claim_of(pod, volume) for volume in pod.spec.volumes))),
    )


_Reference = tuple[type[ConfigMap] | type[Secret], str]


def _of_variables(pod: Pod) -> Iterator[_Reference]:
    for container in spec.containers(pod):
        for source in container.env_from:
            if source.config_map_ref is not None:
                yield ConfigMap, source.config_map_ref.name
            if source.secret_ref is not None:
                yield Secret, source.secret_ref.name
        for variable in container.env:
            if variable.value_from is None:
                continue
            if variable.value_from.config_map_key_ref is not None:
                yield ConfigMap, variable.value_from.config_map_key_ref.name
            if variable.value_from.secret_key_ref is not None:
                yield Secret, variable.value_from.secret_key_ref.name


def _of_volumes(pod: Pod) -> Iterator[_Reference]:
    for volume in pod.spec.volumes:
        if volume.config_map is not None:
            yield ConfigMap, volume.config_map.name
        if volume.secret is not None:
            yield Secret, volume.secret.secret_name
        for source in projections(volume):
            if source.config_map is not None:
                yield ConfigMap, source.config_map.name
            if source.secret is not None:
                yield Secret, source.secret.name


def projections(volume: Volume) -> tuple[VolumeProjection, ...]:
    """The sources of a projected volume; of other volumes none."""
    return () if volume.projected is None else volume.projected.sources


def claim_of(pod: Pod, volume: Volume) -> str:
    """The PersistentVolumeClaim that the volume is; "" if it is none. An ephemeral volume's is named after both."""
    if volume.persistent_volume_claim is not None:
        return volume.persistent_volume_claim.claim_name
    return "" if volume.ephemeral is None else f"{pod.metadata.name}-{volume.name}"
