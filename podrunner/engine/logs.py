"""What a container printed: the engine's log, as whole lines, complete and in order.

The engine cuts a line over 16 kB into entries with a timestamp each; they are joined here. Every entry is asked for
with its timestamp, which also tells a terminal's log from any other: that one is plain text, the others are frames with
a binary header.

On 20.10 a follower's answer often ends before the last entries, up to hundreds of them, though they are in the file by
then. So after the end of each, the last entry is compared, and what is missing is read without following.
"""

import contextlib
import functools
import re
from collections import deque
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import msgspec

from podrunner import errors
from podrunner.engine import client as engine, streams

ENTRY_BYTES = 16384
LONGEST_LINE_BYTES = 1 << 20

_HEADER_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) ")
_TIMESTAMP_BYTES = len("2006-01-02T15:04:05.000000000+07:00 ")
# So many entries, timestamps and all, are taken for the mark of a place in a log.
_MARK_ENTRIES = 4


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line. `time` is the engine's own text (UTC, nine digits of a second: what `kubectl logs --timestamps` shows).

    `text` is without the line's end. Not `complete`: none belongs there, because the output ended without one, or
    because the line is longer than LONGEST_LINE_BYTES and goes on in a later item.
    """

    time: str
    text: bytes
    complete: bool = True


async def read(
    client: engine.Client,
    container_id: str,
    *,
    follow: bool = False,
    since: datetime | None = None,
    tail: int | None = None,
) -> AsyncGenerator[list[Line], None]:
    """Batches of lines, standard output and error in the order of their arrival; `follow` ends when the container does.

    `since` keeps what is not older, `tail` the last so many (entries of the engine: a line over 16 kB counts several
    times). A slow reader slows nobody else down; closing the iterator frees everything at once. Raises EngineError.
    """
    wanted = {"follow": "1"} if follow else {}
    if since is not None:
        wanted["since"] = _seconds(since)
    if tail is not None:
        wanted["tail"] = str(tail)
    parser = Parser()
    async with client.log_readers:
        async with contextlib.aclosing(_answer(client, container_id, wanted, parser)) as batches:
            async for batch in batches:
                yield batch
        if follow:
            async with contextlib.aclosing(_missed(client, container_id, wanted, parser)) as batches:
                async for batch in batches:
                    yield batch
        if lines := parser.finish():
            yield lines


def _answer(
    client: engine.Client, container_id: str, wanted: dict[str, str], parser: "Parser"
) -> AsyncGenerator[list[Line], None]:
    parameters = {"stdout": "1", "stderr": "1", "timestamps": "1", **wanted}
    request = functools.partial(client.open_stream, "GET", f"/containers/{container_id}/logs", params=parameters)
    return streams.read(client, request, parser, name="engine-log")


async def _missed(
    client: engine.Client, container_id: str, wanted: dict[str, str], parser: "Parser"
) -> AsyncGenerator[list[Line], None]:
    """What has been logged after the last entry that `parser` has seen."""
    with contextlib.suppress(errors.EngineNotFound, errors.EngineConflict):
        if parser.mark:
            newest = Parser()
            async for _ in _answer(client, container_id, {"tail": "1"}, newest):
                pass
            if newest.mark and newest.mark[-1] == parser.mark[-1]:
                return
        everything = {name: value for name, value in wanted.items() if name == "since" or not parser.mark}
        parser.skip_to_mark()
        async for batch in _answer(client, container_id, everything | {"follow": "0"}, parser):
            yield batch


class Parser:
    """Takes the engine's answers apart. Pure; performs no I/O."""

    def __init__(self) -> None:
        self.mark: deque[bytes] = deque(maxlen=_MARK_ENTRIES)
        self._sought: deque[bytes] | None = None
        self._rest = b""
        self._open: dict[int, _OpenLine] = {}

    def skip_to_mark(self) -> None:
        """The next answer begins again: pass over everything up to the last entries seen."""
        if self.mark:
            self._sought, self.mark = self.mark, deque(maxlen=len(self.mark))

    def begin(self) -> list[Line]:
        return []

    def feed(self, data: bytes) -> list[Line]:
        data = self._rest + data if self._rest else data
        lines: list[Line] = []
        taken = self._plain(data, lines) if data[0] >= ord("0") else self._frames(data, lines)
        self._rest = data[taken:]
        return lines

    def end(self) -> list[Line]:
        lines: list[Line] = []
        if self._rest and self._rest[0] >= ord("0"):
            self._entry(0, self._rest, lines)
        self._rest = b""
        return lines

    def finish(self) -> list[Line]:
        """The lines whose end never came."""
        return [line.pop() for line in self._open.values()]

    def _frames(self, data: bytes, lines: list[Line]) -> int:
        """Takes the whole frames (stream number, three zero bytes, length, entry). Returns where it stopped."""
        at, end = 0, len(data)
        while (start := at + _HEADER_BYTES) <= end:
            stop = start + int.from_bytes(data[at + 4 : start], "big")
            if stop > end:
                break
            self._entry(data[at], data[start:stop], lines)
            at = stop
        return at

    def _plain(self, data: bytes, lines: list[Line]) -> int:
        """Takes the whole entries of a terminal's log, which follow one another without any mark in between."""
        at = 0
        while stop := _end_of_entry(data, at):
            self._entry(0, data[at:stop], lines)
            at = stop
        return at

    def _entry(self, stream: int, entry: bytes, lines: list[Line]) -> None:
        self.mark.append(entry)
        if self._sought is not None:
            if self._sought == self.mark:
                self._sought = None
            return
        time, _, text = entry.partition(b" ")
        begun = self._open.get(stream)
        if begun is None:
            if text.endswith(b"\n"):
                lines.append(Line(time.decode(), text[:-1]))
                return
            begun = self._open[stream] = _OpenLine(time)
        begun.append(text)
        if begun.is_complete or begun.size > LONGEST_LINE_BYTES:
            lines.append(self._open.pop(stream).pop())


class _OpenLine:
    """The entries of a line whose end has not come."""

    def __init__(self, time: bytes) -> None:
        self._time = time
        self._texts: list[bytes] = []
        self.size = 0

    def append(self, text: bytes) -> None:
        self._texts.append(text)
        self.size += len(text)

    @property
    def is_complete(self) -> bool:
        return self._texts[-1].endswith(b"\n")

    def pop(self) -> Line:
        text = b"".join(self._texts)
        return Line(self._time.decode(), text.removesuffix(b"\n"), complete=self.is_complete)


def _end_of_entry(data: bytes, at: int) -> int:
    """Where the entry of a terminal's log that begins at `at` ends; 0 if that can't be told yet.

    It ends with the line or, cut off, after ENTRY_BYTES, and then the next one's timestamp follows: a little later
    where the cut went through a character, both halves of which the engine replaces by U+FFFD.
    """
    space = data.find(b" ", at)
    if space < 0:
        return 0
    newline = data.find(b"\n", space)
    cut = space + 1 + ENTRY_BYTES
    if 0 <= newline < cut:
        return newline + 1
    if len(data) < cut + _TIMESTAMP_BYTES and newline < 0:
        return 0
    following = _TIMESTAMP.search(data, cut, newline if newline >= 0 else len(data))
    if following:
        return following.start()
    return newline + 1 if newline >= 0 else 0


def _seconds(time: datetime) -> str:
    """Seconds since 1970 as the engine reads them, exact to the microsecond."""
    microseconds = (time - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds // 10**6}.{microseconds % 10**6:06}"
