"""YAML or JSON text to plain data, with the line of every key and item. Pure; performs no I/O.

Scalars resolve as in kubectl (sigs.k8s.io/yaml, a YAML 1.1 reader): `yes`, `on` and `y` are booleans, 0644 is octal,
dates and sexagesimal numbers stay text. Unlike there, a duplicate key is an error. What merge keys and aliases may add
is bounded, and so is the depth, so that no text makes memory or the stack explode.
"""

import binascii
import functools
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import yaml

MAX_DEPTH = 100
MAX_ALIASED_CHARACTERS = 1_000_000

_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
_LIBYAMLS_DEPTH = "exceeded maximum nesting depth"
"""What the parser of newer libyamls says, which has a limit of its own (some thousand) and reads ahead."""

# Where things are, in the shape of the data: a mapping's {key: (line, inner)}, a sequence's [(line, inner)], else None.
Places: TypeAlias = Any


class Document(NamedTuple):
    """One document of a stream. Lines count from 1. `duplicates` are the keys that occur twice in one mapping."""

    data: Any
    places: Places
    line: int
    duplicates: "list[Duplicate]"


class Duplicate(NamedTuple):
    """A key that its mapping already has; `mapping` is that mapping's places."""

    mapping: Places
    key: str
    line: int
    first_line: int


class SyntaxProblem(ValueError):
    """The text can't be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def documents(text: str) -> Iterator[Document]:
    """The documents of a stream, one by one. Raises SyntaxProblem at the first place that can't be read."""
    try:
        reader = _Reader(_parser(_json_escapes(text)).get_event)
        yield from reader.stream()
    except yaml.MarkedYAMLError as error:
        raise _explain(error, text) from None
    except yaml.reader.ReaderError as error:
        raise _explain_character(error, text) from None


# libyaml's parser of events where PyYAML was built with it, else PyYAML's own.
_parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_SURROGATE_PAIR = r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"


def _json_escapes(text: str) -> str:
    """JSON writes characters above U+FFFF as two escapes, YAML as one; all else of JSON is YAML."""
    if "\\ud" not in text and "\\uD" not in text:
        return text

    def join(match: re.Match[str]) -> str:
        high, low = (int(half, 16) for half in match.groups())
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"

    return re.sub(_SURROGATE_PAIR, join, text)


# Looked up for every scalar of a manifest.
_Scalar, _MappingEnd, _SequenceEnd = yaml.ScalarEvent, yaml.MappingEndEvent, yaml.SequenceEndEvent


class _Reader:
    """Builds data and places from a parser's events."""

    def __init__(self, next_event: Callable[[], Any]) -> None:
        self._next = next_event
        self._depth = 0
        self._aliased = 0
        self._anchors: dict[str, tuple[Any, Places, int]] = {}
        self._duplicates: list[Duplicate] = []

    def stream(self) -> Iterator[Document]:
        while (event := self._next()) is not None:
            if type(event) is yaml.DocumentStartEvent:
                self._anchors, self._duplicates = {}, []
                first = self._next()
                data, places = self._node(first)
                yield Document(data, places, first.start_mark.line + 1, self._duplicates)

    def _node(self, event: Any) -> tuple[Any, Places]:
        kind = type(event)
        if kind is _Scalar and event.anchor is None:
            return _scalar(event), None
        if kind is yaml.AliasEvent:
            return self._alias(event)
        aliased_before = self._aliased
        end = event
        places: Places = None
        if kind is _Scalar:
            data = _scalar(event)
        else:
            self._enter(event)
            data, places, end = self._mapping() if kind is yaml.MappingStartEvent else self._sequence()
            self._depth -= 1
        if event.anchor is not None:
            size = end.end_mark.index - event.start_mark.index + self._aliased - aliased_before
            self._anchors[event.anchor] = (data, places, size)
        return data, places

    def _enter(self, event: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SyntaxProblem(event.start_mark.line + 1, _TOO_DEEP)
        if event.tag is not None and event.tag not in _PLAIN_COLLECTIONS:
            raise SyntaxProblem(event.start_mark.line + 1, f"tag {event.tag} is not supported")

    def _sequence(self) -> tuple[list[Any], Places, Any]:
        data = []
        places = []
        following = self._next
        while type(event := following()) is not _SequenceEnd:
            if type(event) is _Scalar and event.anchor is None:  # as `_node` does, without the call for each
                item, inner = _scalar(event), None
            else:
                item, inner = self._node(event)
            data.append(item)
            places.append((event.start_mark.line + 1, inner))
        return data, places, event

    def _mapping(self) -> tuple[dict[str, Any], Places, Any]:
        data: dict[str, Any] = {}
        places: dict[str, tuple[int, Places]] = {}
        merged: list[tuple[Any, Places]] = []
        following = self._next
        while type(event := following()) is not _MappingEnd:
            line = event.start_mark.line + 1
            key = self._key(event)
            content = following()
            if type(content) is _Scalar and content.anchor is None:
                value, inner = _scalar(content), None
            else:
                value, inner = self._node(content)
            if key == "<<" and event.implicit[0]:
                merged += self._merge(value, inner, line)
            elif key in data:
                self._duplicates.append(Duplicate(places, key, line, places[key][0]))
            else:
                data[key] = value
                places[key] = (line, inner)
        for other, other_places in merged:
            for key in other:
                if key not in data:
                    data[key] = other[key]
                    places[key] = other_places[key]
        return data, places, event

    def _key(self, event: Any) -> str:
        if type(event) is _Scalar:
            key = _scalar(event)
            if type(key) is str:
                return key
            if key is not None:
                return ("true" if key else "false") if isinstance(key, bool) else event.value
        raise SyntaxProblem(event.start_mark.line + 1, "a key must be a string")

    def _merge(self, value: Any, places: Places, line: int) -> list[tuple[Any, Places]]:
        """The mappings a `<<` key brings in; each counts as an alias does, since its entries are copied."""
        sources = [(value, places)] if isinstance(value, dict) else []
        if isinstance(value, list):
            sources = [(item, inner) for item, (_, inner) in zip(value, places, strict=True) if isinstance(item, dict)]
        if not sources or (isinstance(value, list) and len(sources) != len(value)):
            raise SyntaxProblem(line, "a merge key (<<) needs a mapping or a list of mappings")
        return sources

    def _alias(self, event: Any) -> tuple[Any, Places]:
        line = event.start_mark.line + 1
        if event.anchor not in self._anchors:
            raise SyntaxProblem(line, f"alias *{event.anchor} has no anchor before it")
        data, places, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > MAX_ALIASED_CHARACTERS:
            raise SyntaxProblem(line, f"aliases expand to more than {MAX_ALIASED_CHARACTERS} characters")
        return data, places


_PLAIN_COLLECTIONS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!"}
_CORE = "tag:yaml.org,2002:"
_RESOLVED_TAGS = {f"{_CORE}{name}" for name in ("int", "float", "bool", "null")}
_TEXT_TAGS = {f"{_CORE}str", f"{_CORE}timestamp", "!"}


def _scalar(event: Any) -> Any:
    if event.tag is None:
        return _resolve(event.value) if event.implicit[0] else event.value
    if event.tag in _TEXT_TAGS:
        return event.value
    if event.tag in _RESOLVED_TAGS:
        return _resolve(event.value)
    if event.tag == f"{_CORE}binary":
        try:
            return binascii.a2b_base64("".join(event.value.split()), strict_mode=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise SyntaxProblem(event.start_mark.line + 1, "!!binary is not base64 of UTF-8 text") from None
    raise SyntaxProblem(event.start_mark.line + 1, f"tag {event.tag} is not supported")


_WORDS: dict[str, Any] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
}
_LONGEST_NUMBER = 64
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_INTEGER = r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))"


@functools.lru_cache(maxsize=4096)
def _resolve(text: str) -> Any:
    """A plain scalar's value. Infinities, NaN and endless digits stay text: no field of the API takes them."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER:
        return text
    plain = text.replace("_", "")
    if match := re.fullmatch(_INTEGER, plain):
        sign, hexadecimal, binary, octal, decimal = match.groups()
        number = int(
            hexadecimal or binary or octal or decimal, 16 if hexadecimal else 2 if binary else 8 if octal else 10
        )
        return -number if sign == "-" else number
    if re.fullmatch(_FLOAT, plain):
        return _float(plain)
    return text


def _float(text: str) -> Any:
    """A whole number is one however it is written (1e3, 2.0), as it is in JSON."""
    number = float(text)
    if math.isinf(number):
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_NOT_YAML = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def _explain(error: yaml.MarkedYAMLError, text: str) -> SyntaxProblem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    message = str(error.problem or error.context)
    if message == _LIBYAMLS_DEPTH:
        message = _TOO_DEEP
    if mark and "cannot start any token" in message and text.splitlines()[mark.line][mark.column :].startswith("\t"):
        message = "a tab can't indent YAML, use spaces"
    if error.context and error.context_mark and error.context_mark.line + 1 != line:
        message += f" ({error.context} that begins on line {error.context_mark.line + 1})"
    return SyntaxProblem(line, message)


def _explain_character(error: yaml.reader.ReaderError, text: str) -> SyntaxProblem:
    match = re.search(_NOT_YAML, text)
    if match is None:
        return SyntaxProblem(1, str(error.reason))
    line = text.count("\n", 0, match.start()) + 1
    return SyntaxProblem(line, f"character U+{ord(match[0]):04X} is not allowed in YAML")
