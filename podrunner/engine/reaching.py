"""Connections to a pod's ports as the kubelet makes them: from the node.

Straight to the pod's address where the bridge of its network is on this machine. Elsewhere (Docker Desktop, a rootless
or a remote engine, podrunner in a container) its address means nothing, or something else, and the way leads through
the sandbox.
"""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from podrunner import errors
from podrunner.engine import client as engine, exec, tunnels
from podrunner.pods import observed

_INTERFACES = Path("/sys/class/net")
_CHUNK = 1 << 16
_DIALLING_SECONDS = 60
"""After which `nc` in the sandbox gives up by itself; who waits for it has long done so."""


class Stream(NamedTuple):
    """One connection, both ways."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@asynccontextmanager
async def connected(
    client: engine.Client, sandbox: observed.Sandbox, host: str, port: int, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Stream]:
    """A connection to `port` of `host`, the pod's address or another. It ends with the block.

    Raises Unreachable if nothing answers there, EngineError, ssl.SSLError.
    """
    if _is_in_sight(sandbox) or host not in sandbox.ips:
        stream = await _direct(host, port, tls)
        try:
            yield stream
        finally:
            # Not gracefully: with nobody's patience to count on, and no TIME_WAIT left by the thousand.
            stream.writer.transport.abort()
        return
    async with _through_sandbox(client, sandbox, host, port, tls) as stream:
        yield stream


async def dial(client: engine.Client, sandbox: observed.Sandbox, host: str, port: int) -> None:
    """Connects, and does no more. Raises as `connected` does."""
    if host not in sandbox.ips:
        stream = await _direct(host, port, None)
        stream.writer.transport.abort()
        return
    if _is_in_sight(sandbox):
        await _dial_directly(host, port)
        return
    relay = await exec.start(client, sandbox.id, ["nc", "-w", str(_DIALLING_SECONDS), host, str(port), "-e", "true"])
    said = b""
    try:
        while (chunk := await relay.read()) is not None:
            said += chunk[1]
        if await relay.exit_code():
            why = said.decode(errors="replace").strip().rpartition(": ")[2].lower()
            raise errors.Unreachable(f"dial tcp {address(host, port)}: connect: {why}")
    finally:
        await relay.close()


def insecure() -> ssl.SSLContext:
    """TLS to whoever it is: the kubelet checks no certificates of pods."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def first_address(sandbox: observed.Sandbox) -> str:
    """The pod's address. Raises Unreachable if it has none."""
    if not sandbox.ips:
        raise errors.Unreachable("the pod has no address")
    return sandbox.ips[0]


def address(host: str, port: int) -> str:
    """As Go writes it, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_in_sight(sandbox: observed.Sandbox) -> bool:
    """Whether this machine is on the pod's network: a bridge is named after the id of its network, which is unique."""
    return any((_INTERFACES / bridge).exists() for bridge in sandbox.bridges)


async def _direct(host: str, port: int, tls: ssl.SSLContext | None) -> Stream:
    try:
        return Stream(*await asyncio.open_connection(host, port, ssl=tls, server_hostname="" if tls else None))
    except ssl.SSLError:
        raise
    except OSError as error:
        raise errors.Unreachable(_dialled(host, port, error)) from error
    except UnicodeError as error:
        raise errors.Unreachable(f"dial tcp: lookup {host}: no such host") from error


async def _dial_directly(host: str, port: int) -> None:
    """Without what asyncio builds around a connection: there may be a hundred of these a second."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (host, port))
        except OSError as error:
            raise errors.Unreachable(_dialled(host, port, error)) from error


def _dialled(host: str, port: int, error: OSError) -> str:
    """What Go says when it can't connect."""
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {host}: no such host"
    if error.errno in (errno.ETIMEDOUT, None):
        return f"dial tcp {address(host, port)}: i/o timeout"
    return f"dial tcp {address(host, port)}: connect: {os.strerror(error.errno).lower()}"


@asynccontextmanager
async def _through_sandbox(
    client: engine.Client, sandbox: observed.Sandbox, host: str, port: int, tls: ssl.SSLContext | None
) -> AsyncIterator[Stream]:
    """The tunnel is made one end of a socket pair, so that asyncio (and its TLS) has a socket to work with."""
    tunnel = await tunnels.open(client, sandbox.id, port, [host])
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(tunnel.close)
        ours, theirs = socket.socketpair()
        stack.callback(ours.close)
        stack.callback(theirs.close)
        inner = Stream(*await asyncio.open_connection(sock=theirs))
        stack.callback(inner.writer.transport.abort)
        for pump in (_receive(tunnel, inner), _send(tunnel, inner)):
            stack.push_async_callback(_cancelled, asyncio.create_task(pump))
        try:
            outer = Stream(*await asyncio.open_connection(sock=ours, ssl=tls, server_hostname="" if tls else None))
            stack.callback(outer.writer.transport.abort)
            yield outer
        except (OSError, EOFError, errors.Unreachable) as error:
            # `nc` tells of a refusal only when the tunnel is read.
            if tunnel.problem:
                raise errors.Unreachable(f"dial tcp {address(host, port)}: connect: {tunnel.problem}") from error
            raise


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _receive(tunnel: tunnels.Tunnel, inner: Stream) -> None:
    with contextlib.suppress(errors.PodrunnerError):
        while data := await tunnel.read():
            inner.writer.write(data)
            await inner.writer.drain()
    inner.writer.close()


async def _send(tunnel: tunnels.Tunnel, inner: Stream) -> None:
    while data := await inner.reader.read(_CHUNK):
        await tunnel.write(data)
    await tunnel.write_eof()
