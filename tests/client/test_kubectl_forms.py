"""Tables, JSON, YAML and custom columns; what is expected is what kubectl 1.37 printed."""

from typing import Any

import pytest

from podrunner import errors
from podrunner.client import forms, sorting, tableprint
from podrunner.objects import kinds

POD = kinds.KINDS[0]
COLUMNS = [
    {"name": "Name", "format": "name", "priority": 0},
    {"name": "Ready", "format": "", "priority": 0},
    {"name": "IP", "format": "", "priority": 1},
]


def table(*rows: tuple[Any, ...], headers: bool = True) -> dict[str, Any]:
    return {
        "columnDefinitions": COLUMNS if headers else None,
        "rows": [
            {"cells": list(row), "object": {"metadata": {"namespace": "default", "labels": {"app": row[0]}}}}
            for row in rows
        ],
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (tableprint.Options(), "NAME   READY\nweb    1/1\n"),
        (tableprint.Options(wide=True), "NAME   READY   IP\nweb    1/1     10.0.0.1\n"),
        (tableprint.Options(headers=False), "web   1/1\n"),
        (tableprint.Options(namespace=True), "NAMESPACE   NAME   READY\ndefault     web    1/1\n"),
        (tableprint.Options(kind=True), "NAME      READY\npod/web   1/1\n"),
        (tableprint.Options(all_labels=True), "NAME   READY   LABELS\nweb    1/1     app=web\n"),
        (tableprint.Options(label_columns=["x/app", "app"]), "NAME   READY   APP   APP\nweb    1/1           web\n"),
    ],
)
def test_a_table_has_the_columns_that_are_asked_for(options: tableprint.Options, expected: str) -> None:
    printer = tableprint.TablePrinter(POD, options)
    assert printer.text([table(("web", "1/1", "10.0.0.1"))]) == expected


def test_rows_that_come_later_are_aligned_with_those_before() -> None:
    printer = tableprint.TablePrinter(POD, tableprint.Options())
    assert printer.text([table()]) == ""
    assert printer.text([table(("long-name", "1/1", ""))]) == "NAME        READY\nlong-name   1/1\n"
    assert printer.text([table(("web", "0/1", ""), headers=False)]) == "web         0/1\n"


def test_a_cell_shows_its_first_line_and_controls_no_terminal() -> None:
    printer = tableprint.TablePrinter(POD, tableprint.Options(headers=False))
    assert printer.text([table(("a\x1b[1m", "one\ntwo", ""))]) == "a^[[1m   one...\n"


def test_json_is_indented_and_escaped_as_go_writes_it() -> None:
    assert forms.as_json({"b": [1], "a": "<é&>"}) == (
        '{\n    "a": "\\u003cé\\u0026\\u003e",\n    "b": [\n        1\n    ]\n}\n'
    )


YAML = """\
a: "y"
b: "true"
c: "12:30"
d: |
  two
  lines
e: []
f:
- x: 1
g: ""
h: plain text
i: null
j: "2026-11-22"
k: 'x: y'
"""


def test_yaml_quotes_and_indents_as_go_writes_it() -> None:
    data = {
        "a": "y", "b": "true", "c": "12:30", "d": "two\nlines\n", "e": [], "f": [{"x": 1}], "g": "", "h": "plain text",
        "i": None, "j": "2026-11-22", "k": "x: y",
    }  # fmt: skip
    assert forms.as_yaml(data) == YAML


def test_yaml_documents_of_a_watch_are_separated() -> None:
    form = forms.named("yaml", "")
    assert [form.text({"a": 1}), form.text({"b": 2})] == ["a: 1\n", "---\nb: 2\n"]


def pod(name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, **more}


def test_custom_columns_show_paths_and_none() -> None:
    spec = "NAME:.metadata.name,IMAGES:.spec.containers[*].image,LABELS:metadata.labels,ALL:.all"
    listed = {
        "kind": "List",
        "items": [pod("web", spec={"containers": [{"image": "a"}, {"image": "b"}]}, all={"x": [1, True]}), pod("db")],
    }
    assert forms.named("custom-columns", spec).text(listed) == (
        "NAME   IMAGES   LABELS   ALL\nweb    a,b      <none>   map[x:[1 true]]\ndb     <none>   <none>   <none>\n"
    )


def test_names_have_the_kind_and_its_group() -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "vm"}}
    listed = {"kind": "List", "items": [pod("web"), lease]}
    assert forms.named("name", "").text(listed) == "pod/web\nlease.coordination.k8s.io/vm\n"


@pytest.mark.parametrize(
    ("name", "argument", "problem"),
    [
        ("nonsense", "", 'unable to match a printer suitable for the output format "nonsense"'),
        ("jsonpath", "{.a", "error parsing jsonpath {.a, unclosed action"),
        ("custom-columns", "", "custom-columns format specified but no custom columns given"),
        ("custom-columns", "A", "unexpected custom-columns spec: A, expected <header>:<json-path-expr>"),
    ],
)
def test_a_form_that_cannot_be_is_refused(name: str, argument: str, problem: str) -> None:
    with pytest.raises(errors.UsageError) as refused:
        forms.named(name, argument)
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        (["a10", "a2", "a1"], ["a1", "a10", "a2"]),
        (["10Mi", "1Gi", "9Mi"], ["9Mi", "10Mi", "1Gi"]),
        (["10", "9", None], [None, "9", "10"]),
        ([10, 9], [9, 10]),
        (["b", "5"], ["5", "b"]),
    ],
)
def test_quantities_are_sorted_by_what_they_are_worth(values: list[Any], ordered: list[Any]) -> None:
    items = [{} if value is None else {"v": value} for value in values]
    assert [item.get("v") for item in sorting.by(".v", items, dict)] == ordered


def test_a_field_that_nothing_has_cannot_be_sorted_by() -> None:
    with pytest.raises(errors.UsageError):
        sorting.by(".nope", [{"v": 1}], dict)
