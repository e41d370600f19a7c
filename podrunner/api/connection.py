"""One client's connection: uvicorn's HTTP/1.1 protocol, which can hand its transport over to a request.

ASGI shows no transport, and uvicorn ignores an upgrade to anything but a WebSocket of its own. So a request asks its
connection, found in its scope's state, for the bytes behind it: after `take_over` HTTP is done with on this connection.
"""

import asyncio
from collections.abc import Iterable
from typing import cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from podrunner import errors

CLOSE_SECONDS = 0.25
"""How long a client may take to read what is left, and over TLS to agree, when a connection is closed."""

_READ_BYTES = 256 * 1024


class Connection(H11Protocol):
    """One client's connection. Requests find three things of it in their scope's state.

    `connection` itself; `transport`, for streams that have to break it off; `stopping`, an event that is set when
    streams have to end.
    """

    def __init__(self, config: Config, server_state: ServerState, stopping: asyncio.Event) -> None:
        super().__init__(config, server_state, {"stopping": stopping})
        # Uvicorn would log requests, queries and all, wherever logging is set up otherwise than it expects.
        self.access_log = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.app_state.update(connection=self, transport=transport)

    def take_over(self, headers: Iterable[tuple[str, str]]) -> "Wire":
        """Answers the request under way with 101 and these headers; the bytes that follow are the caller's.

        Nothing that the request's ASGI cycle says afterwards reaches the client. Raises ConnectionResetError when the
        client has gone, errors.BadRequest when part of the request's body is still to come.
        """
        if self.cycle.disconnected:
            raise ConnectionResetError("the client has gone")
        if self.cycle.more_body:
            raise errors.BadRequest("a request for an upgrade can have no body")
        head = self.conn.send(
            h11.InformationalResponse(status_code=101, headers=list(headers), reason="Switching Protocols")
        )
        self.cycle.disconnected = True
        self._unset_keepalive_if_required()
        return self._wire(head)

    def _wire(self, head: bytes | None) -> "Wire":
        reader = asyncio.StreamReader(limit=_READ_BYTES, loop=self.loop)
        protocol = _Taken(reader, self)
        if self.flow.write_paused:
            protocol.pause_writing()
        self.flow.resume_reading()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        self.transport.write(head or b"")
        already_read, _ = self.conn.trailing_data
        reader.feed_data(already_read)
        return Wire(reader, asyncio.StreamWriter(self.transport, protocol, reader, self.loop))

    def _should_upgrade(self) -> bool:
        """Every upgrade is a request like any other to the application; uvicorn would warn of them."""
        return False


class Wire:
    """The bytes of a connection that was taken over: both directions, with back-pressure."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """What came next; b"" when the client sends nothing any more, for whatever reason."""
        try:
            return await self._reader.read(_READ_BYTES)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        """Sends; waits while the client does not read. Raises OSError when it has gone."""
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """Ends the connection after what was written; a client that does not read that is not waited for."""
        self._writer.close()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        """Breaks the connection off."""
        self._writer.transport.abort()


class _Taken(asyncio.StreamReaderProtocol):
    """The protocol of the transport after HTTP. The server waits for the connection as for any other."""

    def __init__(self, reader: asyncio.StreamReader, connection: Connection) -> None:
        super().__init__(reader, loop=connection.loop)
        self._connection = connection

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._connection.connections.discard(self._connection)
