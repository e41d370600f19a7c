"""Texts, files and directories to objects: everything that can be wrong with a manifest before its fields are."""

import io
from pathlib import Path

import pytest

from podrunner import errors
from podrunner.objects import config, loading, pod

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: kubia
spec:
  containers:
  - name: kubia
    image: luksa/kubia:1.0
"""


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(errors.ManifestError) as caught:
        loading.load_text(text, "pod.yaml")
    return list(caught.value.problems)


def names(loaded: list[loading.Loaded]) -> list[str]:
    return [each.object.metadata.name for each in loaded]


def test_a_manifest_becomes_a_pod_with_its_defaults_and_its_place() -> None:
    (loaded,) = loading.load_text(POD, "pod.yaml")
    assert isinstance(loaded.object, pod.Pod)
    assert loaded.object.metadata.namespace == "default"
    assert loaded.object.spec.restart_policy == "Always"
    assert str(loaded.source) == "pod.yaml:1"
    assert loaded.lines.at("spec.containers[0].image") == 8
    assert loaded.lines.at("spec.containers[0].livenessProbe.exec") == 7
    assert loaded.lines.at("status.phase") == 1


def test_the_namespace_asked_for_is_that_of_objects_which_state_none() -> None:
    (loaded,) = loading.load_text(POD, "pod.yaml", namespace="test")
    assert loaded.object.metadata.namespace == "test"


def test_a_stream_holds_several_documents() -> None:
    text = f"{POD}---\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\n"
    loaded = loading.load_text(text, "all.yaml")
    assert names(loaded) == ["kubia", "settings"]
    assert [str(each.source) for each in loaded] == ["all.yaml:1", "all.yaml:11"]


def test_the_items_of_a_list_are_objects_with_lines_of_their_own() -> None:
    text = """\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
- apiVersion: v1
  kind: Pod
  metadata:
    name: two
  spec:
    containers:
    - image: busybox
"""
    assert problems(text) == ["pod.yaml:11: items[1].spec.containers[0].name: Required value"]
    fixed = loading.load_text(text + "      name: main\n", "list.yaml")
    assert names(fixed) == ["one", "two"]
    assert fixed[1].source.line == 5
    assert fixed[1].lines.at("metadata.name") == 8


def test_the_items_of_a_typed_list_need_not_repeat_their_kind() -> None:
    (loaded,) = loading.load_text("kind: ConfigMapList\napiVersion: v1\nitems:\n- metadata: {name: one}\n", "x")
    assert isinstance(loaded.object, config.ConfigMap)


def test_json_is_read_as_yaml_is() -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap",\n\t"metadata": {"name": "c"}, "data": {"k": "\\ud83d\\ude00\\/"}}'
    (loaded,) = loading.load_text(text, "c.json")
    assert isinstance(loaded.object, config.ConfigMap)
    assert loaded.object.data == {"k": "\N{GRINNING FACE}/"}


def test_anchors_aliases_and_merge_keys_are_understood() -> None:
    text = """\
apiVersion: v1
kind: Pod
metadata: {name: merged}
spec:
  initContainers:
  - &base {name: first, image: "busybox:1", command: [sh]}
  containers:
  - <<: *base
    name: second
"""
    (loaded,) = loading.load_text(text, "pod.yaml")
    assert isinstance(loaded.object, pod.Pod)
    second = loaded.object.spec.containers[0]
    assert (second.name, second.image, second.command) == ("second", "busybox:1", ("sh",))


BILLION_LAUGHS = "a: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


NO_OBJECT = "an object must be a mapping with apiVersion and kind"
KINDS = (
    "Pod, ConfigMap, Secret, PersistentVolumeClaim, Service, ServiceAccount, Namespace, Node, Event, PodTemplate,"
    " Endpoints, EndpointSlice, LimitRange, ResourceQuota, Lease, RuntimeClass"
)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "no objects in it"),
        ("# nothing\n---\n---\n", 1, "no objects in it"),
        (b"\xff\xfea\x00:\x00", 1, "the file is UTF-16; save it as UTF-8"),
        (b"\xfe\xff\x00a\x00:", 1, "the file is UTF-16; save it as UTF-8"),
        (b"kind: Pod\nname: caf\xe9\n", 2, "byte 0xe9 is not valid UTF-8"),
        ("kind: Pod\nname: \x00", 2, "character U+0000 is not allowed in YAML"),
        ("kind: Pod\nmetadata:\n\tname: a", 3, "a tab can't indent YAML, use spaces"),
        ("a: {b: c\n", 2, "did not find expected ',' or '}' (while parsing a flow mapping that begins on line 1)"),
        ("a: 'Pod\n", 2, "found unexpected end of stream (while scanning a quoted scalar that begins on line 1)"),
        ("a: b: c", 1, "mapping values are not allowed in this context"),
        ("a: *nothing", 1, "alias *nothing has no anchor before it"),
        ("a: &a [*a]", 1, "alias *a has no anchor before it"),
        (BILLION_LAUGHS, 6, "aliases expand to more than 1000000 characters"),
        ("<<: 3", 1, "a merge key (<<) needs a mapping or a list of mappings"),
        ("- " * 5000, 1, "nested more than 100 levels deep"),
        ("[" * 100_000, 1, "nested more than 100 levels deep"),
        ("{a: " * 5000, 1, "nested more than 100 levels deep"),
        ("? [a]\n: b", 1, "a key must be a string"),
        ("a: !!python/object:os.x {}", 1, "tag tag:yaml.org,2002:python/object:os.x is not supported"),
        ("a: !!binary '###'", 1, "!!binary is not base64 of UTF-8 text"),
        ("just text", 1, f'Invalid value: "just text": {NO_OBJECT}'),
        ("- a\n- [b]", 1, f'Invalid value: ["a", [...]]: {NO_OBJECT}'),
        ("{apiVersion: v1, kind: List, items: []}", 1, "no objects in it"),
        ("{apiVersion: v1, kind: List, items: {}}", 1, "items: Invalid value: {...}: must be a list"),
        ("{apiVersion: v1, kind: List, items: [3]}", 1, f"items[0]: Invalid value: 3: {NO_OBJECT}"),
        ("kind: Pod", 1, "apiVersion: Required value"),
        ("apiVersion: v1", 1, "kind: Required value"),
        ("apiVersion: v1\nkind: [Pod]", 2, 'kind: Invalid value: ["Pod"]: must be a string'),
        ("apiVersion: v2\nkind: Pod", 1, 'apiVersion: Unsupported value: "v2": supported values: "v1"'),
        (
            "apiVersion: apps/v1\nkind: Deployment",
            2,
            f'kind: Unsupported value: "Deployment": podrunner runs Pods; the kinds it knows are {KINDS}',
        ),
    ],
)
def test_what_is_no_manifest_is_one_clear_error(text: str | bytes, line: int, message: str) -> None:
    assert problems(text) == [f"pod.yaml:{line}: {message}"]


def test_a_key_twice_is_an_error_at_the_second() -> None:
    text = POD + "    image: luksa/kubia:2.0\n"
    assert problems(text) == [
        'pod.yaml:9: spec.containers[0].image: Duplicate value: "image": the key is on line 8 already'
    ]


def test_a_megabyte_in_one_field_is_shown_in_part() -> None:
    problem = problems(POD.replace("name: kubia\nspec", f"name: {'A' * 2**20}\nspec"))[0]
    assert problem.startswith(f'pod.yaml:4: metadata.name: Invalid value: "{"A" * 200}"...: must be no more than 253')
    assert len(problem) < 1000


def test_a_number_of_more_than_64_bits_is_out_of_range() -> None:
    (problem,) = problems(POD.replace("spec:", "spec:\n  priority: 99999999999999999999999999"))
    assert problem == (
        "pod.yaml:6: spec.priority: Invalid value: 99999999999999999999999999: "
        "must be between -2147483648 and 2147483647, inclusive"
    )


def test_endless_digits_are_not_a_number() -> None:
    text = POD.replace("spec:", f"spec:\n  priority: {'9' * 10_000}")
    (problem,) = problems(text)
    assert problem.startswith("pod.yaml:6: spec.priority: Invalid value: ")
    assert problem.endswith("must be an integer, not a string")


def test_all_errors_of_all_documents_come_at_once_in_the_order_of_their_lines() -> None:
    text = """\
apiVersion: v1
kind: Pod
metadata:
  name: Kubia
spec:
  contaners: []
  containers:
  - image: a
    name: x
    imagePullPolicy: Sometimes
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  port: 8080
--- [
"""
    assert [problem.split(": ")[0:2] for problem in problems(text)] == [
        ["pod.yaml:4", "metadata.name"],
        ["pod.yaml:6", "spec.contaners"],
        ["pod.yaml:10", "spec.containers[0].imagePullPolicy"],
        ["pod.yaml:16", "data[port]"],
        ["pod.yaml:18", "did not find expected node content"],
    ]


def test_no_error_follows_from_another_one() -> None:
    text = POD.replace("name: kubia\n    image", "nmae: kubia\n    image").replace(
        "metadata:\n  name: kubia", "metadata: kubia"
    )
    assert problems(text) == [
        'pod.yaml:3: metadata: Invalid value: "kubia": must be a mapping, not a string',
        'pod.yaml:6: spec.containers[0].nmae: Unknown field: did you mean "name"?',
    ]


def test_files_directories_and_standard_input_are_read_in_order(tmp_path: Path) -> None:
    def manifest(name: str) -> str:
        return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"

    folder = tmp_path / "folder"
    (folder / "deeper").mkdir(parents=True)
    (folder / "b.yml").write_text(manifest("b"))
    (folder / "a.yaml").write_text(manifest("a"))
    (folder / "c.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}')
    (folder / "notes.txt").write_text("no manifest")
    (folder / "deeper" / "d.yaml").write_text(manifest("d"))
    single = tmp_path / "single.yaml"
    single.write_text(manifest("single"))
    loaded = loading.load([str(single), "-", str(folder)], io.BytesIO(manifest("stdin").encode()))
    assert names(loaded) == ["single", "stdin", "a", "b", "c"]
    assert [each.source.file for each in loaded[:2]] == [str(single), "<stdin>"]


def test_every_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    missing = tmp_path / "missing.yaml"
    with pytest.raises(errors.ManifestError) as caught:
        loading.load([str(missing), str(empty), "-"], io.BytesIO(b""))
    assert list(caught.value.problems) == [
        f"{missing}: No such file or directory",
        f"{empty}: no .json, .yaml, .yml file in this directory",
        "<stdin>:1: no objects in it",
    ]


def test_the_error_names_the_key_even_when_the_key_has_dots_and_brackets() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  annotations:\n    a.b/c: x\n    'x[1].y': 3\n"
    assert problems(text)[0] == (
        "pod.yaml:7: metadata.annotations[x[1].y]: Invalid value: 3: must be a string, put it in quotes"
    )
