"""A pod's /etc/hosts, as the kubelet manages it. Pure; performs no I/O.

Sources: `managedHostsFileContent`, `nodeHostsFileContent` and `hostsEntriesFromHostAliases`, kubernetes
pkg/kubelet/kubelet_pods.go.
"""

from typing import NamedTuple

from podrunner.objects.pod import Pod
from podrunner.pods import hostnames

PATH = "/etc/hosts"

_HEAD = """\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
"""
_HEAD_ON_HOST_NETWORK = "# Kubernetes-managed hosts file (host network).\n"


class Template(NamedTuple):
    """The file less what is only known once the sandbox is on its network.

    Between `head` and `tail` belongs a line for each address of the pod, with its `names`; on the host network there
    are none, and the host's own file belongs there.
    """

    head: str
    names: str
    tail: str


def template(pod: Pod, *, host_network: bool) -> Template:
    """The file of a pod that is on the host's network, or on one of the engine's others."""
    tail = _aliases(pod)
    if host_network:
        return Template(_HEAD_ON_HOST_NETWORK, "", tail)
    short = hostnames.short(pod)
    names = f"{hostnames.fqdn(pod)}\t{short}" if hostnames.domain(pod) else short
    return Template(_HEAD, names, tail)


def _aliases(pod: Pod) -> str:
    if not pod.spec.host_aliases:
        return ""
    lines = ["\t".join((alias.ip, *alias.hostnames)) for alias in pod.spec.host_aliases]
    return "\n# Entries added by HostAliases.\n" + "".join(f"{line}\n" for line in lines)
