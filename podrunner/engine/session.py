"""A process's input and output over a hijacked connection: what exec and attach have in common.

What the process writes is read ahead of the reader by `AHEAD_BYTES` at most; then the process has to wait. An engine
whose connections are not read can wait too long, though: with one unread exec 20.10 never tells that the container has
ended, with one unread attach not even `inspect` answers. So, once the reader has taken nothing for
`STALLED_SECONDS`, the session looks whether it may go on waiting.
"""

import abc
import asyncio
import contextlib
from collections import deque

from podrunner import errors
from podrunner.engine import frames, hijack

AHEAD_BYTES = 1 << 20
STALLED_SECONDS = 1.0


class Session(abc.ABC):
    """One process's streams. Made on the loop; ended by `close`."""

    def __init__(self, connection: hijack.Connection, *, tty: bool) -> None:
        self._connection = connection
        self._parser: frames.Parser = frames.Terminal() if tty else frames.Frames()
        self._chunks: deque[frames.Chunk] = deque()
        self._bytes = 0
        self._ended = False
        self._error: errors.PodrunnerError | None = None
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._reading_ahead = asyncio.create_task(self._read_ahead())

    async def read(self) -> frames.Chunk | None:
        """The next of what the process wrote: (1 for output, 2 for errors, bytes); None once that is over.

        Raises EngineError, or ObjectError for a reader that was too slow.
        """
        while not self._chunks:
            if self._error:
                raise self._error
            if self._ended:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        stream, data = self._chunks.popleft()
        self._bytes -= len(data)
        self._room.set()
        return stream, data

    async def write(self, data: bytes) -> None:
        """Gives the process input; waits while it does not read. What it can't read any more is dropped."""
        await self._connection.write(data)

    async def close_stdin(self) -> None:
        """The process has all its input."""
        await self._connection.write_eof()

    @abc.abstractmethod
    async def resize(self, width: int, height: int) -> None:
        """Gives the process's terminal another size, in characters."""

    @abc.abstractmethod
    async def exit_code(self) -> int | None:
        """How the process ended, after the end of its output; None where only the output was followed."""

    async def close(self) -> None:
        """Lets go of the process; whoever reads or writes is let go at once. It may be called again."""
        self._reading_ahead.cancel()
        await self._connection.close()
        await self._read_to_its_end()

    @abc.abstractmethod
    async def _is_over(self) -> bool:
        """Whether the process has ended: then little is left to read, which is read at once.

        Raises PodrunnerError to end the session.
        """

    async def _read_to_its_end(self) -> None:
        await asyncio.wait({self._reading_ahead})

    async def _read_ahead(self) -> None:
        try:
            over = False
            while data := await self._connection.read():
                chunks = self._parser.feed(data)
                self._chunks += chunks
                self._bytes += sum(len(payload) for _, payload in chunks)
                self._arrived.set()
                while self._bytes > AHEAD_BYTES and not over:
                    over = not await self._taken() and await self._is_over()
        except errors.PodrunnerError as failure:
            self._error = failure
            await self._connection.close()
        finally:
            self._ended = True
            self._arrived.set()

    async def _taken(self) -> bool:
        """Whether the reader takes something within STALLED_SECONDS."""
        self._room.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STALLED_SECONDS):
                return await self._room.wait()
        return False
