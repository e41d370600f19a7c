"""A model of the Docker Engine with one pod on it, and of the time that passes. No I/O.

What the engine does is done at once; how long it takes to be asked and to answer is its user's business.
"""

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec import structs

from podrunner.pods import observed, view

BEGINNING = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Timeline:
    """What is going to happen, in order."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    @property
    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)

    def after(self, seconds: float, happening: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.seconds + seconds, next(self._numbers), happening))

    def advance(self) -> bool:
        """Lets the next thing happen; False if nothing is going to."""
        if not self._due:
            return False
        self.seconds, _, happening = heapq.heappop(self._due)
        happening()
        return True


class Run(NamedTuple):
    """What an instance of a container does once it is started.

    It ends with `code` after `lasts` seconds (None: not by itself), and with `code_on_term` some `heeds` seconds after
    SIGTERM (None: it ignores that). `starts` tells whether its command exists.
    """

    lasts: float | None = None
    code: int = 0
    starts: bool = True
    heeds: float | None = 0.1
    code_on_term: int = 143


FOREVER = Run()


class ImageSource(NamedTuple):
    """Where an image is to be had: on the engine already, or after `failing_pulls` that fail."""

    present: bool = True
    failing_pulls: int = 0
    invalid: str = ""


class Refused(Exception):
    """The engine would not."""


class NotFound(Refused):
    """There is no such thing."""


class Conflict(Refused):
    """The name is taken."""


class Engine:
    """Everything the engine has of one pod. `listener` is told the id and action of what changed."""

    def __init__(self, timeline: Timeline) -> None:
        self.has = observed.Observed()
        self.runs: dict[str, list[Run]] = {}
        self.images: dict[str, ImageSource] = {}
        self.refusals: dict[str, int] = {}
        self.listener: Callable[[str, str], None] = lambda engine_id, action: None
        self._timeline = timeline
        self._numbers = itertools.count()
        self._behaviours: dict[str, Run] = {}

    def adopt(self, has: observed.Observed) -> None:
        """Begins with all this; what runs does what the next instance would do."""
        self.has = has
        for container in has.containers:
            if container.state is observed.State.RUNNING:
                self._behave(container, self._next_run(container.name))

    @property
    def everything(self) -> list[observed.Sandbox | observed.Container]:
        return [*self.has.containers, *self.has.sandboxes]

    def inspect(self, engine_id: str) -> observed.Sandbox | observed.Container | None:
        return next((known for known in self.everything if known.id == engine_id), None)

    def create_sandbox(self, attempt: int) -> str:
        self._may_refuse("create sandbox")
        if any(known.attempt == attempt for known in self.has.sandboxes):
            raise Conflict("the name is in use")
        made = observed.Sandbox(
            id=f"sandbox-{attempt}.{next(self._numbers)}",
            attempt=attempt,
            state=observed.State.CREATED,
            created_at=self._timeline.now,
        )
        self._changed(made, "create")
        return made.id

    def create_container(self, name: str, attempt: int, sandbox_id: str, image: str) -> str:
        self._may_refuse(f"create {name}")
        if self.inspect(sandbox_id) is None or not self.images[image].present:
            raise NotFound("no such image or container")
        if any(known.name == name and known.attempt == attempt for known in self.has.containers):
            raise Conflict("the name is in use")
        made = observed.Container(
            id=f"{name}-{attempt}.{next(self._numbers)}",
            name=name,
            attempt=attempt,
            sandbox_id=sandbox_id,
            state=observed.State.CREATED,
            created_at=self._timeline.now,
            image=image,
        )
        self._changed(made, "create")
        return made.id

    def start_sandbox(self, sandbox_id: str) -> None:
        known = self._sandbox(sandbox_id)
        self._may_refuse("start sandbox")
        self._changed(structs.replace(known, state=observed.State.RUNNING, ips=("172.18.0.2",)), "start")

    def start_container(self, container_id: str) -> None:
        known = self._container(container_id)
        if known.state is observed.State.RUNNING:
            return
        joined = self.inspect(known.sandbox_id)
        sandbox_runs = joined is not None and joined.state is observed.State.RUNNING
        run = self._next_run(known.name) if sandbox_runs else Run(starts=False)
        if not run.starts:
            code = 127 if sandbox_runs else 128
            failed = structs.replace(
                known, state=observed.State.EXITED, exit_code=code, error="no such file or directory"
            )
            self._changed(failed, "die")
            raise Refused("no such file or directory")
        begun = structs.replace(known, state=observed.State.RUNNING, started_at=self._timeline.now)
        self._changed(begun, "start")
        self._behave(begun, run)

    def kill(self, engine_id: str, signal: str) -> None:
        """Sends a signal; to a sandbox any signal is the last."""
        known = self.inspect(engine_id)
        if known is None or known.state is not observed.State.RUNNING:
            return
        if isinstance(known, observed.Sandbox):
            self._changed(structs.replace(known, state=observed.State.EXITED, ips=()), "die")
        elif signal == "SIGKILL":
            self.exit(engine_id, 137)
        else:
            run = self._behaviours[engine_id]
            if run.heeds is not None:
                self._timeline.after(run.heeds, lambda: self.exit(engine_id, run.code_on_term))

    def remove(self, engine_id: str) -> None:
        if self.inspect(engine_id) is not None:
            self.has = self.has.without(engine_id)
            self.listener(engine_id, "destroy")

    def remove_newest(self, name: str) -> None:
        """Someone removes a container with the Docker CLI, running or not."""
        newest = self.has.latest(name)
        if newest is not None:
            self.remove(newest.id)

    def prune(self) -> None:
        """`docker container prune`: removes whatever does not run."""
        for known in self.everything:
            if known.state is not observed.State.RUNNING:
                self.remove(known.id)

    def look_for_image(self, reference: str) -> view.Image:
        source = self.images[reference]
        if source.invalid:
            return view.Image(invalid=source.invalid)
        return view.Image("sha256:1") if source.present else view.Image()

    def pull(self, reference: str) -> view.Image:
        source = self.images[reference]
        if source.failing_pulls:
            self.images[reference] = source._replace(failing_pulls=source.failing_pulls - 1)
            raise Refused("no such host")
        self.images[reference] = ImageSource()
        return view.Image("sha256:1")

    def _may_refuse(self, request: str) -> None:
        if self.refusals.get(request, 0):
            self.refusals[request] -= 1
            raise Refused(f"cannot {request}")

    def _next_run(self, name: str) -> Run:
        """What the next instance does; the last one that was asked for is what all later ones do."""
        runs = self.runs.get(name, [FOREVER])
        return runs.pop(0) if len(runs) > 1 else runs[0]

    def _behave(self, begun: observed.Container, run: Run) -> None:
        self._behaviours[begun.id] = run
        if run.lasts is not None:
            self._timeline.after(run.lasts, lambda: self.exit(begun.id, run.code))

    def exit(self, container_id: str, code: int) -> None:
        known = self.inspect(container_id)
        if isinstance(known, observed.Container) and known.state is observed.State.RUNNING:
            ended = structs.replace(known, state=observed.State.EXITED, exit_code=code, finished_at=self._timeline.now)
            self._changed(ended, "die")

    def _changed(self, what: observed.Sandbox | observed.Container, action: str) -> None:
        if isinstance(what, observed.Sandbox):
            self.has = self.has.with_sandbox(what)
        else:
            self.has = self.has.with_container(what)
        self.listener(what.id, action)

    def _sandbox(self, engine_id: str) -> observed.Sandbox:
        known = self.inspect(engine_id)
        if not isinstance(known, observed.Sandbox):
            raise NotFound("no such container")
        return known

    def _container(self, engine_id: str) -> observed.Container:
        known = self.inspect(engine_id)
        if not isinstance(known, observed.Container):
            raise NotFound("no such container")
        return known
