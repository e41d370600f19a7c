"""Runs the probes of one pod's containers, each at its own pace, and tells when one comes to a result.

Source: kubernetes pkg/kubelet/prober/worker.go and prober.go.
"""

import asyncio
import contextlib
from collections.abc import Callable

from podrunner import errors
from podrunner.agent import checks, handlers
from podrunner.agent.announcer import Announcer
from podrunner.agent.services import Services
from podrunner.objects.container import Probe
from podrunner.objects.pod import Pod
from podrunner.pods import observed, probing, spec, thresholds
from podrunner.pods.probing import Kind, Probing

COUNTED_AFTER = 1.0
"""Seconds after a container's start before which no probe counts as failed: the kubelet learns of a start that late."""

EARLY_LOOKS = (0.0, 0.4)
"""Seconds after a start at which it is looked whether a container is up already; if not, nothing is said of it."""

TRIES = 3
"""How often a probe that could not be made is tried at once (kubelet: maxProbeRetries)."""


class Prober:
    """The probes of one pod. Their tasks are of the worker's group; `tell` is called with each result."""

    def __init__(
        self,
        services: Services,
        announcer: Announcer,
        tasks: asyncio.TaskGroup,
        tell: Callable[[Probing, bool], None],
    ) -> None:
        self._services = services
        self._announcer = announcer
        self._tasks = tasks
        self._tell = tell
        self._running: dict[Probing, asyncio.Task[None]] = {}
        self._pod: Pod
        self._sandbox: observed.Sandbox | None = None

    def run(self, wanted: frozenset[Probing], pod: Pod, sandbox: observed.Sandbox | None) -> None:
        """From now on these probes run, and no others, on the containers of `pod` in its `sandbox`."""
        self._pod, self._sandbox = pod, sandbox
        for which in self._running.keys() - wanted:
            self._running.pop(which).cancel()
        for which in wanted - self._running.keys():
            self._running[which] = self._tasks.create_task(self._probe(which), name=f"{which.kind} {which.container}")

    async def _probe(self, which: Probing) -> None:
        container = spec.container(self._pod, which.container)
        if container is None:
            return
        probe = probing.probe(container, which.kind)
        loop, clock = asyncio.get_running_loop(), self._services.clock
        # Of a container that podrunner finds running when it starts, the delay is over.
        started = loop.time() - max(0.0, (clock.now() - which.since).total_seconds())
        is_new = loop.time() < started + COUNTED_AFTER
        if (
            which.kind is not Kind.LIVENESS
            and is_new
            and not probe.initial_delay_seconds
            and probe.success_threshold < 2
        ):
            await self._look_early(which, probe, started)
        due = max(started + (probe.initial_delay_seconds or COUNTED_AFTER), loop.time())
        row = thresholds.Row()
        while True:
            await clock.sleep(due - loop.time())
            succeeded = await self._count(which, probe)
            if succeeded is not None:
                row = thresholds.after(row, succeeded)
                result = thresholds.result(row, probe)
                if result is not None:
                    self._tell(which, result)
            period = max(probe.period_seconds, 1)
            due += period * max(1, (loop.time() - due) // period)

    async def _look_early(self, which: Probing, probe: Probe, started: float) -> None:
        """Tells of a container that is up at once, so that nobody waits for what is there already."""
        loop = asyncio.get_running_loop()
        for after in EARLY_LOOKS:
            await self._services.clock.sleep(started + after - loop.time())
            with contextlib.suppress(errors.PodrunnerError):
                result = await self._check(which, probe)
                if result.verdict is not checks.Verdict.FAILURE:
                    self._tell(which, True)
                    return

    async def _count(self, which: Probing, probe: Probe) -> bool | None:
        """Whether the probe succeeded; None if it could not be made. Says so in an event if it did not succeed."""
        for _ in range(TRIES):
            try:
                result = await self._check(which, probe)
                break
            except errors.PodrunnerError as error:
                failure = error
        else:
            self._announce(which, "Unhealthy", f"errored: {failure}")
            return None
        if result.verdict is checks.Verdict.WARNING:
            self._announce(which, "ProbeWarning", f"warning: {result.output}")
        if result.verdict is checks.Verdict.FAILURE:
            self._announce(which, "Unhealthy", f"failed: {result.output}")
        return result.verdict is not checks.Verdict.FAILURE

    async def _check(self, which: Probing, probe: Probe) -> checks.Result:
        container = spec.container(self._pod, which.container)
        if container is None:
            raise errors.ObjectError(f"the pod has no container {which.container}")
        target = handlers.Target(self._pod, container, which.instance_id, self._sandbox)
        return await handlers.check(self._services.engine, target, probe)

    def _announce(self, which: Probing, reason: str, text: str) -> None:
        message = f"{which.kind} probe {text}"
        self._announcer.of_container(self._pod, which.container, "Warning", reason, message)
