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

    `config_maps` and `secrets` by name. `allocatable` is the node's, by resource ("cpu": "2"); `host_ips` its
    addresses. `service_variables` tell of the Services of the namespace. `app_armor`: the node enforces its profiles.
    """

    config_maps: Mapping[str, ConfigMap] = {}
    secrets: Mapping[str, Secret] = {}
    allocatable: Mapping[str, str] = {}
    host_ips: tuple[str, ...] = ()
    service_variables: Mapping[str, str] = {}
    app_armor: bool = True


class References(NamedTuple):
    """The names that a pod refers to, by kind."""

    config_maps: frozenset[str]
    secrets: frozenset[str]


def references(pod: Pod) -> References:
    """The ConfigMaps and Secrets that the pod's variables and volumes are made from."""
    found = frozenset((*_of_variables(pod), *_of_volumes(pod)))
    return References(
        config_maps=frozenset(name for kind, name in found if kind is ConfigMap),
        secrets=frozenset(name for kind, name in found if kind is Secret),
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
