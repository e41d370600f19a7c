"""What differs between two values of a type, for people to read. Pure; performs no I/O."""

from collections.abc import Iterator
from typing import Any

import msgspec

from podrunner.objects import base, codec

_MOST = 20
_LONGEST = 300


def text(old: base.Struct, new: base.Struct, path: str) -> str:
    """A field path for every difference, below it a line `- ` with the old value and one `+ ` with the new.

    A line is missing where the field was or is absent. A long list of differences is cut.
    """
    found = list(_between(codec.to_builtins(old), codec.to_builtins(new), path))
    lines = [line for difference in found[:_MOST] for line in difference]
    if len(found) > _MOST:
        lines.append(f"... and {len(found) - _MOST} more")
    return "\n".join(lines)


def _between(old: Any, new: Any, path: str) -> Iterator[list[str]]:
    """The lines of each difference; whole lists of another length are one."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _between(old.get(key), new.get(key), f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _between(before, after, f"{path}[{index}]")
    else:
        marked = (("-", old), ("+", new))
        yield [f"  {path}:", *(f"{mark}   {_shown(value)}" for mark, value in marked if value is not None)]


def _shown(value: Any) -> str:
    encoded = msgspec.json.encode(value).decode()
    return encoded if len(encoded) <= _LONGEST else encoded[:_LONGEST] + "..."
