"""Manifest files to checked objects, ready to be stored. Reads files and standard input; no other I/O.

Text goes through `yamltext`, `decode`, `defaults` and `validation`; what any of them finds wrong in any document of any
file is raised at once, each with the file and line it is in.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from podrunner import errors
from podrunner.objects import decode, defaults, fielderrors, kinds, meta, validation, yamltext

STDIN = "-"
SUFFIXES = (".json", ".yaml", ".yml")


class Source(NamedTuple):
    """Where an object was read: the file as the user named it, and the line it begins on."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Lines:
    """Finds the line of a field by its path within the object."""

    def __init__(self, places: yamltext.Places, line: int) -> None:
        self._places = places
        self._line = line

    def at(self, path: str) -> int:
        """The line of the field, or of the nearest one around it that is in the text."""
        places, line = self._places, self._line
        while path and places:
            step = _step(path, places)
            if step is None:
                break
            (line, places), path = step
        return line


class Loaded(NamedTuple):
    """An object with its defaults, and where it came from."""

    object: meta.Object
    source: Source
    lines: Lines


def load(paths: Sequence[str], stdin: BinaryIO, namespace: str = "default") -> list[Loaded]:
    """The objects of files, of directories (their .yaml, .yml and .json files, not deeper) and of standard input (`-`).

    Raises errors.ManifestError with every problem of all of them, `FILE:LINE: field path: message` each.
    """
    loader = _Loader(namespace)
    for path in paths:
        for name, content in _contents(path, stdin, loader.problems):
            loader.read(content, name)
    return loader.finish()


def load_text(text: str | bytes, name: str, namespace: str = "default") -> list[Loaded]:
    """The objects of one text; `name` stands for the file in messages. Raises as `load` does."""
    loader = _Loader(namespace)
    loader.read(text, name)
    return loader.finish()


def _contents(path: str, stdin: BinaryIO, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    if path == STDIN:
        yield "<stdin>", stdin.read()
        return
    place = Path(path)
    try:
        files = _manifests(place) if place.is_dir() else [place]
        if not files:
            problems.append(f"{path}: no {', '.join(SUFFIXES)} file in this directory")
        for file in files:
            yield str(file), file.read_bytes()
    except OSError as error:
        problems.append(f"{error.filename or path}: {error.strerror or error}")


def _manifests(directory: Path) -> list[Path]:
    return sorted(each for each in directory.iterdir() if each.suffix in SUFFIXES and each.is_file())


class _Loader:
    """Collects objects and problems over several texts."""

    def __init__(self, namespace: str) -> None:
        self.problems: list[str] = []
        self._namespace = namespace
        self._loaded: list[Loaded] = []

    def finish(self) -> list[Loaded]:
        if self.problems:
            raise errors.ManifestError(self.problems)
        return self._loaded

    def read(self, content: str | bytes, name: str) -> None:
        count = 0
        try:
            for document in yamltext.documents(_text(content)):
                count += document.data is not None
                self._document(document, name)
        except yamltext.SyntaxProblem as problem:
            self.problems.append(f"{name}:{problem.line}: {problem}")
        else:
            if not count:
                self.problems.append(f"{name}:1: no objects in it")

    def _document(self, document: yamltext.Document, name: str) -> None:
        found = [(each.line, str(_duplicate(document, each))) for each in document.duplicates]
        for item in _items(document):
            found += self._item(item, name)
        self.problems += [f"{name}:{line}: {text}" for line, text in sorted(found, key=lambda each: each[0])]

    def _item(self, item: "_Item", name: str) -> list[tuple[int, str]]:
        """Takes in one object, or returns what is wrong with it and where."""
        lines = Lines(item.places, item.line)
        kind, found = _kind(item)
        if kind is not None:
            decoded = decode.decode(item.data, kind.type)
            obj = defaults.apply(decoded.object, self._namespace)
            found = decoded.problems
            found += _not_following(validation.validate(obj), found)
            self._loaded.append(Loaded(obj, Source(name, item.line), lines))
        prefix = item.path
        return [(lines.at(each.location), f"{prefix}{'.' if prefix and each.path else ''}{each}") for each in found]


class _Item(NamedTuple):
    """One object of a document: the document itself, or an item of the list it is. `path` is where in the document."""

    data: object
    places: yamltext.Places
    line: int
    path: str
    default_kind: str = ""


def _items(document: yamltext.Document) -> Iterable[_Item]:
    """The document; or what is in it, if it is a List, a PodList, a ConfigMapList …"""
    if document.data is None:
        return
    pending = [_Item(document.data, document.places, document.line, "")]
    while pending:
        item = pending.pop(0)
        data, places = item.data, item.places
        kind = data.get("kind") if isinstance(data, dict) else None
        if not (isinstance(data, dict) and isinstance(kind, str) and kind.endswith("List") and "items" in data):
            yield item
            continue
        inner = data["items"] or []
        if not isinstance(inner, list):
            yield item._replace(data={"items": inner})
            continue
        prefix = f"{item.path}.items" if item.path else "items"
        pending[:0] = [
            _Item(each, below, line, f"{prefix}[{index}]", kind.removesuffix("List"))
            for index, (each, (line, below)) in enumerate(zip(inner, places["items"][1] or [], strict=True))
        ]


def _kind(item: _Item) -> tuple[kinds.Kind | None, list[fielderrors.FieldError]]:
    """The kind the item says it is, or why that can't be told."""
    found = fielderrors.Errors()
    if not isinstance(item.data, dict):
        found.wrong_type("", item.data, "an object must be a mapping with apiVersion and kind")
        return None, found
    given = {"kind": item.default_kind or None, "apiVersion": "v1" if item.default_kind else None, **item.data}
    for name in ("apiVersion", "kind"):
        if not given[name]:
            found.required(name)
        elif not isinstance(given[name], str):
            found.wrong_type(name, given[name], "must be a string")
    if found:
        return None, found
    kind = kinds.by_name(given["kind"])
    if kind is None:
        known = ", ".join(each.name for each in kinds.KINDS)
        detail = f"podrunner runs Pods; the kinds it knows are {known}"
        found.append(
            fielderrors.FieldError(
                "kind",
                fielderrors.NOT_SUPPORTED,
                f"Unsupported value: {fielderrors.quote(given['kind'])}: {detail}",
            )
        )
    elif given["apiVersion"] != kind.api_version:
        found.unsupported("apiVersion", given["apiVersion"], [kind.api_version])
        kind = None
    return kind, found


def _not_following(
    found: Iterable[fielderrors.FieldError], decoding: Sequence[fielderrors.FieldError]
) -> list[fielderrors.FieldError]:
    """Of what validation found, that which is no mere consequence of a field that could not be decoded.

    A field of the wrong type was left out, and one that is misspelt is required under its right name.
    """
    if not decoding:
        return list(found)
    lost = tuple(error.path for error in decoding if error.reason != fielderrors.UNKNOWN)
    misspelt = tuple(filter(None, map(_meant, decoding)))

    def follows(error: fielderrors.FieldError) -> bool:
        causes = lost + misspelt if error.reason == fielderrors.REQUIRED else lost
        return any(_is_within(error.location, cause) for cause in causes)

    return [error for error in found if not follows(error)]


def _is_within(path: str, around: str) -> bool:
    return path.startswith(around) and path[len(around) : len(around) + 1] in ("", ".", "[")


def _meant(error: fielderrors.FieldError) -> str:
    """The path an unknown field was probably meant to have, "" for other errors."""
    if error.reason != fielderrors.UNKNOWN:
        return ""
    match = re.search(r'did you mean "([^"]+)"', error.message)
    parent, dot, _ = error.path.rpartition(".")
    return f"{parent}{dot}{match[1]}" if match else ""


def _duplicate(document: yamltext.Document, duplicate: yamltext.Duplicate) -> fielderrors.FieldError:
    found = fielderrors.Errors()
    around = _path_of(duplicate.mapping, document.places)
    found.duplicate(f"{around}.{duplicate.key}" if around else duplicate.key, duplicate.key)
    text = f"{found[0].message}: the key is on line {duplicate.first_line} already"
    return found[0]._replace(message=text)


def _path_of(wanted: yamltext.Places, places: yamltext.Places, path: str = "") -> str | None:
    """The path of a mapping, found by its identity."""
    if places is wanted:
        return path
    entries = places.items() if isinstance(places, dict) else enumerate(places or ())
    for key, (_, inner) in entries:
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        below = _path_of(wanted, inner, path + step) if inner else None
        if below is not None:
            return below
    return None


def _step(path: str, places: yamltext.Places) -> tuple[tuple[int, yamltext.Places], str] | None:
    """The entry the path's first segment names, and the rest of the path. A key may itself have dots."""
    if isinstance(places, list):
        match = re.match(r"\[(\d+)\]\.?", path)
        return (places[int(match[1])], path[match.end() :]) if match and int(match[1]) < len(places) else None
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    if name in places:
        return places[name], path[len(name) :].removeprefix(".")
    for key in sorted(places, key=len, reverse=True):
        for spelt in (f"[{key}]", key):
            if _is_within(path, spelt):
                return places[key], path[len(spelt) :].removeprefix(".")
    return None


_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _text(content: str | bytes) -> str:
    """The text in UTF-8. Raises yamltext.SyntaxProblem when it is anything else."""
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    if content.startswith(_UTF16_MARKS):
        raise yamltext.SyntaxProblem(1, "the file is UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise yamltext.SyntaxProblem(line, f"byte 0x{content[error.start]:02x} is not valid UTF-8") from None
