"""Files of the volume that comes with a sandbox, and where containers find them. Pure; performs no I/O.

The engine fills the volume when it creates the sandbox (images/pause), so that a file costs no call. What stands in
`hosts` and `resolv.conf` depends on the network that the sandbox joins when it starts: its start command writes them,
from its environment.
"""

from typing import Any

import msgspec

from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.pods import dns, hosts, messages, observed, spec

DIRECTORY = "/podrunner/messages"
"""Where the sandbox has the volume."""

HOSTS = "hosts"
RESOLVER = "resolv.conf"

NAMES_VARIABLE = "PODRUNNER_HOSTS_NAMES"

_SUBPATH_API = (1, 45)


class SandboxFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the volume. Engines before API 1.45 mount no part of a volume but by its path."""

    volume: str
    directory: str
    name: str
    by_path: bool


def file(files: observed.MessageFiles, name: str, api_version: str) -> SandboxFile:
    """The file `name`, for an engine that speaks `api_version` ("1.41")."""
    by_path = tuple(map(int, api_version.split("."))) < _SUBPATH_API
    return SandboxFile(volume=files.volume, directory=files.directory, name=name, by_path=by_path)


def of_container(
    pod: Pod, container: Container, attempt: int, files: observed.MessageFiles | None, api_version: str
) -> dict[str, SandboxFile]:
    """The files that the container finds, by the paths at which it does."""
    if files is None:
        return {}
    names = {}
    if files.has_hosts:
        names = {hosts.PATH: HOSTS, dns.PATH: RESOLVER} if dns.is_own(pod) else {hosts.PATH: HOSTS}
    found = {path: name for path, name in names.items() if not spec.mounts_at(container, path)}
    if container.termination_message_path:
        owner = messages.instance(container.name, attempt)
        found[container.termination_message_path] = messages.file_name(files, owner)
    return {path: file(files, name, api_version) for path, name in found.items()}


def mount(file: SandboxFile, target: str) -> dict[str, Any]:
    """The engine's `Mount` of the file."""
    if file.by_path:
        return {"Type": "bind", "Source": f"{file.directory}/{file.name}", "Target": target}
    options = {"NoCopy": True, "Subpath": file.name}
    return {"Type": "volume", "Source": file.volume, "Target": target, "VolumeOptions": options}


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
