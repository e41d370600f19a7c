"""JSON patches and JSON merge patches."""

import copy
from typing import Any

import pytest

from podrunner import errors
from podrunner.objects.patches import json_patch, merge_patch

POD: dict[str, Any] = {
    "metadata": {"name": "p", "resourceVersion": "7", "labels": {"a": "1", "b/c": "2"}},
    "spec": {"containers": [{"name": "main", "args": ["x", "y"]}]},
}
REFUSED = "the server rejected our request due to an error in our request"


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        (
            {"op": "add", "path": "/metadata/labels/z", "value": "9"},
            "metadata.labels",
            {"a": "1", "b/c": "2", "z": "9"},
        ),
        ({"op": "replace", "path": "/metadata/labels/b~1c", "value": "3"}, "metadata.labels", {"a": "1", "b/c": "3"}),
        ({"op": "remove", "path": "/metadata/labels/a"}, "metadata.labels", {"b/c": "2"}),
        ({"op": "add", "path": "/spec/containers/0/args/1", "value": "z"}, "spec.containers.0.args", ["x", "z", "y"]),
        ({"op": "add", "path": "/spec/containers/0/args/-", "value": "z"}, "spec.containers.0.args", ["x", "y", "z"]),
        ({"op": "test", "path": "/metadata/name", "value": "p"}, "metadata.name", "p"),
        ({"op": "move", "from": "/metadata/labels", "path": "/spec/nodeSelector"}, "spec.nodeSelector.a", "1"),
        ({"op": "copy", "from": "/metadata/name", "path": "/spec/hostname"}, "spec.hostname", "p"),
    ],
)
def test_json_patches_do_what_rfc_6902_says(operation: dict[str, Any], path: str, expected: Any) -> None:
    before = copy.deepcopy(POD)
    found: Any = json_patch.apply(POD, [operation])
    for step in path.split("."):
        found = found[int(step) if isinstance(found, list) else step]
    assert found == expected
    assert before == POD


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "test", "path": "/metadata/resourceVersion", "value": "8"}],
        [{"op": "test", "path": "/spec/hostname", "value": "p"}],
        [{"op": "remove", "path": "/spec/hostname"}],
        [{"op": "replace", "path": "/spec/hostname", "value": "p"}],
        [{"op": "add", "path": "/status/phase", "value": "Running"}],
        [{"op": "add", "path": "/spec/containers/5", "value": {}}],
        [{"op": "add", "path": "/spec/containers/first", "value": {}}],
        [{"op": "add", "path": "/metadata/name/x", "value": 1}],
        [{"op": "add", "path": "metadata", "value": 1}],
        [{"op": "add", "path": "/spec/x"}],
        [{"op": "copy", "path": "/spec/x"}],
        [{"op": "leap", "path": "/spec"}],
        [{"op": "remove"}],
        [{"path": "/spec", "value": 1}],
        [{"op": "replace", "path": "", "value": []}],
        [{"op": "remove", "path": "/metadata/labels/a"}, {"op": "remove", "path": "/metadata/labels/a"}],
    ],
)
def test_what_a_json_patch_cannot_do_is_refused_as_a_whole(operations: list[Any]) -> None:
    with pytest.raises(errors.Invalid) as raised:
        json_patch.apply(POD, operations)
    assert str(raised.value) == REFUSED


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"metadata": {}}, "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        ("x", "json: cannot unmarshal string into Go value of type jsonpatch.Patch"),
        ([1], "json: cannot unmarshal number into Go value of type jsonpatch.Operation"),
        ([[]], "json: cannot unmarshal array into Go value of type jsonpatch.Operation"),
        ([{}] * 10001, "The allowed maximum operations in a JSON patch is 10000, got 10001"),
    ],
)
def test_what_is_no_json_patch_is_a_bad_request(patch: Any, message: str) -> None:
    with pytest.raises(errors.BadRequest) as raised:
        json_patch.apply(POD, patch)
    assert str(raised.value) == message


# RFC 7386's own examples are among these.
@pytest.mark.parametrize(
    ("current", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "x"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
        ({}, {"a": {"bb": {"ccc": None, "d": [None]}}}, {"a": {"bb": {"d": [None]}}}),
    ],
)
def test_merge_patches_do_what_rfc_7386_says(current: Any, patch: Any, expected: Any) -> None:
    before = copy.deepcopy(current)
    assert merge_patch.apply(current, patch) == expected
    assert current == before


@pytest.mark.parametrize("patch", [[], "x", 1, None])
def test_a_merge_patch_is_an_object(patch: Any) -> None:
    with pytest.raises(errors.BadRequest, match="Invalid JSON Patch"):
        merge_patch.apply(POD, patch)
