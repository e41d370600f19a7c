"""How requests reach the engine: over one Unix socket, or over TCP connections that notice a silent other side."""

import socket
from typing import Any

import requests.adapters
import urllib3.connection
from docker.transport import UnixHTTPAdapter

KEEPALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    # macOS has another name for the seconds of silence before the first probe.
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", 0)), 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]
"""Socket options by which a connection ends a minute after the other side or the way to it has gone without a word."""


class UnixSocket(UnixHTTPAdapter):
    """docker-py has a connection pool for each URL path and closes the least recently used under its users' hands."""

    def get_connection(self, url: str | bytes, proxies: Any = None) -> Any:
        return super().get_connection("http+docker://localhost")


class Network(requests.adapters.HTTPAdapter):
    """Keeps connections alive, and trusts whom `verify` says; requests would rather trust REQUESTS_CA_BUNDLE."""

    def __init__(self, verify: bool | str | None, *, pool_maxsize: int) -> None:
        self._verify = verify
        super().__init__(pool_maxsize=pool_maxsize)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = [*urllib3.connection.HTTPConnection.default_socket_options, *KEEPALIVE]
        super().init_poolmanager(*args, **kwargs, socket_options=options)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(request, *args, **{**kwargs, "verify": self._verify})
