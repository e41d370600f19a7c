"""Files with environment variables, as fileKeyRef reads them. Pure; performs no I/O.

A line is `NAME='value'`; a value may span lines and has no escapes. Blank lines and those that begin with # are
nothing. Source: KEP-3721, and `ParseEnv` in kubernetes pkg/kubelet/util/env/env_util.go.
"""

import re

LONGEST = 64 << 10
"""Bytes that such a file may have."""

_ENTRY = re.compile(r"([^\s='][^='\n]*)='([^']*)'[ \t\r]*(?:\n|\Z)")
_NOTHING = re.compile(r"[ \t\r]*(?:#[^\n]*)?(?:\n|\Z)")


def parse(text: str) -> dict[str, str]:
    """The variables by name; of those of one name the last. Raises ValueError that names the line."""
    entries: dict[str, str] = {}
    position = 0
    while position < len(text):
        if nothing := _NOTHING.match(text, position):
            position = nothing.end()
            continue
        entry = _ENTRY.match(text, position)
        if entry is None:
            line = text.count("\n", 0, position) + 1
            raise ValueError(f"invalid environment variable format at line {line}")
        entries[entry[1]] = entry[2]
        position = entry.end()
    return entries
