"""What a pod is called on its network. Pure; performs no I/O.

Sources: `GeneratePodHostNameAndDomain` and `truncatePodHostnameIfNeeded`, kubernetes pkg/kubelet/kubelet_pods.go, and
`GetNodenameForKernel`, pkg/kubelet/util/util.go.
"""

from podrunner import errors
from podrunner.objects.pod import Pod

CLUSTER_DOMAIN = "cluster.local"
"""The domain of the names of Services, and of pods with a subdomain."""

LONGEST = 63
"""Characters of a host name; a longer one is cut."""

LONGEST_FQDN = 64
"""Characters of the kernel's host name; a longer one is refused."""


def short(pod: Pod) -> str:
    """The host name without the domain."""
    if pod.spec.hostname_override:
        return _cut(pod.spec.hostname_override)
    return _cut(pod.spec.hostname or pod.metadata.name)


def domain(pod: Pod) -> str:
    """The domain that the host name is in: that of the pod's subdomain; "" if there is none."""
    if pod.spec.hostname_override or not pod.spec.subdomain:
        return ""
    return f"{pod.spec.subdomain}.{pod.metadata.namespace}.svc.{CLUSTER_DOMAIN}"


def fqdn(pod: Pod) -> str:
    """The host name with the domain, if there is one."""
    return ".".join(filter(None, (short(pod), domain(pod))))


def of_kernel(pod: Pod) -> str:
    """What the kernel is told to be called. Raises SandboxRefused if that is too long."""
    if not pod.spec.set_hostname_as_fqdn or not domain(pod):
        return short(pod)
    name = fqdn(pod)
    if len(name) > LONGEST_FQDN:
        raise errors.SandboxRefused(
            f"failed to construct FQDN from pod hostname and cluster domain, FQDN {name} is too long"
            f" ({LONGEST_FQDN} characters is the max, {len(name)} characters requested)"
        )
    return name


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else name[:LONGEST].rstrip("-.")
