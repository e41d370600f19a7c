"""The server's Tables as text, to the character as kubectl prints them. Pure; performs no I/O.

Source: kubernetes cli-runtime/pkg/printers/tableprinter.go, and github.com/liggitt/tabwriter for the widths.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from podrunner.objects import kinds

_NARROWEST = 6
_PADDING = 3
_BREAKS = "\f\n\r"

Row = Sequence[str]


class Grid:
    """Aligns columns. Rows that come later are aligned with those that came before: columns only grow."""

    def __init__(self) -> None:
        self._widths: list[int] = []

    def text(self, rows: Sequence[Row]) -> str:
        """The rows as lines. The last cell of each is not padded."""
        for row in rows:
            for column, cell in enumerate(row[:-1]):
                if column == len(self._widths):
                    self._widths.append(_NARROWEST)
                self._widths[column] = max(self._widths[column], len(cell) + _PADDING)
        return "".join(self._line(row) for row in rows)

    def _line(self, row: Row) -> str:
        padded = (cell.ljust(width) for cell, width in zip(row[:-1], self._widths, strict=False))
        return "".join([*padded, *row[-1:], "\n"])


class Options(NamedTuple):
    """What to show of a Table besides its columns. `label_columns`: a column for each of these labels."""

    wide: bool = False
    headers: bool = True
    namespace: bool = False
    kind: bool = False
    label_columns: Sequence[str] = ()
    all_labels: bool = False


class TablePrinter:
    """Prints Tables of one kind, a header before the first that has rows."""

    def __init__(self, kind: kinds.Kind, options: Options) -> None:
        self._kind = kind
        self._options = options
        self._namespace = options.namespace and kind.namespaced
        self._grid = Grid()
        self._columns: Sequence[Mapping[str, Any]] = ()
        self._header_due = options.headers

    def text(self, tables: Iterable[Mapping[str, Any]]) -> str:
        """The lines of these Tables, aligned with one another and with those before. Only a first one has columns."""
        rows: list[Row] = []
        for table in tables:
            self._columns = table.get("columnDefinitions") or self._columns
            found = table.get("rows") or ()
            if found and self._header_due:
                self._header_due = False
                rows.append(self._header())
            rows += map(self._row, found)
        return self._grid.text(rows)

    def _header(self) -> Row:
        names = [column["name"].upper() for column in self._shown(self._columns)]
        labels = [label.rpartition("/")[2].upper() for label in self._options.label_columns]
        return [*(["NAMESPACE"] if self._namespace else []), *names, *labels, *(["LABELS"] * self._options.all_labels)]

    def _row(self, row: Mapping[str, Any]) -> Row:
        metadata = row["object"]["metadata"]
        labels = metadata.get("labels") or {}
        cells = [self._cell(column, cell) for column, cell in zip(self._columns, row["cells"], strict=False)]
        return [
            *([metadata.get("namespace", "")] if self._namespace else []),
            *self._shown(cells),
            *(labels.get(label, "") for label in self._options.label_columns),
            *([_pairs(labels)] * self._options.all_labels),
        ]

    def _shown(self, cells: Sequence[Any]) -> list[Any]:
        """Those of the columns that are asked for."""
        return [
            cell
            for cell, column in zip(cells, self._columns, strict=False)
            if self._options.wide or not column["priority"]
        ]

    def _cell(self, column: Mapping[str, Any], value: Any) -> str:
        text = plain("" if value is None else str(value))
        prefixed = self._options.kind and column.get("format") == "name"
        return f"{prefix(self._kind)}/{text}" if prefixed else text


def prefix(kind: kinds.Kind) -> str:
    """How a kind stands before a name: pod, lease.coordination.k8s.io."""
    return f"{kind.singular}.{kind.group}" if kind.group else kind.singular


def plain(text: str) -> str:
    """The first line of the text, without what would control a terminal."""
    end = min((at for each in _BREAKS if (at := text.find(each)) >= 0), default=-1)
    return (text if end < 0 else f"{text[:end]}...").replace("\x1b", "^[")


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>"
