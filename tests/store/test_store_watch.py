"""Watches: one commit order with lists, exactly once, selectors, compaction."""

import asyncio
from typing import NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from podrunner import clock, errors
from podrunner.objects import cluster, codec, config, kinds, meta, node, selectors
from podrunner.store import database, history
from podrunner.store.registry import Registry
from podrunner.store.watch import Change, ChangeType, Watch

CONFIG_MAP = kinds.of(config.ConfigMap())


RED = selectors.parse("colour=red")


def config_map(name: str, colour: str = "red", namespace: str = "default", text: str = "") -> config.ConfigMap:
    metadata = meta.ObjectMeta(name=name, namespace=namespace, labels={"colour": colour})
    return config.ConfigMap(metadata=metadata, data={"text": text})


def drained(watch: Watch, registry: Registry) -> list[Change]:
    """Everything a watch has to say at this moment."""
    changes: list[Change] = []
    while (batch := watch.pending()) or watch.resource_version != registry.list(CONFIG_MAP).resource_version:
        changes.extend(batch)
    return changes


def told(changes: list[Change]) -> list[str]:
    return [f"{change.type} {change.object.metadata.name} {change.resource_version}" for change in changes]


def test_a_watch_from_a_list_sees_every_later_change(registry: Registry) -> None:
    registry.create(config_map("a"))
    since = registry.list(CONFIG_MAP).resource_version
    registry.create(config_map("b"))
    registry.update(config_map("a", colour="green"))
    registry.delete(CONFIG_MAP, "default", "b")
    watch = registry.watch(CONFIG_MAP, since=since)
    registry.create(config_map("c"))
    assert told(drained(watch, registry)) == ["ADDED b 3", "MODIFIED a 4", "DELETED b 5", "ADDED c 6"]
    assert drained(watch, registry) == []


def test_a_watch_from_the_list_of_an_empty_store_misses_nothing(registry: Registry) -> None:
    since = registry.list(CONFIG_MAP).resource_version
    registry.create(config_map("a"))
    registry.delete(CONFIG_MAP, "default", "a")
    assert told(drained(registry.watch(CONFIG_MAP, since=since), registry)) == ["ADDED a 2", "DELETED a 3"]


@pytest.mark.parametrize("since", [None, "", "0"])
def test_a_watch_from_nowhere_begins_with_what_is_there(registry: Registry, since: str | None) -> None:
    registry.create(config_map("b"))
    registry.create(config_map("a"))
    watch = registry.watch(CONFIG_MAP, since=since)
    registry.create(config_map("c"))
    assert told(drained(watch, registry)) == ["ADDED a 3", "ADDED b 2", "ADDED c 4"]


def test_a_watch_is_about_one_kind_and_namespace(registry: Registry) -> None:
    watch = registry.watch(CONFIG_MAP, "default", since="1")
    registry.create(config_map("a", namespace="other"))
    registry.create(config.Secret(metadata=meta.ObjectMeta(name="b")))
    registry.create(config_map("c"))
    assert told(drained(watch, registry)) == ["ADDED c 4"]


def test_a_selector_turns_entering_into_added_and_leaving_into_deleted(registry: Registry) -> None:
    watch = registry.watch(CONFIG_MAP, since="1", labels=RED)
    registry.create(config_map("a", "green"))
    registry.update(config_map("a", "red", text="first"))
    registry.update(config_map("a", "red", text="second"))
    registry.update(config_map("a", "green"))
    registry.delete(CONFIG_MAP, "default", "a")
    changes = drained(watch, registry)
    assert told(changes) == ["ADDED a 3", "MODIFIED a 4", "DELETED a 5"]
    assert changes[-1].object.data == {"text": "second"}, "a leaving object is shown as it was when it still matched"


def test_a_selector_sees_the_deletion_of_what_it_selects(registry: Registry) -> None:
    registry.create(config_map("a", "red"))
    registry.create(config_map("b", "green"))
    watch = registry.watch(CONFIG_MAP, since="3", labels=RED)
    registry.delete(CONFIG_MAP, "default", "a")
    registry.delete(CONFIG_MAP, "default", "b")
    assert told(drained(watch, registry)) == ["DELETED a 4"]


def test_a_field_selector_follows_the_field(registry: Registry) -> None:
    watch = registry.watch(CONFIG_MAP, since="1", fields=selectors.parse_fields("metadata.name=a"))
    registry.create(config_map("a"))
    registry.create(config_map("b"))
    assert told(drained(watch, registry)) == ["ADDED a 2"]


def test_an_unknown_field_to_select_by_is_refused_though_nothing_is_there(registry: Registry) -> None:
    fields = selectors.parse_fields("metadata.name=a,data.text=b")
    refused = r'^"data\.text" is not a known field selector: only "metadata\.name", "metadata\.namespace"$'
    with pytest.raises(errors.BadRequest, match=refused):
        registry.watch(CONFIG_MAP, since=None, fields=fields)
    with pytest.raises(errors.BadRequest, match=refused):
        registry.list(CONFIG_MAP, fields=fields)
    with pytest.raises(errors.BadRequest, match=r"^field label not supported: metadata\.namespace$"):
        registry.list(kinds.of(node.Node()), fields=selectors.parse_fields("metadata.namespace=a"))


def test_kinds_have_fields_of_their_own_to_select_by(registry: Registry) -> None:
    registry.create(config.Secret(metadata=meta.ObjectMeta(name="a"), type="example.com/a"))
    registry.create(node.Node(metadata=meta.ObjectMeta(name="vm"), spec=node.NodeSpec(unschedulable=True)))
    registry.create(cluster.Namespace(metadata=meta.ObjectMeta(name="b")))
    for kind, term in (
        (config.Secret, "type=example.com/a"),
        (node.Node, "spec.unschedulable=true"),
        (cluster.Namespace, "status.phase=Active"),
    ):
        for text, count in ((term, 1), (term.replace("=", "!="), 0)):
            assert len(registry.list(kinds.of(kind()), fields=selectors.parse_fields(text)).items) == count


def test_a_resource_version_of_another_store_is_expired(registry: Registry) -> None:
    with pytest.raises(errors.Expired, match="unknown resource version: 99, the newest is 1"):
        registry.watch(CONFIG_MAP, since="99")


@pytest.mark.parametrize("since", ["-1", "1.5", "abc", "²"])
def test_a_resource_version_is_a_number(registry: Registry, since: str) -> None:
    with pytest.raises(errors.BadRequest, match="must be a number"):
        registry.watch(CONFIG_MAP, since=since)


def test_history_is_bounded_and_who_asks_for_more_is_told(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "HISTORY_CHANGES", 10)
    monkeypatch.setattr(database, "COMPACTION_INTERVAL", 8)
    slow = registry.watch(CONFIG_MAP, since="1")
    registry.create(config_map("a"))
    for number in range(63):
        registry.update(config_map("a", text=str(number)))
    with pytest.raises(errors.Expired, match=r"^too old resource version: 1 \(55\)$"):
        slow.pending()
    with pytest.raises(errors.Expired, match=r"^too old resource version: 53 \(55\)$"):
        registry.watch(CONFIG_MAP, since="53")
    assert len(drained(registry.watch(CONFIG_MAP, since="54"), registry)) == 11


def test_history_is_bounded_in_bytes_too(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "HISTORY_BYTES", 10_000)
    monkeypatch.setattr(database, "COMPACTION_INTERVAL", 1)
    registry.create(config_map("a"))
    for _ in range(50):
        registry.update(config_map("a", text="x" * 1000))
        registry.update(config_map("a", text="y" * 1000))
    with pytest.raises(errors.Expired):
        registry.watch(CONFIG_MAP, since="90")
    assert len(drained(registry.watch(CONFIG_MAP, since="98"), registry)) == 4


def test_the_newest_change_outlives_every_bound(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "HISTORY_BYTES", 1)
    monkeypatch.setattr(database, "COMPACTION_INTERVAL", 1)
    registry.create(config_map("a"))
    since = registry.create(config_map("b")).metadata.resource_version
    registry.create(config_map("c"))
    assert told(drained(registry.watch(CONFIG_MAP, since=since), registry)) == ["ADDED c 4"]


def test_a_waiting_reader_is_woken_by_a_change(registry: Registry) -> None:
    async def first_change() -> list[str]:
        with registry.watch(CONFIG_MAP, since="1") as watch:
            reading = asyncio.create_task(watch.batch())
            await asyncio.sleep(0)
            registry.create(config_map("a"))
            return told(list(await asyncio.wait_for(reading, 1)))

    assert asyncio.run(first_change()) == ["ADDED a 2"]


def test_a_reader_waits_no_longer_than_it_wants(registry: Registry) -> None:
    assert asyncio.run(registry.watch(CONFIG_MAP, since="1").batch(timeout=0.001)) == ()


def test_a_reader_that_selects_little_of_a_long_history_gets_it(registry: Registry) -> None:
    registry.create(config_map("a", "green"))
    for number in range(400):
        registry.update(config_map("a", "green", text=str(number)))
    registry.create(config_map("b", "red"))
    watch = registry.watch(CONFIG_MAP, since="1", labels=RED)
    assert told(list(asyncio.run(watch.batch()))) == ["ADDED b 403"]


def test_large_changes_are_read_few_at_a_time(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RECENT_CHANGES", 0)
    monkeypatch.setattr(history, "STEP_BYTES", 1)
    watch = registry.watch(CONFIG_MAP, since="1")
    for name in ("a", "b", "c"):
        registry.create(config_map(name))
    assert [len(watch.pending()) for _ in range(4)] == [1, 1, 1, 0]


def test_closing_the_registry_ends_the_readers(registry: Registry) -> None:
    async def count() -> int:
        registry.create(config_map("a"))
        seen = 0
        async for _ in registry.watch(CONFIG_MAP, since=None):
            seen += 1
            asyncio.get_running_loop().call_soon(registry.close)
        return seen

    assert asyncio.run(asyncio.wait_for(count(), 1)) == 1


class Write(NamedTuple):
    """A step of the property below: what one object is to be (None: gone), and which readers resume before it."""

    name: str
    colour: str | None
    resuming: frozenset[int]


class Reader(NamedTuple):
    """What a reader selects, and whether it resumes from a bookmark or from the last change it was told."""

    labels: selectors.Selector
    bookmarks: bool


READERS = [Reader(labels, bookmarks) for labels in (selectors.EVERYTHING, RED) for bookmarks in (False, True)]

writes = st.lists(
    st.builds(
        Write,
        name=st.sampled_from("abc"),
        colour=st.sampled_from(["red", "green", "blue", None]),
        resuming=st.frozensets(st.integers(0, len(READERS) - 1)),
    ),
    max_size=25,
)


def perform(registry: Registry, step: Write) -> None:
    """Creates, updates or deletes so that the step holds; every call that has an effect is one change."""
    present = {item.metadata.name for item in registry.list(CONFIG_MAP).items}
    if step.colour is None:
        if step.name in present:
            registry.delete(CONFIG_MAP, "default", step.name)
    elif step.name in present:
        registry.update(config_map(step.name, step.colour))
    else:
        registry.create(config_map(step.name, step.colour))


class Follower:
    """A client that keeps what it has been told of, resumes where it stopped, and checks each step."""

    def __init__(self, registry: Registry, reader: Reader) -> None:
        self.registry, self.reader = registry, reader
        self.known: dict[str, config.ConfigMap] = {}
        self.versions: list[int] = [1]
        self.watch = registry.watch(CONFIG_MAP, since="1", labels=reader.labels)

    def resume(self) -> None:
        since = self.watch.resource_version if self.reader.bookmarks else str(self.versions[-1])
        self.watch.close()
        self.watch = self.registry.watch(CONFIG_MAP, since=since, labels=self.reader.labels)

    def read(self) -> None:
        for change in drained(self.watch, self.registry):
            name = change.object.metadata.name
            assert (change.type is ChangeType.ADDED) == (name not in self.known)
            self.versions.append(int(change.resource_version))
            if change.type is ChangeType.DELETED:
                del self.known[name]
            else:
                self.known[name] = change.object

    def agrees(self) -> bool:
        listed = self.registry.list(CONFIG_MAP, labels=self.reader.labels).items
        return self.known == {item.metadata.name: item for item in listed}


@settings(max_examples=60, deadline=None)
@given(writes, st.sampled_from([1, 3, 1024]))
def test_readers_that_resume_at_random_see_every_change_exactly_once(steps: list[Write], in_memory: int) -> None:
    registry = Registry(None, clock.SystemClock())
    followers = [Follower(registry, reader) for reader in READERS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "RECENT_CHANGES", in_memory)
        for step in steps:
            perform(registry, step)
            for number in sorted(step.resuming):
                followers[number].read()
                followers[number].resume()
        for follower in followers:
            follower.read()
            assert follower.agrees()
            assert follower.versions == sorted(set(follower.versions))
    newest = int(registry.list(CONFIG_MAP).resource_version)
    assert followers[0].versions == followers[1].versions == list(range(1, newest + 1))
    registry.close()


def test_the_initial_list_is_handed_out_apart(registry: Registry) -> None:
    registry.create(config_map("a"))
    watch = registry.watch(CONFIG_MAP, since=None)
    registry.create(config_map("b"))
    assert (told(list(watch.initial())), watch.resource_version) == (["ADDED a 2"], "2")
    assert watch.initial() == ()
    assert told(drained(watch, registry)) == ["ADDED b 3"]
    assert registry.watch(CONFIG_MAP, since="3").initial() == ()


def test_a_change_has_its_object_as_json(registry: Registry) -> None:
    registry.create(config_map("a"))
    registry.create(config_map("b", "green"))
    everything, red = registry.watch(CONFIG_MAP, since=None), registry.watch(CONFIG_MAP, since=None, labels=RED)
    registry.update(config_map("a", "green"))
    registry.delete(CONFIG_MAP, "default", "a")
    for watch in (everything, red):
        for change in drained(watch, registry):
            assert codec.decode(change.body, config.ConfigMap) == change.object


def test_changes_in_quick_succession_wake_a_reader_few_times(registry: Registry) -> None:
    async def batches() -> list[int]:
        sizes: list[int] = []
        with registry.watch(CONFIG_MAP, since="1") as watch:
            writing = asyncio.create_task(write())
            while sum(sizes) < 200:
                sizes.append(len(await watch.batch()))
            await writing
        return sizes

    async def write() -> None:
        for number in range(200):
            registry.create(config_map(f"a{number}"))
            await asyncio.sleep(0)

    sizes = asyncio.run(batches())
    assert sizes[0] == 1, "the first of them does not wait"
    assert len(sizes) < 40


def test_a_reader_is_woken_on_a_loop_that_comes_after_another(registry: Registry) -> None:
    async def burst(first: int) -> int:
        with registry.watch(CONFIG_MAP, since=registry.list(CONFIG_MAP).resource_version) as watch:
            reading = asyncio.create_task(watch.batch())
            await asyncio.sleep(0)
            for number in range(first, first + 3):
                registry.create(config_map(f"a{number}"))
            return len(await asyncio.wait_for(reading, 1))

    assert [asyncio.run(burst(first)) for first in (0, 10, 20)] == [3, 3, 3]
