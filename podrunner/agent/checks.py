"""What a look at a container comes to. Pure; performs no I/O."""

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """Kubernetes' words (pkg/probe/probe.go). A warning is a success of which something is said."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


class Result(NamedTuple):
    """`output` is what events say of it."""

    verdict: Verdict
    output: str


def success(output: str = "") -> Result:
    """The container is as it should be."""
    return Result(Verdict.SUCCESS, output)


def failure(output: str) -> Result:
    """It is not."""
    return Result(Verdict.FAILURE, output)
