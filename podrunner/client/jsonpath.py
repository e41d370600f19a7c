r"""kubectl's JSONPath templates: `{range .items[*]}{.metadata.name}{"\n"}{end}`. Pure; performs no I/O.

A dialect of its own, which the kept JSONPath libraries (jsonpath-ng, jsonpath-rfc9535) don't read: text around braces,
range and end, no root needed, `..` that leaves out leaves, filters without && and ||, missing keys that are no error.
Source of syntax and meaning: kubernetes client-go/util/jsonpath.
"""

import json
import operator
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:\d*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_FIELD = re.compile(r"(?:\\.|[^\s.\[\]\\])+")
_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")
_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Problem(ValueError):
    """A template that can't be read, or that does not fit the data."""


class Step(Protocol):
    """One part of a path: what it finds in values."""

    def select(self, values: Sequence[Any]) -> list[Any]: ...


class Literal(NamedTuple):
    """A value that the template itself has."""

    value: Any

    def select(self, values: Sequence[Any]) -> list[Any]:
        return [self.value]


class Field(NamedTuple):
    """`.name` or `['name']`."""

    name: str

    def select(self, values: Sequence[Any]) -> list[Any]:
        return [value[self.name] for value in values if isinstance(value, dict) and self.name in value]


class Wildcard(NamedTuple):
    """`.*`: the values of mappings, the items of lists."""

    def select(self, values: Sequence[Any]) -> list[Any]:
        return [below for value in values for below in _below(value)]


class Recursive(NamedTuple):
    """`..`: mappings and lists with all those below them."""

    def select(self, values: Sequence[Any]) -> list[Any]:
        return [found for value in values for found in self._within(value)]

    def _within(self, value: Any) -> Iterator[Any]:
        if below := _below(value):
            yield value
            for each in below:
                yield from self._within(each)


class Slice(NamedTuple):
    """`[begin:end:step]`; None where nothing is given."""

    begin: int | None
    end: int | None
    step: int

    def select(self, values: Sequence[Any]) -> list[Any]:
        return [
            item for value in values if value is not None for item in _list(value)[self.begin : self.end : self.step]
        ]


class Index(NamedTuple):
    """`[n]`, from the end if it is negative."""

    position: int

    def select(self, values: Sequence[Any]) -> list[Any]:
        found = []
        for value in values:
            if value is None:
                continue
            items = _list(value)
            if not -len(items) <= self.position < len(items):
                raise Problem(f"array index out of bounds: index {self.position}, length {len(items)}")
            found.append(items[self.position])
        return found


class Union(NamedTuple):
    """`[a,b]`."""

    steps: tuple[Step, ...]

    def select(self, values: Sequence[Any]) -> list[Any]:
        return [found for step in self.steps for found in step.select(values)]


class Filter(NamedTuple):
    """`[?(left op right)]`, or `[?(left)]` for items where there is such a thing."""

    left: tuple[Step, ...]
    operator: str
    right: tuple[Step, ...]

    def select(self, values: Sequence[Any]) -> list[Any]:
        return [item for value in values if value is not None for item in _list(value) if self._holds(item)]

    def _holds(self, item: Any) -> bool:
        left = walk(self.left, item)
        if not self.operator:
            return bool(left)
        right = walk(self.right, item)
        if len(left) > 1 or len(right) > 1:
            raise Problem("can only compare one element at a time")
        if not left or not right:
            return False
        if _type(left[0]) is not _type(right[0]):
            raise Problem("incompatible types for comparison")
        return bool(_COMPARISONS[self.operator](left[0], right[0]))


class Text(NamedTuple):
    """What is outside of braces."""

    text: str


class Range(NamedTuple):
    """`{range PATH}…{end}`: the body for each thing the path finds."""

    steps: tuple[Step, ...]
    body: "tuple[Part, ...]"


Part = Text | Range | tuple[Step, ...]
"""A path is a tuple of steps."""


class Template:
    """A template that was read. Raises Problem for one that can't be."""

    def __init__(self, text: str) -> None:
        self._parts = _Parser(text).parts()

    def results(self, data: Any) -> list[list[Any]]:
        """What each path finds, and each text. Raises Problem."""
        return list(_results(self._parts, data))

    def render(self, data: Any) -> str:
        """The text that kubectl prints. Raises Problem."""
        return "".join(" ".join(map(shown, found)) for found in self.results(data))


def relaxed(expression: str) -> Template:
    """A template of one path, as --sort-by and custom columns take it: `{.a.b}`, `.a.b` or `a.b`. Raises Problem.

    Source: `RelaxedJSONPathExpression`, kubernetes kubectl/pkg/cmd/get/customcolumn.go.
    """
    match = _RELAXED.fullmatch(expression)
    if match is None:
        raise Problem(
            f"unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{{name1.name2}}' or"
            f" '{{.name1.name2}}': {expression}"
        )
    return Template(f"{{.{match[1] or match[2]}}}")


def walk(steps: Sequence[Step], data: Any) -> list[Any]:
    """What a path finds in the data."""
    found = [data]
    for step in steps:
        found = step.select(found)
    return found


def shown(value: Any) -> str:
    """A value as templates print it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def _results(parts: Sequence[Part], data: Any) -> Iterator[list[Any]]:
    for part in parts:
        match part:
            case Text():
                yield [part.text]
            case Range():
                for item in walk(part.steps, data):
                    yield from _results(part.body, item)
            case _:
                yield walk(part, data)


def _below(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return list(value) if isinstance(value, list) else []


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Problem(f"{shown(value)} is not array or slice")
    return value


def _type(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


class _Parser:
    """Reads a template from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parts(self, *, within: bool = False) -> tuple[Part, ...]:
        """Up to the end of the template, or, `within` a range, to its end."""
        found: list[Part] = []
        while self._at < len(self._text):
            opening = self._text.find("{", self._at)
            if opening != self._at:
                end = opening if opening >= 0 else len(self._text)
                found.append(Text(self._text[self._at : end]))
                self._at = end
                continue
            self._at += 1
            if self._action(found, within=within):
                return tuple(found)
        if within:
            raise Problem("unexpected end of the template: a range has no {end}")
        return tuple(found)

    def _action(self, found: list[Part], *, within: bool) -> bool:
        """Takes in what is up to the closing brace; whether it was the end of a range."""
        inside = self._until_brace().strip()
        word = re.match(r"(range|end)(?![\w-])", inside)
        if word is None:
            found.append(_path(inside))
        elif word[1] == "range":
            found.append(Range(_path(inside[word.end() :]), self.parts(within=True)))
        elif not within:
            raise Problem("not in range, nothing to end")
        else:
            return True
        return False

    def _until_brace(self) -> str:
        start, end = self._at, _closing(self._text, self._at, "}")
        if end < 0:
            raise Problem("unclosed action")
        self._at = end + 1
        return self._text[start:end]


def _closing(text: str, start: int, closing: str) -> int:
    """Where the bracket that is open at `start` closes, -1 if nowhere; brackets in quotes don't count."""
    opening = {"}": "{", "]": "["}[closing]
    depth, quote, at = 0, "", start
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == closing and not depth:
            return at
        else:
            depth += (char == opening) - (char == closing)
        at += 1
    return -1


def _path(text: str) -> tuple[Step, ...]:
    """The steps of one action. Spaces between them mean nothing."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found, at = _next_step(text, at)
        steps += found
    return tuple(steps)


def _next_step(text: str, at: int) -> tuple[list[Step], int]:
    """The step that begins there, none for what only separates, and where it ends."""
    char = text[at]
    if char.isspace() or char in "$@":
        return [], at + 1
    if char in "\"'":
        literal, end = _quoted(text, at)
        return [Literal(literal)], end
    if text.startswith("..", at):
        # What follows may be a field right away: `..name`.
        return [Recursive()], at + (2 if text[at + 2 : at + 3] in ("[", "") else 1)
    if char == ".":
        return _field(text, at + 1)
    if char == "[":
        end = _closing(text, at + 1, "]")
        if end < 0:
            raise Problem("unterminated array")
        return [_bracket(text[at + 1 : end].strip())], end + 1
    word, end = _word(text, at)
    return [word], end


def _field(text: str, at: int) -> tuple[list[Step], int]:
    match = _FIELD.match(text, at)
    if match is None:
        return [], at
    if match[0] == "*":
        return [Wildcard()], match.end()
    return [Field(re.sub(r"\\(.)", r"\1", match[0]))], match.end()


def _word(text: str, at: int) -> tuple[Step, int]:
    if number := _NUMBER.match(text, at):
        return Literal(json.loads(number[0].removeprefix("+"))), number.end()
    match = _FIELD.match(text, at)
    word = match[0] if match else text[at]
    if word in ("true", "false"):
        return Literal(word == "true"), at + len(word)
    raise Problem(f"unrecognized identifier {word}")


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _quoted(text: str, at: int) -> tuple[str, int]:
    """A text in quotes, with Go's escapes, and where it ends."""
    match = re.compile(r"""(["'])((?:\\.|(?!\1).)*)\1""", re.DOTALL).match(text, at)
    if match is None:
        raise Problem("unterminated quoted string")
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match[2]), match.end()


def _bracket(text: str) -> Step:
    """What is between `[` and `]`."""
    if text == "*":
        return Slice(None, None, 1)
    if text.startswith("?"):
        return _filter(text)
    if re.fullmatch(r"""'[^']*'|"[^"]*\"""", text):
        return Field(text[1:-1])
    if "," in text:
        return Union(tuple(_bracket(part.strip()) for part in text.split(",")))
    match = _SLICE.fullmatch(text)
    if not text or match is None or match[1] == "-":
        raise Problem(f"invalid array index {text}")
    if match[2] is None:
        return Index(int(match[1]))
    begin, end, step = ((part or "").removeprefix(":") for part in match.groups())
    if step == "0":
        raise Problem("step must be > 0")
    return Slice(int(begin) if begin else None, int(end) if end else None, int(step or 1))


def _filter(text: str) -> Filter:
    match = re.fullmatch(r"\?\((.+)\)", text, re.DOTALL)
    if match is None:
        raise Problem(f"invalid filter [{text}]")
    comparison = _COMPARISON.fullmatch(match[1])
    if comparison is None:
        return Filter(_path(match[1]), "", ())
    left, sign, right = comparison.groups()
    if sign not in _COMPARISONS:
        raise Problem(f"unrecognized filter operator {sign}")
    return Filter(_path(left), sign, _path(right))
