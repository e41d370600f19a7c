"""What an operation led to, as the executor tells the worker."""

from collections.abc import Callable
from typing import NamedTuple

from podrunner.pods import observed
from podrunner.pods.plan import Operation
from podrunner.pods.view import Memory


class Outcome(NamedTuple):
    """The end of one operation.

    `seen` is what the engine says of the operation's target now, `removed` the id of what it no longer has;
    `learned` turns the worker's memory into its successor; `stale` asks for a new look at everything of the pod.
    """

    operation: Operation
    seen: observed.Sandbox | observed.Container | None = None
    removed: str | None = None
    learned: Callable[[Memory], Memory] | None = None
    stale: bool = False
