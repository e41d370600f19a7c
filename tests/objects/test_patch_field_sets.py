"""Sets of field paths: their form on the wire, their algebra, and how they are shown."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from podrunner.objects import pod
from podrunner.objects.patches import extent, fieldset, shapes

POD = shapes.of(pod.Pod)


def test_a_set_is_written_as_it_was_read() -> None:
    wire = {
        "f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}, "f:finalizers": {'v:"x/y"': {}}},
        "f:spec": {
            "f:containers": {'k:{"name":"a"}': {".": {}, "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {}}}}
        },
    }
    assert fieldset.write(fieldset.read(wire)) == wire
    assert list(fieldset.paths(fieldset.read(wire))) == [
        ".metadata.labels",
        '.metadata.finalizers[="x/y"]',
        ".metadata.labels.app.kubernetes.io/name",
        '.spec.containers[name="a"]',
        '.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"]',
    ]


def test_steps_are_written_in_one_form_however_they_came() -> None:
    wire: dict[str, Any] = {
        'k:{ "protocol":"TCP", "containerPort": 80 }': {},
        r'v:"a\u003cb"': {},
        'v:"a<c"': {},
        "i:3": {},
    }
    assert list(fieldset.write(fieldset.read(wire))) == [
        "i:3",
        'k:{"containerPort":80,"protocol":"TCP"}',
        r'v:"a\u003cb"',
        r'v:"a\u003cc"',
    ]


def test_true_is_no_port() -> None:
    fieldset.read({'k:{"containerPort":true}': {}, "v:true": {}, "v:1.0": {}})
    assert fieldset.key_step((("containerPort", 1),)) == 'k:{"containerPort":1}'
    assert fieldset.value_step(1) == "v:1"


@pytest.mark.parametrize(
    "data",
    [[], "x", {"f": {}}, {"x:a": {}}, {"f:a": []}, {"f:a": "x"}, {"k:{": {}}, {"k:[1]": {}}, {"k:3": {}},
     {'k:{"a":[1]}': {}}, {"v:": {}}, {"v:[1]": {}}, {"i:x": {}}, {'i:"1"': {}}, {"": {}}],
)  # fmt: skip
def test_what_is_no_set_is_refused(data: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  json's own errors are among them
        fieldset.read(data)


A: dict[str, Any] = {"f:a": {".": {}, "f:b": {}, "f:c": {}}, "f:d": {}}
B: dict[str, Any] = {"f:a": {"f:b": {}, "f:x": {}}, "f:e": {}}


@pytest.mark.parametrize(
    ("operation", "left", "right", "expected"),
    [
        (fieldset.union, A, B, [".a", ".d", ".e", ".a.b", ".a.c", ".a.x"]),
        (fieldset.intersection, A, B, [".a.b"]),
        (fieldset.difference, A, B, [".a", ".d", ".a.c"]),
        (fieldset.difference, A, {"f:a": {}}, [".d", ".a.b", ".a.c"]),  # what lies below a path stays
        (fieldset.outside, A, {"f:a": {}}, [".d"]),  # and here it goes
        (fieldset.outside, A, B, [".a", ".d", ".a.c"]),
        (fieldset.difference, A, A, []),
        (fieldset.union, {}, A, [".a", ".d", ".a.b", ".a.c"]),
    ],
)
def test_the_algebra_of_sets(operation: Any, left: dict[str, Any], right: dict[str, Any], expected: list[str]) -> None:
    assert list(fieldset.paths(operation(fieldset.read(left), fieldset.read(right)))) == expected


_sets: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.just({}),
    lambda inner: st.dictionaries(st.sampled_from(["f:a", "f:b", 'k:{"n":1}']), inner, max_size=3),
    max_leaves=8,
).filter(bool)


@settings(max_examples=25, deadline=None)
@given(_sets, _sets)
def test_sets_are_sets_of_paths(left: dict[str, Any], right: dict[str, Any]) -> None:
    one, other = fieldset.read(left), fieldset.read(right)
    paths = {
        operation: set(fieldset.paths(operation(one, other))) for operation in (fieldset.union, fieldset.difference)
    }
    ones, others = set(fieldset.paths(one)), set(fieldset.paths(other))
    assert paths[fieldset.union] == ones | others
    assert paths[fieldset.difference] == ones - others
    assert set(fieldset.paths(fieldset.intersection(one, other))) == ones & others


def stated(spec: dict[str, Any]) -> list[str]:
    return list(fieldset.paths(extent.stated({"spec": spec}, POD)))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"hostname": "a"}, [".spec.hostname"]),
        ({"hostname": None}, [".spec.hostname"]),
        ({"securityContext": {}}, [".spec.securityContext"]),
        ({"securityContext": {"fsGroup": 1}}, [".spec.securityContext.fsGroup"]),
        ({"nodeSelector": {"a": "b"}}, [".spec.nodeSelector"]),
        ({"overhead": {"cpu": "1"}}, [".spec.overhead.cpu"]),
        ({"tolerations": [{"key": "a"}]}, [".spec.tolerations"]),
        ({"containers": []}, []),
        ({"hostAliases": [{"ip": "1.1.1.1", "hostnames": ["a"]}]},
         ['.spec.hostAliases[ip="1.1.1.1"]', '.spec.hostAliases[ip="1.1.1.1"].hostnames',
          '.spec.hostAliases[ip="1.1.1.1"].ip']),
        ({"volumes": [{"name": "v", "emptyDir": {}}]},
         ['.spec.volumes[name="v"]', '.spec.volumes[name="v"].emptyDir', '.spec.volumes[name="v"].name']),
        ({"imagePullSecrets": [{"name": "s"}]}, ['.spec.imagePullSecrets[name="s"]']),
    ],
)  # fmt: skip
def test_who_applies_states_leaves_and_items(spec: dict[str, Any], expected: list[str]) -> None:
    assert stated(spec) == expected


def env(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "m", "env": [{"name": name, "value": value} for name, value in pairs]}]}}


@pytest.mark.parametrize(
    ("before", "after", "changed", "removed"),
    [
        ({"spec": {"hostname": "a"}}, {"spec": {"hostname": "b"}}, [".spec.hostname"], []),
        ({"spec": {"hostname": "a"}}, {"spec": {}}, [], [".spec.hostname"]),
        ({"spec": {}}, {"spec": {"securityContext": {"fsGroup": 1}}},
         [".spec.securityContext", ".spec.securityContext.fsGroup"], []),
        ({"spec": {"securityContext": {}}}, {"spec": {"securityContext": {"fsGroup": 1}}},
         [".spec.securityContext.fsGroup"], []),
        ({"spec": {"tolerations": [{"key": "a"}]}}, {"spec": {"tolerations": [{"key": "b"}]}},
         [".spec.tolerations"], []),
        (env(("A", "1")), env(("B", "1"), ("A", "2")),
         ['.spec.containers[name="m"].env[name="B"]', '.spec.containers[name="m"].env[name="A"].value',
          '.spec.containers[name="m"].env[name="B"].name', '.spec.containers[name="m"].env[name="B"].value'], []),
        (env(("A", "1"), ("B", "2")), env(("B", "2"), ("A", "1")), [], []),
        # environment variables may repeat: those of one name are then one value
        (env(("A", "1"), ("A", "2")), env(("A", "1"), ("A", "3")), ['.spec.containers[name="m"].env[name="A"]'], []),
        (env(("A", "1"), ("A", "2")), env(("A", "2"), ("A", "2")), ['.spec.containers[name="m"].env[name="A"]'], []),
        (env(("A", "1")), env(("A", "1"), ("A", "2")), ['.spec.containers[name="m"].env[name="A"]'],
         ['.spec.containers[name="m"].env[name="A"]', '.spec.containers[name="m"].env[name="A"].name',
          '.spec.containers[name="m"].env[name="A"].value']),
        (env(("A", "1"), ("A", "2")), env(), [], ['.spec.containers[name="m"].env[name="A"]']),
    ],
)  # fmt: skip
def test_what_changed_between_two_values(
    before: dict[str, Any], after: dict[str, Any], changed: list[str], removed: list[str]
) -> None:
    difference = extent.compare(before, after, POD)
    assert (list(fieldset.paths(difference.changed)), list(fieldset.paths(difference.removed))) == (changed, removed)
