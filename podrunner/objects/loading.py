"""Manifest files to checked objects, ready to be stored. Reads files and standard input; no other I/O.

Text goes through `yamltext`, `decode`, `defaults` and `validation`; what any of them finds wrong in any document of any
file is raised at once, each with the file and line it is in.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from podrunner import errors
from podrunner.objects import decode, defaults, fielderrors, kinds, lines, meta, validation, yamltext

STDIN = "-"
SUFFIXES = (".json", ".yaml", ".yml")


class Source(NamedTuple):
    """Where an object was read: the file as the user named it, and the line it begins on."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Loaded(NamedTuple):
    """An object with its defaults, where it came from, and the plain data that was written there."""

    object: meta.Object
    source: Source
    lines: lines.Lines
    given: dict[str, Any]


def load(paths: Sequence[str], stdin: BinaryIO, namespace: str = "default", *, recursive: bool = False) -> list[Loaded]:
    """The objects of files, of directories (their .yaml, .yml and .json files) and of standard input (`-`).

    With `recursive` those of the directories below, too. Raises errors.ManifestError with every problem of all of them,
    `FILE:LINE: field path: message` each.
    """
    loader = _Loader(namespace)
    for path in paths:
        for name, content in _contents(path, stdin, loader.problems, recursive=recursive):
            loader.read(content, name)
    return loader.finish()


def load_text(text: str | bytes, name: str, namespace: str = "default") -> list[Loaded]:
    """The objects of one text; `name` stands for the file in messages. Raises as `load` does."""
    loader = _Loader(namespace)
    loader.read(text, name)
    return loader.finish()


def _contents(path: str, stdin: BinaryIO, problems: list[str], *, recursive: bool) -> Iterator[tuple[str, bytes]]:
    if path == STDIN:
        yield "<stdin>", stdin.read()
        return
    if not path:
        # Path("") is the current directory: an unset variable must not run everything that lies there.
        problems.append("a file name is empty")
        return
    place = Path(path)
    try:
        files = _manifests(place, recursive=recursive) if place.is_dir() else [place]
        if not files:
            problems.append(f"{path}: no {', '.join(SUFFIXES)} file in this directory")
        for file in files:
            yield str(file), file.read_bytes()
    except OSError as error:
        problems.append(f"{error.filename or path}: {error.strerror or error}")


def _manifests(directory: Path, *, recursive: bool) -> list[Path]:
    found = directory.rglob("*") if recursive else directory.iterdir()
    return sorted(each for each in found if each.suffix in SUFFIXES and each.is_file())


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
                count += self._document(document, name)
        except yamltext.SyntaxProblem as problem:
            self.problems.append(f"{name}:{problem.line}: {problem}")
        else:
            if not count:
                self.problems.append(f"{name}:1: no objects in it")

    def _document(self, document: yamltext.Document, name: str) -> int:
        """Takes in a document; returns how many objects it was meant to have."""
        if document.data is None:
            return 0
        found = [(each.line, str(_duplicate(document, each))) for each in document.duplicates]
        items = list(_items(_Item(document.data, document.places, document.line, "")))
        for item in items:
            found += self._item(item, name)
        self.problems += [f"{name}:{line}: {text}" for line, text in sorted(found, key=lambda each: each[0])]
        return len(items)

    def _item(self, item: "_Item", name: str) -> list[tuple[int, str]]:
        """Takes in one object, or returns what is wrong with it and where."""
        where = lines.Lines(item.places, item.line)
        kind, found = _kind(item)
        if kind is not None:
            decoded = decode.decode(item.data, kind.type)
            obj = defaults.apply(decoded.object, self._namespace)
            found = decoded.problems
            found += _not_following(validation.validate(obj), found)
            given = {"apiVersion": kind.api_version, "kind": kind.name, **item.data}
            self._loaded.append(Loaded(obj, Source(name, item.line), where, given))
        return [(where.at(each.location), _within_document(each, item.path)) for each in found]


def _within_document(error: fielderrors.FieldError, around: str) -> str:
    """The error with its path from the top of the document."""
    return f"{around}{'.' if error.path else ': '}{error}" if around else str(error)


class _Item(NamedTuple):
    """One object of a document: the document itself, or an item of the list it is. `path` is where in the document."""

    data: Any
    places: yamltext.Places
    line: int
    path: str
    default_kind: str = ""
    default_version: str = ""


def _items(item: _Item) -> Iterator[_Item]:
    """The item itself; or what is in it, if it is a List, a PodList, a ConfigMapList …"""
    inner = _listed(item.data)
    if not isinstance(inner, list):
        yield item
        return
    kind = item.data["kind"].removesuffix("List")
    below = item.places["items"][1]
    for index, (data, (line, places)) in enumerate(zip(inner, below, strict=True)):
        path = f"{item.path}.items[{index}]".removeprefix(".")
        yield from _items(_Item(data, places, line, path, kind, kind and item.data.get("apiVersion")))


def _listed(data: Any) -> Any:
    """The items of a list, None if it is no list."""
    kind = data.get("kind") if isinstance(data, dict) else None
    return data.get("items") if isinstance(kind, str) and kind.endswith("List") else None


def _kind(item: _Item) -> tuple[kinds.Kind | None, list[fielderrors.FieldError]]:
    """The kind the item says it is, or why that can't be told."""
    found = fielderrors.Errors()
    if not isinstance(item.data, dict):
        found.wrong_type("", item.data, "an object must be a mapping with apiVersion and kind")
        return None, found
    given = {"kind": item.default_kind, "apiVersion": item.default_version, **item.data}
    for name in ("apiVersion", "kind"):
        if not given[name]:
            found.required(name)
        elif not isinstance(given[name], str):
            found.wrong_type(name, given[name], "must be a string")
    if found:
        return None, found
    known = [kind for kind in kinds.KINDS if kind.name == given["kind"]]
    kind = known[0] if known else None
    if _listed(item.data) is not None:
        found.wrong_type("items", item.data["items"], "must be a list")
    elif kind is None:
        names = ", ".join(each.name for each in kinds.KINDS)
        detail = f"podrunner runs Pods; the kinds it knows are {names}"
        message = f"Unsupported value: {fielderrors.quote(given['kind'])}: {detail}"
        found.append(fielderrors.FieldError("kind", fielderrors.NOT_SUPPORTED, message))
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
        return any(lines.is_within(error.location, cause) for cause in causes)

    return [error for error in found if not follows(error)]


def _meant(error: fielderrors.FieldError) -> str:
    """The path an unknown field was probably meant to have, "" for other errors."""
    if error.reason != fielderrors.UNKNOWN:
        return ""
    match = re.search(r'did you mean "([^"]+)"', error.message)
    parent, dot, _ = error.path.rpartition(".")
    return f"{parent}{dot}{match[1]}" if match else ""


def _duplicate(document: yamltext.Document, duplicate: yamltext.Duplicate) -> fielderrors.FieldError:
    found = fielderrors.Errors()
    around = lines.path_of(duplicate.mapping, document.places)
    found.duplicate(f"{around}.{duplicate.key}" if around else duplicate.key, duplicate.key)
    text = f"{found[0].message}: the key is on line {duplicate.first_line} already"
    return found[0]._replace(message=text)


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
