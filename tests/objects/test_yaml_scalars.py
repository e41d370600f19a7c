"""Plain scalars mean what they mean to kubectl, whose YAML is version 1.1 with a few changes of Go's."""

from typing import Any

import pytest
import yaml

from podrunner.objects import yamltext


def read(text: str) -> Any:
    (document,) = yamltext.documents(text)
    return document.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("On", True),
        ("y", True),
        ("no", False),
        ("OFF", False),
        ("yEs", "yEs"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("0", 0),
        ("-17", -17),
        ("+5", 5),
        ("0644", 420),
        ("0o644", 420),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("08", 8),
        ("1.5", 1.5),
        ("1e3", 1000),
        ("2.0", 2),
        (".5", 0.5),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1:30", "1:30"),
        ("2006-01-02", "2006-01-02"),
        ("2006-01-02T15:04:05Z", "2006-01-02T15:04:05Z"),
        ("1.2.3", "1.2.3"),
        ("'yes'", "yes"),
        ('"8080"', "8080"),
        ("!!str 8080", "8080"),
        ("!!int '7'", 7),
        ("!!binary aGVsbG8=", "hello"),
        ("|\n  8080\n", "8080\n"),
    ],
)
def test_a_scalar_resolves_as_in_kubectl(text: str, value: Any) -> None:
    result = read(f"key: {text}")["key"]
    assert (type(result), result) == (type(value), value)


def test_keys_that_are_no_strings_become_what_they_are_written_as() -> None:
    assert read("8080: a\nyes: b\n") == {"8080": "a", "true": "b"}


def test_a_byte_order_mark_inside_text_is_left_alone() -> None:
    assert read('key: "\ufeffa"') == {"key": "\ufeffa"}


def test_pyyaml_without_libyaml_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "---\na: &x [1, 'two', {b: yes}]\nc:\n  <<: {d: e}\n  f: *x\n"
    expected = list(yamltext.documents(text))
    monkeypatch.setattr(yamltext, "_parser", yaml.SafeLoader)
    assert list(yamltext.documents(text)) == expected
    with pytest.raises(yamltext.SyntaxProblem, match=r"character U\+0000 is not allowed in YAML") as caught:
        list(yamltext.documents("a: b\nc: \x00"))
    assert caught.value.line == 2
    with pytest.raises(yamltext.SyntaxProblem, match="a tab can't indent YAML"):
        list(yamltext.documents("a:\n\tb: c"))
