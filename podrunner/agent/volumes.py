"""What is done to a pod's volumes on the engine: writing them, and what containers find in them."""

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from podrunner import errors
from podrunner.agent.services import Services
from podrunner.credentials import tokens
from podrunner.engine import host_paths, images, mounts, volume_archive, volumes as engine_volumes
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.security import PodSecurityContext
from podrunner.objects.volume import ServiceAccountTokenProjection
from podrunner.pods import environment, expansion, mounting, observed, payload, plan, volumes
from podrunner.pods.configuration import Configuration
from podrunner.pods.view import Written


async def make_host_paths(services: Services, pod: Pod) -> None:
    """Makes what the pod's hostPath volumes miss and the engine does not make by itself. Raises MountError."""
    if any(each.host_path is not None and each.host_path.type == "FileOrCreate" for each in pod.spec.volumes):
        pause = await images.ensure_pause(services.engine)
        await host_paths.make_files(services.engine, pod, services.instance, pause)


async def write(
    services: Services, pod: Pod, has: Configuration, sandbox: observed.Sandbox, operation: plan.WriteVolumes
) -> dict[str, Written]:
    """Writes what the operation asks for; returns what is in those volumes now. Raises EngineError."""
    now = services.clock.now()
    contents = payload.Contents(has, sandbox.ips, now, functools.partial(_token, services, pod, has, now))
    stamps = mounting.stamps_of(pod, contents)
    group = volumes.fs_group(pod)
    fillings, written = [], {}
    for name in operation.volumes:
        each = volumes.volume(pod, name)
        try:
            files = payload.of(pod, each, contents) if each is not None else {}
        except errors.MountError:  # it was there when the pod began: what was written of it stays
            written[name] = Written(stamps[name], operation.known.get(name, ""))
            continue
        written[name] = Written(stamps[name], payload.digest(files))
        if written[name].digest != operation.known.get(name):
            in_place = not operation.first
            fillings.append(volume_archive.Filling(volume=name, files=files, group=group, in_place=in_place))
    await _carry_out(services, pod, sandbox, operation, fillings)
    return written


def _token(
    services: Services, pod: Pod, has: Configuration, now: datetime, source: ServiceAccountTokenProjection
) -> str:
    bearer = tokens.Bearer(
        namespace=pod.metadata.namespace,
        service_account=pod.spec.service_account_name,
        service_account_uid=has.service_account_uid,
        pod=pod.metadata.name,
        pod_uid=pod.metadata.uid,
        node=pod.spec.node_name,
    )
    audiences = [source.audience] if source.audience else []
    return services.tokens.sign(bearer, audiences, now, payload.lifetime(source))


async def _carry_out(
    services: Services,
    pod: Pod,
    sandbox: observed.Sandbox,
    operation: plan.WriteVolumes,
    fillings: list[volume_archive.Filling],
) -> None:
    client, group = services.engine, volumes.fs_group(pod)
    own = [each for each in pod.spec.volumes if volumes.root_is_to_be_set_up(pod, each)] if operation.first else []
    roots = [
        volume_archive.Filling(volume=each.name, root_mode=volumes.root_mode(pod, each), group=group)
        for each in own
        if each.empty_dir is not None
    ]
    if roots or fillings:
        await engine_volumes.write(client, sandbox.id, roots + fillings, services.clock.now())
    for filling in fillings:
        if filling.in_place and filling.files is not None:
            await engine_volumes.swap(client, sandbox.id, filling.volume, filling.files)
    policy = (pod.spec.security_context or PodSecurityContext()).fs_group_change_policy or "Always"
    for each in own:
        if group is not None and volumes.is_of_claim(each):
            await engine_volumes.give_to_group(client, sandbox.id, each.name, group, policy)


async def overfull(services: Services, pod: Pod, operation: plan.MeasureVolumes) -> str:
    """The first of the volumes that has more in it than it may; "" if none has. Raises EngineError."""
    for name in operation.volumes:
        each = volumes.volume(pod, name)
        limit = None if each is None else volumes.disk_limit(each)
        if limit is not None and await engine_volumes.bytes_in(services.engine, operation.sandbox_id, name) > limit:
            return name
    return ""


async def files_of(
    services: Services, container: Container, sandbox: observed.Sandbox
) -> dict[environment.File, str | None]:
    """The files with variables of the container; None for those that are not there. Raises EngineError."""
    return {
        (volume, path): await engine_volumes.read(services.engine, sandbox.id, volume, path)
        for volume, path in environment.files(container)
    }


class Found(NamedTuple):
    """What a container is made with."""

    pod: Pod
    container: Container
    has: Configuration
    environment: Mapping[str, str]


async def mounts_of(services: Services, found: Found, sandbox: observed.Sandbox) -> list[dict[str, object]]:
    """The container's mounts. Raises CreateContainerConfigError, EngineError."""
    sub_paths = {}
    for mount in found.container.volume_mounts:
        path = _sub_path(mount.sub_path, mount.sub_path_expr, found.environment)
        if path:
            resolved = await engine_volumes.resolve(services.engine, sandbox.id, mount.name, path)
            if resolved is None:
                raise errors.CreateContainerConfigError(
                    f'failed to prepare subPath for volumeMount "{mount.name}" of container "{found.container.name}"'
                )
            sub_paths[mount.mount_path] = resolved
    return mounts.of_container(
        found.pod,
        found.container,
        found.has,
        directories=sandbox.volumes,
        sub_paths=sub_paths,
        by_path=not services.engine.speaks(mounts.SUBPATH_API),
    )


def _sub_path(path: str, expression: str, variables: Mapping[str, str]) -> str:
    """Source: `ExpandContainerVolumeMounts`, kubernetes pkg/kubelet/container/helpers.go."""
    if not expression:
        return path
    missing = expansion.missing(expression, variables)
    if missing:
        raise errors.CreateContainerConfigError(f'missing value for "{missing[0]}"')
    expanded = expansion.expand(expression, variables)
    if expanded.startswith("/") or ".." in expanded.split("/"):
        raise errors.CreateContainerConfigError(f"subPath {expanded!r} must not be an absolute path nor contain '..'")
    return expanded
