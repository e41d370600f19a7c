"""A bounded buffer of bytes: from a connection that several streams share to the task that reads one of them.

Kubernetes' clients keep no windows: all that holds a sender back is that the connection is not read, for which the
filler waits for `room`. So a stream whose bytes nobody takes holds up the others too.
"""

import asyncio

LIMIT = 256 * 1024
"""Bytes that may wait before the filler has to."""

STALL_SECONDS = 30.0
"""How long a stream may hold up others while not one byte of what waits for it is taken; then it is broken off."""

_CHUNK = 64 * 1024


class Inbox:
    """What came for one stream and was not read yet."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ended = False
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether whoever has more for it has to wait."""
        return len(self._bytes) >= LIMIT and not self._ended

    def put(self, data: bytes) -> None:
        """Adds; after the end it is dropped."""
        if not self._ended:
            self._bytes += data
            self._arrived.set()

    def end(self) -> None:
        """Nothing more comes; what is there can still be read."""
        self._ended = True
        self._arrived.set()
        self._taken.set()

    def discard(self) -> None:
        """Nobody reads any more: drops what is there and what may still come."""
        self._bytes.clear()
        self.end()

    async def read(self) -> bytes:
        """What came next, b"" at the end."""
        while not self._bytes and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        chunk = bytes(self._bytes[:_CHUNK])
        del self._bytes[:_CHUNK]
        self._taken.set()
        return chunk

    async def room(self, patience: float | None = None) -> None:
        """Waits until it is not full. Raises TimeoutError when nothing of it was taken for `patience` seconds."""
        while self.full:
            self._taken.clear()
            async with asyncio.timeout(patience):
                await self._taken.wait()
