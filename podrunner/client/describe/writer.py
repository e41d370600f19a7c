"""Lines whose cells are aligned with those of the lines around them. Pure; performs no I/O.

Source: Go's text/tabwriter: a column is a block of consecutive lines that have a cell there which is not their last.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

_PADDING = 2
_LONGEST_ANNOTATION = 140
_HIDDEN = ("kubectl.kubernetes.io/last-applied-configuration",)

NONE = "<none>"


class Writer:
    """Collects lines; the first cell of each is indented by two spaces a level."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = []

    def line(self, level: int, *cells: object) -> None:
        first, *rest = (str(cell) for cell in cells)
        # A text of several lines breaks the line, as it does where Go writes it; none may control the terminal.
        whole = "\t".join(["  " * level + first, *rest]).replace("\x1b", "^[").replace("\r", "\\r")
        self._lines += [line.split("\t") for line in whole.split("\n")]

    def heading(self, level: int, title: str) -> None:
        self.line(level, f"{title}:")

    def field(self, level: int, name: str, value: object) -> None:
        self.line(level, f"{name}:", value)

    def fields(self, level: int, name: str, values: Iterable[object]) -> None:
        """Each value on a line of its own, the name before the first."""
        told = list(values) or [NONE]
        self.field(level, name, told[0])
        for value in told[1:]:
            self.line(0, "", value)

    def text(self) -> str:
        """All of it, aligned."""
        widths: list[list[int]] = [[0] * (len(line) - 1) for line in self._lines]
        _measure(self._lines, widths, 0, len(self._lines), 0)
        return "".join(
            "".join(cell.ljust(width) for cell, width in zip(line[:-1], sizes, strict=True)) + line[-1] + "\n"
            for line, sizes in zip(self._lines, widths, strict=True)
        )


def _measure(lines: list[list[str]], widths: list[list[int]], start: int, end: int, column: int) -> None:
    """Sets the widths of a column and of those right of it, block by block."""
    at = start
    while at < end:
        first = at
        while at < end and len(lines[at]) - 1 > column:
            at += 1
        if at > first:
            width = max(len(line[column]) for line in lines[first:at]) + _PADDING
            for sizes in widths[first:at]:
                sizes[column] = width
            _measure(lines, widths, first, at, column + 1)
        else:
            at += 1


def pairs(values: Mapping[str, str] | None) -> list[str]:
    """Labels, one text each, in order."""
    return [f"{key}={value}" for key, value in sorted((values or {}).items())]


def annotations(writer: Writer, values: Mapping[str, str] | None) -> None:
    """Long ones begin on a line of their own and are cut."""
    shown = [(key, value.removesuffix("\n")) for key, value in sorted((values or {}).items()) if key not in _HIDDEN]
    if not shown:
        writer.field(0, "Annotations", NONE)
    for index, (key, value) in enumerate(shown):
        title = "" if index else "Annotations:"
        if len(key) + len(value) + 2 > _LONGEST_ANNOTATION or "\n" in value:
            writer.line(0, title, f"{key}:")
            for line in value.split("\n"):
                writer.line(0, "", f"  {_shortened(line, _LONGEST_ANNOTATION - 2)}")
        else:
            writer.line(0, title, f"{key}: {value}")


def _shortened(text: str, longest: int) -> str:
    return f"{text[:longest]}..." if len(text) > longest else text


def moment(text: str | None) -> str:
    """A time of an object as RFC 1123 has it."""
    return f"{time(text).astimezone():%a, %d %b %Y %H:%M:%S %z}" if text else "<unknown>"


def time(text: str) -> datetime:
    """A time of an object."""
    return msgspec.convert(text, datetime)


def truth(value: Any) -> str:
    return "true" if value else "false"
