"""`podrunner port-forward`: ports of this machine that lead to a pod."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from podrunner import errors
from podrunner.cli import completion, targets
from podrunner.client import forwarding, http, podcontainers, resources

EPILOG = """\b
Examples:
  podrunner port-forward web 8080             port 8080 here is 8080 of the pod
  podrunner port-forward web 5000:80 :metrics  another here, any that is free
  podrunner port-forward web 8080 --address 0.0.0.0
"""

_LOCALHOST = "localhost"
_HIGHEST = 65535


class _Ports(NamedTuple):
    """A port here, 0 for any, and one of the pod."""

    local: int
    remote: int


@click.command("port-forward", cls=targets.Verb, short_help="Reach ports of a pod from this machine.", epilog=EPILOG)
@click.argument("pod", metavar="POD | pod/NAME", shell_complete=completion.pods)
@click.argument("ports", nargs=-1, required=True, metavar="[LOCAL:]REMOTE...")
@targets.namespace
@click.option(
    "--address",
    "addresses",
    default=(_LOCALHOST,),
    show_default=True,
    multiple=True,
    metavar="ADDRESS",
    help="Listen there; several with commas between them.",
)
def command(pod: str, ports: Sequence[str], namespace: str, addresses: Sequence[str]) -> int:
    """Reach ports of a pod from this machine, until Ctrl-C.

    REMOTE is a number or a container port's name. Connections end up at localhost within the pod.
    """
    server = targets.server()
    found = resources.get(server, podcontainers.POD, namespace, targets.pod_name(pod))
    wanted = [_ports(found, text) for text in ports]
    phase = found.get("status", {}).get("phase", "")
    if phase != "Running":
        raise podcontainers.Unsuitable(
            f"unable to forward port because pod is not running. Current status={phase or 'Pending'}"
        )
    places = sorted(place for text in addresses for each in text.split(",") for place in _places(each.strip()))
    asyncio.run(_Forwarding(server, found, places).run(wanted))
    return 0


def _ports(pod: dict[str, Any], text: str) -> _Ports:
    """What LOCAL:REMOTE, :REMOTE or REMOTE means. Raises UsageError."""
    local, colon, remote = text.rpartition(":")
    number = _number("remote", remote) if remote.isdecimal() else _named(pod, remote)
    if number == 0:
        raise errors.UsageError("remote port must be > 0")
    return _Ports(_number("local", local or "0") if colon else number, number)


def _number(side: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _HIGHEST):
        raise errors.UsageError(f"error parsing {side} port '{text}': it is no number from 0 to {_HIGHEST}")
    return int(text)


def _named(pod: dict[str, Any], name: str) -> int:
    containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]
    for port in (port for container in containers for port in container.get("ports", ())):
        if port.get("name") == name:
            return int(port["containerPort"])
    raise podcontainers.Unsuitable(f"Pod '{pod['metadata']['name']}' does not have a named port '{name}'")


def _places(address: str) -> Iterator[str]:
    """The addresses to listen at. Raises UsageError."""
    if address == _LOCALHOST:
        yield from ("127.0.0.1", "::1")
        return
    try:
        socket.inet_pton(_family(address), address)
    except OSError as error:
        raise errors.UsageError(f"{address} is not a valid IP") from error
    yield address


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class _Forwarding:
    """Listens, and forwards every connection, until it is told to stop or the pod is lost."""

    def __init__(self, server: http.Server, pod: dict[str, Any], places: Sequence[str]) -> None:
        self._server = server
        self._namespace, self._pod = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self._places = places
        self._over = asyncio.Event()
        self._lost = False
        self._connections: set[asyncio.Task[None]] = set()

    async def run(self, wanted: Sequence[_Ports]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._over.set)
        listeners = [listener for ports in wanted for listener in await self._listen(ports)]
        if not listeners:
            asked = " ".join(f"{{{ports.local} {ports.remote}}}" for ports in wanted)
            raise errors.PodrunnerError(f"unable to listen on any of the requested ports: [{asked}]")
        await self._over.wait()
        for listener in listeners:
            listener.close()
        if self._lost:
            raise errors.PodrunnerError("lost connection to pod")

    async def _listen(self, ports: _Ports) -> list[asyncio.Server]:
        """At all places that can be had; tells why if none can."""
        listeners: list[asyncio.Server] = []
        problems: list[str] = []
        local = ports.local
        for place in self._places:
            try:
                listener = await self._listen_at(place, local, ports.remote)
            except OSError as error:
                problems.append(f"unable to create listener: Error listen {_where(place, local)}: {_why(error)}")
                continue
            listeners.append(listener)
            # Any port that is free at the first place is meant at the others, too.
            local = listener.sockets[0].getsockname()[1]
            click.echo(f"Forwarding from {_joined(place, local)} -> {ports.remote}")
        if not listeners:
            sys.stderr.write(
                f"Unable to listen on port {ports.local}: Listeners failed to create with the following errors:"
                f" [{' '.join(problems)}]\n"
            )
        return listeners

    async def _listen_at(self, place: str, local: int, remote: int) -> asyncio.Server:
        # Not a coroutine: of one that is cancelled, as at the end, asyncio in Python 3.11 complains.
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._forward(forwarding.Local(reader, writer), remote))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

        return await asyncio.start_server(connected, place, local, family=_family(place))

    async def _forward(self, local: forwarding.Local, remote: int) -> None:
        click.echo(f"Handling connection for {local.writer.get_extra_info('sockname')[1]}")
        target = forwarding.Target(self._namespace, self._pod, remote)
        # Where either side has broken its connection off there is nobody to tell.
        with contextlib.closing(local.writer), contextlib.suppress(OSError):
            try:
                await forwarding.forward(self._server, target, local)
            except errors.PodrunnerError as error:
                sys.stderr.write(f"error: {error}\n")
                if forwarding.lost(error):
                    self._lost = True
                    self._over.set()


def _joined(place: str, port: int) -> str:
    return f"[{place}]:{port}" if ":" in place else f"{place}:{port}"


def _where(place: str, port: int) -> str:
    return f"tcp{'6' if ':' in place else '4'} {_joined(place, port)}"


def _why(error: OSError) -> str:
    """As Go's net package words it."""
    code = error.errno or 0
    return f"bind: {os.strerror(code).lower()}" if code in errno.errorcode else str(error)
