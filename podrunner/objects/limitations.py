"""Fields of a pod that are honoured within limits, or can't be on every engine. Pure; performs no I/O."""

from collections.abc import Iterator

from podrunner.objects import container, pod

GPU = "nvidia.com/gpu"
_ENFORCED = ("cpu", "memory", GPU)

PER_CONTAINER = "holds for each container that has no such limit of its own: an engine can't limit several together"
NOT_MEASURED = "is not enforced: the engine measures no such storage"
NOT_LIMITED = "is not enforced: the engine limits no huge pages"
UNKNOWN = "has no effect: the engine has no such resource"
NOT_RECURSIVE = "is read-only as the engine has it: what is mounted below may be written to"
NEEDS_REMAPPING = "is refused unless the engine gives every container a user namespace (userns-remap)"
NO_GROUP = "is refused unless runAsGroup is set: only then the engine leaves out the groups of the image's /etc/group"


def warnings(spec: pod.PodSpec) -> Iterator[tuple[str, str]]:
    """(field path, message) of every field that is set, where there is something to know about it."""
    if spec.host_users is False:
        yield "spec.hostUsers", NEEDS_REMAPPING
    yield from _of_groups(spec)
    yield from _of_volumes(spec)
    if spec.resources is not None:
        yield from ((path, PER_CONTAINER) for path in _enforced_limits(spec.resources, "spec.resources"))
        yield from _not_enforced(spec.resources, "spec.resources")
    for field, containers in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for index, each in enumerate(containers):
            yield from _not_enforced(each.resources, f"spec.{field}[{index}].resources")


def _of_volumes(spec: pod.PodSpec) -> Iterator[tuple[str, str]]:
    for field, containers in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for index, member in enumerate(containers):
            for number, mount in enumerate(member.volume_mounts):
                path = f"spec.{field}[{index}].volumeMounts[{number}]"
                if mount.recursive_read_only == "Enabled":
                    yield f"{path}.recursiveReadOnly", NOT_RECURSIVE


def _of_groups(spec: pod.PodSpec) -> Iterator[tuple[str, str]]:
    context = spec.security_context
    if context is None or context.supplemental_groups_policy != "Strict" or context.run_as_group is not None:
        return
    own = (each.security_context for each in (*spec.init_containers, *spec.containers))
    if any(each is None or each.run_as_group is None for each in own):
        yield "spec.securityContext.supplementalGroupsPolicy", NO_GROUP


def _enforced_limits(needs: container.ResourceRequirements, path: str) -> Iterator[str]:
    return (f"{path}.limits[{name}]" for name in needs.limits if name in _ENFORCED)


def _not_enforced(needs: container.ResourceRequirements, path: str) -> Iterator[tuple[str, str]]:
    """Of limits only, except of what is nothing but a request (defaults make one of each limit)."""
    requested = {name for name in needs.requests if name not in needs.limits}
    for side, names in (("limits", needs.limits), ("requests", requested)):
        for name in names:
            if name == "ephemeral-storage":
                yield f"{path}.{side}[{name}]", NOT_MEASURED
            elif name.startswith("hugepages-"):
                yield f"{path}.{side}[{name}]", NOT_LIMITED
            elif name not in _ENFORCED:
                yield f"{path}.{side}[{name}]", UNKNOWN
