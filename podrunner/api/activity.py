"""Whether the API is in use, so that the server stays as long as somebody uses it."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from podrunner.api import auth

_OWN_AFFAIRS = "/apis/podrunner.dev/v1/server"


class Activity:
    """An application that notes when it is asked. Watches and streams last as long as they are open.

    Asking how the server is (its health, version and status) is not using it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way = 0
        self._last = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """For how long nobody has asked anything; 0 while requests are under way."""
        return 0.0 if self._under_way else time.monotonic() - self._last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in auth.OPEN or scope["path"].startswith(_OWN_AFFAIRS):
            return await self._app(scope, receive, send)
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
            self._last = time.monotonic()
