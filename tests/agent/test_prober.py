"""The pace of probes, by a clock that takes no time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

import pod_cases
import virtual_time
from podrunner import errors
from podrunner.agent import checks, handlers
from podrunner.agent.announcer import Announcer
from podrunner.agent.prober import Prober
from podrunner.agent.services import Services
from podrunner.objects.container import ExecAction, Probe
from podrunner.pods.probing import Kind, Probing

pytestmark = pytest.mark.anyio

LONG_AGO = -3600.0


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return virtual_time.BACKEND


class Clock:
    """The loop's own time, as the time of day."""

    def now(self) -> datetime:
        return pod_cases.at(virtual_time.now())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class Bench:
    """A prober of one container; `answer` is what a probe comes to, `at` when they were made, `told` what was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Callable[[], checks.Result] = checks.success
        self.takes = 0.0
        self.at: list[float] = []
        self.told: list[tuple[float, bool]] = []
        self.events: list[str] = []
        monkeypatch.setattr(handlers, "check", self._check)

    async def _check(self, engine: object, target: handlers.Target, probe: Probe) -> checks.Result:
        self.at.append(round(virtual_time.now(), 3))
        await asyncio.sleep(self.takes)
        return self.answer()

    @asynccontextmanager
    async def probing(self, kind: Kind, *, since: float = 0.0, **fields: Any) -> AsyncIterator[None]:
        """While it lasts, the container that was started `since` is probed."""
        given: dict[str, Any] = {
            "period_seconds": 2,
            "failure_threshold": 1,
            "success_threshold": 1,
            "timeout_seconds": 1,
            **fields,
        }
        probe = Probe(exec=ExecAction(command=("true",)), **given)
        field = f"{kind.lower()}_probe"
        pod = pod_cases.pod(inits=(), mains=(pod_cases.changed(pod_cases.KUBIA, **{field: probe}),))
        which = Probing(kind, "kubia", "kubia-0", pod_cases.NOON + timedelta(seconds=since))
        services = cast(Services, type("Services", (), {"clock": Clock(), "engine": None}))
        announcer = cast(Announcer, type("Announcer", (), {"of_container": self._announced})())
        async with asyncio.TaskGroup() as tasks:
            prober = Prober(services, announcer, tasks, lambda _, ok: self.told.append((virtual_time.now(), ok)))
            prober.run(frozenset({which}), pod, None)
            yield
            prober.run(frozenset(), pod, None)

    def _announced(self, pod: object, container: str, type_: str, reason: str, message: str) -> None:
        self.events.append(f"{virtual_time.now():.1f} {type_} {reason} {message}")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


async def test_what_is_up_at_once_is_told_at_once(bench: Bench) -> None:
    async with bench.probing(Kind.READINESS):
        await asyncio.sleep(6)
    assert bench.told[0] == (0, True)
    assert bench.at == [0, 1, 3, 5]


async def test_early_looks_that_fail_say_nothing_and_do_not_count(bench: Bench) -> None:
    bench.answer = lambda: checks.failure("not yet")
    async with bench.probing(Kind.STARTUP, failure_threshold=2):
        await asyncio.sleep(4)
    assert bench.at == [0, 0.4, 1, 3]
    assert bench.events == [
        "1.0 Warning Unhealthy Startup probe failed: not yet",
        "3.0 Warning Unhealthy Startup probe failed: not yet",
    ]
    assert bench.told == [(3, False)]


async def test_liveness_is_not_looked_at_early(bench: Bench) -> None:
    async with bench.probing(Kind.LIVENESS):
        await asyncio.sleep(4)
    assert bench.at == [1, 3]


async def test_an_initial_delay_counts_from_the_start_of_the_container(bench: Bench) -> None:
    await asyncio.sleep(2)
    async with bench.probing(Kind.READINESS, since=0, initial_delay_seconds=5):
        await asyncio.sleep(6)
    assert bench.at == [5, 7]


async def test_a_container_that_has_run_for_long_is_probed_at_once(bench: Bench) -> None:
    async with bench.probing(Kind.READINESS, since=LONG_AGO):
        await asyncio.sleep(3)
    assert bench.at == [0, 2]


async def test_a_probe_that_takes_longer_than_its_period_is_followed_at_once_and_keeps_its_pace(bench: Bench) -> None:
    bench.takes = 2.5
    async with bench.probing(Kind.LIVENESS):
        await asyncio.sleep(12)
    assert bench.at == [1, 3.5, 6, 8.5, 11]


async def test_a_probe_that_can_not_be_made_is_tried_three_times_and_means_nothing(bench: Bench) -> None:
    def fail() -> checks.Result:
        raise errors.EngineRefused("no such exec")

    bench.answer = fail
    with contextlib.suppress(TimeoutError):
        async with bench.probing(Kind.LIVENESS):
            await asyncio.sleep(2)
    assert bench.at == [1, 1, 1]
    assert bench.events == ["1.0 Warning Unhealthy Liveness probe errored: no such exec"]
    assert bench.told == []


async def test_a_warning_is_told_and_counts_as_a_success(bench: Bench) -> None:
    bench.answer = lambda: checks.Result(checks.Verdict.WARNING, "redirected")
    async with bench.probing(Kind.LIVENESS):
        await asyncio.sleep(2)
    assert bench.events == ["1.0 Warning ProbeWarning Liveness probe warning: redirected"]
    assert bench.told == [(1, True)]
