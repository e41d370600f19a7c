"""The registry as a door: admission, optimistic concurrency, errors in Kubernetes' words."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from podrunner import errors
from podrunner.objects import config, kinds, meta
from podrunner.store.registry import Registry

CONFIG_MAP = kinds.of(config.ConfigMap())


def config_map(name: str = "settings", namespace: str = "default", **data: str) -> config.ConfigMap:
    return config.ConfigMap(metadata=meta.ObjectMeta(name=name, namespace=namespace), data=data)


def changed(obj: config.ConfigMap, **data: str) -> config.ConfigMap:
    return msgspec.structs.replace(obj, data=data)


def versions(registry: Registry) -> int:
    return int(registry.list(CONFIG_MAP).resource_version)


def test_a_new_object_gets_what_only_the_system_gives(registry: Registry) -> None:
    stored = registry.create(config_map(colour="red"))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", stored.metadata.uid)
    assert stored.metadata.creation_timestamp == datetime(2024, 3, 1, 12, 15, 0, tzinfo=UTC)
    assert stored.metadata.resource_version == "2"
    assert registry.get(CONFIG_MAP, "default", "settings") == stored


def test_what_a_client_claims_of_the_system_is_dropped_from_a_new_object(registry: Registry) -> None:
    moment = datetime(2001, 1, 1, tzinfo=UTC)
    claimed = meta.ObjectMeta(
        name="settings",
        uid="mine",
        creation_timestamp=moment,
        deletion_timestamp=moment,
        deletion_grace_period_seconds=1,
        generation=7,
        self_link="/here",
    )
    stored = registry.create(config.ConfigMap(metadata=claimed)).metadata
    assert stored.uid != "mine"
    assert stored.creation_timestamp != moment
    assert (stored.deletion_timestamp, stored.deletion_grace_period_seconds) == (None, None)
    assert (stored.generation, stored.self_link, stored.namespace) == (0, "", "default")


def test_a_generated_name_is_the_base_and_five_characters(registry: Registry) -> None:
    generated = meta.ObjectMeta(generate_name="settings-")
    names = {registry.create(config.ConfigMap(metadata=generated)).metadata.name for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch(r"settings-[bcdfghjklmnpqrstvwxz2456789]{5}", name) for name in names)


def test_a_generated_name_stays_within_63_characters(registry: Registry) -> None:
    stored = registry.create(config.ConfigMap(metadata=meta.ObjectMeta(generate_name="a" * 80)))
    assert len(stored.metadata.name) == 63


def test_a_new_object_without_a_name_is_invalid(registry: Registry) -> None:
    with pytest.raises(errors.Invalid) as caught:
        registry.create(config.ConfigMap())
    assert str(caught.value) == (
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )
    assert caught.value.details == {
        "name": "",
        "kind": "ConfigMap",
        "causes": [
            {
                "reason": "FieldValueRequired",
                "message": "Required value: name or generateName is required",
                "field": "metadata.name",
            }
        ],
    }


def test_an_invalid_object_is_refused_with_all_that_is_wrong(registry: Registry) -> None:
    with pytest.raises(errors.Invalid) as caught:
        registry.create(config_map("Upper", **{"a/b": "text"}))
    assert str(caught.value).startswith('ConfigMap "Upper" is invalid: [metadata.name: Invalid value: "Upper": a lower')
    assert [cause["field"] for cause in caught.value.details["causes"]] == ["metadata.name", "data[a/b]"]
    assert registry.list(CONFIG_MAP).items == ()


def test_a_new_object_may_not_bring_a_resource_version(registry: Registry) -> None:
    with pytest.raises(errors.BadRequest, match="resourceVersion should not be set on objects to be created"):
        registry.create(config.ConfigMap(metadata=meta.ObjectMeta(name="settings", resource_version="1")))


def test_two_objects_of_one_kind_and_namespace_may_not_share_a_name(registry: Registry) -> None:
    registry.create(config_map())
    with pytest.raises(errors.AlreadyExists, match=r'^configmaps "settings" already exists$') as caught:
        registry.create(config_map())
    assert caught.value.details == {"name": "settings", "kind": "configmaps"}
    registry.create(config_map(namespace="other"))


def test_an_object_that_is_not_there_is_not_found(registry: Registry) -> None:
    with pytest.raises(errors.NotFound, match=r'^configmaps "settings" not found$') as caught:
        registry.get(CONFIG_MAP, "default", "settings")
    assert caught.value.details == {"name": "settings", "kind": "configmaps"}


def test_an_update_from_an_old_state_is_a_conflict(registry: Registry) -> None:
    first = registry.create(config_map(colour="red"))
    registry.update(changed(first, colour="green"))
    with pytest.raises(errors.Conflict) as caught:
        registry.update(changed(first, colour="blue"))
    assert str(caught.value) == (
        'Operation cannot be fulfilled on configmaps "settings": the object has been modified;'
        " please apply your changes to the latest version and try again"
    )


def test_an_update_without_a_resource_version_overwrites(registry: Registry) -> None:
    first = registry.create(config_map(colour="red"))
    stored = registry.update(config_map(colour="blue"))
    assert stored.data == {"colour": "blue"}
    assert (stored.metadata.uid, stored.metadata.creation_timestamp) == (
        first.metadata.uid,
        first.metadata.creation_timestamp,
    )


def test_an_update_of_a_predecessor_of_the_same_name_is_a_conflict(registry: Registry) -> None:
    first = registry.create(config_map())
    registry.delete(CONFIG_MAP, "default", "settings")
    second = registry.create(config_map())
    with pytest.raises(errors.Conflict) as caught:
        registry.update(changed(first, colour="blue"))
    assert first.metadata.uid in str(caught.value)
    assert second.metadata.uid in str(caught.value)


def test_an_update_that_changes_nothing_writes_nothing(registry: Registry) -> None:
    stored = registry.create(config_map(colour="red"))
    before = versions(registry)
    assert registry.update(changed(stored, colour="red")) == stored
    assert versions(registry) == before


def test_an_update_of_what_is_not_there_is_not_found(registry: Registry) -> None:
    with pytest.raises(errors.NotFound):
        registry.update(config_map())


def test_a_deleted_object_is_answered_with_a_resource_version_of_its_own(registry: Registry) -> None:
    registry.create(config_map(colour="red"))
    gone = registry.delete(CONFIG_MAP, "default", "settings")
    assert (gone.data, gone.metadata.resource_version) == ({"colour": "red"}, "3")
    with pytest.raises(errors.NotFound):
        registry.get(CONFIG_MAP, "default", "settings")


def test_a_deletion_can_be_for_one_uid_and_one_version_only(registry: Registry) -> None:
    stored = registry.create(config_map()).metadata
    with pytest.raises(errors.Conflict) as caught:
        registry.delete(CONFIG_MAP, "default", "settings", uid="another")
    assert str(caught.value) == (
        'Operation cannot be fulfilled on configmaps "settings": the UID in the precondition (another) does not match'
        f" the UID in record ({stored.uid}). The object might have been deleted and then recreated"
    )
    with pytest.raises(errors.Conflict, match=r"the ResourceVersion in the precondition \(99\) does not match"):
        registry.delete(CONFIG_MAP, "default", "settings", resource_version="99")
    registry.delete(CONFIG_MAP, "default", "settings", uid=stored.uid, resource_version=stored.resource_version)


def test_a_list_is_ordered_by_namespace_and_name(registry: Registry) -> None:
    for namespace, name in [("b", "x"), ("a", "z"), ("a", "y")]:
        registry.create(config_map(name, namespace))
    listing = registry.list(CONFIG_MAP)
    assert [(item.metadata.namespace, item.metadata.name) for item in listing.items] == [
        ("a", "y"),
        ("a", "z"),
        ("b", "x"),
    ]
    assert [item.metadata.name for item in registry.list(CONFIG_MAP, "a").items] == ["y", "z"]
    assert listing.resource_version == "4"


def test_times_are_whole_seconds_whatever_the_clock_shows(registry: Registry, advance: Callable[[float], None]) -> None:
    advance(0.7)
    created = registry.create(config_map()).metadata.creation_timestamp
    assert created == datetime(2024, 3, 1, 12, 15, 0, tzinfo=UTC)
