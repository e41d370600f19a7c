"""Strategic merge patches: what each directive does, and what they refuse."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from podrunner import errors
from podrunner.objects import cluster, node, pod, service
from podrunner.objects.patches import strategic


def spec(current: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A pod spec after a patch of it."""
    before, given_patch = copy.deepcopy((current, patch))
    result: dict[str, Any] = strategic.apply({"spec": current}, {"spec": patch}, pod.Pod)["spec"]
    assert (current, patch) == (before, given_patch)
    return result


def named(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


def names(items: list[dict[str, Any]]) -> str:
    return " ".join(item["name"] for item in items)


@pytest.mark.parametrize(
    ("current", "patch", "expected"),
    [
        # structs merge field by field, null takes a field away
        ({"hostname": "a", "subdomain": "s"}, {"hostname": "b"}, {"hostname": "b", "subdomain": "s"}),
        ({"hostname": "a", "subdomain": "s"}, {"hostname": None, "nodeName": None}, {"subdomain": "s"}),
        ({"securityContext": {"fsGroup": 1}}, {"securityContext": {"runAsUser": 2}},
         {"securityContext": {"fsGroup": 1, "runAsUser": 2}}),
        ({"securityContext": {"fsGroup": 1}}, {"securityContext": None}, {}),
        ({}, {"securityContext": {"fsGroup": 1, "runAsUser": None}}, {"securityContext": {"fsGroup": 1}}),
        # maps merge, also those that are atomic for server-side apply
        ({"nodeSelector": {"a": "1"}}, {"nodeSelector": {"b": "2"}}, {"nodeSelector": {"a": "1", "b": "2"}}),
        # what is of another type takes the old one's place
        ({"hostname": "a"}, {"hostname": ["b"]}, {"hostname": ["b"]}),
        # a list of structs merges by its key
        ({"containers": [{"name": "a", "image": "1", "tty": True}]}, {"containers": [{"name": "a", "image": "2"}]},
         {"containers": [{"name": "a", "image": "2", "tty": True}]}),
        ({"containers": [{"name": "a", "image": "1"}]}, {"containers": [{"name": "a", "image": None}]},
         {"containers": [{"name": "a"}]}),
        # at any depth, by the key of each
        ({"containers": [{"name": "a", "ports": [{"containerPort": 1, "name": "x"}]}]},
         {"containers": [{"name": "a", "ports": [{"containerPort": 1, "hostPort": 2}, {"containerPort": 3}]}]},
         {"containers": [{"name": "a", "ports": [{"containerPort": 1, "name": "x", "hostPort": 2},
                                                 {"containerPort": 3}]}]}),
        ({"containers": [{"name": "a", "volumeMounts": [{"mountPath": "/x", "name": "v"}]}]},
         {"containers": [{"name": "a", "volumeMounts": [{"mountPath": "/x", "readOnly": True}]}]},
         {"containers": [{"name": "a", "volumeMounts": [{"mountPath": "/x", "name": "v", "readOnly": True}]}]}),
        # lists without a merge key are replaced
        ({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, {"tolerations": [{"key": "b"}]}),
        ({"containers": [{"name": "a", "args": ["1", "2"]}]}, {"containers": [{"name": "a", "args": ["3"]}]},
         {"containers": [{"name": "a", "args": ["3"]}]}),
        ({"containers": []}, {"containers": []}, {"containers": []}),
    ],
)  # fmt: skip
def test_fields_merge_by_their_type(current: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]) -> None:
    assert spec(current, patch) == expected


@pytest.mark.parametrize(
    ("current", "patch", "expected"),
    [
        # $patch on a struct
        ({"securityContext": {"fsGroup": 1}}, {"securityContext": {"$patch": "replace", "runAsUser": 2}},
         {"securityContext": {"runAsUser": 2}}),
        ({"securityContext": {"fsGroup": 1}}, {"securityContext": {"$patch": "delete"}}, {"securityContext": {}}),
        # $patch in a list of structs
        ({"containers": named("a", "b")}, {"containers": [{"name": "a", "$patch": "delete"}]},
         {"containers": named("b")}),
        ({"containers": named("a")}, {"containers": [{"name": "z", "$patch": "delete"}]}, {"containers": named("a")}),
        ({"containers": named("a", "b")}, {"containers": [{"$patch": "replace"}, *named("c")]},
         {"containers": named("c")}),
        ({"containers": named("a", "b")}, {"containers": [{"$patch": "replace"}]}, {"containers": []}),
        ({"containers": [{"name": "a", "image": "1", "tty": True}]},
         {"containers": [{"name": "a", "image": "2", "$patch": "replace"}]}, {"containers": []}),
        ({}, {"containers": [{"name": "a", "$patch": "delete"}, *named("b")]}, {"containers": named("b")}),
        # $retainKeys: a volume changes its source
        ({"volumes": [{"name": "v", "emptyDir": {}}]},
         {"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]},
         {"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]}),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, {"volumes": [{"name": "v", "$retainKeys": ["name"]}]},
         {"volumes": [{"name": "v"}]}),
        ({}, {"volumes": [{"name": "v", "$retainKeys": ["name", "emptyDir"], "emptyDir": {}}]},
         {"volumes": [{"name": "v", "emptyDir": {}}]}),
        ({"volumes": [{"name": "v", "emptyDir": {}}]},
         {"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "emptyDir": None, "hostPath": {}}]},
         {"volumes": [{"name": "v", "hostPath": {}}]}),
    ],
)  # fmt: skip
def test_directives(current: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]) -> None:
    assert spec(current, patch) == expected


@pytest.mark.parametrize(
    ("current", "patch", "expected"),
    [
        (["a", "b"], {"finalizers": ["b", "c"]}, ["a", "b", "c"]),
        (["a", "b"], {"finalizers": ["c", "a"]}, ["c", "a", "b"]),
        (["a", "b", "c"], {"$deleteFromPrimitiveList/finalizers": ["b", "z"]}, ["a", "c"]),
        (["a", "b"], {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}, ["c", "b"]),
        (["a", "b"], {"$setElementOrder/finalizers": ["b", "a"]}, ["b", "a"]),
        (["a", "b", "c"], {"$setElementOrder/finalizers": ["c", "x", "a"], "finalizers": ["x"]}, ["b", "c", "x", "a"]),
        ([], {"$setElementOrder/finalizers": ["b", "a"], "finalizers": ["b", "a"]}, ["b", "a"]),
        (["a"], {"finalizers": None}, None),
        (None, {"$deleteFromPrimitiveList/finalizers": ["a"]}, None),
        (None, {"$setElementOrder/finalizers": ["a"]}, None),
    ],
)
def test_merged_lists_of_scalars(current: list[str] | None, patch: dict[str, Any], expected: list[str] | None) -> None:
    metadata = {} if current is None else {"finalizers": current}
    assert (
        strategic.apply({"metadata": metadata}, {"metadata": patch}, pod.Pod)["metadata"].get("finalizers") == expected
    )


@pytest.mark.parametrize(
    ("current", "patch", "order", "expected"),
    [
        # without $setElementOrder, items of the patch come in its order, the others keep their place if they can
        ("a b c", "b", None, "a b c"),
        ("a b c", "x", None, "x a b c"),
        ("a b c", "c a", None, "b c a"),
        ("a b c", "x b", None, "x a b c"),
        # with it, its order rules
        ("a b", "", "b a", "b a"),
        ("a b", "c", "c b a", "c b a"),
        ("a b c", "", "c a", "b c a"),
        ("a b c d", "d", "d b", "a c d b"),
        ("a b", "n", "a n", "a n b"),
        ("s a b", "n", "n a b", "n s a b"),
        ("", "b a", "b a", "b a"),
    ],
)
def test_items_have_the_order_of_the_patch_then_that_of_the_object(
    current: str, patch: str, order: str | None, expected: str
) -> None:
    body: dict[str, Any] = {"containers": named(*patch.split())} if patch else {}
    if order is not None:
        body["$setElementOrder/containers"] = named(*order.split())
    assert names(spec({"containers": named(*current.split())}, body)["containers"]) == expected


def test_kubectl_applys_patch_of_a_changed_list() -> None:
    """What kubectl apply sends when one container got another image, one is new and one is gone."""
    patch = {
        "$setElementOrder/containers": named("new", "kept"),
        "containers": [{"name": "kept", "image": "b:2"}, {"name": "gone", "$patch": "delete"}],
    }
    patch["containers"].insert(0, {"name": "new", "image": "n:1"})
    current = {"containers": [{"name": "gone", "image": "g:1"}, {"name": "kept", "image": "b:1", "tty": True}]}
    assert spec(current, patch) == {
        "containers": [{"name": "new", "image": "n:1"}, {"name": "kept", "image": "b:2", "tty": True}]
    }


def test_each_kind_merges_by_its_own_keys() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "x"}]}
    patch = {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Disk", "status": "True"}]}
    assert strategic.apply({"status": ready}, {"status": patch}, node.Node)["status"]["conditions"] == [
        {"type": "Ready", "status": "False", "reason": "x"},
        {"type": "Disk", "status": "True"},
    ]
    ports = {"ports": [{"port": 80, "nodePort": 1}]}
    patched = strategic.apply({"spec": ports}, {"spec": {"ports": [{"port": 80, "name": "web"}]}}, service.Service)
    assert patched["spec"]["ports"] == [{"port": 80, "nodePort": 1, "name": "web"}]
    account = strategic.apply({"secrets": named("a")}, {"secrets": named("b")}, cluster.ServiceAccount)
    assert names(account["secrets"]) == "b a"


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"containers": [{"image": "b"}]}, "map: map[image:b] does not contain declared merge key: name"),
        ({"containers": [{"image": None}]}, "map: map[image:<nil>] does not contain declared merge key: name"),
        ({"containers": [{"$patch": "delete", "image": "b"}]},
         "map: map[$patch:delete image:b] does not contain declared merge key: name"),
        ({"containers": [{"name": "a", "ports": [{"hostPort": 1}]}]},
         "map: map[hostPort:1] does not contain declared merge key: containerPort"),
        ({"containers": [{"name": "a", "$patch": "merge"}]}, "merging lists cannot yet be specified in the patch"),
        ({"containers": [{"name": "a", "$patch": "mend"}]}, "unknown patch type: mend in map: map[$patch:mend name:a]"),
        ({"$patch": "merge", "hostname": "x"}, "unknown patch type: merge in map: map[$patch:merge hostname:x]"),
        ({"containers": ["a"]},
         "list element types are not identical: [[map[args:[x] name:a tty:true]] [a]]"),
        ({"containers": [{"name": "a", "$retainKeys": ["name"], "image": "b"}]},
         "invalid patch format of retainKeys"),
        ({"containers": [{"name": "a", "$retainKeys": "name"}]}, "invalid patch format of retainKeys"),
        ({"$deleteFromPrimitiveList/hostname": "x"}, "invalid patch format of primitive list"),
        ({"$deleteFromPrimitiveList": ["x"]}, "invalid patch format of primitive list"),
        ({"$setElementOrder": ["x"]}, "invalid patch format of setElementOrder list"),
        ({"$setElementOrder/containers": "x"}, "expected a []interface {}, but received a string"),
        ({"$setElementOrder/containers": ["a"]},
         "expected a map[string]interface {}, but received a string"),
        ({"$setElementOrder/nothing": []}, 'unable to find api field in struct PodSpec for the json field "nothing"'),
        ({"$setElementOrder/containers": named("b", "a"), "containers": named("a", "b")},
         "The order in patch list:\n[map[name:a] map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:b] map[name:a]]\n"),  # noqa: E501
        ({"$setElementOrder/containers": named("a"), "containers": named("b")},
         "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n"),
        ({"containers": [{"name": ["a"]}]}, "map: map[name:[a]] has a merge key that is not a scalar: name"),
    ],
)  # fmt: skip
def test_bad_directives_and_lists_are_refused(patch: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.BadRequest) as raised:
        spec({"containers": [{"name": "a", "tty": True, "args": ["x"]}]}, patch)
    assert str(raised.value) == message


def test_lists_of_lists_are_refused() -> None:
    with pytest.raises(errors.Invalid) as raised:
        spec({"containers": named("a")}, {"containers": [["a"]]})
    assert str(raised.value) == "lists of lists are not supported"


def test_a_list_that_does_not_merge_has_no_order_to_set() -> None:
    with pytest.raises(errors.BadRequest) as raised:
        spec({"tolerations": [{"key": "a"}]}, {"$setElementOrder/tolerations": [{"key": "a"}]})
    assert str(raised.value) == "cannot merge lists without merge key for type struct"


@pytest.mark.parametrize("patch", [[], "x", None])
def test_a_strategic_patch_is_an_object(patch: Any) -> None:
    with pytest.raises(errors.BadRequest, match="invalid JSON document"):
        strategic.apply({}, patch, pod.Pod)


_items = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcd")}, optional={"image": st.sampled_from("xy"), "tty": st.booleans()}
    ),
    unique_by=lambda item: item["name"],
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(_items, _items)
def test_a_patch_applied_twice_is_a_patch_applied_once(current: list[Any], patch: list[Any]) -> None:
    once = spec({"containers": current}, {"containers": patch})
    assert spec(once, {"containers": patch}) == once
