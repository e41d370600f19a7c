"""`podrunner events`: what happened, in the order it did."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from podrunner import errors
from podrunner.cli import completion, formats, targets
from podrunner.client import resources, tableprint
from podrunner.client.describe import events

EPILOG = """\b
Examples:
  podrunner events                       of the namespace
  podrunner events --for pod/web -w      of one pod, and those to come
  podrunner events -A --types=Warning
"""

_TYPES = ("Normal", "Warning")


@click.command("events", cls=targets.Verb, short_help="Show what happened.", epilog=EPILOG)
@targets.namespace
@targets.everywhere
@click.option(
    "--for", "about", default="", metavar="KIND/NAME", shell_complete=completion.pods, help="Only about this."
)
@click.option("--types", default="", metavar="TYPE[,TYPE]", help="Only these: Normal, Warning.")
@click.option("-w", "--watch", is_flag=True, help="Go on with those to come.")
@click.option("--no-headers", is_flag=True, help="Rows without their header.")
@click.option("-o", "--output", default="", metavar="FORM", help="json, yaml, name or jsonpath=...")
def command(
    namespace: str, everywhere: bool, about: str, types: str, watch: bool, no_headers: bool, output: str
) -> None:
    """Show what happened, the oldest first."""
    wanted = frozenset(type_.strip().capitalize() for type_ in types.split(",") if type_)
    if not wanted.issubset(_TYPES):
        raise errors.UsageError("valid --types are Normal or Warning")
    form = formats.of(output)
    kind, place = resources.kind_named("events"), None if everywhere else namespace
    selection = resources.Selection(fields=_fields(about) if about else "")
    server = targets.server()
    listed = resources.listing(server, kind, place, selection)
    found = sorted(_of_types(listed["items"], wanted), key=_moment)
    rows = _Rows(namespaces=everywhere, headers=not no_headers)
    if form is not None:
        whole = {"apiVersion": "v1", "items": found, "kind": "List", "metadata": {"resourceVersion": ""}}
        click.echo(form.text(whole), nl=False)
    elif found:
        click.echo(rows.text(found), nl=False)
    elif not watch:
        click.echo("No events found." if everywhere else f"No events found in {namespace} namespace.", err=True)
    if not watch:
        return
    since = listed["metadata"]["resourceVersion"]
    with contextlib.closing(resources.watch(server, kind, place, selection, since=since)) as stream:
        for change in resources.changes(stream):
            if change.type not in ("BOOKMARK", "DELETED") and _of_types([change.object], wanted):
                click.echo(form.text(change.object) if form else rows.text([change.object]), nl=False)


def _fields(about: str) -> str:
    """The field selector of the events about KIND/NAME. Raises UsageError."""
    kind, name = targets.split(about)
    if kind is None:
        raise errors.UsageError("--for must be in resource/name form")
    return f"involvedObject.kind={kind.name},involvedObject.name={name}"


def _of_types(found: Sequence[dict[str, Any]], wanted: frozenset[str]) -> list[dict[str, Any]]:
    return [event for event in found if not wanted or event.get("type") in wanted]


def _moment(event: dict[str, Any]) -> str:
    """When it was last seen, as text that sorts."""
    return str(
        (event.get("series") or {}).get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    )


class _Rows:
    """Source: `EventPrinter`, kubernetes kubectl/pkg/cmd/events/event_printer.go."""

    def __init__(self, *, namespaces: bool, headers: bool) -> None:
        self._namespaces = namespaces
        self._header_due = headers
        self._grid = tableprint.Grid()

    def text(self, found: Sequence[dict[str, Any]]) -> str:
        rows = [self._row(event) for event in found]
        if self._header_due:
            self._header_due = False
            header = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
            rows.insert(0, ["NAMESPACE", *header] if self._namespaces else header)
        return self._grid.text(rows)

    def _row(self, event: dict[str, Any]) -> list[str]:
        about = event.get("involvedObject") or {}
        cells = [
            events.when(event, datetime.now(UTC)),
            event.get("type", ""),
            event.get("reason", ""),
            f"{about.get('kind', '')}/{about.get('name', '')}",
            tableprint.plain(event.get("message", "").strip()),
        ]
        return [event["metadata"]["namespace"], *cells] if self._namespaces else cells
