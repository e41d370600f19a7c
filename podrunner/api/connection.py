"""One client's connection: uvicorn's HTTP/1.1 protocol, and what the requests on it find of it."""

import asyncio
from typing import cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


class Connection(H11Protocol):
    """One client's connection. Requests find two things of it in their scope's state.

    `transport`, for streams that have to break it off; `stopping`, an event that is set when streams have to end.
    """

    def __init__(self, config: Config, server_state: ServerState, stopping: asyncio.Event) -> None:
        super().__init__(config, server_state, {"stopping": stopping})

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.app_state["transport"] = transport
