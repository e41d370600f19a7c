"""A log over a WebSocket, for clients (browsers) that can't read an answer while it goes on.

Source: k8s.io/streaming `pkg/httpstream/wsstream/stream.go`.
"""

import asyncio
import base64
import logging
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import connection, streams, upgrades

if TYPE_CHECKING:
    from podrunner.api.websocket import Socket

_BASE64 = "base64.binary.k8s.io"
_SUPPORTED = ("", "binary.k8s.io", _BASE64)

log = logging.getLogger(__name__)


def agree(request: Request) -> upgrades.Agreed:
    """How the request is answered. Raises errors.BadRequest, errors.Forbidden."""
    from podrunner.api import websocket

    return websocket.handshake(request, _SUPPORTED)


def upgrade(agreed: upgrades.Agreed, chunks: AsyncGenerator[bytes | None, None], first: bytes | None) -> Response:
    """Messages made of `first` and the chunks, after an empty one; what the client sends is ignored."""

    async def serve(wire: connection.Wire) -> None:
        from podrunner.api import websocket

        socket = websocket.Socket(wire)
        try:
            await upgrades.first_of(_ignore(socket), _send(socket, chunks, first, text=agreed.protocol == _BASE64))
        except errors.PodrunnerError as error:
            log.warning("breaking a log off: %s", error)
            wire.abort()

    return upgrades.Upgrade(agreed.headers, serve, chunks.aclose)


async def _ignore(socket: "Socket") -> None:
    while await socket.receive() is not None:
        pass


async def _send(
    socket: "Socket", chunks: AsyncGenerator[bytes | None, None], first: bytes | None, *, text: bool
) -> None:
    async def send(data: bytes) -> None:
        async with asyncio.timeout(streams.STALL_SECONDS):
            await socket.send(base64.b64encode(data) if text else data, text=text)

    await send(b"")
    if first:
        await send(first)
    async for chunk in chunks:
        if chunk:
            await send(chunk)
    await socket.close()
    await asyncio.sleep(streams.STALL_SECONDS)
