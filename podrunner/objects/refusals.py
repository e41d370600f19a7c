"""What is right in a cluster and can't be had here: fields that podrunner refuses. Pure; performs no I/O."""

from collections.abc import Iterator

from podrunner.objects import base, pod, volume

NEEDS_A_CLUSTER = "volumes of this kind need a cluster, with its drivers and its network's or cloud's disks"
NEEDS_SIGNERS = "needs the certificate signers of a cluster"
NEEDS_DRIVERS = "needs the device drivers of a cluster"
BLOCK_DEVICES = "the engine's volumes are file systems, not block devices"
RELATIVE_PATH = "must be an absolute path: it is one of the engine's host, which knows no directory to begin at"
IMAGE_VOLUME = "images can't be mounted as volumes yet"

_MOUNTED = frozenset(
    (
        "config_map",
        "downward_api",
        "empty_dir",
        "ephemeral",
        "host_path",
        "persistent_volume_claim",
        "projected",
        "secret",
    )
)
_KINDS = tuple(field for field in volume.Volume.__struct_fields__ if field != "name")


def of_pod(spec: pod.PodSpec) -> Iterator[tuple[str, str]]:
    """(field path, why) of everything that is refused in the spec of a pod."""
    for index, each in enumerate(spec.volumes):
        yield from _of_volume(each, f"spec.volumes[{index}]")
    if spec.resource_claims:
        yield "spec.resourceClaims", NEEDS_DRIVERS
    for field, containers in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for index, member in enumerate(containers):
            if member.volume_devices:
                yield f"spec.{field}[{index}].volumeDevices", BLOCK_DEVICES


def _of_volume(each: volume.Volume, path: str) -> Iterator[tuple[str, str]]:
    if each.image is not None:
        yield f"{path}.image", IMAGE_VOLUME
    for field in _KINDS:
        if field not in _MOUNTED and field != "image" and getattr(each, field) is not None:
            yield f"{path}.{base.json_name(field)}", NEEDS_A_CLUSTER
    if each.host_path is not None and not each.host_path.path.startswith("/"):
        yield f"{path}.hostPath.path", RELATIVE_PATH
    sources = () if each.projected is None else each.projected.sources
    for index, source in enumerate(sources):
        for field in ("cluster_trust_bundle", "pod_certificate"):
            if getattr(source, field) is not None:
                yield f"{path}.projected.sources[{index}].{base.json_name(field)}", NEEDS_SIGNERS
