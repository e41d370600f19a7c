"""Texts as Go prints them; ports by their names."""

import pytest

from podrunner import errors
from podrunner.agent import handlers
from podrunner.objects.container import Container, ContainerPort
from podrunner.pods import wording


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", '"plain"'),
        ('a "b" \\c', '"a \\"b\\" \\\\c"'),
        ("two\nlines\t", '"two\\nlines\\t"'),
        ("é €", '"é €"'),
        ("\x00\x7f", '"\\x00\\x7f"'),
        ("\u200b\U000e0001", '"\\u200b\\U000e0001"'),
    ],
)
def test_a_text_is_quoted_as_go_quotes_it(text: str, quoted: str) -> None:
    assert wording.quoted(text) == quoted


NAMED = Container(name="web", ports=(ContainerPort(name="http", container_port=8080), ContainerPort(container_port=9)))


@pytest.mark.parametrize(("port", "number"), [(80, 80), ("http", 8080), ("81", 81)])
def test_a_port_is_a_number_or_the_name_of_one(port: int | str, number: int) -> None:
    assert handlers.port_number(NAMED, port) == number


@pytest.mark.parametrize(
    ("port", "message"), [("https", "couldn't find port: https"), (70000, "invalid port number: 70000")]
)
def test_a_port_that_is_neither_is_an_error_of_the_probe(port: int | str, message: str) -> None:
    with pytest.raises(errors.ObjectError, match=message):
        handlers.port_number(NAMED, port)
