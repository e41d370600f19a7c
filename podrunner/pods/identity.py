"""As whom a container runs: by its pod, by itself, by its image. Pure; performs no I/O.

Sources: `DetermineEffectiveSecurityContext`, kubernetes pkg/securitycontext/util.go;
`verifyRunAsNonRoot`, pkg/kubelet/kuberuntime/security_context_others.go; `getImageUser`, kuberuntime_image.go.
"""

from podrunner import errors
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.security import PodSecurityContext, SecurityContext

STRICT = "Strict"
_MOST_USERS = 2**31 - 1
_NOTHING_OF_POD = PodSecurityContext()
_NOTHING = SecurityContext()


def of_pod(pod: Pod) -> PodSecurityContext:
    """The pod's security context, which may be empty."""
    return pod.spec.security_context or _NOTHING_OF_POD


def of_container(container: Container) -> SecurityContext:
    """The container's own security context, which may be empty."""
    return container.security_context or _NOTHING


def user_id(pod: Pod, container: Container) -> int | None:
    """The user that the spec asks for: the container's, else the pod's; None leaves it to the image."""
    own = of_container(container).run_as_user
    return of_pod(pod).run_as_user if own is None else own


def group_id(pod: Pod, container: Container) -> int | None:
    """The primary group that the spec asks for."""
    own = of_container(container).run_as_group
    return of_pod(pod).run_as_group if own is None else own


def needs_image(pod: Pod, container: Container) -> bool:
    """Whether the user of the image decides on something."""
    asks = _must_not_be_root(pod, container) or group_id(pod, container) is not None
    return asks and user_id(pod, container) is None


def user(pod: Pod, container: Container, image_user: str) -> str:
    """`USER` or `USER:GROUP`; empty leaves both to the image, whose user is `image_user`."""
    uid, gid = user_id(pod, container), group_id(pod, container)
    if gid is None:
        return "" if uid is None else str(uid)
    return f"{_user_of_image(image_user) if uid is None else uid}:{gid}"


def verify(pod: Pod, container: Container, image_user: str) -> None:
    """Raises CreateContainerConfigError if the container must not run as root and does, or may do so."""
    if not _must_not_be_root(pod, container):
        return
    about = pod.metadata
    where = f'(pod: "{about.name}_{about.namespace}({about.uid})", container: {container.name})'
    uid = user_id(pod, container)
    if uid is not None:
        if uid == 0:
            raise errors.CreateContainerConfigError(f"container's runAsUser breaks non-root policy {where}")
        return
    name = _user_of_image(image_user)
    if not _is_number(name):
        told = f"image has non-numeric user ({name}), cannot verify user is non-root {where}"
    elif int(name) == 0:
        told = f"image will run as root {where}"
    elif not 0 <= int(name) <= _MOST_USERS:
        rule = f"must be between 0 and {_MOST_USERS}, inclusive"
        told = f"image has an invalid user id ({name}). (Must be 1-({_MOST_USERS})): {rule} {where}"
    else:
        return
    raise errors.CreateContainerConfigError(f"container has runAsNonRoot and {told}")


def dotted(sysctl: str) -> str:
    """The sysctl's name with dots: slashes may separate its parts as well, and then dots are part of a part.

    Source: `ConvertSysctlVariableToDotsSeparator`, k8s.io/component-helpers node/util/sysctl.
    """
    separator = next((character for character in sysctl if character in "./"), ".")
    return sysctl if separator == "." else sysctl.translate(str.maketrans("./", "/."))


def _must_not_be_root(pod: Pod, container: Container) -> bool:
    own = of_container(container).run_as_non_root
    return bool(of_pod(pod).run_as_non_root if own is None else own)


def _user_of_image(image_user: str) -> str:
    """An image that names none runs as root; a group that it names is not the user's business."""
    return image_user.partition(":")[0] or "0"


def _is_number(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()
