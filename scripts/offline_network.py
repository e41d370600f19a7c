"""An engine network without a way out, on which the address that the chapter's init container pings is the bridge.

So kubia-init.yaml runs unchanged on a machine without internet, and no packet leaves the machine. Two networks of an
engine can't share a subnet: whoever finds the network there uses it too, and the last one removes it.

An engine that was killed leaves its bridges on the machine. Of two bridges with one address only the first answers, so
the address is taken from those that belong to no network of this engine.
"""

import contextlib
import dataclasses
import fcntl
import ipaddress
import pathlib
import re
import socket
import struct
import subprocess
from collections.abc import Iterator

NAME = "podrunner-offline"
SUBNETS = (
    ipaddress.IPv4Network("1.1.1.0/24"),
    # Reserved for documentation (RFC 5737): nothing that anyone needs to reach is there.
    ipaddress.IPv4Network("198.51.100.0/24"),
)
# The second is where systemd-resolved, itself at 127.0.0.53, keeps the servers that it asks.
RESOLVER_FILES = (pathlib.Path("/etc/resolv.conf"), pathlib.Path("/run/systemd/resolve/resolv.conf"))


INTERFACES = pathlib.Path("/sys/class/net")
SIOCGIFADDR, SIOCSIFADDR = 0x8915, 0x8916


class CannotCreateError(Exception):
    """The network can't be had; the text says why, in the engine's words where it refused."""


@dataclasses.dataclass(frozen=True)
class OfflineNetwork:
    """An existing network's name, and its gateway: the address of the bridge, which answers pings."""

    name: str
    gateway: str


@contextlib.contextmanager
def joined() -> Iterator[OfflineNetwork]:
    """The network, for the time of the context. Raises CannotCreateError."""
    network = find() or create()
    for bridge in left_behind():
        if address_of(bridge) == network.gateway:
            take_address(bridge)
    try:
        yield network
    finally:
        # Refused while another's containers are on the network; then it is theirs to remove.
        docker_network("rm", NAME)


def find() -> OfflineNetwork | None:
    """The network, if the engine has it."""
    result = docker_network("inspect", "--format={{(index .IPAM.Config 0).Gateway}}", NAME)
    return OfflineNetwork(NAME, result.stdout.strip()) if result.returncode == 0 else None


def create() -> OfflineNetwork:
    """Creates the network. Raises CannotCreateError."""
    subnet = choose_subnet(nameservers())
    gateway = str(subnet[1])
    result = docker_network("create", "--internal", f"--subnet={subnet}", f"--gateway={gateway}", NAME)
    if result.returncode:
        hint = "; remove the network that has these addresses" if "overlaps" in result.stderr else ""
        raise CannotCreateError(f"cannot create a network on {subnet}: {result.stderr.strip()}{hint}")
    return OfflineNetwork(NAME, gateway)


def left_behind() -> list[str]:
    """The bridges on this machine that an engine made for a network, and that no network of this engine uses."""
    used = {f"br-{network_id[:12]}" for network_id in docker_network("ls", "--no-trunc", "--quiet").stdout.split()}
    present = {path.name for path in INTERFACES.glob("br-*") if re.fullmatch("br-[0-9a-f]{12}", path.name)}
    if not used & present:
        return []  # the engine is on another machine; what this one has is not its
    return sorted(present - used)


def address_of(interface: str) -> str | None:
    """The IPv4 address of the interface, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            answer = fcntl.ioctl(control, SIOCGIFADDR, struct.pack("16s24x", interface.encode()))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def take_address(interface: str) -> None:
    """Leaves the interface without an IPv4 address. Raises CannotCreateError."""
    nowhere = struct.pack("=16sHH4s16x", interface.encode(), socket.AF_INET, 0, socket.inet_aton("0.0.0.0"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, SIOCSIFADDR, nowhere)
        except OSError as error:
            raise CannotCreateError(
                f"the bridge {interface} of an engine that is gone has the network's address: {error.strerror};"
                f" remove it as root with `ip link delete {interface}`"
            ) from error


def docker_network(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `docker network`, whose exit status and output the caller judges."""
    return subprocess.run(["docker", "network", *arguments], check=False, capture_output=True, text=True)


def choose_subnet(nameservers: set[ipaddress.IPv4Address]) -> ipaddress.IPv4Network:
    """The first subnet that takes no nameserver away from this machine."""
    return next(subnet for subnet in SUBNETS if not any(server in subnet for server in nameservers))


def nameservers() -> set[ipaddress.IPv4Address]:
    """The IPv4 addresses of the nameservers that this machine is set to ask."""
    lines = [line.split() for file in RESOLVER_FILES if file.exists() for line in file.read_text().splitlines()]
    servers = set()
    for words in lines:
        with contextlib.suppress(ipaddress.AddressValueError, IndexError):
            if words[0] == "nameserver":
                servers.add(ipaddress.IPv4Address(words[1]))
    return servers
