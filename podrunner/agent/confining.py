"""Finds out what a pod's confinement depends on outside of the pod: images, profiles, runtime classes."""

import asyncio
from pathlib import Path

import msgspec

from podrunner import errors
from podrunner.agent.services import Services
from podrunner.engine import confinement, images, translate
from podrunner.objects import kinds
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.runtime_class import RuntimeClass
from podrunner.pods import identity, observed
from podrunner.store.registry import Registry

_RUNTIME_CLASS = kinds.of(RuntimeClass())


def runtime(registry: Registry, pod: Pod) -> str:
    """The engine's runtime for the pod ("": its default). Raises SandboxRefused if its RuntimeClass is gone.

    Source: `LookupRuntimeHandler`, kubernetes pkg/kubelet/runtimeclass/runtimeclass_manager.go.
    """
    name = pod.spec.runtime_class_name
    if not name:
        return ""
    try:
        known: RuntimeClass = registry.get(_RUNTIME_CLASS, "", name)
    except errors.NotFound as missing:
        raise errors.SandboxRefused(f'runtimeclass.node.k8s.io "{name}" not found') from missing
    return known.handler


async def of_container(
    services: Services, pod: Pod, container: Container, sandbox: observed.Sandbox | None
) -> translate.Surroundings:
    """What decides on how the container is made, beyond the pod.

    Raises CreateContainerConfigError if it must not run as root and does, CreateContainerError if its seccomp profile
    can't be read, EngineError.
    """
    image_user = ""
    if identity.needs_image(pod, container):
        facts = await images.inspect(services.engine, container.image)
        if facts is None:
            raise errors.EngineNotFound(f"No such image: {container.image}")
        image_user = facts.user
    identity.verify(pod, container, image_user)
    profile = confinement.seccomp_profile(pod, container)
    seccomp = ""
    if profile is not None and profile.type == "Localhost":
        path = services.machine.seccomp_root / (profile.localhost_profile or "")
        seccomp = await asyncio.to_thread(_profile_text, path)
    return translate.Surroundings(
        # The sandbox's: whatever becomes of the RuntimeClass, all of a pod runs under one.
        runtime=sandbox.runtime if pod.spec.runtime_class_name and sandbox else "",
        machine_memory=services.machine.memory_bytes,
        image_user=image_user,
        seccomp=seccomp,
    )


def _profile_text(path: Path) -> str:
    """As an option of the engine it is on one line. The words are dockershim's and cri-dockerd's."""
    try:
        return msgspec.json.encode(msgspec.json.decode(path.read_bytes())).decode()
    except OSError as error:
        why = f"open {path}: {(error.strerror or str(error)).lower()}"
        raise errors.CreateContainerError(_unusable(path, why)) from error
    except msgspec.DecodeError as error:
        raise errors.CreateContainerError(_unusable(path, str(error))) from error


def _unusable(path: Path, why: str) -> str:
    return f'failed to generate seccomp security options for container: cannot load seccomp profile "{path}": {why}'
