"""Requests that turn their connection into something else: what they ask for, and the answer that does it."""

import asyncio
import contextlib
import email.utils
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from podrunner import errors
from podrunner.api import connection

SPDY = "SPDY/3.1"

_VERSIONS = "X-Stream-Protocol-Version"


def wants_websocket(request: Request) -> bool:
    return _wants_upgrade(request) and request.headers.get("upgrade", "").lower() == "websocket"


def require(request: Request) -> None:
    """Raises errors.BadRequest if the request asks for no upgrade.

    Source: k8s.io/apimachinery `pkg/util/proxy/upgradeaware.go`.
    """
    if not _wants_upgrade(request):
        raise errors.BadRequest("Upgrade request required")


class Agreed(NamedTuple):
    """The headers that answer the request, and the protocol; "" for a WebSocket whose client names none."""

    headers: list[tuple[str, str]]
    protocol: str


def to_spdy(request: Request, supported: Sequence[str]) -> Agreed:
    """Agrees on the first protocol of the client's that is supported. Raises errors.BadRequest, errors.Forbidden.

    Source: k8s.io/streaming `pkg/httpstream/httpstream.go`, Handshake, and `pkg/httpstream/spdy/upgrade.go`.
    """
    if SPDY.lower() not in request.headers.get("upgrade", "").lower():
        raise errors.BadRequest(f"unable to upgrade: missing upgrade headers in request: {SPDY} or websocket")
    wanted = listed(request, _VERSIONS)
    if not wanted:
        raise errors.BadRequest(f"unable to upgrade: {_VERSIONS} is required")
    protocol = next((name for name in wanted if name in supported), None)
    if protocol is None:
        names = f"client supports [{' '.join(wanted)}], server accepts [{' '.join(supported)}]"
        raise errors.Forbidden(f"unable to upgrade: unable to negotiate protocol: {names}")
    date = email.utils.formatdate(usegmt=True)
    return Agreed([("Connection", "Upgrade"), ("Upgrade", SPDY), (_VERSIONS, protocol), ("Date", date)], protocol)


def listed(request: Request, header: str) -> list[str]:
    """The values of a header, each of which may be several with commas between them."""
    values = ",".join(request.headers.getlist(header)).split(",")
    return [name for value in values if (name := value.strip())]


class Upgrade(Response):
    """Answers 101 and lets `serve` have the connection, until that returns or the server stops.

    `release` is awaited at the end in any case, even if the client has gone before.
    """

    def __init__(
        self,
        headers: list[tuple[str, str]],
        serve: Callable[[connection.Wire], Coroutine[Any, Any, None]],
        release: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(status_code=101)
        self._head = headers
        self._serve = serve
        self._release = release

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        state = scope["state"]
        async with contextlib.AsyncExitStack() as stack:
            if self._release is not None:
                stack.push_async_callback(self._release)
            try:
                wire = state["connection"].take_over(self._head)
            except ConnectionResetError:
                return
            stack.callback(wire.close)
            await first_of(self._serve(wire), state["stopping"].wait())


async def first_of(*works: Coroutine[Any, Any, Any]) -> None:
    """Runs all of them until one ends, and cancels the others. Raises what that one raises.

    A connection that breaks is an end like any other.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except* OSError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _wants_upgrade(request: Request) -> bool:
    return any("upgrade" in value.lower() for value in request.headers.getlist("connection"))
