"""The containers that serve Services on the engine: finding, making, telling and removing them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from podrunner import errors
from podrunner.engine import (
    archives,
    client as engine,
    containers,
    images,
    labels,
    networks,
    sandbox_files,
    scripts,
    service_config,
)
from podrunner.engine.service_config import Role

READY_SECONDS = 20.0

_FIRST_LOOK, _LONGEST_LOOK = 0.005, 0.1
_RUNNING = ("running", "restarting")
_NETWORKS_WITHOUT_ROUTES = ("host", "none")

# What is read is a directory that is complete, by a name that is moved: Envoy looks anew when it is.
_REPLACE = """
cd "$1"
rm -rf new; mkdir new; tar -x -C new
old=$(readlink now || true); name=$(date +%s).$$; mv new "$name"
ln -sfn "$name" next; mv -T next now
[ -z "$old" ] || rm -rf "$old"
"""
_AWAIT = """
until nc -w 1 "$1" 53 < /dev/null 2> /dev/null; do sleep 0.05; done
until wget -q -O /dev/null "http://127.0.0.1:$2/ready" 2> /dev/null; do sleep 0.05; done
"""

_OWN_RESOLVER = f"{sandbox_files.DIRECTORY}/{sandbox_files.RESOLVER}"
# The sandbox's start command lets everyone read the file of hosts when it has written both (images/pause).
_AWAIT_OWN_FILES = f"""
until [ "$(stat -c %a {sandbox_files.DIRECTORY}/{sandbox_files.HOSTS})" = 644 ]; do sleep 0.01; done
"""


class Helper(msgspec.Struct, frozen=True, kw_only=True):
    """A container that serves Services. `addresses` are its own by network id."""

    id: str
    role: Role
    running: bool
    made_for: str
    addresses: Mapping[str, str]


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """A running sandbox that can have a route, and the id of its network."""

    id: str
    pod_uid: str
    network_id: str


async def helpers(client: engine.Client, instance: str) -> list[Helper]:
    """Those of the instance, running or not. Raises EngineError."""
    wanted = [f"{labels.INSTANCE}={instance}", labels.SERVICES_ROLE]
    listed: list[dict[str, Any]] = await client.call(client.api.containers, all=True, filters={"label": wanted})
    return [_helper(entry) for entry in listed]


async def sandboxes(client: engine.Client, instance: str) -> list[Sandbox]:
    """The running sandboxes of the instance that are on a bridge that is not internal. Raises EngineError.

    On an internal one the engine drops what has an address outside of the bridge's own, be it between two containers.
    """
    wanted = [f"{labels.INSTANCE}={instance}", f"{labels.TYPE}={labels.SANDBOX_TYPE}"]
    listed: list[dict[str, Any]] = await client.call(client.api.containers, filters={"label": wanted})
    internal = await networks.internal(client)
    return [
        Sandbox(id=entry["Id"], pod_uid=entry["Labels"].get(labels.POD_UID, ""), network_id=network)
        for entry in listed
        for network in list(_addresses(entry))[:1]
        if network not in internal
    ]


async def make(client: engine.Client, body: Mapping[str, Any], name: str) -> str:
    """Creates and starts a helper, building its image first where the engine has none; its id. Raises EngineError."""
    await images.ensure_own(client, body["Image"])
    answer: dict[str, Any] = await client.call(client.api.create_container_from_config, body, name)
    helper_id = str(answer["Id"])
    try:
        await containers.start(client, helper_id)
    except errors.EngineError:
        await containers.remove(client, helper_id)
        raise
    return helper_id


async def perform(client: engine.Client, body: Mapping[str, Any]) -> None:
    """Runs a container that ends by itself, to its end. Raises EngineRefused with its output if it fails."""
    helper_id = await make(client, body, "")
    try:
        code, delay = None, _FIRST_LOOK
        while (code := await _ended_with(client, helper_id)) is None:
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_LOOK)
        if code:
            output: bytes = await client.call(client.api.logs, helper_id)
            raise errors.EngineRefused(output.decode(errors="replace").strip() or f"exit code {code}")
    finally:
        await containers.remove(client, helper_id)


async def replace_files(client: engine.Client, holder_id: str, files: Mapping[str, str]) -> None:
    """Puts these files in the place of all that there were, at once. Raises EngineError."""
    packed = archives.pack({name: text.encode() for name, text in files.items()})
    await scripts.run(client, holder_id, _REPLACE, service_config.FILES, stdin=packed)


async def reload(client: engine.Client, dns_id: str) -> None:
    """Makes the DNS server read its files. Raises EngineError."""
    await containers.kill(client, dns_id, "SIGHUP")


async def await_ready(client: engine.Client, holder_id: str, dns_ip: str, admin_port: int) -> None:
    """Waits until DNS server and proxy serve. Raises EngineRefused if they don't in time, EngineError."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            await scripts.run(client, holder_id, _AWAIT, dns_ip, str(admin_port))
    except TimeoutError as late:
        raise errors.EngineRefused(f"the helpers of Services do not answer after {READY_SECONDS:.0f} s") from late


async def read_resolver(client: engine.Client, holder_id: str) -> str:
    """The resolv.conf that the engine gives containers. Raises EngineError."""
    return (await scripts.run(client, holder_id, "cat /etc/resolv.conf")).output


async def put_resolver(client: engine.Client, sandbox_id: str, text: str) -> None:
    """Puts the text into the resolv.conf of its own that the pod has in its sandbox (`pods.dns.is_own`).

    Waits until the sandbox has written it itself. Raises EngineError.
    """
    await scripts.run(client, sandbox_id, f"{_AWAIT_OWN_FILES}\n{service_config.PUT_RESOLVER}", _OWN_RESOLVER, text)


async def restore_resolver(client: engine.Client, sandbox_id: str) -> None:
    """Puts back what the sandbox has written. Raises EngineError."""
    await scripts.run(client, sandbox_id, service_config.RESTORE_RESOLVER, _OWN_RESOLVER)


async def join_networks(client: engine.Client, holder_id: str, wanted: Iterable[str]) -> dict[str, str]:
    """Has the holder on the networks with these ids and on no other; its addresses by network id."""
    joined = _addresses(await client.call(client.api.inspect_container, holder_id))
    wanted = set(wanted)
    if joined.keys() == wanted:
        return joined
    for network in wanted - joined.keys():
        await networks.connect(client, network, holder_id)
    for network in joined.keys() - wanted:
        await networks.disconnect(client, network, holder_id)
    return _addresses(await client.call(client.api.inspect_container, holder_id))


async def remove(client: engine.Client, gone: Sequence[Helper]) -> None:
    """Removes the helpers; the holder last, with the files that the others use. Raises EngineError."""
    for helper in sorted(gone, key=lambda helper: helper.role is Role.NETWORK):
        await containers.remove(client, helper.id)


async def _ended_with(client: engine.Client, helper_id: str) -> int | None:
    facts: dict[str, Any] = await client.call(client.api.inspect_container, helper_id)
    state = facts["State"]
    return None if state["Running"] else int(state["ExitCode"])


def _helper(entry: Mapping[str, Any]) -> Helper:
    return Helper(
        id=entry["Id"],
        role=Role(entry["Labels"][labels.SERVICES_ROLE]),
        running=entry["State"] in _RUNNING,
        made_for=entry["Labels"].get(labels.SERVICES_MADE_FOR, ""),
        addresses=_addresses(entry),
    )


def _addresses(entry: Mapping[str, Any]) -> dict[str, str]:
    """The container's addresses by network id."""
    found = entry.get("NetworkSettings", {}).get("Networks") or {}
    return {
        network["NetworkID"]: network["IPAddress"]
        for name, network in found.items()
        if name not in _NETWORKS_WITHOUT_ROUTES and network["NetworkID"] and network["IPAddress"]
    }
