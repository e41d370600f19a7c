"""TLS over a socket on the loop, whose writing side can be ended alone: asyncio's own can't.

The engine (Go) reads a `close_notify` as the end of input and goes on sending: so ends `tar` through `exec -i`
over TCP.
"""

import asyncio
import contextlib
import socket
import ssl

from podrunner.engine import address

CHUNK_BYTES = 1 << 18


def context(tls: address.TLS) -> ssl.SSLContext:
    """What to trust and whom to say we are. Raises OSError for files that can't be used."""
    made = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
    if not tls.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.cert and tls.key:
        made.load_cert_chain(tls.cert, tls.key)
    return made


class Encrypted:
    """A client's side of TLS over `plain`, which does not block. One task may read while another writes."""

    def __init__(self, plain: socket.socket, trust: ssl.SSLContext, server_name: str) -> None:
        self._plain = plain
        self._loop = asyncio.get_running_loop()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trust.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._decrypted = b""
        self._ended = False
        self._sending = asyncio.Lock()

    async def handshake(self) -> None:
        """Raises OSError."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._receive():
                    raise ConnectionResetError("the connection ended during the TLS handshake") from None
            else:
                return await self._flush()

    async def recv(self) -> bytes:
        """What has come, as soon as there is something; empty at the end. Raises OSError."""
        while True:
            if data := self._decrypted or self._decrypt():
                self._decrypted = b""
                return data
            # Reading may have something to say of its own (a key update).
            await self._flush()
            if self._ended or not await self._receive():
                return b""

    async def sendall(self, data: bytes) -> None:
        """Raises OSError."""
        for at in range(0, len(data), CHUNK_BYTES):
            self._tls.write(data[at : at + CHUNK_BYTES])
            await self._flush()

    async def end(self) -> None:
        """Says that nothing more will be sent. What comes can still be read. Raises OSError."""
        # OpenSSL takes what is unread for an error here, and gives up on all that follows.
        self._decrypted += self._decrypt()
        with contextlib.suppress(ssl.SSLError):  # the other side has not ended: that is what it says
            self._tls.unwrap()
        await self._flush()

    def _decrypt(self) -> bytes:
        parts: list[bytes] = []
        # The other side's end is an empty read, or an error if we have ended too.
        with contextlib.suppress(ssl.SSLWantReadError):
            with contextlib.suppress(ssl.SSLZeroReturnError):
                while data := self._tls.read(CHUNK_BYTES):
                    parts.append(data)
            self._ended = True
        return b"".join(parts)

    async def _receive(self) -> bool:
        data = await self._loop.sock_recv(self._plain, CHUNK_BYTES)
        self._incoming.write(data)
        return bool(data)

    async def _flush(self) -> None:
        async with self._sending:
            if data := self._outgoing.read():
                await self._loop.sock_sendall(self._plain, data)
