"""Objects as text in the forms of `-o`: json, yaml, name, jsonpath=…, custom-columns=…. Pure; performs no I/O.

Source: kubernetes cli-runtime/pkg/printers and kubectl/pkg/cmd/get/customcolumn.go.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podrunner import errors
from podrunner.client import jsonpath, tableprint
from podrunner.objects import kinds

NAMES = ("wide", "json", "yaml", "name", "jsonpath=", "jsonpath-file=", "custom-columns=", "custom-columns-file=")

Data = Mapping[str, Any]

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class Form:
    """Turns one object, or a List of them, into text; the objects of a watch one after the other."""

    def __init__(self, write: Callable[[Data], str], *, separator: str = "") -> None:
        self._write = write
        self._separator = separator
        self._first = True

    def text(self, obj: Data) -> str:
        """Raises UsageError where the form does not fit the object."""
        before = "" if self._first else self._separator
        self._first = False
        try:
            return before + self._write(obj)
        except jsonpath.Problem as problem:
            raise errors.UsageError(f"error executing jsonpath: {problem}") from problem


def named(name: str, argument: str, *, headers: bool = True) -> Form:
    """The form that `-o NAME=ARGUMENT` asks for. Raises UsageError for one there is not, or that can't be read."""
    try:
        return _named(name, argument, headers=headers)
    except jsonpath.Problem as problem:
        raise errors.UsageError(f"error parsing jsonpath {argument}, {problem}") from problem


def _named(name: str, argument: str, *, headers: bool) -> Form:
    if name == "json":
        return Form(as_json)
    if name == "yaml":
        return Form(as_yaml, separator="---\n")
    if name == "name":
        return Form(_as_names)
    if name == "jsonpath":
        return Form(jsonpath.Template(argument).render)
    if name == "custom-columns":
        return Form(_Columns(argument, headers=headers).text)
    raise errors.UsageError(
        f'unable to match a printer suitable for the output format "{name}", allowed formats are:'
        f" {', '.join(each.rstrip('=') for each in NAMES)}"
    )


def as_json(obj: Data) -> str:
    """Indented by four, keys in order, as Go writes it."""
    text = json.dumps(obj, indent=4, sort_keys=True, ensure_ascii=False)
    return re.sub("[<>&\u2028\u2029]", lambda match: _HTML[match[0]], text) + "\n"


def as_yaml(obj: Data) -> str:
    """Keys in order, lists not indented, and only what has to be is quoted, as go-yaml writes it."""
    # Imported here: most commands write none.
    from podrunner.client import yamlform

    return yamlform.dump(obj)


def items(obj: Data) -> Sequence[Data]:
    """The objects of a List, or the one object itself."""
    if obj["kind"].endswith("List") and "items" in obj:
        found: Sequence[Data] = obj["items"]
        return found
    return [obj]


def reference(obj: Data) -> str:
    """How commands tell of an object: pod/kubia."""
    kind = kinds.by_name(obj["kind"], obj["apiVersion"])
    return f"{tableprint.prefix(kind) if kind else obj['kind'].lower()}/{obj['metadata']['name']}"


def _as_names(obj: Data) -> str:
    return "".join(f"{reference(item)}\n" for item in items(obj))


class _Columns:
    """`HEADER:path,HEADER:path`."""

    def __init__(self, spec: str, *, headers: bool) -> None:
        if not spec:
            raise errors.UsageError("custom-columns format specified but no custom columns given")
        pairs = [part.partition(":") for part in _split(spec)]
        for header, colon, path in pairs:
            if not colon or not path:
                raise errors.UsageError(
                    f"unexpected custom-columns spec: {header}{colon}, expected <header>:<json-path-expr>"
                )
        self._header_due = [header for header, _, _ in pairs] if headers else []
        self._paths = [jsonpath.relaxed(path) for _, _, path in pairs]
        self._grid = tableprint.Grid()

    def text(self, obj: Data) -> str:
        rows = [[self._cell(path, item) for path in self._paths] for item in items(obj)]
        if self._header_due:
            rows.insert(0, self._header_due)
            self._header_due = []
        return self._grid.text(rows)

    @staticmethod
    def _cell(path: jsonpath.Template, item: Data) -> str:
        found = [value for values in path.results(item) for value in values]
        return tableprint.plain(",".join(map(_go, found))) if found else "<none>"


def _split(spec: str) -> list[str]:
    """At the commas outside of brackets."""
    return re.split(r",(?![^\[]*\])", spec)


def _go(value: Any) -> str:
    """A value as Go's %v writes it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
        case dict():
            return f"map[{' '.join(f'{key}:{_go(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(map(_go, value))}]"
        case _:
            return str(value)
