"""Files of the volume that comes with a sandbox, and where containers find them. Pure; performs no I/O.

The engine fills the volume when it creates the sandbox (images/pause), so that a file costs no call. What stands in
`hosts` and `resolv.conf` depends on the network that the sandbox joins when it starts: its start command writes them,
from its environment.
"""

from typing import Any

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.pods import dns, hosts, messages, observed, spec

DIRECTORY = "/podrunner/messages"
"""Where the sandbox has the volume."""

HOSTS = "hosts"
RESOLVER = "resolv.conf"

NAMES_VARIABLE = "PODRUNNER_HOSTS_NAMES"


def mounts(
    pod: Pod, container: Container, attempt: int, files: observed.MessageFiles | None, *, by_path: bool
) -> list[dict[str, Any]]:
    """The container's mounts of these files.

    `by_path`: the engine mounts a part of a volume only by its path on the engine's host (API before 1.45).
    """
    if files is None:
        return []
    return [
        _mount(files, name, path, by_path=by_path)
        for path, name in _names(pod, container, attempt, files).items()
        if not spec.mounts_at(container, path)
    ]


def _names(pod: Pod, container: Container, attempt: int, files: observed.MessageFiles) -> dict[str, str]:
    """The files that the container finds, by the paths at which it does."""
    found = {}
    if files.has_hosts:
        found[hosts.PATH] = HOSTS
    if files.has_hosts and dns.is_own(pod):
        found[dns.PATH] = RESOLVER
    if container.termination_message_path:
        owner = messages.instance(container.name, attempt)
        found[container.termination_message_path] = messages.file_name(files, owner)
    return found


def _mount(files: observed.MessageFiles, name: str, target: str, *, by_path: bool) -> dict[str, Any]:
    if by_path:
        return {"Type": "bind", "Source": f"{files.directory}/{name}", "Target": target}
    options = {"NoCopy": True, "Subpath": name}
    return {"Type": "volume", "Source": files.volume, "Target": target, "VolumeOptions": options}


def variables(pod: Pod, *, host_network: bool) -> dict[str, str]:
    """What the sandbox's start command has to know for the files that it writes."""
    of_hosts = hosts.template(pod, host_network=host_network)
    found = {
        "PODRUNNER_HOSTS_HEAD": of_hosts.head,
        NAMES_VARIABLE: of_hosts.names,
        "PODRUNNER_HOSTS_TAIL": of_hosts.tail,
    }
    if dns.is_own(pod):
        added = dns.of(pod, dns.Resolver()).resolver
        found |= {
            "PODRUNNER_RESOLVER": "/dev/null" if pod.spec.dns_policy == "None" else dns.PATH,
            "PODRUNNER_NAMESERVERS": " ".join(added.nameservers),
            "PODRUNNER_SEARCHES": " ".join(added.searches),
            "PODRUNNER_OPTIONS": " ".join(added.options),
        }
    return found
