"""Durations as Go writes them: `300ms`, `1m30s`, `1.5h`, at most 2562047h. Pure; performs no I/O.

Source: Go's `time.ParseDuration`.
"""

import re

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([a-zµμ]*)")
_LONGEST = (2**63 - 1) / 1e9
"""Go counts nanoseconds in 64 bits."""


def seconds(text: str) -> float:
    """The duration in seconds. Raises ValueError with what is wrong."""
    unsigned = text.removeprefix("+")
    if unsigned == "0":
        return 0.0
    total, position = 0.0, 0
    while position < len(unsigned) or not position:
        part = _PART.match(unsigned, position)
        if part is None:
            raise ValueError(f'invalid duration "{text}"; write it like 90s, 1m30s or 1.5h')
        number, unit = part.groups()
        if not unit:
            raise ValueError(f'missing unit in duration "{text}"; write it like 90s, 1m30s or 1.5h')
        if unit not in _SECONDS:
            raise ValueError(f'unknown unit "{unit}" in duration "{text}"; there are ns, us, ms, s, m and h')
        total += float(number) * _SECONDS[unit]
        position = part.end()
    if total > _LONGEST:
        raise ValueError(f'invalid duration "{text}"; the longest there is are 2562047h')
    return total
