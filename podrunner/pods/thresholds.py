"""When probes that fail or succeed in a row make a result. Pure; performs no I/O.

Source: `doProbe`, kubernetes pkg/kubelet/prober/worker.go.
"""

import msgspec

from podrunner.objects.container import Probe


class Row(msgspec.Struct, frozen=True):
    """Probes in a row with the same outcome."""

    succeeded: bool = False
    length: int = 0


def after(row: Row, succeeded: bool) -> Row:
    """The row that one more probe makes."""
    return Row(succeeded, row.length + 1 if row.length and row.succeeded == succeeded else 1)


def result(row: Row, probe: Probe) -> bool | None:
    """What the row means: success, failure, or nothing new yet."""
    needed = probe.success_threshold if row.succeeded else probe.failure_threshold
    return row.succeeded if row.length >= max(needed, 1) else None
