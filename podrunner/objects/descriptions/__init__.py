"""What every API type and field is for, in a sentence or two, as `kubectl explain` prints it.

The texts are data: a TOML file for each module of types, read when the first one is asked for; no other I/O. A table is
named after its type, a key after the field's JSON name, and `_` is about the type as a whole.
"""

import functools
import tomllib
from importlib import resources

from podrunner.objects import base

ABOUT = "_"
"""The key of what is said about a type itself."""


def about(type_name: str) -> str:
    """What the type is. Raises KeyError when nobody has said it."""
    return tables()[type_name][ABOUT]


def of_field(type_: type[base.Struct], name: str) -> str:
    """What the field with this JSON name is for. Raises KeyError when nobody has said it.

    A field that a type inherits needs no text of its own.
    """
    for ancestor in type_.__mro__:
        if text := tables().get(ancestor.__name__, {}).get(name):
            return text
    raise KeyError(f"{type_.__name__}.{name}")


@functools.cache
def tables() -> dict[str, dict[str, str]]:
    """All texts, by type and field."""
    found: dict[str, dict[str, str]] = {}
    for file in resources.files(__package__).iterdir():
        if file.name.endswith(".toml"):
            found.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return found
