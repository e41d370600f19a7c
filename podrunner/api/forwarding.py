"""One forwarded connection: a client's streams joined with a port of a pod.

Source: k8s.io/cri-streaming `pkg/streaming/portforward/httpstream.go`, portForward.
"""

import asyncio
import logging
from typing import NamedTuple, Protocol

from podrunner import errors
from podrunner.api import console, context, upgrades
from podrunner.objects.pod import Pod

log = logging.getLogger(__name__)


class Stream(console.Stream, Protocol):
    """A stream that either side may break off."""

    broken: asyncio.Event


class Target(NamedTuple):
    """Where a connection goes."""

    node: context.Node
    pod: Pod
    port: int


async def join(target: Target, data: Stream, error: Stream) -> None:
    """Forwards until both sides have sent all, or either breaks it off; tells the client of a port out of reach.

    Each side may end what it sends before the other does. Raises OSError when the client has gone.
    """
    try:
        tunnel = await target.node.port_forward(target.pod, target.port)
    except errors.PodrunnerError as failure:
        await _tell(target, failure, data, error)
        return
    try:
        await upgrades.first_of(_both_ways(target, tunnel, data, error), data.broken.wait())
    finally:
        await tunnel.close()
    await _end(data, error)


async def _both_ways(target: Target, tunnel: context.Tunnel, data: Stream, error: Stream) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_to_pod(tunnel, data))
        tasks.create_task(_to_client(target, tunnel, data, error))


async def _to_pod(tunnel: context.Tunnel, data: Stream) -> None:
    while chunk := await data.read():
        await tunnel.write(chunk)
    await tunnel.write_eof()


async def _to_client(target: Target, tunnel: context.Tunnel, data: Stream, error: Stream) -> None:
    try:
        while chunk := await tunnel.read():
            await data.write(chunk)
    except errors.PodrunnerError as failure:
        await _tell(target, failure, data, error)
    await _end(data, error)


async def _end(data: Stream, error: Stream) -> None:
    """kubectl keeps its own client waiting until both have ended, so they end together."""
    await data.close()
    await error.close()


async def _tell(target: Target, failure: errors.PodrunnerError, data: Stream, error: Stream) -> None:
    about = target.pod.metadata
    message = f"error forwarding port {target.port} to pod {about.name}, uid {about.uid}: {failure}"
    log.warning("%s", message)
    await error.write(message.encode())
    await error.close()
    await data.reset()
