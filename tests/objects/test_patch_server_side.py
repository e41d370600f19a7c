"""Server-side apply: what is merged, who owns it, what goes, and who may not."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from patch_cases import LATER, NOON, a_pod, apply, config, create, main, owned, update
from podrunner import errors
from podrunner.objects import pod
from podrunner.objects.patches import server_side

TOMORROW = LATER + timedelta(days=1)


def data(obj: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = obj.get("data", {})
    return found


def containers(obj: dict[str, Any]) -> list[str]:
    return [each["name"] for each in obj["spec"]["containers"]]


def test_applying_to_nothing_makes_the_object() -> None:
    assert apply(None, config(a="1"), "me") == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "c",
            "namespace": "default",
            "managedFields": [
                {
                    "manager": "me",
                    "operation": "Apply",
                    "apiVersion": "v1",
                    "time": "2026-01-02T12:01:00Z",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:data": {"f:a": {}}},
                }
            ],
        },
        "data": {"a": "1"},
    }


def test_who_applies_owns_what_it_states_and_not_the_defaults() -> None:
    made = apply(None, a_pod(main(ports=[{"containerPort": 80}])), "me")
    assert made["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert made["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert made["metadata"]["managedFields"][0]["fieldsV1"] == {
        "f:spec": {
            "f:containers": {
                'k:{"name":"main"}': {
                    ".": {},
                    "f:image": {},
                    "f:name": {},
                    "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                }
            }
        }
    }


def test_what_is_no_longer_stated_goes() -> None:
    made = apply(None, config(a="1", b="1"), "me")
    less = apply(made, config(a="1"), "me")
    assert (data(less), owned(less)) == ({"a": "1"}, {"me Apply": [".data.a"]})


def test_what_another_states_as_well_stays() -> None:
    made = apply(None, config(a="1", b="1"), "me")
    both = apply(made, config(b="1"), "you")
    assert owned(both) == {"me Apply": [".data.a", ".data.b"], "you Apply": [".data.b"]}
    left = apply(both, config(a="1"), "me")
    assert (data(left), owned(left)) == ({"a": "1", "b": "1"}, {"me Apply": [".data.a"], "you Apply": [".data.b"]})
    assert data(apply(left, config(), "you")) == {"a": "1"}


def test_what_an_updater_owns_as_well_stays() -> None:
    made = apply(create(config(a="1", b="1"), "editor"), config(a="1", b="1"), "me")
    left = apply(made, config(a="1"), "me")
    assert (data(left), owned(left)["editor Update"]) == ({"a": "1", "b": "1"}, [".data", ".data.a", ".data.b"])


def test_what_nobody_applied_stays() -> None:
    made = apply(create(config(a="1", b="2"), "editor"), config(c="3"), "me")
    assert data(apply(made, config(d="4"), "me")) == {"a": "1", "b": "2", "d": "4"}


def test_a_manager_that_states_nothing_any_more_is_gone() -> None:
    made = apply(apply(None, config(a="1"), "me"), config(b="1"), "you")
    assert owned(apply(made, config(), "you")) == {"me Apply": [".data.a"]}


@pytest.mark.parametrize("value", ["1", "2"])
def test_an_applied_value_that_differs_from_an_owned_one_is_a_conflict(value: str) -> None:
    made = apply(None, config(a="1"), "you")
    if value == "1":
        assert owned(apply(made, config(a=value), "me")) == {"me Apply": [".data.a"], "you Apply": [".data.a"]}
        return
    with pytest.raises(errors.Conflict) as raised:
        apply(made, config(a=value), "me")
    assert str(raised.value) == 'Apply failed with 1 conflict: conflict with "you": .data.a'


def test_a_conflict_names_manager_version_and_field() -> None:
    created = create(a_pod(main("x", "b:1")), "kubectl-client-side-apply")
    with pytest.raises(errors.Conflict) as raised:
        apply(created, a_pod(main("x", "b:2")), "me")
    assert str(raised.value) == (
        'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: '
        '.spec.containers[name="x"].image'
    )
    assert raised.value.details == {
        "causes": [
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "kubectl-client-side-apply" using v1',
                "field": '.spec.containers[name="x"].image',
            }
        ]
    }


def test_several_conflicts_are_told_by_manager() -> None:
    made = apply(create(config(a="1", b="1"), "editor"), config(c="1"), "you")
    labelled = update(made, {**made, "data": {"a": "1", "b": "1", "c": "1", "d": "1"}}, "agent", subresource="extra")
    with pytest.raises(errors.Conflict) as raised:
        apply(labelled, config(a="2", b="2", c="2", d="2"), "me")
    assert str(raised.value) == (
        "Apply failed with 4 conflicts: "
        'conflicts with "agent" with subresource "extra" using v1:\n- .data.d\n'
        'conflicts with "editor" using v1:\n- .data.a\n- .data.b\n'
        'conflicts with "you":\n- .data.c'
    )
    assert [cause["field"] for cause in raised.value.details["causes"]] == [".data.d", ".data.a", ".data.b", ".data.c"]


def test_force_takes_conflicting_fields_over() -> None:
    made = apply(create(config(a="1", b="1"), "editor"), config(c="1"), "you")
    taken = apply(made, config(a="2", c="2"), "me", force=True)
    assert data(taken) == {"a": "2", "b": "1", "c": "2"}
    assert owned(taken) == {"me Apply": [".data.a", ".data.c"], "editor Update": [".data", ".data.b"]}


def test_one_manager_may_apply_and_update() -> None:
    made = apply(create(config(a="1"), "me"), config(a="1", b="1"), "me")
    assert owned(made) == {"me Apply": [".data.a", ".data.b"], "me Update": [".data", ".data.a"]}
    with pytest.raises(errors.Conflict, match='conflict with "me" using v1'):
        apply(made, config(a="2"), "me")


def test_the_values_of_an_atomic_list_are_owned_together() -> None:
    made = apply(None, a_pod(main(), tolerations=[{"key": "a"}]), "you")
    with pytest.raises(errors.Conflict, match=r"\.spec\.tolerations$"):
        apply(made, a_pod(main(), tolerations=[{"key": "a"}, {"key": "b"}]), "me")
    taken = apply(made, a_pod(main(), tolerations=[{"key": "b"}]), "me", force=True)
    assert taken["spec"]["tolerations"] == [{"key": "b"}]
    assert ".spec.tolerations" in owned(taken)["me Apply"]
    assert ".spec.tolerations" not in owned(taken)["you Apply"]


def test_an_atomic_map_is_replaced_whole() -> None:
    made = apply(None, a_pod(main(), nodeSelector={"a": "1"}), "me")
    assert apply(made, a_pod(main(), nodeSelector={"b": "2"}), "me")["spec"]["nodeSelector"] == {"b": "2"}


def test_parts_of_what_has_become_one_value_are_left_alone() -> None:
    made = apply(None, a_pod(main(), nodeSelector={"a": "1"}, overhead={"cpu": "1"}, hostname="h"), "me")
    fields = made["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
    fields |= {"f:nodeSelector": {"f:a": {}}, "f:overhead": {"f:cpu": {"f:part": {}}}}
    yours: dict[str, Any] = {"f:spec": {"f:nodeSelector": {}, "f:overhead": {}}}
    made["metadata"]["managedFields"].append(
        {**made["metadata"]["managedFields"][0], "manager": "you", "fieldsV1": yours}
    )
    left = apply(made, a_pod(main()), "me")["spec"]
    assert (left.get("hostname"), left["nodeSelector"], left["overhead"]) == (None, {"a": "1"}, {"cpu": "1"})


def test_the_items_of_a_set_are_owned_each() -> None:
    def finalized(*names: str) -> dict[str, Any]:
        manifest = config()
        manifest["metadata"]["finalizers"] = list(names)
        return manifest

    made = apply(apply(None, finalized("x/a", "x/b"), "me"), finalized("x/c", "x/b"), "you")
    assert made["metadata"]["finalizers"] == ["x/a", "x/c", "x/b"]
    assert owned(made)["you Apply"] == ['.metadata.finalizers[="x/b"]', '.metadata.finalizers[="x/c"]']
    assert apply(made, finalized(), "me")["metadata"]["finalizers"] == ["x/c", "x/b"]


def test_ports_are_told_apart_by_number_and_protocol() -> None:
    dns = [{"containerPort": 53, "name": "tcp"}, {"containerPort": 53, "protocol": "UDP", "name": "udp"}]
    made = apply(None, a_pod(main(ports=dns)), "me")
    assert [path for path in owned(made)["me Apply"] if path.endswith("]")] == [
        '.spec.containers[name="main"]',
        '.spec.containers[name="main"].ports[containerPort=53,protocol="TCP"]',
        '.spec.containers[name="main"].ports[containerPort=53,protocol="UDP"]',
    ]
    left = apply(made, a_pod(main(ports=dns[:1])), "me")["spec"]["containers"][0]["ports"]
    assert left == [{"containerPort": 53, "name": "tcp", "protocol": "TCP"}]


def test_an_item_goes_with_its_defaults_when_its_last_owner_leaves() -> None:
    made = apply(None, a_pod(main("a"), main("b")), "me")
    assert containers(apply(made, a_pod(main("a")), "me")) == ["a"]


def test_an_item_that_another_owns_in_part_loses_only_what_was_mine() -> None:
    made = apply(None, a_pod(main("a"), main("b", env=[{"name": "X", "value": "1"}])), "me")
    shared = apply(made, a_pod({"name": "b", "image": "busybox:1"}), "you")
    left = apply(shared, a_pod(main("a")), "me")
    assert containers(left) == ["a", "b"]
    assert (left["spec"]["containers"][1]["image"], left["spec"]["containers"][1].get("env")) == ("busybox:1", None)


def test_a_struct_that_another_owns_keeps_what_nobody_owns() -> None:
    made = apply(None, a_pod(main(), securityContext={"fsGroup": 1}), "me")
    made["spec"]["securityContext"]["runAsUser"] = 2
    theirs: dict[str, Any] = {"f:spec": {"f:securityContext": {}}}
    made["metadata"]["managedFields"] += [
        {**made["metadata"]["managedFields"][0], "manager": "you", "fieldsV1": theirs}
    ]
    assert apply(made, a_pod(main()), "me")["spec"]["securityContext"] == {"runAsUser": 2}
    del made["metadata"]["managedFields"][1]
    assert apply(made, a_pod(main()), "me")["spec"]["securityContext"] == {}


def variables(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "value": "1"} for name in names]


def test_of_an_item_with_several_owners_only_what_nobody_else_owns_goes() -> None:
    mine = apply(None, a_pod(main("a"), main("b", env=variables("C"))), "me")
    ours = apply(mine, a_pod(main("b", env=variables("D"))), "you")
    edited = update(ours, a_pod(main("a"), main("b", env=variables("C", "D", "E"))), "controller")
    left = apply(edited, a_pod(main("a")), "me")
    assert left["spec"]["containers"][1]["env"] == variables("D", "E")
    assert '.spec.containers[name="b"].env[name="E"]' in owned(left)["controller Update"]


def test_an_item_without_an_owner_goes_with_what_others_put_into_it() -> None:
    mine = apply(None, a_pod(main("a"), main("b")), "me")
    edited = update(mine, a_pod(main("a"), main("b", env=variables("E"))), "controller")
    left = apply(edited, a_pod(main("a")), "me")
    assert containers(left) == ["a"]
    assert "controller Update" not in owned(left)


def test_a_struct_goes_when_its_last_owner_leaves() -> None:
    made = apply(None, a_pod(main(), securityContext={"fsGroup": 1}), "me")
    assert apply(made, a_pod(main()), "me")["spec"]["securityContext"] == {}  # the default
    made = apply(None, a_pod(main(livenessProbe={"tcpSocket": {"port": 1}})), "me")
    assert "livenessProbe" not in apply(made, a_pod(main()), "me")["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("live", "applied", "expected"),
    [
        ("a b c", "a b c", "a b c"),
        ("a b", "b a", "b a"),
        ("a b c", "c a", "b c a"),
        ("a b", "x b", "a x b"),
        ("a b", "x", "a b x"),
        ("a x b", "b x", "a b x"),
    ],
)
def test_applied_items_have_their_order_and_the_others_keep_their_place(live: str, applied: str, expected: str) -> None:
    made = create(a_pod(*(main(name) for name in live.split())))
    assert containers(apply(made, a_pod(*(main(name) for name in applied.split())), "me")) == expected.split()


def test_items_that_share_a_key_are_replaced_by_the_one_applied() -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "A", "value": "3"}]
    made = create(a_pod(main(env=twice)))
    kept = apply(made, a_pod(main(env=[{"name": "C", "value": "4"}])), "me")
    assert kept["spec"]["containers"][0]["env"] == [*twice, {"name": "C", "value": "4"}]
    replaced = apply(made, a_pod(main(env=[{"name": "A", "value": "5"}])), "me", force=True)
    assert replaced["spec"]["containers"][0]["env"] == [{"name": "A", "value": "5"}, {"name": "B", "value": "2"}]


def test_null_is_how_one_applies_that_a_field_be_absent() -> None:
    made = create(a_pod(main(), hostname="h"), "editor")
    with pytest.raises(errors.Conflict, match=r"\.spec\.hostname$"):
        apply(made, a_pod(main(), hostname=None), "me")
    gone = apply(made, a_pod(main(), hostname=None), "me", force=True)
    assert "hostname" not in gone["spec"]
    assert ".spec.hostname" in owned(gone)["me Apply"]
    kept = apply(made, {**a_pod(main()), "metadata": {"name": "p", "namespace": "default", "labels": None}}, "me")
    assert ".metadata.labels" in owned(kept)["me Apply"]


def test_applying_the_same_again_changes_nothing_not_even_a_time() -> None:
    made = apply(None, a_pod(main(env=[{"name": "A", "value": "1"}]), volumes=[{"name": "v", "emptyDir": {}}]), "me")
    again = a_pod(main(env=[{"name": "A", "value": "1"}]), volumes=[{"name": "v", "emptyDir": {}}])
    assert apply(made, again, "me", at=TOMORROW) == made


def test_an_empty_map_is_stated_by_as_many_as_like() -> None:
    made = apply(apply(None, {**config(), "data": {}}, "me"), {**config(), "data": {}}, "you")
    assert owned(made) == {"me Apply": [".data"], "you Apply": [".data"]}
    assert apply(made, {**config(), "data": {}}, "you", at=TOMORROW) == made


def test_times_change_with_values_and_with_what_is_owned() -> None:
    def times(obj: dict[str, Any]) -> list[str]:
        return [entry["time"] for entry in obj["metadata"]["managedFields"]]

    made = apply(None, config(a="1"), "me", at=NOON)
    assert times(apply(made, config(a="2"), "me")) == ["2026-01-02T12:01:00Z"]
    assert times(apply(made, config(a="1", b="1"), "me")) == ["2026-01-02T12:01:00Z"]
    both = apply(made, config(a="1"), "you")
    assert times(both) == ["2026-01-02T12:00:00Z", "2026-01-02T12:01:00Z"]
    assert times(apply(both, config(b="1"), "you", at=TOMORROW)) == ["2026-01-02T12:00:00Z", "2026-01-03T12:01:00Z"]


def test_what_was_there_before_the_first_apply_belongs_to_one_manager() -> None:
    untracked = create(config(a="1", b="1"))
    del untracked["metadata"]["managedFields"]
    made = apply(untracked, config(b="1", c="1"), "me")
    assert owned(made) == {
        "me Apply": [".data.b", ".data.c"],
        "before-first-apply Update": [".data", ".data.a", ".data.b"],
    }


def test_applies_to_the_status_own_the_status_only() -> None:
    made = apply(None, a_pod(main()), "me")
    status = {**a_pod(main(image="other")), "status": {"conditions": [{"type": "Mine", "status": "True"}]}}
    written = apply(made, status, "gate", subresource="status")
    assert owned(written)["gate Apply status"] == [
        '.status.conditions[type="Mine"]',
        '.status.conditions[type="Mine"].status',
        '.status.conditions[type="Mine"].type',
    ]
    assert owned(apply(made, status | {"spec": a_pod(main())["spec"]}, "me"))["me Apply"] == owned(made)["me Apply"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Secret"}, "invalid object type: /v1, Kind=Secret"),
        ({"apiVersion": "apps/v1"}, "invalid object type: apps/v1, Kind=Pod"),
        ({"kind": None, "apiVersion": None}, "invalid object type: /, Kind="),
        ({"metadata": {"name": "p", "managedFields": []}}, "metadata.managedFields must be nil"),
        ({"spec": {"colour": "red"}}, ".spec.colour: field not declared in schema"),
        ({"spec": {"containers": {}}}, ".spec.containers: expected list, got &{map[]}"),
        ({"spec": []}, ".spec: expected map, got &{[]}"),
        ({"spec": {"hostname": 7}}, ".spec.hostname: expected string, got &value.valueUnstructured{Value:7}"),
        ({"spec": {"priority": "high"}}, ".spec.priority: expected numeric (int or float), got string"),
        ({"spec": {"hostIPC": "yes"}}, ".spec.hostIPC: expected boolean, got &{yes}"),
        ({"spec": {"containers": [main(), main()]}}, '.spec.containers: duplicate entries for key [name="main"]'),
        ({"spec": {"containers": [None]}},
         ".spec.containers: element 0: associative list with keys may not have a null element"),
        ({"spec": {"containers": ["a"]}},
         ".spec.containers: element 0: associative list with keys may not have non-map elements"),
        ({"spec": {"containers": [{"name": {}}]}}, '.spec.containers: element 0: key field "name" must be a scalar'),
        ({"spec": {"containers": [main(env=[{"name": "A", "value": 1}])]}},
         '.spec.containers[name="main"].env[name="A"].value: expected string, got &value.valueUnstructured{Value:1}'),
        ({"spec": {"tolerations": [{}, {"kee": "a"}]}}, ".spec.tolerations[1].kee: field not declared in schema"),
        ({"metadata": {"name": "p", "finalizers": [{}]}},
         ".metadata.finalizers: element 0: associative list without keys has an element that's a map type"),
        ({"metadata": {"name": "p", "finalizers": [None]}},
         ".metadata.finalizers: element 0: associative list without keys has an element that's an explicit null"),
        ({"spec": {"a": 1, "b": 2}},
         "errors:\n  .spec.a: field not declared in schema\n  .spec.b: field not declared in schema"),
    ],
)  # fmt: skip
def test_what_is_no_object_of_the_type_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.BadRequest) as raised:
        server_side.apply(
            None,
            {**a_pod(main()), "metadata": {"name": "p"}, **change},
            pod.Pod,
            manager="me",
            force=False,
            subresource="",
            api_version="v1",
            now=NOON,
        )
    prefix = "failed to create typed patch object (/p; /v1, Kind=Pod): "
    assert str(raised.value).removeprefix(prefix) == message


def test_an_item_without_a_key_that_has_no_default_is_refused() -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "secrets": [{"kind": "x"}]}
    with pytest.raises(errors.BadRequest, match='omits key field "name"'):
        apply(None, account, "me")


def test_a_key_that_is_always_written_counts_as_its_zero_value() -> None:
    made = apply(None, a_pod(main(ports=[{"hostPort": 1}])), "me")
    assert '.spec.containers[name="main"].ports[containerPort=0,protocol="TCP"]' in owned(made)["me Apply"]


_data = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"))


@settings(max_examples=25, deadline=None)
@given(_data, _data, _data)
def test_an_apply_says_what_was_applied_and_twice_is_once(
    first: dict[str, str], others: dict[str, str], second: dict[str, str]
) -> None:
    made = apply(apply(None, config(**first), "me"), config(**others), "you", force=True)
    once = apply(made, config(**second), "me", force=True)
    assert second.items() <= data(once).items()
    assert set(data(once)) == {*second, *others}
    assert apply(once, config(**second), "me", at=TOMORROW) == once
