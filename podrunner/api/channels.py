"""The subprotocols *.channel.k8s.io: several streams over one WebSocket, each message beginning with its channel.

Source: k8s.io/streaming `pkg/httpstream/wsstream/conn.go`.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Collection

from podrunner.api import inbox, websocket

_CLOSE = 255
"""In v5: the client sends no more on the channel whose number follows."""

_DIGIT_0 = ord("0")

log = logging.getLogger(__name__)


class Channel:
    """One stream. Clients can't be told that it has ended: ours of the halves ends with theirs."""

    def __init__(self, owner: "Channels", number: int) -> None:
        self.inbox = inbox.Inbox()
        self.broken = asyncio.Event()
        self._owner = owner
        self._number = number

    async def read(self) -> bytes:
        """What came next, b"" when nothing more comes."""
        return await self.inbox.read()

    async def write(self, data: bytes) -> None:
        """Sends a message, perhaps an empty one; waits while the client does not read. Raises OSError."""
        await self._owner.send(self._number, data)

    async def close(self) -> None:
        """Sends no more, and takes no more."""
        self.inbox.discard()

    async def reset(self) -> None:
        """Breaks the stream off."""
        self.broken.set()
        self.inbox.discard()


class Channels:
    """All streams of a socket: `count` of them, of which clients may send on those in `readable`.

    `text`: messages are text, the channel a digit, the rest base64. `half_close`: clients can end a stream (v5).
    `patience`: seconds that a stream may hold up the others, None for ever.
    """

    def __init__(
        self,
        socket: websocket.Socket,
        count: int,
        readable: Collection[int],
        *,
        text: bool,
        half_close: bool = False,
        patience: float | None = None,
    ) -> None:
        self._socket = socket
        self._patience = patience
        self._text = text
        self._half_close = half_close
        self.channels = [Channel(self, number) for number in range(count)]
        for number, channel in enumerate(self.channels):
            if number not in readable:
                channel.inbox.discard()

    async def run(self) -> None:
        """Reads the socket until the client leaves."""
        try:
            while (message := await self._socket.receive()) is not None:
                if self._half_close and message[:1] == bytes((_CLOSE,)):
                    if not self._end(message[1:]):
                        return
                elif message:
                    await self._take(message)
        finally:
            for channel in self.channels:
                channel.inbox.end()

    async def send(self, number: int, data: bytes) -> None:
        if self._text:
            await self._socket.send(bytes((_DIGIT_0 + number,)) + base64.b64encode(data), text=True)
        else:
            await self._socket.send(bytes((number,)) + data)

    async def close(self) -> None:
        """Says that nothing more comes; the client is expected to leave."""
        await self._socket.close()

    async def _take(self, message: bytes) -> None:
        """What is no base64 or for no channel is ignored."""
        number, data = message[0], message[1:]
        if self._text:
            number -= _DIGIT_0
            try:
                data = base64.b64decode(data, validate=True)
            except binascii.Error:
                return
        if 0 <= number < len(self.channels):
            await self._fill(self.channels[number], data)

    async def _fill(self, channel: Channel, data: bytes) -> None:
        channel.inbox.put(data)
        try:
            await channel.inbox.room(self._patience)
        except TimeoutError:
            log.warning("breaking a channel off: nothing of it was read for %g s", self._patience)
            await channel.reset()

    def _end(self, numbers: bytes) -> bool:
        """Ends the channel of that number; False if it is not a single one there is."""
        if len(numbers) != 1 or numbers[0] >= len(self.channels):
            return False
        self.channels[numbers[0]].inbox.end()
        return True
