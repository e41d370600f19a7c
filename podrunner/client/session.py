"""The course of one `podrunner run`, from the created pods to its exit status. Pure; performs no I/O.

Whatever happens (a pod changed, a line came, Ctrl-C, time passed) is a method, and its answer is what to do and show.
Time arrives as `now`, in seconds on any steady clock.

    RUNNING ──► DRAINING ──► REMOVING ──► ended
       │  a verdict    logs read   pods and logs gone
       └──────────────────────────►  (interrupted, timed out, the output can't be written)

A run has one verdict, the first that is reached; it holds the exit status and what went wrong.
"""

from collections.abc import Sequence
from enum import Enum

import msgspec

from podrunner.client import actions, logs, outcome
from podrunner.client.actions import Action, LogStream, PodRef
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.pods import columns, spec

ENGINE_GONE_SECONDS = 10.0
"""How long the engine may be out of reach before a run gives up."""

QUIET_SECONDS = 10.0
"""A log that should end but brings nothing for so long is given up."""

REMOVAL_MARGIN_SECONDS = 20.0
"""How much longer than its grace period the removal of a pod may take before it is forced, and then given up."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks of the course of a run; `deadline` is the `now` of --timeout."""

    fail_fast: bool = True
    keep: bool = False
    deadline: float | None = None


class Stage(Enum):
    RUNNING = "running"
    DRAINING = "draining"
    REMOVING = "removing"


class _Followed:
    """One pod of the run, as last heard of."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.gone = False
        self.logs = logs.Logs()
        self.shown: tuple[str, str, int] | None = None
        self.events_since = ""
        self.event_counts: dict[str, int] = {}
        self.engine_gone_at: float | None = None

    @property
    def ref(self) -> PodRef:
        return PodRef.of(self.pod)


class Session:
    """The state of one run. `stage` and `verdict` may be read, the rest goes through the methods."""

    def __init__(self, pods: Sequence[Pod], options: Options) -> None:
        self.stage = Stage.RUNNING
        self.verdict: outcome.Verdict | None = None
        self._options = options
        self._pods = {PodRef.of(pod): _Followed(pod) for pod in pods}
        self._failed: list[str] = []
        self._interrupts = 0
        self._forced = False
        self._give_up_at: float | None = None

    # ---- what happens

    def began(self, now: float) -> list[Action]:
        """The pods were created, as given to the constructor."""
        told: list[Action] = []
        for followed in self._pods.values():
            pod = followed.pod
            told += self._show_status(followed)
            told.append(actions.WatchEvents(followed.ref, pod.metadata.uid, ""))
            told.append(actions.Watch(followed.ref, pod.metadata.resource_version))
        return told

    def pod_changed(self, pod: Pod, now: float) -> list[Action]:
        """The pod reads like this now."""
        followed = self._pods[PodRef.of(pod)]
        if pod.metadata.uid != followed.pod.metadata.uid:
            return self.pod_gone(followed.ref, now)
        followed.pod = pod
        failed = [status.container_id for status, _ in outcome.failures(pod)]
        self._failed += [container_id for container_id in failed if container_id not in self._failed]
        if outcome.engine_gone(pod):
            followed.engine_gone_at = now if followed.engine_gone_at is None else followed.engine_gone_at
        else:
            followed.engine_gone_at = None
        return [*self._show_status(followed), *followed.logs.pod_changed(pod), *self._judge(now)]

    def pod_gone(self, ref: PodRef, now: float) -> list[Action]:
        """The pod was deleted; nothing of it is left on the engine."""
        self._pods[ref].gone = True
        return self._judge(now)

    def watch_ended(self, ref: PodRef, now: float) -> list[Action]:
        """The server ended the watch of a pod, or the connection broke."""
        followed = self._pods[ref]
        return [] if followed.gone else [actions.Watch(ref, followed.pod.metadata.resource_version)]

    def event_seen(self, ref: PodRef, event: Event, now: float) -> list[Action]:
        """An event about a pod was recorded, or has happened again."""
        followed = self._pods[ref]
        followed.events_since = event.metadata.resource_version
        if followed.event_counts.get(event.metadata.name) == event.count:
            return []
        followed.event_counts[event.metadata.name] = event.count
        verdict = outcome.hopeless_event(event) if self._options.fail_fast and self.stage is Stage.RUNNING else None
        return [actions.ShowEvent(event), *(self._reach(verdict, now) if verdict else [])]

    def event_watch_ended(self, ref: PodRef, expired: bool, now: float) -> list[Action]:
        """The watch of a pod's events ended or broke; `expired`: the history it asked for is no longer there."""
        followed = self._pods[ref]
        if expired:
            followed.events_since = ""
        return [] if followed.gone else [actions.WatchEvents(ref, followed.pod.metadata.uid, followed.events_since)]

    def log_received(self, stream: LogStream, data: bytes, now: float) -> list[Action]:
        """A container wrote; `data` is cut anywhere."""
        self._postpone(now)
        return self._show_output(stream, self._pods[stream.pod].logs.received(stream, data))

    def log_ended(self, stream: LogStream, now: float) -> list[Action]:
        """The log was read to its end: that instance of the container has ended."""
        self._postpone(now)
        lines, follow = self._pods[stream.pod].logs.ended(stream)
        return [*self._show_output(stream, lines), *follow, *self._proceed(now)]

    def log_broken(self, stream: LogStream, now: float) -> list[Action]:
        """The connection broke while the log was read."""
        followed = self._pods[stream.pod]
        return self.log_ended(stream, now) if followed.gone else [followed.logs.broken(stream)]

    def log_refused(self, stream: LogStream, message: str, now: float) -> list[Action]:
        """The server won't give the log."""
        text = f'the log of container "{stream.container}" can\'t be read: {message}'
        told = [] if self._pods[stream.pod].gone else [actions.ShowNotice(text)]
        return [*told, *self.log_ended(stream, now)]

    def interrupted(self, now: float) -> list[Action]:
        """Ctrl-C or SIGTERM: the first asks the pods to stop, the next one kills them."""
        self._interrupts += 1
        if self._interrupts > 1:
            return self._force(now)
        asked = self.stage is not Stage.REMOVING and not self._options.keep
        notice: list[Action] = [actions.ShowNotice("stopping; interrupt again to kill at once")] if asked else []
        return [*notice, *self._stop(self.verdict or outcome.Verdict(outcome.INTERRUPTED), now)]

    def output_failed(self, problem: str, now: float) -> list[Action]:
        """Standard output can't be written any more: for that reason, or, if it is "", because nobody reads it.

        That decides the exit status, as long as the pods are not being removed for a worse reason than success.
        """
        failure = outcome.output_failure(problem)
        if self.stage is not Stage.REMOVING:
            return [*self._blame(self.verdict), *self._stop(failure, now)]
        if self.verdict == outcome.SUCCESS:
            self.verdict = failure
        return [*self._blame(failure), *self._proceed(now)]

    def server_lost(self, message: str, now: float) -> list[Action]:
        """The server went away and can't be brought back."""
        return [actions.ShowProblem(message), actions.End(outcome.ENGINE_FAILED)]

    def time_passed(self, now: float) -> list[Action]:
        """`wake_at` was reached (or not quite; then nothing happens)."""
        engine_gone_at = self._engine_gone_at()
        if engine_gone_at is not None and now >= engine_gone_at + ENGINE_GONE_SECONDS:
            return self._engine_lost()
        if self._give_up_at is not None and now >= self._give_up_at:
            return self._gave_up(now)
        deadline = self._options.deadline
        if self.stage is Stage.RUNNING and deadline is not None and now >= deadline:
            states = ", ".join(f'pod "{f.ref.name}" was {columns.status(f.pod)}' for f in self._present())
            return self._stop(outcome.Verdict(outcome.TIMED_OUT, f"timed out: {states}"), now)
        return []

    @property
    def wake_at(self) -> float | None:
        """When `time_passed` is to be called, if nothing happens before."""
        engine_gone_at = self._engine_gone_at()
        moments = [
            self._options.deadline if self.stage is Stage.RUNNING else None,
            self._give_up_at,
            engine_gone_at + ENGINE_GONE_SECONDS if engine_gone_at is not None else None,
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    # ---- what follows from it

    def _judge(self, now: float) -> list[Action]:
        if self.stage is not Stage.RUNNING:
            return self._proceed(now)
        if self._options.fail_fast:
            for followed in self._present():
                verdict = outcome.hopeless(followed.pod)
                if verdict is not None:
                    return self._reach(verdict, now)
        if self._all_ended():
            return self._reach(outcome.of_ended([f.pod for f in self._pods.values()], self._failed), now)
        return []

    def _reach(self, verdict: outcome.Verdict, now: float) -> list[Action]:
        self.verdict = verdict
        self.stage = Stage.DRAINING
        self._postpone(now)
        return self._proceed(now)

    def _proceed(self, now: float) -> list[Action]:
        """Goes to the next stage if the present one is done."""
        if self.verdict is None:
            return []
        if self.stage is Stage.DRAINING and self._drained():
            return self._stop(self.verdict, now)
        if self.stage is Stage.REMOVING and not self._present():
            self._postpone(now)
            if not self._logs_pending():
                return [actions.End(self.verdict.exit_status)]
        return []

    def _stop(self, verdict: outcome.Verdict, now: float) -> list[Action]:
        """Shows the verdict and removes the pods, or leaves them where they are to be kept."""
        if self.stage is Stage.REMOVING:
            return []
        self.verdict = verdict
        told = self._blame(verdict)
        if self._options.keep:
            return [*told, actions.End(verdict.exit_status)]
        self.stage = Stage.REMOVING
        present = self._present()
        self._give_up_at = now + max((spec.grace_seconds(f.pod) for f in present), default=0) + REMOVAL_MARGIN_SECONDS
        told += [actions.Delete(followed.ref, followed.pod.metadata.uid) for followed in present]
        return [*told, *self._proceed(now)]

    def _blame(self, verdict: outcome.Verdict | None) -> list[Action]:
        """Shows what went wrong, if anything did."""
        if verdict is None or not verdict.problem:
            return []
        lines = self._pods[verdict.pod].logs.tail(verdict.container) if verdict.pod and verdict.container else ()
        return [actions.ShowProblem(verdict.problem, verdict.container, lines)]

    def _force(self, now: float) -> list[Action]:
        if self._forced:
            return []
        self._forced = True
        self._give_up_at = now + REMOVAL_MARGIN_SECONDS
        return [actions.Delete(f.ref, f.pod.metadata.uid, grace_seconds=0) for f in self._present()]

    def _gave_up(self, now: float) -> list[Action]:
        assert self.verdict is not None
        if self.stage is Stage.DRAINING:
            return self._stop(self.verdict, now)
        if self._present() and not self._forced:
            return self._force(now)
        left: list[Action] = [
            actions.ShowNotice(f'pod "{f.ref.name}" is not removed yet; podrunner\'s server goes on with it')
            for f in self._present()
        ]
        return [*left, actions.End(self.verdict.exit_status)]

    def _engine_lost(self) -> list[Action]:
        lost = [f for f in self._present() if f.engine_gone_at is not None]
        problem = f"{outcome.engine_gone(lost[0].pod)}; what was started is removed when the engine answers again"
        return [
            actions.ShowProblem(problem),
            actions.End(self.verdict.exit_status if self.verdict else outcome.ENGINE_FAILED),
        ]

    def _postpone(self, now: float) -> None:
        """While only logs are waited for, every sign of life gives them more time."""
        if self.stage is Stage.DRAINING or (self.stage is Stage.REMOVING and not self._present()):
            self._give_up_at = now + QUIET_SECONDS

    def _show_status(self, followed: _Followed) -> list[Action]:
        pod = followed.pod
        row = (columns.ready(pod), columns.status(pod), columns.restarts(pod))
        if row == followed.shown:
            return []
        followed.shown = row
        return [actions.ShowStatus(pod)]

    def _show_output(self, stream: LogStream, lines: Sequence[bytes]) -> list[Action]:
        return [actions.ShowOutput(stream.pod, stream.container, lines)] if lines else []

    # ---- what is known

    def _present(self) -> list[_Followed]:
        return [followed for followed in self._pods.values() if not followed.gone]

    def _all_ended(self) -> bool:
        return all(outcome.ended(followed.pod) for followed in self._present())

    def _logs_pending(self) -> bool:
        return any(followed.logs.pending() for followed in self._pods.values())

    def _drained(self) -> bool:
        """Whether everything the verdict waits for was read: all logs once nothing runs, else the culprit's."""
        if self._all_ended():
            return not self._logs_pending()
        verdict = self.verdict
        culprit = verdict.container if verdict is not None else ""
        return not (culprit and verdict and verdict.pod and self._pods[verdict.pod].logs.pending(culprit))

    def _engine_gone_at(self) -> float | None:
        moments = [f.engine_gone_at for f in self._present() if f.engine_gone_at is not None]
        return min(moments, default=None)
