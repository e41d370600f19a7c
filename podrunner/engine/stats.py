"""What a container uses, as the engine measures it."""

from datetime import datetime
from typing import Any

import msgspec

from podrunner import errors
from podrunner.engine import client
from podrunner.objects import base


class Sample(msgspec.Struct, frozen=True):
    """One look at a running container.

    `cpu_nanoseconds` counts the processor time since it started, over all processors. `memory_bytes` is its working
    set, which cannot be taken from it under pressure.
    """

    at: datetime
    cpu_nanoseconds: int
    memory_bytes: int


async def sample(engine: client.Client, container_id: str) -> Sample | None:
    """A look at the container; None when it does not run. Takes some 5 ms. Raises EngineError."""
    try:
        told: dict[str, Any] = await engine.call(engine.api.stats, container_id, stream=False, one_shot=True)
    except errors.EngineNotFound:
        return None
    memory = told["memory_stats"]
    if "usage" not in memory:
        return None
    return Sample(
        at=msgspec.convert(told["read"], base.Time),
        cpu_nanoseconds=told["cpu_stats"]["cpu_usage"]["total_usage"],
        memory_bytes=_working_set(memory),
    )


def _working_set(memory: dict[str, Any]) -> int:
    """Memory in use but for file pages that nobody has used lately; the statistic has two names in the two cgroup
    versions.

    Source: cAdvisor `container/libcontainer/handler.go`, setMemoryStats.
    """
    counted = memory.get("stats", {})
    inactive = counted.get("total_inactive_file", counted.get("inactive_file", 0))
    return max(0, int(memory["usage"]) - int(inactive))
