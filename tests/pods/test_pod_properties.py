"""Whatever happens to a pod, performing plans leads where its object wants it, and breaks no rule on the way.

Played on a model of the engine. `PODRUNNER_EXAMPLES=20000 pytest tests/pods/test_pod_properties.py` searches longer.
"""

import functools
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import hypothesis
from hypothesis import strategies as st
from msgspec import structs

import pod_cases
from model_engine import FOREVER, ImageSource, Run
from model_node import Node
from podrunner.objects.container import Container, ExecAction, Lifecycle, LifecycleHandler, Probe, SleepAction
from podrunner.objects.pod import Pod
from podrunner.pods import observed, plan, restarts, spec, stopping

SETTLES = 1500
"""Decisions after which a pod that has not come to rest goes round in circles."""

HOUR = 3600.0

ENGINES_OWN_TIME = 2.0
"""Seconds in which what is under way comes to its end, and signals arrive."""

thoroughly = hypothesis.settings(
    max_examples=int(os.environ.get("PODRUNNER_EXAMPLES", "40")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


class Mishap(NamedTuple):
    """Something from outside: a method of the node or the engine and its arguments, at a time in seconds."""

    seconds: float
    what: str
    argument: str | float | None = None


class Traits(NamedTuple):
    """What a container has beyond its image: hooks, probes, a restart policy of its own, last words."""

    post_start: bool = False
    pre_stop: bool = False
    startup: bool = False
    liveness: bool = False
    readiness: bool = False
    policy: str | None = None
    message: bool = False


class Story(NamedTuple):
    """A pod and everything that is going to happen to it."""

    policy: str
    grace: int
    fail_fast: bool
    prefetch: bool
    pull_policies: dict[str, str]
    runs: dict[str, list[Run]]
    images: dict[str, ImageSource]
    refusals: dict[str, int]
    mishaps: list[Mishap]
    delays: list[float]
    events_arrive: list[bool]
    traits: dict[str, Traits]
    verdicts: list[bool]
    hook_seconds: list[float]
    has: observed.Observed = observed.Observed()

    @property
    def pod(self) -> Pod:
        """The pod. A container's part in it is told by the beginning of its name."""
        containers = [_container(name, policy, self.traits[name]) for name, policy in self.pull_policies.items()]
        return pod_cases.pod(
            inits=tuple(known for known in containers if not known.name.startswith("main")),
            mains=tuple(known for known in containers if known.name.startswith("main")),
            policy=self.policy,
            grace=self.grace,
            fail_fast=self.fail_fast,
            prefetch=self.prefetch,
        )


def _container(name: str, pull_policy: str, traits: Traits) -> Container:
    probe = Probe(exec=ExecAction(command=("true",)), period_seconds=1, failure_threshold=1, success_threshold=1)
    run, sleep = LifecycleHandler(exec=ExecAction(command=("true",))), LifecycleHandler(sleep=SleepAction(seconds=1))
    return Container(
        name=name,
        image=name,
        image_pull_policy=pull_policy,
        lifecycle=Lifecycle(post_start=run if traits.post_start else None, pre_stop=sleep if traits.pre_stop else None),
        startup_probe=probe if traits.startup else None,
        liveness_probe=probe if traits.liveness else None,
        readiness_probe=probe if traits.readiness else None,
        restart_policy="Always" if name.startswith("side") else traits.policy,
        termination_message_path="/dev/termination-log" if traits.message else "",
    )


class WatchedNode(Node):
    """A node that checks what it begins against what has become known, by report or on the engine."""

    def __init__(self, story: Story) -> None:
        super().__init__(
            story.pod,
            delays=story.delays,
            events_arrive=story.events_arrive,
            verdicts=story.verdicts,
            hook_seconds=story.hook_seconds,
        )
        self.story = story
        self.succeeded: set[tuple[str, str]] = set()
        self.opened: set[str] = set()
        self.ends: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.stopped_to_restart: set[str] = set()
        self.engine.runs = {name: list(runs) for name, runs in story.runs.items()}
        self.engine.images = dict(story.images)
        self.engine.refusals = dict(story.refusals)
        self.engine.adopt(story.has)

    def report(self, decided: plan.Plan = plan.Plan()) -> None:  # noqa: B008 frozen
        before = self.pod.status.phase
        self._learn()
        super().report(decided)
        reported = self.pod.status
        assert before not in ("Succeeded", "Failed") or reported.phase == before, "a final phase stays"
        for one in (*reported.init_container_statuses, *reported.container_statuses):
            assert one.restart_count >= self.counts.get(one.name, 0), f"restarts of {one.name} fell"
            self.counts[one.name] = one.restart_count
            if one.state.terminated is not None:
                self.ends[one.name] = one.state.terminated.exit_code
        sidecars = {known.name for known in spec.sidecars(self.pod)}
        probed = [one for one in reported.init_container_statuses if one.name in sidecars]
        probed += reported.container_statuses
        assert all(one.started for one in probed if one.ready), "ready, but not started"
        assert all(one.state.running is not None for one in probed if one.started), "started, but not running"

    def begins(self, operation: plan.Operation) -> None:
        self._learn()
        if isinstance(operation, plan.CreateSandbox | plan.CreateContainer | plan.StartContainer):
            assert self.pod.metadata.deletion_timestamp is None, "a deleted pod gets nothing new"
            assert self.pod.status.phase not in ("Succeeded", "Failed"), "a pod that has ended gets nothing new"
        if isinstance(operation, plan.CreateContainer):
            self._may_be_created(operation.container, operation.sandbox_id)
        if isinstance(operation, plan.StartContainer):
            self._may_be_started(operation)
        if isinstance(operation, plan.SignalContainer | plan.AnnounceStop) and operation.again:
            self.stopped_to_restart.add(operation.container)

    def _may_be_created(self, name: str, sandbox_id: str) -> None:
        container = spec.container(self.pod, name)
        assert container is not None
        if spec.kind(self.pod, name) is spec.Kind.INIT:
            assert (sandbox_id, name) not in self.succeeded, f"{name} had succeeded in this sandbox"
        elif name in self.ends and name not in self.stopped_to_restart:
            assert restarts.wanted(self.pod, container, self.ends[name]), f"{name} is restarted against its policy"

    def _may_be_started(self, operation: plan.StartContainer) -> None:
        instance = self.engine.inspect(operation.container_id)
        if not isinstance(instance, observed.Container):
            return
        same = [known for known in self.engine.has.containers if known.name == instance.name]
        assert all(known.state is not observed.State.RUNNING for known in same), f"{instance.name} is doubled"
        if spec.kind(self.pod, instance.name) is spec.Kind.MAIN and instance.sandbox_id not in self.opened:
            inits = {(instance.sandbox_id, init.name) for init in self._inits_to_wait_for()}
            assert inits <= self.succeeded, f"{instance.name} starts before the init containers succeeded"

    def _inits_to_wait_for(self) -> Sequence[Container]:
        """A sidecar that had its turn before podrunner came to look, and is gone, is only started again."""
        begun_before = self.story.has != observed.Observed()
        inits = self.pod.spec.init_containers
        return [known for known in inits if known not in spec.sidecars(self.pod)] if begun_before else inits

    def _learn(self) -> None:
        """Notes what podrunner could know by now, for it may be removed from the engine later."""
        for known in self.seen.containers:
            kind = spec.kind(self.pod, known.name)
            if known.state is observed.State.EXITED:
                self.ends[known.name] = known.exit_code
            if known.started_at is not None and kind is spec.Kind.MAIN:
                self.opened.add(known.sandbox_id)
            succeeded = known.state is observed.State.EXITED and known.exit_code == 0
            if succeeded or (kind is spec.Kind.SIDECAR and known.started_at is not None):
                self.succeeded.add((known.sandbox_id, known.name))


def play(story: Story) -> WatchedNode:
    """Lets the story happen until the pod comes to rest."""
    node = WatchedNode(story)
    happenings: dict[str, Callable[..., None]] = {
        "delete": node.delete,
        "crash": node.crash,
        "lose connection": node.lose_connection,
        "kill sandbox": lambda: _each_sandbox(node, lambda known: node.engine.kill(known.id, "SIGKILL")),
        "remove sandbox": lambda: _each_sandbox(node, lambda known: node.engine.remove(known.id)),
        "remove": node.engine.remove_newest,
        "remove everything": lambda: _everything(node),
        "prune": node.engine.prune,
        "remove image": lambda reference: _remove_image(node, reference),
        "load image": lambda reference: node.engine.images.update({reference: ImageSource()}),
    }
    for mishap in story.mishaps:
        node.after(mishap.seconds, functools.partial(_happen, node, mishap, happenings[mishap.what]))
    try:
        node.begin()
        node.run(until=HOUR * 10, settles=SETTLES)
        node.look_anew()
        node.run(until=HOUR * 11, settles=SETTLES)
        assert_at_rest(node)
    except AssertionError as failure:
        failure.add_note("\n".join(node.log[-80:]))
        raise
    return node


def _happen(node: Node, mishap: Mishap, happening: Callable[..., None]) -> None:
    node.log.append(f"{node.timeline.seconds:7.2f} ! {mishap.what} {mishap.argument or ''}")
    happening(*([] if mishap.argument is None else [mishap.argument]))


def _each_sandbox(node: Node, harm: Callable[[observed.Sandbox], None]) -> None:
    for known in node.engine.has.sandboxes:
        harm(known)


def _everything(node: Node) -> None:
    for known in node.engine.everything:
        node.engine.remove(known.id)


def _remove_image(node: Node, reference: str) -> None:
    source = node.engine.images[reference]
    if source.present:
        node.engine.images[reference] = source._replace(present=False)


def assert_at_rest(node: WatchedNode) -> None:
    """The pod is where its object wants it."""
    has, phase = node.engine.has, node.pod.status.phase
    running = [known for known in has.containers if known.state is observed.State.RUNNING]
    if node.pod.metadata.deletion_timestamp is not None:
        assert node.gone, "the deleted pod is still there"
        assert has == observed.Observed(), "something was left behind"
    elif phase in ("Succeeded", "Failed"):
        assert not running, "a container runs in a pod that has ended"
        assert not any(known.state is observed.State.RUNNING for known in has.sandboxes)
    elif _waits_for_an_impossible_image(node):
        assert phase in ("Pending", "Running")
    else:
        assert running, "nothing runs, and nothing is going to"
        assert has.sandbox is not None
        assert has.sandbox.state is observed.State.RUNNING
        assert all(known.sandbox_id == has.sandbox.id for known in running)
        assert phase == "Running"
        assert {known.name for known in running} == _to_be_running(node)


def _to_be_running(node: Node) -> set[str]:
    """The sidecars, and the main containers that have not ended, or not for good."""
    ended = {
        one.name: one.state.terminated.exit_code
        for one in node.pod.status.container_statuses
        if one.state.terminated is not None
    }
    mains = {
        known.name
        for known in node.pod.spec.containers
        if known.name not in ended or restarts.wanted(node.pod, known, ended[known.name])
    }
    return mains | {known.name for known in spec.sidecars(node.pod)}


def _waits_for_an_impossible_image(node: Node) -> bool:
    waiting = [
        one.state.waiting for one in (*node.pod.status.init_container_statuses, *node.pod.status.container_statuses)
    ]
    return any(known is not None and known.reason == "InvalidImageName" for known in waiting)


INIT_RUNS = st.builds(
    Run,
    lasts=st.sampled_from([0.0, 0.3, 4.0]),
    code=st.sampled_from([0, 0, 1]),
    starts=st.sampled_from([True, True, True, False]),
    heeds=st.sampled_from([0.1, None]),
    code_on_term=st.sampled_from([143, 0]),
)
MAIN_RUNS = st.builds(
    Run,
    lasts=st.sampled_from([None, 0.0, 3.0, 700.0]),
    code=st.sampled_from([0, 1]),
    starts=st.sampled_from([True, True, True, False]),
    heeds=st.sampled_from([0.1, None, 60.0]),
    code_on_term=st.sampled_from([143, 0]),
)
PULL_POLICIES = st.sampled_from(["IfNotPresent", "IfNotPresent", "Always", "Never"])
IMAGES = st.sampled_from(
    [
        *[ImageSource()] * 5,
        ImageSource(present=False),
        ImageSource(present=False, failing_pulls=2),
        ImageSource(invalid="not a reference"),
    ]
)
MOMENTS = st.one_of(st.sampled_from([0.05, 0.25, 0.45, 0.65, 0.85, 1.05]), st.floats(0.0, 12.0))

POLICIES = st.sampled_from(["Always", "OnFailure", "Never"])
NAMES = st.sampled_from(
    [
        (*inits, *mains)
        for inits in ((), ("init-1",), ("init-1", "init-2"), ("side-1", "init-1"), ("init-1", "side-1", "side-2"))
        for mains in (("main-1",), ("main-1", "main-2"))
    ]
)
GRACES = st.sampled_from([0, 2, 30])
DELETIONS = st.builds(Mishap, MOMENTS, st.just("delete"), st.sampled_from([None, 0, 1, 5]))
MORE_DELETIONS = st.lists(st.builds(Mishap, MOMENTS, st.just("delete"), st.sampled_from([0, 1, 40])), max_size=1)
DELAYS = st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.3]), min_size=1, max_size=7)
ARRIVALS = st.sampled_from([[True], [True, False], [True, True, False]])


TRAITS = st.builds(
    Traits,
    post_start=st.sampled_from([False, False, True]),
    pre_stop=st.sampled_from([False, False, True]),
    startup=st.sampled_from([False, False, True]),
    liveness=st.sampled_from([False, False, True]),
    readiness=st.booleans(),
    policy=st.sampled_from([None, None, "OnFailure", "Never"]),
    message=st.booleans(),
)
INIT_TRAITS = st.builds(Traits, policy=st.sampled_from([None, None, "OnFailure", "Never"]), message=st.booleans())
VERDICTS = st.lists(st.booleans(), max_size=6)
HOOK_SECONDS = st.lists(st.sampled_from([0.1, 1.0, 8.0]), min_size=1, max_size=3)


@st.composite
def stories(draw: st.DrawFn, *, deletions: bool = False, beginnings: bool = False) -> Story:
    policy, names = draw(POLICIES), draw(NAMES)
    pull_policies = {name: draw(PULL_POLICIES) for name in names}
    images = {name: draw(IMAGES) for name in names}
    mishaps = draw(any_mishaps(names))
    # What may not be pulled is brought by someone in the end.
    never_pulled = [name for name in names if pull_policies[name] == "Never" and not images[name].invalid]
    mishaps += [Mishap(60.0, "load image", name) for name in never_pulled]
    if deletions:
        mishaps += [draw(DELETIONS), *draw(MORE_DELETIONS)]
    return Story(
        policy=policy,
        grace=draw(GRACES),
        fail_fast=draw(st.booleans()),
        prefetch=draw(st.booleans()),
        pull_policies=pull_policies,
        runs={name: draw(_runs_of(name, policy)) for name in names},
        images=images,
        refusals=draw(any_refusals(names)),
        mishaps=mishaps,
        delays=draw(DELAYS),
        events_arrive=draw(ARRIVALS),
        traits={name: draw(INIT_TRAITS if name.startswith("init") else TRAITS) for name in names},
        verdicts=draw(VERDICTS),
        hook_seconds=draw(HOOK_SECONDS),
        has=draw(snapshots(names)) if beginnings else observed.Observed(),
    )


ENDED_SANDBOXES = st.sampled_from(["exited", "removed"])
LAST_SANDBOXES = st.sampled_from(["running", "running", "created", "exited", "removed"])
HOMES = tuple(st.lists(st.integers(0, newest), max_size=3) for newest in (0, 1))


@st.composite
def snapshots(draw: st.DrawFn, names: tuple[str, ...]) -> observed.Observed:
    """Whatever the engine may have of a pod.

    Only the last instance of a container in a sandbox may be alive, and where a main container began, the init
    containers have succeeded or were removed.
    """
    newest = draw(st.integers(0, 1))
    states = [*(draw(ENDED_SANDBOXES) for _ in range(newest)), draw(LAST_SANDBOXES)]
    has = observed.Observed()
    for attempt, state in enumerate(states):
        if state != "removed":
            has = has.with_sandbox(pod_cases.sandbox(state, attempt=attempt))
    opened: set[str] = set()
    for name in reversed(names):
        homes = sorted(draw(HOMES[newest]))
        for attempt, home in enumerate(homes):
            last = home not in homes[attempt + 1 :]
            instance = draw(instances(name, attempt, home, last=last, opened=f"sandbox-{home}" in opened))
            has = has.with_container(structs.replace(instance, image=name))
            if name.startswith("main") and instance.started_at is not None:
                opened.add(instance.sandbox_id)
    return has


@functools.cache  # here and below: making strategies takes longer than drawing from them
def instances(name: str, attempt: int, home: int, *, last: bool, opened: bool) -> st.SearchStrategy[observed.Container]:
    failed = [pod_cases.exited(name, 1, attempt, sandbox=home), pod_cases.unstartable(name, attempt, sandbox=home)]
    succeeded = pod_cases.exited(name, 0, attempt, sandbox=home)
    alive = [pod_cases.created(name, attempt, sandbox=home), pod_cases.running(name, attempt, sandbox=home)]
    if name.startswith("init") and last and opened:
        return st.just(succeeded)
    return st.sampled_from([*alive, *alive, *failed, succeeded] if last else failed)


ALL_INIT_RUNS = st.lists(INIT_RUNS, max_size=2).map(lambda first: [*first, Run(lasts=0.5)])
"""Whatever goes wrong first, it ends well: else a pod that is always restarted would never come to rest."""


def _runs_of(name: str, policy: str) -> st.SearchStrategy[list[Run]]:
    return ALL_INIT_RUNS if name.startswith("init") else main_runs("Always" if name.startswith("side") else policy)


@functools.cache
def main_runs(policy: str) -> st.SearchStrategy[list[Run]]:
    last = st.just(FOREVER) if policy == "Always" else st.sampled_from([FOREVER, Run(lasts=2.0)])
    return st.builds(lambda first, last: [*first, last], st.lists(MAIN_RUNS, max_size=3), last)


@functools.cache
def any_refusals(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, int]]:
    requests = ["create sandbox", "start sandbox", *(f"create {name}" for name in names)]
    return st.dictionaries(st.sampled_from(requests), st.integers(1, 2), max_size=1)


@functools.cache
def any_mishaps(names: tuple[str, ...]) -> st.SearchStrategy[list[Mishap]]:
    plain = st.sampled_from(
        ["kill sandbox", "kill sandbox", "remove sandbox", "remove everything", "prune", "prune", "lose connection"]
    )
    one = st.one_of(
        st.builds(Mishap, MOMENTS, plain, st.none()),
        st.builds(Mishap, MOMENTS, st.sampled_from(["remove", "remove image"]), st.sampled_from(names)),
        st.builds(Mishap, MOMENTS, st.just("crash"), st.sampled_from([1.0, 3.0])),
    )
    return st.lists(one, max_size=4)


@thoroughly
@hypothesis.given(stories())
def test_performing_plans_ends_in_what_the_pod_asks_for(story: Story) -> None:
    play(story)


@thoroughly
@hypothesis.given(stories(beginnings=True))
def test_from_any_observed_state_performing_plans_ends_in_what_the_pod_asks_for(story: Story) -> None:
    play(story)


@thoroughly
@hypothesis.given(stories(deletions=True, beginnings=True))
def test_a_pod_deleted_in_any_observed_state_leaves_nothing(story: Story) -> None:
    assert play(story).gone


@thoroughly
@hypothesis.given(stories(deletions=True))
def test_a_pod_deleted_at_any_moment_leaves_nothing(story: Story) -> None:
    assert play(story).gone


@thoroughly
@hypothesis.given(stories(), DELETIONS)
def test_no_container_outlives_the_grace_period(story: Story, deletion: Mishap) -> None:
    """Sidecars neither, which wait for their turn; but for the kubelet's two seconds and the engine's own time."""
    calm = story._replace(mishaps=[], refusals={}, events_arrive=[True])
    grace = calm.grace if deletion.argument is None else int(deletion.argument)
    node = WatchedNode(calm)
    node.after(deletion.seconds, functools.partial(node.delete, grace))
    late = deletion.seconds + grace + stopping.SHORTEST_SHUTDOWN.total_seconds() + ENGINES_OWN_TIME
    node.after(late, lambda: node.log.append("the grace period is over"))
    node.begin()
    node.run(until=late, settles=SETTLES)
    running = [known.name for known in node.engine.has.containers if known.state is observed.State.RUNNING]
    assert not running, "\n".join(node.log[-40:])
