"""What kubectl does around server-side apply of an object it used to apply client-side.

The requests are those of `kubectl apply --server-side`: apply as "kubectl", keep the annotation as
"kubectl-last-applied", move the fields of "kubectl-client-side-apply" over by a JSON patch (client-go's csaupgrade),
apply once more.
"""

import json
from typing import Any

import pytest

from patch_cases import LATER, a_pod, apply, create, main, owned, update, whole
from podrunner import errors
from podrunner.objects import pod
from podrunner.objects.patches import fieldset, json_patch, server_side, strategic

ANNOTATION = server_side.LAST_APPLIED
ANNOTATION_PATH = f".metadata.annotations.{ANNOTATION}"


def manifest(*containers: dict[str, Any], **labels: str) -> dict[str, Any]:
    found = a_pod(*containers)
    found["metadata"]["labels"] = labels
    return found


def annotated(found: dict[str, Any]) -> dict[str, Any]:
    """As `kubectl apply` sends it: with what it applies as an annotation."""
    text = json.dumps({**found, "metadata": {**found["metadata"], "annotations": {}}}) + "\n"
    return {**found, "metadata": {**found["metadata"], "annotations": {ANNOTATION: text}}}


def last_applied(obj: dict[str, Any]) -> dict[str, Any]:
    text = obj["metadata"]["annotations"][ANNOTATION]
    assert text.endswith("}\n")
    found: dict[str, Any] = json.loads(text)
    return found


OLD = manifest(main("a", "b:1"), main("gone"), app="x", old="1")
NEW = manifest(main("a", "b:2"), app="x")


def applied_client_side() -> dict[str, Any]:
    return create(annotated(OLD), "kubectl-client-side-apply")


def upgraded(obj: dict[str, Any]) -> list[dict[str, Any]]:
    """The JSON patch of csaupgrade: the applier's entry takes in the client-side one."""
    entries = obj["metadata"]["managedFields"]
    client_side = next(entry for entry in entries if entry["manager"] == "kubectl-client-side-apply")
    applier = next(entry for entry in entries if entry["manager"] == "kubectl" and entry["operation"] == "Apply")
    fields = fieldset.union(fieldset.read(applier["fieldsV1"]), fieldset.read(client_side["fieldsV1"]))
    rest = [entry for entry in entries if entry not in (client_side, applier)]
    moved = [*rest, {**applier, "fieldsV1": fieldset.write(fields)}]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": moved},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": obj["metadata"]["resourceVersion"]},
    ]


def test_what_client_side_apply_applied_is_no_conflict_for_kubectl() -> None:
    taken = apply(applied_client_side(), NEW, "kubectl")
    assert taken["spec"]["containers"][0]["image"] == "b:2"
    assert '.spec.containers[name="a"].image' not in owned(taken)["kubectl-client-side-apply Update"]
    with pytest.raises(errors.Conflict):
        apply(applied_client_side(), NEW, "someone-else")


def test_what_another_changed_since_is_a_conflict_for_kubectl() -> None:
    live = applied_client_side()
    edited = strategic.apply(live, {"spec": {"containers": [{"name": "a", "image": "mine:1"}]}}, pod.Pod)
    with pytest.raises(errors.Conflict) as raised:
        apply(update(live, edited, "kubectl-edit"), NEW, "kubectl")
    assert str(raised.value) == (
        'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .spec.containers[name="a"].image'
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"apiVersion": "v2"}', '{"apiVersion": "v1", "colour": "red"}'])
def test_an_annotation_that_cannot_be_read_allows_nothing(text: str) -> None:
    live = applied_client_side()
    live["metadata"]["annotations"][ANNOTATION] = text
    with pytest.raises(errors.Conflict):
        apply(live, NEW, "kubectl")


def test_kubectl_keeps_the_annotation_in_step_with_what_it_applies() -> None:
    taken = apply(applied_client_side(), annotated(NEW), "kubectl", force=True)
    assert last_applied(taken) == {**NEW, "metadata": {**NEW["metadata"], "annotations": {}}}
    assert last_applied(apply(applied_client_side(), NEW, "kubectl")) == NEW
    assert last_applied(apply(applied_client_side(), NEW, "other", force=True))["metadata"]["labels"] == {
        "app": "x",
        "old": "1",
    }


def test_kubectl_gets_no_annotation_where_there_is_none() -> None:
    assert "annotations" not in apply(None, NEW, "kubectl")["metadata"]


def test_an_annotation_that_would_be_too_large_is_left_out() -> None:
    large = manifest(main("a", "b:1", args=["x" * 262144]), app="x")
    assert "annotations" not in apply(applied_client_side(), large, "kubectl")["metadata"]


def test_an_object_moves_from_client_side_to_server_side_apply() -> None:
    live = {**applied_client_side()}
    live["metadata"]["resourceVersion"] = "7"

    first = apply(live, NEW, "kubectl", force=True)
    assert [each["name"] for each in first["spec"]["containers"]] == ["a", "gone"]

    note = {
        "name": "p",
        "namespace": "default",
        "annotations": {ANNOTATION: first["metadata"]["annotations"][ANNOTATION]},
    }
    kept = apply(first, {"apiVersion": "v1", "kind": "Pod", "metadata": note}, "kubectl-last-applied")
    assert owned(kept)["kubectl-last-applied Apply"] == [ANNOTATION_PATH]

    moved = update(kept, whole(json_patch.apply(kept, upgraded(kept))), "kubectl")
    assert sorted(owned(moved)) == ["kubectl Apply", "kubectl-last-applied Apply"]
    assert '.spec.containers[name="gone"]' in owned(moved)["kubectl Apply"]

    last = apply(moved, NEW, "kubectl", force=True, at=LATER)
    assert [each["name"] for each in last["spec"]["containers"]] == ["a"]
    assert last["metadata"]["labels"] == {"app": "x"}
    assert last_applied(last) == NEW
    assert owned(last) == {
        "kubectl Apply": [
            ".metadata.labels.app",
            '.spec.containers[name="a"]',
            '.spec.containers[name="a"].image',
            '.spec.containers[name="a"].name',
        ],
        "kubectl-last-applied Apply": [ANNOTATION_PATH],
    }
    assert last["spec"] == whole(NEW)["spec"]
    assert apply(last, NEW, "kubectl", force=True) == last


def test_apply_diff_patch_and_label_each_own_what_they_set() -> None:
    """The plain verbs of a session: apply -f, apply again, label, patch, set image."""
    live = applied_client_side()
    change = {
        "metadata": {"labels": {"old": None}, "annotations": annotated(NEW)["metadata"]["annotations"]},
        "spec": {
            "$setElementOrder/containers": [{"name": "a"}],
            "containers": [{"name": "a", "image": "b:2"}, {"name": "gone", "$patch": "delete"}],
        },
    }
    again = update(live, strategic.apply(live, change, pod.Pod), "kubectl-client-side-apply")
    assert whole(again)["spec"] == whole(NEW)["spec"]
    labelled = update(again, strategic.apply(again, {"metadata": {"labels": {"k": "v"}}}, pod.Pod), "kubectl-label")
    image = {"spec": {"containers": [{"name": "a", "image": "b:3"}]}}
    latest = update(labelled, strategic.apply(labelled, image, pod.Pod), "kubectl-set")
    assert owned(latest)["kubectl-label Update"] == [".metadata.labels.k"]
    assert owned(latest)["kubectl-set Update"] == ['.spec.containers[name="a"].image']
    assert ".metadata.labels.app" in owned(latest)["kubectl-client-side-apply Update"]
    assert ".metadata.labels.old" not in owned(latest)["kubectl-client-side-apply Update"]
