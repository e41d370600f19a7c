"""Waits until an object is as it should be, or gone, by watching it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from podrunner import errors
from podrunner.client import deadlines, http, resources
from podrunner.objects import kinds

Object = dict[str, Any]

_BREATH_SECONDS = 0.1
"""Before what broke off is begun again."""


def until(
    server: http.Server,
    kind: kinds.Kind,
    namespace: str | None,
    name: str,
    holds: Callable[[Object | None], bool],
    deadline: float | None,
) -> bool:
    """Whether `holds` became true of the object (None: it is not there) before the deadline, on the monotonic clock.

    It is looked at once at least. Raises what `holds` raises, and Disconnected when the server goes away.
    """
    selection = resources.Selection(fields=f"metadata.name={name}")
    while True:
        listed = resources.listing(server, kind, namespace, selection)
        if holds(next(iter(listed["items"]), None)):
            return True
        if _is_over(deadline):
            return False
        since = listed["metadata"]["resourceVersion"]
        # A history that is too old is no news: it is listed again.
        with contextlib.suppress(errors.Expired):
            stream = resources.watch(server, kind, namespace, selection, since=since)
            with contextlib.closing(stream), deadlines.reached(deadline, stream.close):
                if any(holds(found) for found in _states(stream)):
                    return True
        if _is_over(deadline):
            return False
        time.sleep(_BREATH_SECONDS)


def _states(stream: http.Stream) -> Iterator[Object | None]:
    for change in resources.changes(stream):
        if change.type != "BOOKMARK":
            yield None if change.type == "DELETED" else change.object


def _is_over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline
