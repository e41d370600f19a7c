"""A pod's volumes and its containers' mounts of them, as Docker mounts. Pure; performs no I/O.

Nothing of an image's content is copied into a volume, as in Kubernetes.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from podrunner.engine import labels
from podrunner.objects.container import Container, VolumeMount
from podrunner.objects.pod import Pod
from podrunner.objects.volume import HostPathVolumeSource, Volume
from podrunner.pods import volumes
from podrunner.pods.configuration import Configuration, claim_of

CREATED_IF_MISSING = ("", "DirectoryOrCreate")
"""Types of hostPath for which the engine makes a directory where there is nothing."""

SUBPATH_API = "1.45"
"""The first version of the engine's API that mounts a part of a volume without being given a path of its host."""

# Without one of these the engine chooses: private, but for paths above its own data, which it takes only as slaves.
_PROPAGATIONS = {"HostToContainer": "rslave", "Bidirectional": "rshared"}

SubPaths = Mapping[str, str]
"""By mountPath, what its subPath leads to: a path below the volume's own directory, without symbolic links."""

_NONE: SubPaths = {}


def binds_of_sandbox(pod: Pod) -> list[str]:
    """The hostPath volumes whose directories the engine is to make: only this older form of a mount does that."""
    return [
        f"{source.path}:{volumes.place(name)}"
        for name, source in _host_paths(pod)
        if (source.type or "") in CREATED_IF_MISSING
    ]


def of_sandbox(pod: Pod, instance: str, has: Configuration) -> list[dict[str, Any]]:
    """Every other volume of the pod, under `volumes.ROOT`; the engine makes those that are the pod's own."""
    mounts: list[dict[str, Any]] = []
    for each in pod.spec.volumes:
        target = volumes.place(each.name)
        if volumes.is_the_pods_own(each):
            options: dict[str, Any] = {"NoCopy": True, "Labels": labels.of_volume(pod, each.name, instance)}
            if volumes.is_in_memory(each):
                tmpfs = {"type": "tmpfs", "device": "tmpfs", "o": volumes.tmpfs_options(pod, each)}
                options["DriverConfig"] = {"Name": "local", "Options": tmpfs}
            mounts.append({"Type": "volume", "Source": volumes.engine_name(pod, each), "Target": target})
            mounts[-1]["VolumeOptions"] = options
        elif claim := claim_of(pod, each):
            mounts.append(_claim(claim, target, has))
        elif each.host_path is not None and (each.host_path.type or "") not in CREATED_IF_MISSING:
            mounts.append({"Type": "bind", "Source": each.host_path.path, "Target": target})
    return mounts


def _claim(name: str, target: str, has: Configuration) -> dict[str, Any]:
    source = volumes.claim_name(has.claims[name])
    return {"Type": "volume", "Source": source, "Target": target, "VolumeOptions": {"NoCopy": True}}


def of_container(
    pod: Pod,
    container: Container,
    has: Configuration,
    *,
    directories: Mapping[str, str],
    sub_paths: SubPaths = _NONE,
    by_path: bool = True,
) -> list[dict[str, Any]]:
    """The container's mounts. `directories` says where the engine's host has the volumes, by name.

    `by_path`: the engine mounts a part of a volume only by its path on the engine's host (API before 1.45).
    """
    mounts = []
    for mount in container.volume_mounts:
        each = volumes.volume(pod, mount.name)
        if each is not None:
            below = sub_paths.get(mount.mount_path, "")
            made = _mount(pod, each, mount, has, below=below, directory=directories.get(each.name, ""), by_path=by_path)
            mounts.append(made | {"ReadOnly": mount.read_only or volumes.is_read_only(each)})
    return mounts


def _mount(
    pod: Pod, each: Volume, mount: VolumeMount, has: Configuration, *, below: str, directory: str, by_path: bool
) -> dict[str, Any]:
    target = posixpath.join("/", mount.mount_path)
    if each.host_path is not None:
        source = posixpath.join(each.host_path.path, below) if below else each.host_path.path
        propagation = _PROPAGATIONS.get(mount.mount_propagation or "")
        options = {"BindOptions": {"Propagation": propagation}} if propagation else {}
        return {"Type": "bind", "Source": source, "Target": target, **options}
    if below and by_path:
        return {"Type": "bind", "Source": posixpath.join(directory, below), "Target": target}
    claim = claim_of(pod, each)
    if claim:
        made = _claim(claim, target, has)
    else:
        source = volumes.engine_name(pod, each)
        made = {"Type": "volume", "Source": source, "Target": target, "VolumeOptions": {"NoCopy": True}}
    if below:
        made["VolumeOptions"]["Subpath"] = below
    return made


def _host_paths(pod: Pod) -> Iterator[tuple[str, HostPathVolumeSource]]:
    return ((each.name, each.host_path) for each in pod.spec.volumes if each.host_path is not None)
