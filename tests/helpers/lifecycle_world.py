"""Pods for scenarios of the container lifecycle, and what their containers went through by the engine's own clock."""

from datetime import datetime
from typing import Any

from commandline import eventually
from podrunner.pods import spec
from scenario_world import World

FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
SERVING = f"httpd -p 8080 -h /tmp; {FOREVER}"


def serve(world: World, backoff_scale: float = 0.01) -> World:
    """The world with a server that hardly waits before it starts a container again."""
    world.environ["PODRUNNER_BACKOFF_SCALE"] = str(backoff_scale)
    world.serve()
    return world


def sleeping(seconds: float, code: int = 0) -> str:
    """A script that ends by itself, or with 0 when it is told to."""
    return f"trap 'exit 0' TERM; sleep {seconds} & wait $!; exit {code}"


def exec_(command: str) -> dict[str, Any]:
    """A handler that runs a shell command."""
    return {"exec": {"command": ["sh", "-c", command]}}


def probe(handler: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A probe every second that fails at the first failure."""
    return {**handler, "periodSeconds": 1, "failureThreshold": 1, **fields}


def restarts(world: World, container: str = "main") -> int:
    """How often the container was started again, by its status; a pod has none before its first report."""
    status = spec.status(world.pod(), container)
    return status.restart_count if status else 0


def moment(world: World, container: str, key: str) -> datetime:
    """StartedAt or FinishedAt of `main#0`, as soon as the engine tells it."""
    return datetime.fromisoformat(str(eventually(lambda: _told(world, container, key))))


def _told(world: World, container: str, key: str) -> str:
    facts = world.containers().get(container)
    told: str = facts["State"][key] if facts else ""
    return "" if told.startswith("0001") else told


def started(world: World, container: str) -> datetime:
    return moment(world, container, "StartedAt")


def finished(world: World, container: str) -> datetime:
    return moment(world, container, "FinishedAt")
