"""The pod's volumes: what each is to the engine, and where. Pure; performs no I/O."""

import re
from collections.abc import Iterator

from podrunner.objects import quantity
from podrunner.objects.container import Container, VolumeMount
from podrunner.objects.pod import Pod
from podrunner.objects.security import PodSecurityContext
from podrunner.objects.volume import Volume

ROOT = "/podrunner/volumes"
"""Where the sandbox has all volumes of the pod, each under its name."""

_LOCAL_NAME = re.compile(r"[^a-zA-Z0-9_.-]")


def place(name: str) -> str:
    """Where the sandbox has the volume."""
    return f"{ROOT}/{name}"


def volume(pod: Pod, name: str) -> Volume | None:
    """The volume called `name`."""
    return next((each for each in pod.spec.volumes if each.name == name), None)


def is_filled(each: Volume) -> bool:
    """Whether podrunner writes what is in it: a ConfigMap, a Secret, what the pod tells of itself."""
    return any(source is not None for source in (each.config_map, each.secret, each.downward_api, each.projected))


def is_in_memory(each: Volume) -> bool:
    """Whether it is a tmpfs. What podrunner writes is: it is small, and some of it must not reach a disk."""
    return is_filled(each) or (each.empty_dir is not None and each.empty_dir.medium == "Memory")


def is_of_claim(each: Volume) -> bool:
    """Whether it is a PersistentVolumeClaim's."""
    return each.persistent_volume_claim is not None or each.ephemeral is not None


def is_the_pods_own(each: Volume) -> bool:
    """Whether it comes and goes with the pod."""
    return is_filled(each) or each.empty_dir is not None or each.image is not None


def is_read_only(each: Volume) -> bool:
    """Whether no container may write to it, whatever its mount says (kubelet: the mounter's attributes)."""
    claim = each.persistent_volume_claim
    return is_filled(each) or each.image is not None or (claim is not None and claim.read_only)


def engine_name(pod: Pod, each: Volume) -> str:
    """What the engine calls a volume that is the pod's own; after the manner of its containers' names."""
    about = pod.metadata
    return f"k8s_{each.name}_{about.name}_{about.namespace}_{about.uid}"


def claim_name(uid: str) -> str:
    """What the engine calls the volume of a PersistentVolumeClaim: as provisioners call what they make."""
    return f"pvc-{_LOCAL_NAME.sub('-', uid)}"


def of_images(pod: Pod, container: Container) -> tuple[Volume, ...]:
    """The volumes with the content of an image that the container mounts."""
    mounted = {mount.name for mount in container.volume_mounts}
    return tuple(each for each in pod.spec.volumes if each.image is not None and each.name in mounted)


def mounts(container: Container, name: str) -> Iterator[VolumeMount]:
    """Where the container mounts the volume."""
    return (mount for mount in container.volume_mounts if mount.name == name)


def fs_group(pod: Pod) -> int | None:
    """The group that the volumes belong to."""
    return (pod.spec.security_context or PodSecurityContext()).fs_group


def root_is_to_be_set_up(pod: Pod, each: Volume) -> bool:
    """Whether the volume's own directory needs another mode or group than the engine gives it."""
    if is_of_claim(each):
        return fs_group(pod) is not None
    return each.empty_dir is not None and not is_in_memory(each)


def disk_limit(each: Volume) -> int | None:
    """How many bytes may be in it, where nothing but the pod's eviction enforces that."""
    source = each.empty_dir
    if source is None or not source.size_limit or is_in_memory(each):
        return None
    return quantity.parse(source.size_limit).value or None


def root_mode(pod: Pod, each: Volume) -> int:
    """The mode of the volume's own directory (kubelet: emptyDir's `perm`, and `SetVolumeOwnership`)."""
    given = each.empty_dir.mode if each.empty_dir is not None else None
    mode = 0o777 if given is None else given
    return mode if fs_group(pod) is None else mode | 0o2770


def tmpfs_options(pod: Pod, each: Volume) -> str:
    """How the kernel mounts a volume that is in memory."""
    options = [f"mode={root_mode(pod, each):o}"]
    if fs_group(pod) is not None:
        options.append(f"gid={fs_group(pod)}")
    if each.empty_dir is not None and each.empty_dir.size_limit:
        options.append(f"size={quantity.parse(each.empty_dir.size_limit).value}")
    return ",".join(options)
