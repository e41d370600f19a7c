"""Namespaces from what they are born with to their end, what follows deletions, and what is there from the start."""

import asyncio
from typing import Any

import msgspec
import pytest

from podrunner import errors
from podrunner.objects import config, kinds, meta, options
from podrunner.objects.cluster import Namespace, ServiceAccount
from podrunner.objects.container import Container
from podrunner.objects.endpoints import Endpoints
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod, PodSpec
from podrunner.objects.service import Service
from podrunner.store import events, housekeeping, namespaces, pods, strategy, system
from podrunner.store.registry import Registry

CONFIG_MAP = kinds.of(config.ConfigMap())
ANY = options.DeleteOptions()


@pytest.fixture
def keeper(registry: Registry) -> housekeeping.Housekeeper:
    system.ensure(registry)
    return housekeeping.Housekeeper(registry)


def namespace(registry: Registry, name: str = "brief", **given: Any) -> Namespace:
    return strategy.create(registry, Namespace(metadata=meta.ObjectMeta(name=name, **given)))


def config_map(name: str, namespace: str = "default", owner: meta.Object | None = None) -> config.ConfigMap:
    owners: tuple[meta.OwnerReference, ...] = ()
    if owner is not None:
        about = owner.metadata
        owners = (meta.OwnerReference(api_version=owner.api_version, kind=owner.kind, name=about.name, uid=about.uid),)
    return config.ConfigMap(metadata=meta.ObjectMeta(name=name, namespace=namespace, owner_references=owners))


def running_pod(registry: Registry, namespace: str = "default", name: str = "kubia") -> Pod:
    spec = PodSpec(containers=(Container(name="kubia", image="luksa/kubia:1.0"),))
    about = meta.ObjectMeta(name=name, namespace=namespace)
    return pods.bind(registry, strategy.create(registry, Pod(metadata=about, spec=spec)), "vm")


def content(registry: Registry, name: str) -> list[str]:
    """Kind and name of everything in a namespace, and of the namespace."""
    found = [
        f"{kind.name} {obj.metadata.name}"
        for kind in kinds.KINDS
        for obj in registry.list(kind).items
        if name in (obj.metadata.namespace, obj.metadata.name)
    ]
    return sorted(found)


def test_the_system_is_there_once(registry: Registry) -> None:
    system.ensure(registry)
    before = registry.list(namespaces.NAMESPACE)
    assert [item.metadata.name for item in before.items] == ["default", "kube-node-lease", "kube-public", "kube-system"]
    assert all(item.status.phase == "Active" and item.spec.finalizers == ("kubernetes",) for item in before.items)
    service = registry.get(kinds.of(Service()), "default", "kubernetes")
    assert (service.spec.cluster_ip, service.spec.ports[0].port) == ("None", 443)
    assert registry.get(kinds.of(Endpoints()), "default", "kubernetes").subsets == ()
    system.ensure(registry)
    assert registry.list(namespaces.NAMESPACE).resource_version == before.resource_version


def test_a_namespace_that_is_in_use_is_there(registry: Registry) -> None:
    registry.create(config_map("settings", "older"))
    system.ensure(registry)
    assert registry.get(namespaces.NAMESPACE, "", "older").status.phase == "Active"


def test_every_namespace_learns_of_the_certificate(registry: Registry) -> None:
    system.ensure(registry)
    namespace(registry, "early")
    with pytest.raises(errors.NotFound):
        registry.get(CONFIG_MAP, "early", "kube-root-ca.crt")
    system.publish_certificate(registry, "first")
    system.publish_certificate(registry, "second")
    namespace(registry, "late")
    for name in ("default", "early", "late"):
        assert registry.get(CONFIG_MAP, name, "kube-root-ca.crt").data == {"ca.crt": "second"}


def test_a_new_namespace_has_an_account(registry: Registry) -> None:
    system.ensure(registry)
    created = namespace(registry)
    assert (created.status.phase, created.spec.finalizers) == ("Active", ("kubernetes",))
    assert created.metadata.labels == {"kubernetes.io/metadata.name": "brief"}
    assert registry.get(kinds.of(ServiceAccount()), "brief", "default").kind == "ServiceAccount"


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_some_namespaces_last(registry: Registry, name: str) -> None:
    system.ensure(registry)
    with pytest.raises(errors.Forbidden) as caught:
        strategy.delete(registry, namespaces.NAMESPACE, "", name, ANY)
    assert str(caught.value) == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


def test_a_namespace_ends_when_its_last_pod_has(registry: Registry, keeper: housekeeping.Housekeeper) -> None:
    namespace(registry)
    pod = running_pod(registry, "brief")
    registry.create(config_map("settings", "brief"))
    recorder = events.Recorder(registry)
    gone = strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
    assert (gone.object.status.phase, gone.shown) == ("Terminating", True)
    keeper.tidy()
    assert content(registry, "brief") == ["Namespace brief", "Pod kubia"]
    assert registry.get(pods.POD, "brief", "kubia").metadata.deletion_grace_period_seconds == 30
    recorder.record(pod, "Normal", "Killing", "Stopping container kubia")
    keeper.tidy()
    assert len(registry.list(kinds.of(Event()), "brief").items) == 1, "how the pod ends is told to its end"
    pods.remove(registry, "brief", "kubia", pod.metadata.uid)
    keeper.tidy()
    assert content(registry, "brief") == []
    namespace(registry)


def test_deleting_a_namespace_again_changes_nothing(registry: Registry, keeper: housekeeping.Housekeeper) -> None:
    namespace(registry)
    first = strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
    assert strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY) == first


def test_finalizers_keep_a_namespace(registry: Registry, keeper: housekeeping.Housekeeper) -> None:
    namespace(registry, finalizers=("a/b",))
    strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
    keeper.tidy()
    assert content(registry, "brief") == ["Namespace brief"]
    kept = registry.get(namespaces.NAMESPACE, "", "brief")
    assert kept.spec.finalizers == ()
    strategy.replace(registry, msgspec.structs.replace(kept, metadata=without_finalizers(kept)))
    keeper.tidy()
    assert content(registry, "brief") == []


def without_finalizers(obj: meta.Object) -> meta.ObjectMeta:
    return msgspec.structs.replace(obj.metadata, finalizers=())


def test_a_full_namespace_ends_in_rounds(
    registry: Registry, keeper: housekeeping.Housekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespaces, "DELETED_AT_ONCE", 2)
    namespace(registry)
    for number in range(3):
        strategy.create(registry, config_map(f"config-{number}", "brief"))
    strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
    left = []
    while content(registry, "brief"):
        keeper.tidy()
        left.append(len(content(registry, "brief")))  # with the namespace and its ServiceAccount
    assert left == [3, 0]


def test_finalizers_of_its_content_keep_a_namespace(registry: Registry, keeper: housekeeping.Housekeeper) -> None:
    namespace(registry)
    kept = config_map("settings", "brief")
    registry.create(msgspec.structs.replace(kept, metadata=msgspec.structs.replace(kept.metadata, finalizers=("a/b",))))
    strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
    keeper.tidy()
    keeper.tidy()
    assert content(registry, "brief") == ["ConfigMap settings", "Namespace brief"]
    marked = registry.get(CONFIG_MAP, "brief", "settings")
    strategy.replace(registry, msgspec.structs.replace(marked, metadata=without_finalizers(marked)))
    keeper.tidy()
    assert content(registry, "brief") == []


def test_what_has_an_owner_goes_after_it(registry: Registry, keeper: housekeeping.Housekeeper) -> None:
    owner = registry.create(config_map("owner"))
    registry.create(config_map("owned", owner=owner))
    registry.create(config_map("free"))
    keeper.tidy()
    assert registry.get(CONFIG_MAP, "default", "owned")
    strategy.delete(registry, CONFIG_MAP, "default", "owner", ANY)
    keeper.tidy()
    assert [item.metadata.name for item in registry.list(CONFIG_MAP, "default").items] == ["free"]


def test_a_later_owner_of_the_same_name_is_another_one(registry: Registry, keeper: housekeeping.Housekeeper) -> None:
    owner = registry.create(config_map("owner"))
    registry.create(config_map("owned", owner=owner))
    registry.delete(CONFIG_MAP, "default", "owner")
    registry.create(config_map("owner"))
    keeper.tidy()
    assert [item.metadata.name for item in registry.list(CONFIG_MAP, "default").items] == ["owner"]


def test_one_owner_left_and_owners_of_unknown_kinds_keep_an_object(
    registry: Registry, keeper: housekeeping.Housekeeper
) -> None:
    first, second = registry.create(config_map("first")), registry.create(config_map("second"))
    owners = (
        *config_map("a", owner=first).metadata.owner_references,
        *config_map("a", owner=second).metadata.owner_references,
    )
    unknown = (meta.OwnerReference(api_version="apps/v1", kind="ReplicaSet", name="kubia", uid="1"),)
    for name, given in (("both", owners), ("unknown", unknown)):
        registry.create(config.ConfigMap(metadata=meta.ObjectMeta(name=name, owner_references=given)))
    strategy.delete(registry, CONFIG_MAP, "default", "first", ANY)
    keeper.tidy()
    assert [item.metadata.name for item in registry.list(CONFIG_MAP, "default").items] == ["both", "second", "unknown"]


def test_orphans_stay(registry: Registry, keeper: housekeeping.Housekeeper) -> None:
    owner = registry.create(config_map("owner"))
    registry.create(config_map("owned", owner=owner))
    strategy.delete(registry, CONFIG_MAP, "default", "owner", options.DeleteOptions(propagation_policy="Orphan"))
    keeper.tidy()
    assert registry.get(CONFIG_MAP, "default", "owned").metadata.owner_references == ()


def test_what_was_left_to_do_is_done_after_a_restart(registry: Registry) -> None:
    system.ensure(registry)
    namespace(registry)
    owner = registry.create(config_map("owner"))
    registry.create(config_map("owned", owner=owner))
    registry.delete(CONFIG_MAP, "default", "owner")
    strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
    housekeeping.Housekeeper(registry).tidy()
    assert content(registry, "brief") == []
    assert registry.list(CONFIG_MAP, "default").items == ()


def test_it_is_done_in_the_background_as_it_becomes_due(registry: Registry) -> None:
    async def until_gone() -> None:
        working = asyncio.create_task(housekeeping.Housekeeper(registry).run())
        await asyncio.sleep(0)
        with registry.watch(namespaces.NAMESPACE, since=registry.list(CONFIG_MAP).resource_version) as watch:
            strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
            async for change in watch:
                if change.type == "DELETED":
                    break
        working.cancel()

    system.ensure(registry)
    namespace(registry)
    asyncio.run(asyncio.wait_for(until_gone(), 5))
    assert content(registry, "brief") == []
