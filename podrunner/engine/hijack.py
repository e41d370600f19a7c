"""Connections that the engine hands over: after the head of its answer they carry a process's own bytes, both ways.

They live on the loop and know no time limit, unlike docker-py's, of which each blocks a thread. A plain socket reads on
when writing fails, as it does when a process ends before it has read everything; asyncio's transports would not.
"""

import asyncio
import contextlib
import json
import socket
import urllib.parse
from collections.abc import Mapping
from typing import Any, Protocol

from podrunner.engine import address, client as engine, encryption, transports

CHUNK_BYTES = 1 << 18
_LONGEST_HEAD = 1 << 16


class Channel(Protocol):
    """Bytes both ways. All raise OSError."""

    async def recv(self) -> bytes: ...
    async def sendall(self, data: bytes) -> None: ...
    async def end(self) -> None: ...


class Plain:
    """A socket that does not block."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    async def recv(self) -> bytes:
        return await self._loop.sock_recv(self._socket, CHUNK_BYTES)

    async def sendall(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def end(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)


class Connection:
    """What the engine handed over. One task may read while another writes."""

    def __init__(self, sock: socket.socket, channel: Channel) -> None:
        self._socket = sock
        self._channel = channel
        self._early = b""
        self._ended = False
        self._reading, self._writing = asyncio.Lock(), asyncio.Lock()

    async def read(self) -> bytes:
        """What has come, as soon as there is something; empty at the end, also where the connection broke."""
        if self._early:
            data, self._early = self._early, b""
            return data
        async with self._reading:
            with contextlib.suppress(OSError):
                return await self._channel.recv()
        return b""

    async def write(self, data: bytes) -> None:
        """Returns when the engine has taken `data`; what it takes no more is dropped."""
        async with self._writing:
            try:
                if not self._ended:
                    await self._channel.sendall(data)
            except OSError:
                self._ended = True

    async def write_eof(self) -> None:
        """Says that nothing more will be written."""
        async with self._writing:
            if not self._ended:
                self._ended = True
                with contextlib.suppress(OSError):
                    await self._channel.end()

    async def close(self) -> None:
        """Ends both ways; whoever reads or writes is let go at once."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        async with self._reading, self._writing:
            self._ended = True
            self._socket.close()

    async def request(self, path: str, body: Mapping[str, Any] | None) -> None:
        """Asks for the connection itself. Raises EngineRefused, OSError."""
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        await self._channel.sendall(head.encode() + content)
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = await self._channel.recv()
            if not data or len(answer) > _LONGEST_HEAD:
                raise ConnectionResetError("the engine ended the connection before it had answered")
            answer += data
        start, _, self._early = answer.partition(b"\r\n\r\n")
        status = int(start.split(maxsplit=2)[1])
        # A proxy that knows no upgrades leaves the 101 away, and the connection is handed over all the same.
        if status not in (101, 200):
            raise engine.refusal(status, await self._message(start))

    async def _message(self, head: bytes) -> str:
        """What the engine says of its refusal. It may keep the connection open after that."""
        fields = dict(line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", b"0"))
        while len(self._early) < length and (data := await self._channel.recv()):
            self._early += data
        with contextlib.suppress(ValueError, TypeError, KeyError):
            return str(json.loads(self._early)["message"])
        return self._early.decode(errors="replace").strip() or head.split(b"\r\n")[0].decode(errors="replace")


async def open(client: engine.Client, path: str, body: Mapping[str, Any] | None = None) -> Connection:
    """POSTs to `path` (`/exec/…/start?…`) and returns the connection once the engine has handed it over.

    Raises EngineError.
    """
    sock = await _connect(client)
    try:
        with client.translated():
            async with asyncio.timeout(engine.ANSWER_SECONDS):
                connection = Connection(sock, await _channel(client, sock))
                await connection.request(f"{_place(client).path}/v{client.api_version}{path}", body)
    except BaseException:
        sock.close()
        raise
    return connection


async def _connect(client: engine.Client) -> socket.socket:
    if client.address.url.startswith("ssh://"):
        with client.translated():
            return await _dial_over_ssh(client.address.url)
    return await client.call(_dial, client)


def _dial(client: engine.Client) -> socket.socket:
    """Blocking. Raises OSError."""
    kind, _, path = client.address.url.partition("://")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
    else:
        place = _place(client)
        sock = socket.create_connection((place.hostname, place.port), engine.CONNECT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in transports.KEEPALIVE:
            sock.setsockopt(*option)
    sock.setblocking(False)
    return sock


async def _dial_over_ssh(url: str) -> socket.socket:
    """The standard streams of what the Docker CLI, too, runs on the other side. Raises OSError."""
    place = urllib.parse.urlsplit(url)
    user = ["-l", place.username] if place.username else []
    port = ["-p", str(place.port)] if place.port else []
    ours, theirs = socket.socketpair()
    with theirs:
        command = [*user, *port, "--", place.hostname or "", "docker system dial-stdio"]
        # In a session of its own, so that a ^C in our terminal is ours alone.
        await asyncio.create_subprocess_exec(
            "ssh", *command, stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True
        )
    ours.setblocking(False)
    return ours


async def _channel(client: engine.Client, sock: socket.socket) -> Channel:
    place = _place(client)
    if place.scheme != "https":
        return Plain(sock)
    trust = encryption.context(client.address.tls or address.TLS())
    encrypted = encryption.Encrypted(sock, trust, place.hostname or "")
    await encrypted.handshake()
    return encrypted


def _place(client: engine.Client) -> urllib.parse.SplitResult:
    """Where docker-py sends its requests; its scheme tells whether over TLS."""
    return urllib.parse.urlsplit(client.api.base_url)
