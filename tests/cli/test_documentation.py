"""What the documents say of the code is so."""

import re
from pathlib import Path

import click
import pytest

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
from podrunner.objects import base, container, kinds, pod, security, support

ROOT = Path(__file__).parents[2]
TABLES: dict[str, type[base.Struct]] = {
    "spec": pod.PodSpec,
    "spec.containers[], spec.initContainers[]": container.Container,
    "env[] of a container": container.EnvVar,
    "securityContext of a pod": security.PodSecurityContext,
    "securityContext of a container": security.SecurityContext,
}

REFUSED = (
    (pod.PodSpec, "ephemeral_containers"),
    (pod.PodSpec, "resource_claims"),
    (container.Container, "volume_devices"),
)


def state(type_: type[base.Struct], field: str) -> str:
    if (type_, field) in REFUSED:
        return "refused"
    if field in support.NOT_YET.get(type_, ()):
        return "not yet"
    return "no meaning" if field in support.MEANINGLESS_HERE.get(type_, ()) else "works"


@pytest.mark.parametrize("title", TABLES)
def test_the_list_of_fields_is_that_of_the_code(title: str) -> None:
    type_ = TABLES[title]
    section = (ROOT / "docs/support.md").read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| ([\w ]+)(?:, but .+)? \|$", section, re.MULTILINE))
    assert listed == {base.json_name(field): state(type_, field) for field in type_.__struct_fields__}


def test_the_list_of_kinds_is_that_of_the_code() -> None:
    section = (ROOT / "docs/support.md").read_text().split("\n## Kinds\n")[1].split("\n## ")[0]
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
