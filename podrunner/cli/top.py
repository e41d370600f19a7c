"""`podrunner top`: the CPU time and memory that pods and the node use now."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from podrunner import errors
from podrunner.cli import completion, targets
from podrunner.client import http, resources, tableprint
from podrunner.objects import quantity, transient

_MEBIBYTE = 1024 * 1024


class _Usage(NamedTuple):
    """What something uses. `labels` are the cells before it."""

    labels: tuple[str, ...]
    milli_cpu: int
    memory_bytes: int


@click.group("top", short_help="Show the CPU time and memory in use.")
def command() -> None:
    """Show the CPU time and memory that are in use, as the engine measures them."""


_sort_by = click.option(
    "--sort-by",
    type=click.Choice(["cpu", "memory"]),
    metavar="cpu|memory",
    help="The largest first.  [default: by name]",
)
_no_headers = click.option("--no-headers", is_flag=True, help="Rows without their header.")


@command.command("pod", cls=targets.Verb)
@click.argument("name", default="", metavar="[NAME]", shell_complete=completion.pods)
@targets.namespace
@targets.everywhere
@targets.labels
@targets.fields
@click.option("--containers", is_flag=True, help="A row for each container.")
@_sort_by
@_no_headers
def pod(
    name: str,
    namespace: str,
    everywhere: bool,
    labels: str,
    fields: str,
    containers: bool,
    sort_by: str | None,
    no_headers: bool,
) -> None:
    """Show what pods use: CPU in thousandths of a core, memory in mebibytes."""
    if name and (labels or fields or everywhere):
        raise errors.UsageError("a name is for one pod: no selector and no --all-namespaces with it")
    place = None if everywhere else namespace
    found = _metrics(
        targets.server(), transient.POD_METRICS, place, targets.pod_name(name) if name else "",
        resources.Selection(labels, fields),
    )  # fmt: skip
    if not found:
        click.echo("No resources found" if everywhere else f"No resources found in {namespace} namespace.", err=True)
        return
    rows = [row for metrics in found for row in _of_pod(metrics, namespaces=everywhere, containers=containers)]
    title = (*(("NAMESPACE",) if everywhere else ()), *(("POD", "NAME") if containers else ("NAME",)))
    lines = [[*row.labels, _cpu(row), _memory(row)] for row in _ordered(rows, sort_by)]
    _show([*title, "CPU(cores)", "MEMORY(bytes)"], lines, headers=not no_headers)


@command.command("node", cls=targets.Verb)
@click.argument("name", default="", metavar="[NAME]")
@targets.labels
@_sort_by
@_no_headers
def node(name: str, labels: str, sort_by: str | None, no_headers: bool) -> None:
    """Show what the node uses, and how much that is of all it has."""
    server = targets.server()
    found = _metrics(server, transient.NODE_METRICS, None, name, resources.Selection(labels))
    if not found:
        click.echo("No resources found", err=True)
        return
    nodes = resources.listing(server, resources.kind_named("nodes"), None)["items"]
    capacities = {each["metadata"]["name"]: (each.get("status") or {}).get("allocatable") or {} for each in nodes}
    rows = [_usage((each["metadata"]["name"],), [each["usage"]]) for each in found]
    lines = [
        [
            *row.labels,
            _cpu(row),
            _share(row.milli_cpu, _amount(capacities.get(row.labels[0], {}), "cpu") * 1000),
            _memory(row),
            _share(row.memory_bytes, _amount(capacities.get(row.labels[0], {}), "memory")),
        ]
        for row in _ordered(rows, sort_by)
    ]
    _show(["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"], lines, headers=not no_headers)


command.add_command(pod, "pods")
command.add_command(node, "nodes")


def _metrics(
    server: http.Server, kind: Any, namespace: str | None, name: str, selection: resources.Selection
) -> list[dict[str, Any]]:
    if name:
        return [resources.get(server, kind, namespace, name)]
    found: list[dict[str, Any]] = resources.listing(server, kind, namespace, selection)["items"]
    return found


def _of_pod(metrics: dict[str, Any], *, namespaces: bool, containers: bool) -> list[_Usage]:
    metadata = metrics["metadata"]
    labels = (*((metadata["namespace"],) if namespaces else ()), metadata["name"])
    if containers:
        return [_usage((*labels, each["name"]), [each["usage"]]) for each in metrics["containers"]]
    return [_usage(labels, [each["usage"] for each in metrics["containers"]])]


def _usage(labels: tuple[str, ...], used: Sequence[dict[str, str]]) -> _Usage:
    return _Usage(
        labels,
        sum(quantity.parse(each.get("cpu", "0")).milli_value for each in used),
        sum(quantity.parse(each.get("memory", "0")).value for each in used),
    )


def _ordered(rows: Sequence[_Usage], by: str | None) -> list[_Usage]:
    if by is None:
        return sorted(rows, key=lambda row: row.labels)
    return sorted(rows, key=lambda row: row.milli_cpu if by == "cpu" else row.memory_bytes, reverse=True)


def _cpu(row: _Usage) -> str:
    return f"{row.milli_cpu}m"


def _memory(row: _Usage) -> str:
    return f"{row.memory_bytes // _MEBIBYTE}Mi"


def _amount(capacity: dict[str, str], resource: str) -> float:
    return float(quantity.parse(capacity.get(resource, "0")).amount)


def _share(used: float, of: float) -> str:
    return f"{int(used * 100 / of)}%" if of else "<unknown>"


def _show(header: list[str], lines: list[list[str]], *, headers: bool) -> None:
    click.echo(tableprint.Grid().text([header, *lines] if headers else lines), nl=False)
