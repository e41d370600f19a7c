"""A model of podrunner at work on one pod: the agent's worker and executor, with the model engine. No I/O.

What is decided and reported is podrunner's own; only the doing is played: every operation takes the time it is told to,
events come late or are lost, answers are lost, podrunner is killed and started again.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import structs

from model_engine import Conflict, Engine, NotFound, Refused, Timeline
from podrunner.objects import meta
from podrunner.objects.pod import Pod
from podrunner.pods import columns, memory, observed, plan, probing, reconcile, spec, status
from podrunner.pods.view import Image, Memory, View

LOOK_ANEW_EVERY = 30.0
PROBE_EVERY = 1.0
AT_ONCE_AT_MOST = 20

_NOTHING = plan.Plan()

Seen = observed.Sandbox | observed.Container


class Answer(NamedTuple):
    """What the executor makes of an operation's end; `look_at` is inspected when it arrives."""

    look_at: str = ""
    removed: str = ""
    learned: Callable[[Memory], Memory] | None = None
    stale: bool = False


class Begun(NamedTuple):
    """An operation under way; `ticket` tells it from an earlier one of the same key."""

    operation: plan.Operation
    seconds: float
    ticket: int


class Node:
    """podrunner and the engine. `delays` are the seconds things take, one after the other, again and again.

    `events_arrive` says of each event of the engine whether it reaches podrunner; one that does not costs up to 30 s.
    `verdicts` tell of probes and hooks whether they succeed; when there are no more, all do. Hooks take `hook_seconds`.
    """

    def __init__(
        self,
        pod: Pod,
        *,
        delays: Sequence[float] = (0.1,),
        events_arrive: Sequence[bool] = (True,),
        verdicts: Sequence[bool] = (),
        hook_seconds: Sequence[float] = (0.2,),
    ) -> None:
        self.pod = pod
        self.timeline = Timeline()
        self.engine = Engine(self.timeline)
        self.engine.listener = self._engine_tells
        self.rows: list[str] = []
        self.log: list[str] = []
        self.gone = False
        self.settled = 0
        self._delays = itertools.cycle(delays)
        self._events_arrive = itertools.cycle(events_arrive)
        self._verdicts = list(verdicts)
        self._hook_seconds = itertools.cycle(hook_seconds)
        self._probing: frozenset[probing.Probing] = frozenset()
        self._tickets = itertools.count()
        self._life = 0
        self._connection = 0
        self._alive = False
        self.under_way: dict[plan.Key, Begun] = {}
        self.seen = observed.Observed()
        self.memory = Memory()
        self._alarm = 0

    def begin(self) -> None:
        """podrunner starts: it looks at everything."""
        self._alive = True
        self.look_anew()

    def run(self, *, until: float, settles: int) -> None:
        """Lets things happen until nothing does any more, or for `until` seconds; at most `settles` decisions."""
        while not self.gone and self.timeline.seconds < until and self.timeline.advance():
            assert self.settled < settles, "it does not come to an end"

    def after(self, seconds: float, happening: Callable[[], None]) -> None:
        """Something that is going to happen from outside."""
        self.timeline.after(seconds, happening)

    def delete(self, grace: int | None = None) -> None:
        """`kubectl delete pod`; a second time can only shorten the grace period."""
        known, now = self.pod.metadata, meta.at_second(self.timeline.now)
        period = spec.grace_seconds(self.pod) if grace is None else grace
        if known.deletion_timestamp is not None:
            period = min(period, spec.grace_seconds(self.pod))
            now = known.deletion_timestamp - timedelta(seconds=spec.grace_seconds(self.pod))
        marked = structs.replace(
            known, deletion_timestamp=now + timedelta(seconds=period), deletion_grace_period_seconds=period
        )
        self.log.append(f"{self.timeline.seconds:7.2f} the pod is deleted with {period} s of grace")
        self.pod = structs.replace(self.pod, metadata=marked)
        self._note_row()
        self._settle()

    def crash(self, down_for: float) -> None:
        """podrunner is killed and started again; what the engine was asked for is done all the same."""
        self._stop_knowing()
        self._alive = False
        life = self._life
        self.timeline.after(down_for, lambda: self.begin() if life == self._life else None)

    def lose_connection(self) -> None:
        """The engine can't be reached for a moment: requests under way don't arrive, or their answers don't."""
        if self._alive:
            self._connection += 1
            known = self.memory
            self._stop_knowing()
            self.memory = memory.engine_found(known)
            self.look_anew()

    def look_anew(self) -> None:
        """A full look at the engine."""
        if self._alive:
            self.seen = self.engine.has
            self._settle()

    def view(self) -> View:
        return View(
            pod=self.pod,
            observed=self.seen,
            now=self.timeline.now,
            memory=self.memory,
            under_way=frozenset(self.under_way),
        )

    def report(self, decided: plan.Plan = _NOTHING) -> None:
        """Stores the pod's status."""
        self.pod = structs.replace(self.pod, status=status.build(self.view().during(decided)))
        self._note_row()

    def begins(self, operation: plan.Operation) -> None:
        """An operation is begun. For tests that watch."""

    def _stop_knowing(self) -> None:
        self._life += 1
        self.under_way, self.memory, self._probing = {}, Memory(), frozenset()

    def _note_row(self) -> None:
        row = f"{columns.ready(self.pod)} {columns.status(self.pod)} {columns.restarts(self.pod)}"
        if not self.rows or self.rows[-1] != row:
            self.rows.append(row)
            self.log.append(f"{self.timeline.seconds:7.2f}     {row} ({self.pod.status.phase})")

    def _settle(self) -> None:
        if self.gone or not self._alive:
            return None
        self.settled += 1
        for _ in range(AT_ONCE_AT_MOST):
            decided = reconcile.reconcile(self.view())
            before = self.pod.status.phase
            self.report(decided)
            if self.pod.status.phase != before:
                continue
            keys = [operation.key for operation in decided.operations]
            assert len(keys) == len(set(keys)), f"twice in one plan: {decided}"
            assert not self.under_way.keys() & keys, f"under way already: {decided}"
            for key in decided.cancel:
                self._cancel(key)
            at_once = [self._begin(operation) for operation in decided.operations]
            if not any(at_once):
                self._probe()
                return self._set_alarm(decided)
        raise AssertionError("it never settles")

    def _probe(self) -> None:
        """Begins the probes that are due. Once all verdicts were given, what succeeded goes on succeeding."""
        wanted = probing.wanted(self.view())
        for which in sorted(wanted - self._probing):
            instance = self.engine.inspect(which.instance_id)
            if isinstance(instance, observed.Container):
                known = getattr(self.view().results(instance), which.kind.lower())
                if self._verdicts or known is not True:
                    self._probing |= {which}
                    life = self._life
                    self.timeline.after(PROBE_EVERY, functools.partial(self._probed, which, life))

    def _probed(self, which: probing.Probing, life: int) -> None:
        if life != self._life:
            return
        self._probing -= {which}
        instance = next((known for known in self.seen.containers if known.id == which.instance_id), None)
        if instance is not None and which in probing.wanted(self.view()):
            succeeded = self._verdict()
            results = probing.with_result(self.view().results(instance), which.kind, succeeded)
            self.log.append(f"{self.timeline.seconds:7.2f} {which.kind} of {which.container}: {succeeded}")
            self.memory = memory.probed(self.memory, which.instance_id, results)
        self._settle()

    def _verdict(self) -> bool:
        return self._verdicts.pop(0) if self._verdicts else True

    def _set_alarm(self, decided: plan.Plan) -> None:
        self._alarm += 1
        alarm = self._alarm
        if decided.wake_at is not None:
            seconds = max(0.0, (decided.wake_at - self.timeline.now).total_seconds())
            self.timeline.after(seconds, lambda: self._settle() if alarm == self._alarm else None)

    def _begin(self, operation: plan.Operation) -> bool:
        """Begins an operation; True if it is done already, because it concerns podrunner alone."""
        self.log.append(f"{self.timeline.seconds:7.2f} {operation}")
        self.begins(operation)
        if isinstance(operation, plan.Wait):
            self.memory = memory.waiting_began(self.memory, operation)
            return True
        if isinstance(operation, plan.AnnounceStop):
            self.memory = memory.stop_announced(self.memory, operation, self.timeline.now)
            return True
        if isinstance(operation, plan.ReportSandboxChanged | plan.ReportDeadlineExceeded | plan.ReportEnd):
            self.memory = memory.reported(self.memory, operation)
            return True
        if isinstance(operation, plan.SignalContainer):
            self.memory = memory.signalled(self.memory, operation, self.timeline.now)
        begun = Begun(operation, self.timeline.seconds, next(self._tickets))
        self.under_way[operation.key] = begun
        life, connection = self._life, self._connection
        is_hook = isinstance(operation, plan.RunPostStart | plan.RunPreStop)
        takes = next(self._hook_seconds if is_hook else self._delays)
        self.timeline.after(takes, lambda: self._do(begun, life) if connection == self._connection else None)
        return False

    def _cancel(self, key: plan.Key) -> None:
        begun = self.under_way[key]
        life = self._life
        self.timeline.after(0.01, lambda: self._take(begun, life, Answer()))

    def _do(self, begun: Begun, life: int) -> None:
        """The engine does it; the answer takes its time."""
        cancelled = life == self._life and self.under_way.get(begun.operation.key) != begun
        if not cancelled:
            answer = self._perform(begun.operation)
            self.timeline.after(next(self._delays), lambda: self._take(begun, life, answer))

    def _take(self, begun: Begun, life: int, answer: Answer) -> None:
        """The answer arrives, unless who asked is no more."""
        if life != self._life or self.under_way.get(begun.operation.key) != begun:
            return
        del self.under_way[begun.operation.key]
        if answer.look_at:
            self._look_at(answer.look_at)
        if answer.removed:
            self.seen = self.seen.without(answer.removed)
        if answer.learned is not None:
            self.memory = answer.learned(self.memory)
        if answer.stale:
            self.seen = self.engine.has
        self._settle()

    def _look_at(self, engine_id: str) -> None:
        found = self.engine.inspect(engine_id)
        if found is None:
            self.seen = self.seen.without(engine_id)
        elif isinstance(found, observed.Sandbox):
            self.seen = self.seen.with_sandbox(found)
        else:
            self.seen = self.seen.with_container(found)
            self.memory = memory.container_observed(self.memory, found)

    def _engine_tells(self, engine_id: str, action: str) -> None:
        if not next(self._events_arrive):
            self.timeline.after(LOOK_ANEW_EVERY, self.look_anew)
        else:
            self.timeline.after(next(self._delays), lambda: self._hear(engine_id, action))

    def _hear(self, engine_id: str, action: str) -> None:
        if not self._alive or any(_expects(begun.operation, engine_id, action) for begun in self.under_way.values()):
            return
        self._look_at(engine_id)
        self._settle()

    def _perform(self, operation: plan.Operation) -> Answer:
        """What the executor does, with what it makes of refusals."""
        engine, now = self.engine, self.timeline.now
        try:
            match operation:
                case plan.CreateSandbox():
                    return Answer(look_at=engine.create_sandbox(operation.attempt))
                case plan.StartSandbox():
                    engine.start_sandbox(operation.sandbox_id)
                    return Answer(look_at=operation.sandbox_id, learned=memory.sandbox_started)
                case plan.StopSandbox():
                    engine.kill(operation.sandbox_id, "SIGKILL")
                    return Answer(look_at=operation.sandbox_id)
                case plan.InspectImage():
                    image = engine.look_for_image(operation.image)
                    return Answer(learned=lambda known: memory.image_inspected(known, operation, image))
                case plan.PullImage():
                    image = engine.pull(operation.image)
                    return Answer(learned=lambda known: memory.image_pulled(known, operation, image))
                case plan.PrefetchImage():
                    ahead = engine.look_for_image(operation.image)
                    if not ahead.invalid and (ahead.id is None or operation.renew):
                        ahead = engine.pull(operation.image)
                    return Answer(learned=lambda known: memory.image_prefetched(known, operation, ahead))
                case plan.CreateContainer():
                    image_name = _image(self.pod, operation.container)
                    created = engine.create_container(
                        operation.container, operation.attempt, operation.sandbox_id, image_name
                    )
                    return Answer(look_at=created)
                case plan.StartContainer():
                    engine.start_container(operation.container_id)
                    hooked = _has_hook(self.pod, operation.container)
                    return Answer(
                        look_at=operation.container_id,
                        learned=lambda known: memory.started(known, operation, hooked=hooked),
                    )
                case plan.RunPostStart():
                    if self._verdict():
                        return Answer(learned=lambda known: memory.post_start_succeeded(known, operation))
                    return Answer(
                        learned=lambda known: memory.post_start_failed(known, operation, "exited with 7", "it failed")
                    )
                case plan.RunPreStop():
                    return Answer(learned=lambda known: memory.pre_stop_ended(known, operation))
                case plan.ReadMessage():
                    return Answer(
                        learned=lambda known: memory.message_read(known, operation.container_id, "last words")
                    )
                case plan.SignalContainer():
                    engine.kill(operation.container_id, operation.signal)
                    return Answer()
                case plan.Remove():
                    engine.remove(operation.engine_id)
                    return Answer(removed=operation.engine_id)
                case plan.RemovePod():
                    self.gone = True
                    return Answer()
        except Refused as refusal:
            return self._refused(operation, refusal, now)
        raise AssertionError(f"no operation of the engine: {operation}")

    def _refused(self, operation: plan.Operation, refusal: Refused, now: datetime) -> Answer:
        message, stale = str(refusal), isinstance(refusal, Conflict)
        match operation:
            case plan.CreateSandbox():
                return Answer(learned=lambda known: memory.sandbox_failed(known, now), stale=stale)
            case plan.StartSandbox():
                self.engine.remove(operation.sandbox_id)
                return Answer(learned=lambda known: memory.sandbox_failed(known, now), removed=operation.sandbox_id)
            case plan.PrefetchImage():
                return Answer(learned=lambda known: memory.image_prefetched(known, operation, Image()))
            case plan.PullImage():
                return Answer(learned=lambda known: memory.pull_failed(known, operation, message, now))
            case plan.CreateContainer() if isinstance(refusal, NotFound):
                image = _image(self.pod, operation.container)
                return Answer(learned=lambda known: memory.image_vanished(known, image), stale=True)
            case plan.CreateContainer():
                return Answer(learned=lambda known: memory.create_failed(known, operation, message, now), stale=stale)
            case plan.StartContainer():
                return Answer(
                    look_at=operation.container_id,
                    learned=lambda known: memory.start_failed(known, operation, message),
                )
        raise AssertionError(f"cannot be refused: {operation}")


def _expects(operation: plan.Operation, engine_id: str, action: str) -> bool:
    """Whether the engine tells of what `operation` is about to look at itself."""
    match operation:
        case plan.CreateSandbox() | plan.CreateContainer():
            return action == "create"
        case plan.StartSandbox():
            return action == "start" and operation.sandbox_id == engine_id
        case plan.StartContainer():
            return action == "start" and operation.container_id == engine_id
        case plan.Remove():
            return operation.engine_id == engine_id
    return False


def _has_hook(pod: Pod, name: str) -> bool:
    container = spec.container(pod, name)
    return container is not None and spec.post_start(container) is not None


def _image(pod: Pod, name: str) -> str:
    container = spec.container(pod, name)
    assert container is not None
    return container.image
