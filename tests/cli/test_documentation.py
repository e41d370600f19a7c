"""What the documents say of the code is so."""

import re
from pathlib import Path

import click
import pytest

import field_list
from podrunner.cli import (
    apply,
    attach,
    cp,
    debug,
    delete,
    describe,
    events,
    exec,
    get,
    kubeconfig,
    logs,
    port_forward,
    run,
    serve,
    top,
    wait,
)
from podrunner.objects import base, kinds, support

ROOT = Path(__file__).parents[2]
SUPPORT = (ROOT / "docs/support.md").read_text()


def test_the_list_of_fields_is_that_of_the_code() -> None:
    """Every field of every type that a manifest can have is listed once, in its order, and no other."""
    listed: dict[str, list[str]] = {}
    for row in field_list.rows(SUPPORT):
        listed.setdefault(row.type, []).append(row.field)
    expected = {
        name: [base.json_name(field) for field in field_list.listed_fields(type_)]
        for name, type_ in field_list.types().items()
    }
    assert listed == {name: fields for name, fields in expected.items() if fields}
    titles = re.findall(r"^#+ (.+)$", SUPPORT, re.MULTILINE)
    assert len(titles) == len(set(titles)), "a type has one table"


def test_the_states_of_fields_are_those_of_the_code() -> None:
    refused = field_list.refused()
    wrong = []
    for row in field_list.rows(SUPPORT):
        type_ = field_list.types()[row.type]
        field = next(name for name in type_.__struct_fields__ if base.json_name(name) == row.field)
        told = "refused" if (type_, field) in refused else support_state(type_, field)
        if row.state != told or (row.state == "refused" and not row.limit):
            wrong.append((row.type, row.field, row.state, told))
    assert wrong == []


def support_state(type_: type[base.Struct], field: str) -> str:
    if field in support.NOT_YET.get(type_, ()):
        return "not yet"
    return "no meaning" if field in support.MEANINGLESS_HERE.get(type_, ()) else "works"


def test_what_is_warned_of_is_listed_with_a_limit() -> None:
    limited = field_list.limited()
    assert set().union(*limited.values()) == field_list.limits(), "the example goes beyond all limits"
    rows = {(row.type, row.field): row for row in field_list.rows(SUPPORT)}
    assert [field for field in limited if not rows[field].limit] == []


def test_every_field_that_works_names_a_test_that_is_there() -> None:
    rows = field_list.rows(SUPPORT)
    working = [row for row in rows if row.state == "works"]
    assert [(row.type, row.field, row.test) for row in working if not field_list.is_there(row.test)] == []
    assert [(row.type, row.field) for row in rows if row.state != "works" and row.test] == []


def test_the_list_of_kinds_is_that_of_the_code() -> None:
    section = SUPPORT.split("\n## Kinds\n")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|$", section, re.MULTILINE)
    assert listed == [(kind.name, "not yet" if kind.type in support.KINDS_NOT_YET else "works") for kind in kinds.KINDS]


@pytest.mark.parametrize(
    ("command", "document"),
    [
        (run.command, "run.md"),
        (serve.command, "kubectl.md"),
        (kubeconfig.command, "kubectl.md"),
        *((command, "commands.md") for command in (get.command, describe.command, apply.command, delete.command)),
        *((command, "commands.md") for command in (wait.command, events.command, top.pod, top.node)),
        *((command, "commands.md") for command in (logs.command, exec.command, attach.command, port_forward.command)),
        *((command, "commands.md") for command in (cp.command, debug.command)),
    ],
)
def test_every_option_is_explained(command: click.Command, document: str) -> None:
    text = (ROOT / "docs" / document).read_text()
    options = [name for option in command.params if isinstance(option, click.Option) for name in option.opts]
    assert [name for name in options if f"`{name}" not in text and f"kubeconfig {name}" not in text] == []


@pytest.mark.parametrize(
    "document",
    ["README.md", "docs/run.md", "docs/kubectl.md", "docs/commands.md", "docs/services.md", "docs/support.md"],
)
def test_every_link_leads_somewhere(document: str) -> None:
    file = ROOT / document
    links = re.findall(r"\]\(([^)#]+)\)", file.read_text())
    assert [link for link in links if "://" not in link and not (file.parent / link).exists()] == []
