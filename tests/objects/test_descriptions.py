"""Every type and field that the API serves is described, in sentences, and nothing else is."""

import re
import tomllib
from importlib import resources
from typing import cast

import msgspec
import pytest

from podrunner.api import catalog
from podrunner.objects import base, container, descriptions, envelopes, meta, options, structure

_NO_STRUCTS = {"FieldsV1", "IntOrString", "MicroTime", "Patch", "Quantity", "Time"}

Shapes = dict[str, msgspec.inspect.StructType]


def _collect(shape: msgspec.inspect.Type, found: Shapes) -> None:
    """Adds every struct below a type, by name."""
    if isinstance(shape, msgspec.inspect.StructType) and shape.cls.__name__ not in found:
        found[shape.cls.__name__] = shape
        for field in shape.fields:
            _collect(field.type, found)
    for inner in ("item_type", "value_type", "type"):
        if hasattr(shape, inner):
            _collect(getattr(shape, inner), found)
    for member in getattr(shape, "types", ()):
        _collect(member, found)


@pytest.fixture(scope="module")
def served() -> Shapes:
    """What the API takes and answers."""
    others = (envelopes.List, envelopes.Status, options.DeleteOptions, options.Eviction)
    found: Shapes = {}
    for type_ in (*(each.type for each in catalog.SERVED), *others):
        _collect(structure.of(type_), found)
    return found


def _missing(shape: msgspec.inspect.StructType) -> list[str]:
    missing = []
    for field in shape.fields:
        try:
            descriptions.of_field(cast("type[base.Struct]", shape.cls), field.encode_name)
        except KeyError as error:
            missing.append(str(error))
    return missing


def test_every_type_is_described(served: Shapes) -> None:
    assert len(served) > 230
    assert [name for name in served if descriptions.ABOUT not in descriptions.tables().get(name, {})] == []


def test_every_field_is_described(served: Shapes) -> None:
    assert [text for shape in served.values() for text in _missing(shape)] == []


def test_nothing_is_described_that_does_not_exist(served: Shapes) -> None:
    shapes = {**served, "Object": structure.of(meta.Object)}
    assert descriptions.tables().keys() - shapes.keys() == _NO_STRUCTS
    for name, shape in shapes.items():
        fields = {field.encode_name for field in shape.fields}
        assert descriptions.tables()[name].keys() - fields == {descriptions.ABOUT}, name


def test_a_type_is_described_in_the_file_of_its_module(served: Shapes) -> None:
    for file in resources.files(descriptions).iterdir():
        if file.name.endswith(".toml"):
            names = tomllib.loads(file.read_text()).keys() - _NO_STRUCTS - {"Object"}
            modules = {served[name].cls.__module__ for name in names} or {base.__name__}
            assert modules == {f"podrunner.objects.{file.name.removesuffix('.toml')}"}


def test_descriptions_are_sentences_that_say_more_than_the_name() -> None:
    for type_, texts in descriptions.tables().items():
        for name, text in texts.items():
            assert re.fullmatch(r"[A-Z0-9].*[.?]", text), text
            words = "".join(re.findall(r"\w+", text.lower())).removeprefix("the")
            assert words != (type_ if name == descriptions.ABOUT else name).lower(), f"{type_}.{name}"
            assert len(text.split()) > 2, f"{type_}.{name}"


def test_an_inherited_field_needs_no_text_of_its_own() -> None:
    assert descriptions.of_field(container.EphemeralContainer, "workingDir") == (
        "The directory the program starts in. The default is the image's."
    )


def test_what_nobody_has_described_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"Container\.workingDirectory"):
        descriptions.of_field(container.Container, "workingDirectory")
