"""What podrunner writes into volumes: ConfigMaps, Secrets, what the pod tells of itself, tokens.

Sources: `MakePayload` in kubernetes pkg/volume/configmap and pkg/volume/secret, `CollectData` in
pkg/volume/downwardapi, `collectData` in pkg/volume/projected; whose they are in `SetVolumeOwnership`,
pkg/volume/volume_linux.go.
Pure; performs no I/O.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from podrunner import errors
from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.pod import Pod
from podrunner.objects.volume import (
    DownwardAPIVolumeFile,
    KeyToPath,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
)
from podrunner.pods import configuration, downward, spec, volumes
from podrunner.pods.configuration import Configuration

DEFAULT_MODE = 0o644
DEFAULT_EXPIRATION_SECONDS = 3600
REPLACED_AFTER = 0.8
LONGEST_KEPT = timedelta(hours=24)
"""A token is replaced when this part of its life is over, or after this time (the kubelet's token manager)."""

_READABLE_BY_GROUP = 0o440

Obj = TypeVar("Obj", ConfigMap, Secret)


class File(msgspec.Struct, frozen=True):
    """One file. `user` and `group` None: root's."""

    data: bytes
    mode: int = DEFAULT_MODE
    user: int | None = None
    group: int | None = None


Payload = Mapping[str, File]
"""Files by their path in the volume."""


class Contents(msgspec.Struct, frozen=True):
    """What files are made from. `token` gives the token that a projection asks for, made `now`."""

    configuration: Configuration
    pod_ips: Sequence[str] = ()
    now: datetime | None = None
    token: Callable[[ServiceAccountTokenProjection], str] | None = None


def stamp(pod: Pod, volume: Volume, contents: Contents) -> str:
    """What the files are made from, in short: as long as it is the same, so are they."""
    alone = msgspec.structs.replace(pod.spec, volumes=(volume,), init_containers=(), containers=())
    wanted = configuration.references(msgspec.structs.replace(pod, spec=alone))
    has = contents.configuration
    versions = [
        f"{kind}/{name}@{objects[name].metadata.resource_version if name in objects else ''}"
        for kind, objects, names in (
            ("configmap", has.config_maps, wanted.config_maps),
            ("secret", has.secrets, wanted.secrets),
        )
        for name in sorted(names)
    ]
    tells_of_pod = volume.downward_api is not None or any(
        source.downward_api is not None for source in configuration.projections(volume)
    )
    about = (pod.metadata.labels, pod.metadata.annotations, contents.pod_ips) if tells_of_pod else ()
    return f"{versions} {about} {[period for period, _ in _periods(pod, volume, contents.now)]}"


def next_token_at(pod: Pod, volume: Volume, now: datetime) -> datetime | None:
    """When a token in the volume is to be replaced by a newer one; None if there is none."""
    return min((end for _, end in _periods(pod, volume, now)), default=None)


def _periods(pod: Pod, volume: Volume, now: datetime | None) -> Iterator[tuple[int, datetime]]:
    """For each token, how often it has been replaced since the pod's creation, and when it is the next time.

    Source: `requiresRefresh`, kubernetes pkg/kubelet/token/token_manager.go.
    """
    began = pod.metadata.creation_timestamp
    for source in configuration.projections(volume):
        if source.service_account_token is not None and now is not None and began is not None:
            period = min(lifetime(source.service_account_token) * REPLACED_AFTER, LONGEST_KEPT)
            passed = max(0, (now - began) // period)
            yield passed, began + (passed + 1) * period


def lifetime(source: ServiceAccountTokenProjection) -> timedelta:
    """How long the token is valid."""
    return timedelta(seconds=source.expiration_seconds or DEFAULT_EXPIRATION_SECONDS)


def digest(payload: Payload) -> str:
    """Tells one content from another."""
    return hashlib.sha256(msgspec.msgpack.encode(sorted(payload.items()))).hexdigest()


def of(pod: Pod, volume: Volume, contents: Contents) -> Payload:
    """The files of a volume that podrunner fills. Raises MountError for what is missing and not optional."""
    files: dict[str, File] = {}
    group = volumes.fs_group(pod)
    for path, file in _files(pod, volume, contents):
        mode = file.mode if group is None else file.mode | _READABLE_BY_GROUP
        files[path] = msgspec.structs.replace(file, mode=mode, group=group)
    return files


def _files(pod: Pod, volume: Volume, contents: Contents) -> Iterator[tuple[str, File]]:
    has = contents.configuration
    if volume.config_map is not None:
        source, user = volume.config_map, volume.config_map.default_user
        config_map = _find(has.config_maps, source.name, "configmap", optional=bool(source.optional))
        mode = _mode(source.default_mode)
        yield from _of_config_map(config_map, source.items, mode, user, optional=bool(source.optional))
    elif volume.secret is not None:
        held, user = volume.secret, volume.secret.default_user
        secret = _find(has.secrets, held.secret_name, "secret", optional=bool(held.optional))
        yield from _of_secret(secret, held.items, _mode(held.default_mode), user, optional=bool(held.optional))
    elif volume.downward_api is not None:
        told = volume.downward_api
        yield from _of_pod(pod, told.items, _mode(told.default_mode), told.default_user, contents)
    elif volume.projected is not None:
        mode, user = _mode(volume.projected.default_mode), volume.projected.default_user
        for projection in configuration.projections(volume):
            yield from _projected(pod, projection, mode, user, contents)


def _projected(
    pod: Pod, source: VolumeProjection, mode: int, user: int | None, contents: Contents
) -> Iterator[tuple[str, File]]:
    has = contents.configuration
    if source.config_map is not None:
        optional = bool(source.config_map.optional)
        config_map = _find(has.config_maps, source.config_map.name, "configmap", optional=optional)
        yield from _of_config_map(config_map, source.config_map.items, mode, user, optional=optional)
    if source.secret is not None:
        optional = bool(source.secret.optional)
        secret = _find(has.secrets, source.secret.name, "secret", optional=optional)
        yield from _of_secret(secret, source.secret.items, mode, user, optional=optional)
    if source.downward_api is not None:
        yield from _of_pod(pod, source.downward_api.items, mode, user, contents)
    if source.service_account_token is not None:
        yield _of_token(pod, source.service_account_token, mode, user, contents)


def _of_config_map(
    config_map: ConfigMap | None, items: Sequence[KeyToPath], mode: int, user: int | None, *, optional: bool
) -> Iterator[tuple[str, File]]:
    if config_map is None:
        return iter(())
    data = {key: text.encode() for key, text in config_map.data.items()} | config_map.binary_data
    return _entries(data, items, mode, user, "configmap references non-existent config key", optional=optional)


def _of_secret(
    secret: Secret | None, items: Sequence[KeyToPath], mode: int, user: int | None, *, optional: bool
) -> Iterator[tuple[str, File]]:
    if secret is None:
        return iter(())
    return _entries(secret.data, items, mode, user, "references non-existent secret key", optional=optional)


def _entries(
    data: Mapping[str, bytes], items: Sequence[KeyToPath], mode: int, user: int | None, absent: str, *, optional: bool
) -> Iterator[tuple[str, File]]:
    if not items:
        yield from ((key, File(content, mode, user)) for key, content in sorted(data.items()))
    for item in items:
        if item.key in data:
            owner = user if item.user is None else item.user
            yield item.path, File(data[item.key], _mode(item.mode, mode), owner)
        elif not optional:
            raise errors.MountError(f"{absent}: {item.key}")


def _of_pod(
    pod: Pod, items: Sequence[DownwardAPIVolumeFile], mode: int, user: int | None, contents: Contents
) -> Iterator[tuple[str, File]]:
    for item in items:
        text = ""
        if item.field_ref is not None:
            text = downward.field(pod, item.field_ref.field_path, contents.configuration, contents.pod_ips)
        elif item.resource_field_ref is not None:
            ref = item.resource_field_ref
            container = spec.container(pod, ref.container_name)
            if container is None:
                raise errors.MountError(f"container {ref.container_name} not found")
            text = downward.resource(pod, container, ref, contents.configuration.allocatable)
        owner = user if item.user is None else item.user
        yield item.path, File(text.encode(), _mode(item.mode, mode), owner)


def _of_token(
    pod: Pod, source: ServiceAccountTokenProjection, mode: int, user: int | None, contents: Contents
) -> tuple[str, File]:
    """A token is for its owner alone where the pod says who that is (kubernetes pkg/volume/projected)."""
    runs_as = _common_user(pod)
    if runs_as is not None or volumes.fs_group(pod) is not None:
        mode = 0o600
    owner = source.user if source.user is not None else user
    token = "" if contents.token is None else contents.token(source)
    return source.path, File(token.encode(), mode, runs_as if owner is None else owner)


def _common_user(pod: Pod) -> int | None:
    """The user that all containers run as, by the spec (kubernetes `FsUserFrom`, pkg/volume/util/util.go)."""
    shared = pod.spec.security_context.run_as_user if pod.spec.security_context is not None else None
    users = set()
    for container in spec.containers(pod):
        own = container.security_context.run_as_user if container.security_context is not None else None
        users.add(shared if own is None else own)
    return users.pop() if len(users) == 1 else None


def _find(objects: Mapping[str, Obj], name: str, kind: str, *, optional: bool) -> Obj | None:
    found = objects.get(name)
    if found is None and not optional:
        raise errors.MountError(f'{kind} "{name}" not found')
    return found


def _mode(given: int | None, default: int = DEFAULT_MODE) -> int:
    return default if given is None else given
