"""Who owns what after creates, updates and patches."""

from datetime import timedelta
from typing import Any

import pytest

import patch_cases
from patch_cases import LATER, NOON, a_pod, apply, config, create, main, owned, update
from podrunner.objects import pod
from podrunner.objects.patches import managers, ownership


def entry(obj: dict[str, Any], index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = obj["metadata"]["managedFields"][index]
    return found


def test_who_creates_owns_all_with_its_defaults() -> None:
    created = create(
        a_pod(main(ports=[{"containerPort": 80}]), volumes=[{"name": "v", "emptyDir": {}}]), "kubectl-create"
    )
    fields = entry(created).pop("fieldsV1")
    assert entry(created) == {
        "manager": "kubectl-create",
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-01-02T12:00:00Z",
        "fieldsType": "FieldsV1",
    }
    assert set(fields) == {"f:spec"}
    assert fields["f:spec"]["f:volumes"] == {".": {}, 'k:{"name":"v"}': {".": {}, "f:emptyDir": {}, "f:name": {}}}
    assert fields["f:spec"]["f:containers"] == {
        'k:{"name":"main"}': {
            ".": {},
            "f:image": {},
            "f:imagePullPolicy": {},
            "f:name": {},
            "f:ports": {
                ".": {},
                'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}},
            },
            "f:resources": {},
            "f:terminationMessagePath": {},
            "f:terminationMessagePolicy": {},
        }
    }
    assert fields["f:spec"]["f:dnsPolicy"] == {}


def test_identity_and_status_belong_to_nobody() -> None:
    manifest = config(a="1")
    manifest["metadata"] |= {"labels": {"l": "1"}, "uid": "u", "resourceVersion": "3", "generation": 2}
    assert owned(create(manifest)) == {"creator Update": [".data", ".data.a", ".metadata.labels", ".metadata.labels.l"]}
    ghost = {**a_pod(main()), "status": {"phase": "Running"}}
    assert not any(path.startswith(".status") for path in owned(create(ghost))["creator Update"])


def test_who_changes_a_field_takes_it_over() -> None:
    created = create(config(a="1", b="2"))
    changed = update(created, {**created, "data": {"a": "1", "b": "3", "c": "4"}}, "editor")
    assert owned(changed) == {"creator Update": [".data", ".data.a"], "editor Update": [".data.b", ".data.c"]}
    assert [each["time"] for each in changed["metadata"]["managedFields"]] == [
        "2026-01-02T12:00:00Z",
        "2026-01-02T12:01:00Z",
    ]


def test_what_is_removed_belongs_to_nobody_and_a_manager_without_fields_is_gone() -> None:
    created = create(config(a="1"))
    added = update(created, {**created, "data": {"a": "1", "b": "2"}}, "editor")
    removed = update(added, {**added, "data": {"a": "1"}}, "cleaner")
    assert owned(removed) == {"creator Update": [".data", ".data.a"]}
    emptied = update(removed, {name: value for name, value in removed.items() if name != "data"}, "cleaner")
    assert "managedFields" not in emptied["metadata"]


def test_an_update_takes_fields_from_who_applied_them() -> None:
    applied = apply(None, config(a="1", b="1"), "applier")
    changed = update(applied, {**applied, "data": {"a": "2", "b": "1"}}, "editor")
    assert owned(changed) == {"applier Apply": [".data.b"], "editor Update": [".data.a"]}


def test_a_managers_later_writes_join_its_earlier_ones() -> None:
    created = create(config(a="1"), "kubectl-edit")
    changed = update(created, {**created, "data": {"a": "1", "b": "2"}}, "kubectl-edit", at=LATER)
    assert owned(changed) == {"kubectl-edit Update": [".data", ".data.a", ".data.b"]}
    assert entry(changed)["time"] == "2026-01-02T12:01:00Z"


def test_a_write_that_changes_nothing_changes_no_entry() -> None:
    created = create(config(a="1"))
    assert update(created, created, "creator") == created
    assert update(created, created, "other") == created


def test_writes_through_subresources_have_entries_of_their_own() -> None:
    created = create(a_pod(main()), "kubectl-create")
    seen = update(created, {**created, "status": {"phase": "Running"}}, "kubelet", subresource="status")
    assert owned(seen)["kubelet Update status"] == [".status.phase"]
    debugged = {
        **created,
        "spec": {**created["spec"], "hostname": "x", "ephemeralContainers": [{"name": "d", "image": "b"}]},
    }
    paths = owned(update(created, debugged, "kubectl-debug", subresource="ephemeralcontainers"))
    assert paths["kubectl-debug Update ephemeralcontainers"][:2] == [
        ".spec.ephemeralContainers",
        '.spec.ephemeralContainers[name="d"]',
    ]
    assert not any("hostname" in path for each in paths.values() for path in each)


def test_a_resize_owns_resources_only() -> None:
    created = create(a_pod(main()))
    resized = a_pod(main(image="b:2", resources={"limits": {"cpu": "1"}}))
    paths = owned(update(created, resized, "scaler", subresource="resize"))["scaler Update resize"]
    assert paths == [
        f'.spec.containers[name="main"].resources.{path}'
        for path in ("limits", "requests", "limits.cpu", "requests.cpu")
    ]


def test_a_status_write_does_not_own_the_spec() -> None:
    created = create(a_pod(main()))
    both = {**created, "spec": {**created["spec"], "hostname": "x"}, "status": {"message": "m"}}
    assert owned(update(created, both, "kubelet", subresource="status"))["kubelet Update status"] == [".status.message"]


@pytest.mark.parametrize("reset", [[], [{}]])
def test_one_empty_entry_resets_the_owners(reset: list[Any]) -> None:
    created = create(config(a="1"))
    after = {**created, "metadata": {**created["metadata"], "managedFields": reset}, "data": {"a": "2"}}
    kind = patch_cases.type_of(created)
    written = ownership.track(created, after, kind, manager="x", subresource="", api_version="v1", now=LATER)
    assert "managedFields" not in written["metadata"]
    # and from then on nobody is tracked, until someone applies
    assert "managedFields" not in update(written, {**written, "data": {"a": "3"}}, "editor")["metadata"]


def test_a_client_that_knows_no_managed_fields_does_not_remove_them() -> None:
    created = create(config(a="1"))
    without = {**created, "metadata": {"name": "c", "namespace": "default"}}
    assert owned(update(created, without, "old-client")) == {"creator Update": [".data", ".data.a"]}


@pytest.mark.parametrize(
    "broken",
    [
        {"operation": "Own"},
        {"apiVersion": 7},
        {"fieldsType": "FieldsV2"},
        {"fieldsV1": {"a": {}}},
        {"fieldsV1": []},
        {"fieldsV1": {"k:[": {}}},
    ],
)
def test_entries_that_make_no_sense_are_not_taken(broken: dict[str, Any]) -> None:
    created = create(config(a="1"))
    after = {**created, "metadata": {**created["metadata"], "managedFields": [entry(created) | broken]}}
    kind = patch_cases.type_of(created)
    written = ownership.track(created, after, kind, manager="x", subresource="", api_version="v1", now=LATER)
    assert owned(written) == {"creator Update": [".data", ".data.a"]}


def test_managed_fields_that_are_no_list_are_not_taken() -> None:
    created = create(config(a="1"))
    after = {**created, "metadata": {**created["metadata"], "managedFields": "x"}}
    kind = patch_cases.type_of(created)
    assert ownership.track(created, after, kind, manager="x", subresource="", api_version="v1", now=LATER) == created


def test_through_a_subresource_nobody_rewrites_the_owners() -> None:
    created = create(a_pod(main()))
    after = {**created, "metadata": {**created["metadata"], "managedFields": [{}]}}
    assert owned(update(created, after, "kubelet", subresource="status")) == owned(created)


def test_entries_of_another_version_stay_as_they_are() -> None:
    created = create(config(a="1"))
    foreign = entry(created) | {"apiVersion": "v9", "manager": "future"}
    created["metadata"]["managedFields"].append(foreign)
    changed = update(created, {**created, "data": {"a": "2"}}, "editor")
    assert owned(changed) == {
        "creator Update": [".data"],
        "future Update": [".data", ".data.a"],
        "editor Update": [".data.a"],
    }


def test_of_many_updaters_the_oldest_are_joined() -> None:
    obj = create(config(a="0"), "m00")
    for number in range(1, 13):
        data = {**obj["data"], f"k{number:02}": "1"}
        obj = update(obj, {**obj, "data": data}, f"m{number:02}", at=NOON + timedelta(minutes=number))
    assert list(owned(obj)) == ["ancient-changes Update", *(f"m{number:02} Update" for number in range(4, 13))]
    assert owned(obj)["ancient-changes Update"] == [".data", ".data.a", ".data.k01", ".data.k02", ".data.k03"]
    assert entry(obj)["time"] == "2026-01-02T12:03:00Z"
    assert len(obj["metadata"]["managedFields"]) == managers.MOST_UPDATERS


def test_only_entries_of_one_version_are_joined() -> None:
    obj = create(config(a="0"), "m00")
    first = entry(obj)
    foreign = [first | {"manager": "f", "apiVersion": "v9"}]
    many = [first | {"manager": f"m{number:02}", "fieldsV1": {"f:data": {f"f:{number}": {}}}} for number in range(10)]
    obj["metadata"]["managedFields"] = foreign + many
    assert list(owned(update(obj, {**obj, "data": {"a": "1"}}, "m09"))) == [
        "ancient-changes Update",
        "f Update",
        *(f"m{number:02} Update" for number in range(2, 10)),
    ]


def test_entries_are_ordered_by_operation_time_and_name() -> None:
    obj = create(config(a="1", b="1", c="1"), "z")
    obj = update(obj, {**obj, "data": {"a": "2", "b": "1", "c": "1"}}, "b", at=LATER)
    obj = update(obj, {**obj, "data": {"a": "2", "b": "2", "c": "1"}}, "a", at=LATER)
    obj = apply(obj, config(d="1"), "y", at=LATER + timedelta(minutes=1))
    assert list(owned(obj)) == ["y Apply", "z Update", "a Update", "b Update"]


@pytest.mark.parametrize(
    ("field_manager", "user_agent", "expected"),
    [
        ("kubectl-edit", "kubectl/v1.37", "kubectl-edit"),
        ("", "kubectl/v1.37.1 (linux/amd64) kubernetes/1234", "kubectl"),
        ("", "a\tb\x00c", "abc"),
        ("", "ü" * 100, "ü" * 64),
        ("", "", ""),
    ],
)
def test_a_writer_without_a_name_is_called_after_its_program(
    field_manager: str, user_agent: str, expected: str
) -> None:
    assert ownership.manager_name(field_manager, user_agent) == expected


def test_an_object_that_differs_only_in_the_times_of_its_entries_is_the_same() -> None:
    created = create(config(a="1"))
    touched = {
        **created,
        "metadata": {**created["metadata"], "managedFields": [entry(created) | {"time": "2030-01-01T00:00:00Z"}]},
    }
    changed = {**touched, "data": {"a": "2"}}
    assert ownership.undo_new_times(created, touched) == created
    assert ownership.undo_new_times(created, changed) == changed


def test_neither_object_is_changed_in_place() -> None:
    created = create(a_pod(main()))
    before, copy = repr(created), {**created, "spec": {**created["spec"], "hostname": "h"}}
    after = repr(copy)
    ownership.track(created, copy, pod.Pod, manager="m", subresource="", api_version="v1", now=LATER)
    assert (repr(created), repr(copy)) == (before, after)
