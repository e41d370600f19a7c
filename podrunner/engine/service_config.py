"""The containers that serve Services, as bodies of `POST /containers/create`. Pure; performs no I/O.

One, of the pause image, holds the network namespace of the DNS server and the proxy, and the volume with their files:
so either may crash and start again while addresses and files stay. It is on every network that has pods. The addresses
of Services are local there: a route of type `local` makes the kernel take all of them for its own, and pods have a
route to them over this container.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from podrunner.engine import images, labels, ports
from podrunner.pods import dns
from podrunner.services import allocation, proxy_config, zone

FILES = "/services"
CURRENT = f"{FILES}/now"

_UNPRIVILEGED = "65535:65535"
_NO_NEW_PRIVILEGES = ["no-new-privileges"]
_LOGGING = {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}
# A crash of one of them is none of podrunner's business as long as the engine starts it again at once.
_RESTARTED = {"Name": "on-failure"}

_HOLD = f"""
ip route add local {allocation.ADDRESSES} dev lo
ip address add {zone.SERVER_IP}/32 dev lo
trap 'exit 0' TERM
while :; do sleep 2147483647 & wait $!; done
"""

# What was in the file stays there as comments: whoever comes later finds what to put back.
PUT_RESOLVER = """
file=$1 text=$2
kept=$(sed -n 's/^#engine //p' "$file")
[ "$kept" ] || kept=$(cat "$file")
printf '%s\\n' "$text" "$(printf '%s\\n' "$kept" | sed 's/^/#engine /')" > "$file"
"""
RESTORE_RESOLVER = """
file=$1
kept=$(sed -n 's/^#engine //p' "$file")
[ -z "$kept" ] || printf '%s\\n' "$kept" > "$file"
"""

_CONNECT = f"""
ip route replace {allocation.ADDRESSES} via "$1"
shift
[ "$2" ] || exit 0
{PUT_RESOLVER}
"""
_DISCONNECT = f"""
ip route del {allocation.ADDRESSES} || true
{RESTORE_RESOLVER}
"""


class Role(StrEnum):
    """What a container does for Services, by its label."""

    NETWORK = "network"
    DNS = "dns"
    PROXY = "proxy"
    PUBLISHER = "publisher"
    VISITOR = "visitor"


def holder(instance: str, network: str) -> dict[str, Any]:
    """Holds the network namespace and the files; on `network` to begin with."""
    body = _body(instance, Role.NETWORK, images.PAUSE, {"Entrypoint": ["sh", "-ec", _HOLD], "User": "0:0"})
    # Without a name it is this container's own, and is removed with it.
    volume = {"Type": "volume", "Target": FILES, "VolumeOptions": {"Labels": body["Labels"]}}
    body["HostConfig"] |= {
        "Mounts": [volume],
        "NetworkMode": network,
        "CapAdd": ["NET_ADMIN"],
        # It is on several networks, and no way from one to the other.
        "Sysctls": {"net.ipv4.ip_forward": "0", "net.ipv4.ip_unprivileged_port_start": "0"},
    }
    return body


def name_server(instance: str, holder_id: str) -> dict[str, Any]:
    """The DNS server of that holder."""
    return _beside(_body(instance, Role.DNS, images.SERVICES_DNS, {"User": _UNPRIVILEGED}), holder_id)


def proxy(instance: str, holder_id: str) -> dict[str, Any]:
    """The proxy of that holder."""
    command = ["--config-yaml", proxy_config.bootstrap(CURRENT, FILES)]
    body = _body(instance, Role.PROXY, images.SERVICES_PROXY, {"User": _UNPRIVILEGED, "Cmd": command})
    return _beside(body, holder_id)


def publisher(instance: str, network: str, published: Mapping[int, str], address: str) -> dict[str, Any]:
    """Takes what comes to these ports of the engine's host (protocol by number) to the proxy at `address`."""
    command = ["--config-yaml", proxy_config.publisher(published, address)]
    body = _body(instance, Role.PUBLISHER, images.SERVICES_PROXY, {"User": _UNPRIVILEGED, "Cmd": command})
    wanted = [
        ports.Published(container_port=number, host_port=number, protocol=protocol)
        for number, protocol in published.items()
    ]
    body["ExposedPorts"] = ports.exposed(wanted)
    body["HostConfig"] |= {
        "NetworkMode": network,
        "PortBindings": ports.bindings(wanted),
        "RestartPolicy": _RESTARTED,
    }
    return body


def connect(instance: str, sandbox_id: str, gateway: str, resolver: str) -> dict[str, Any]:
    """Gives the sandbox its route to Services over `gateway`, and the resolv.conf `resolver` unless that is empty."""
    return _visitor(instance, sandbox_id, _CONNECT, gateway, dns.PATH, resolver)


def disconnect(instance: str, sandbox_id: str) -> dict[str, Any]:
    """Gives the sandbox back what the engine had for it."""
    return _visitor(instance, sandbox_id, _DISCONNECT, dns.PATH)


def _visitor(instance: str, sandbox_id: str, script: str, *arguments: str) -> dict[str, Any]:
    """Runs a script in the sandbox's network namespace.

    Not an exec in the sandbox: that can't get a capability, but by `privileged`, with which an engine that lacks one
    itself refuses it.
    """
    command = {"Entrypoint": ["sh", "-ec", script, "visitor", *arguments], "User": "0:0"}
    body = _body(instance, Role.VISITOR, images.PAUSE, command)
    body["HostConfig"] |= {"NetworkMode": f"container:{sandbox_id}", "CapAdd": ["NET_ADMIN"]}
    return body


def _beside(body: dict[str, Any], holder_id: str) -> dict[str, Any]:
    body["HostConfig"] |= {
        "NetworkMode": f"container:{holder_id}",
        "VolumesFrom": [f"{holder_id}:ro"],
        "RestartPolicy": _RESTARTED,
    }
    return body


def _body(instance: str, role: Role, image: str, process: dict[str, Any]) -> dict[str, Any]:
    return {
        "Image": image,
        **process,
        "Labels": {labels.INSTANCE: instance, labels.SERVICES_ROLE: role.value},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {"CapDrop": ["ALL"], "SecurityOpt": _NO_NEW_PRIVILEGES, "LogConfig": _LOGGING},
    }


def made_for(body: dict[str, Any], purpose: str) -> dict[str, Any]:
    """The body with a label that tells its purpose and what it is made of."""
    return {**body, "Labels": {**body["Labels"], labels.SERVICES_MADE_FOR: label_of(body, purpose)}}


def label_of(body: dict[str, Any], purpose: str) -> str:
    """What that label says."""
    return f"{purpose} {hashlib.sha256(msgspec.json.encode(body, order='sorted')).hexdigest()[:12]}"
