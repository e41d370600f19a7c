"""A bounded buffer of bytes: from a connection that many streams share to the one task that reads one of them.

What bounds it is its filler, who waits for `room` (or, when others are waiting too, gives the stream up).
"""

import asyncio

LIMIT = 256 * 1024
"""Bytes that may wait before the filler has to."""

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
        return len(self._bytes) >= LIMIT

    def put(self, data: bytes) -> None:
        """Adds; after the end it is dropped."""
        if not self._ended:
            self._bytes += data
            self._arrived.set()

    def end(self) -> None:
        """Nothing more comes; what is there can still be read."""
        self._ended = True
        self._arrived.set()

    def discard(self) -> None:
        """Nobody reads any more: drops what is there and what may still come."""
        self._bytes.clear()
        self.end()
        self._taken.set()

    async def read(self) -> bytes:
        """What came next, b"" at the end."""
        while not self._bytes and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        chunk = bytes(self._bytes[:_CHUNK])
        del self._bytes[:_CHUNK]
        self._taken.set()
        return chunk

    async def room(self) -> None:
        """Waits until it is not full."""
        while self.full:
            await self.taken()

    async def taken(self) -> None:
        """Waits until something of it is read or dropped."""
        self._taken.clear()
        await self._taken.wait()
