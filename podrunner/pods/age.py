"""Spans of time as kubectl's AGE column writes them: `5s`, `3m20s`, `26h`, `12d`. Pure; performs no I/O.

Source: `HumanDuration`, kubernetes staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go.
"""

from datetime import datetime, timedelta

UNKNOWN = "<unknown>"

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was; `<unknown>` for none. Source: `translateTimestampSince`, printers.go."""
    return UNKNOWN if moment is None else text(now - moment)


def text(span: timedelta) -> str:
    """The span in two units at most, the finer the shorter it is."""
    seconds = int(span.total_seconds())
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * _MINUTE:
        return f"{max(seconds, 0)}s"
    if seconds < 3 * _HOUR:
        return _two_units(seconds, (_MINUTE, "m"), (1, "s"), finer=seconds < 10 * _MINUTE)
    if seconds < 2 * _DAY:
        return _two_units(seconds, (_HOUR, "h"), (_MINUTE, "m"), finer=seconds < 8 * _HOUR)
    if seconds < 2 * _YEAR:
        return _two_units(seconds, (_DAY, "d"), (_HOUR, "h"), finer=seconds < 8 * _DAY)
    return _two_units(seconds, (_YEAR, "y"), (_DAY, "d"), finer=seconds < 8 * _YEAR)


def _two_units(seconds: int, large: tuple[int, str], small: tuple[int, str], *, finer: bool) -> str:
    whole, rest = divmod(seconds, large[0])
    parts = rest // small[0] if finer else 0
    return f"{whole}{large[1]}" + (f"{parts}{small[1]}" if parts else "")
