"""The engine's answers to a request for a log, taken apart into lines. Pure; performs no I/O.

The engine cuts a line over 16 kB into entries with a timestamp each; they are joined here. Every entry has been asked
for with its timestamp, which also tells a terminal's log from any other: that one is plain text, the others are frames
with a binary header.
"""

import re
from collections import deque

import msgspec

ENTRY_BYTES = 16384
LONGEST_LINE_BYTES = 1 << 20

_HEADER_BYTES = 8
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


class Parser:
    """Makes lines of one answer, or of several that continue one another."""

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


class EntryEnds(Parser):
    """Notes in `ends`, for each entry, whether a line ends with it; makes no lines."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[bool] = []

    def _entry(self, stream: int, entry: bytes, lines: list[Line]) -> None:
        self.ends.append(entry.endswith(b"\n"))


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
