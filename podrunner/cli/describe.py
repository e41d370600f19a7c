"""`podrunner describe`: tells all there is to know of objects, and the events about them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from podrunner import errors
from podrunner.cli import completion, selecting, targets, verbs
from podrunner.client import describe, http, resources
from podrunner.objects import kinds

EPILOG = """\b
Examples:
  podrunner describe pod web
  podrunner describe pods -l app=web
  podrunner describe -f pod.yaml
"""


@click.command("describe", cls=targets.Verb, short_help="Tell all about objects, with their events.", epilog=EPILOG)
@click.argument("objects", nargs=-1, metavar="[KIND [NAME]... | KIND/NAME...]", shell_complete=completion.objects)
@targets.namespace
@targets.everywhere
@targets.labels
@targets.files
@click.option("--show-events/--no-show-events", default=True, help="The events, or without them.")
def command(
    objects: Sequence[str],
    namespace: str,
    everywhere: bool,
    labels: str,
    files: Sequence[str],
    recursive: bool,
    show_events: bool,
) -> int:
    """Tell all about objects: their fields, their containers' states, the events about them.

    A name may be only its beginning. Values of Secrets are not told.
    """
    selection = resources.Selection(labels)
    asked = selecting.asked(
        objects, files, namespace=None if everywhere else namespace, selection=selection, recursive=recursive
    )
    server, status = targets.server(), 0
    told: list[str] = []
    for each in asked:
        try:
            told += [
                _text(server, each.kind, obj, show_events=show_events) for obj in _objects(server, each, selection)
            ]
        except errors.ObjectError as error:
            verbs.tell(error)
            status = verbs.REFUSED
    click.echo("\n\n".join(told), nl=False)
    if not told and not status:
        where = "" if everywhere else f" in {namespace} namespace."
        click.echo(f"No resources found{where}", err=True)
    return status


def _objects(server: http.Server, asked: selecting.Asked, selection: resources.Selection) -> list[dict[str, Any]]:
    if not asked.name:
        items = resources.listing(server, asked.kind, asked.namespace, selection)["items"]
        # Items of a list don't say what they are.
        return [{"apiVersion": asked.kind.api_version, "kind": asked.kind.name, **item} for item in items]
    try:
        return [resources.get(server, asked.kind, asked.namespace, asked.name)]
    except errors.NotFound:
        everything = resources.listing(server, asked.kind, asked.namespace)["items"]
        beginning = [item for item in everything if item["metadata"]["name"].startswith(asked.name)]
        if not beginning:
            raise
        return beginning


def _text(server: http.Server, kind: kinds.Kind, obj: dict[str, Any], *, show_events: bool) -> str:
    return describe.text(obj, _events(server, kind, obj) if show_events else None, datetime.now(UTC))


def _events(server: http.Server, kind: kinds.Kind, obj: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Those about the object. Events have none."""
    if kind.name == "Event":
        return None
    metadata = obj["metadata"]
    selection = resources.Selection(fields=f"involvedObject.uid={metadata['uid']}")
    found: list[dict[str, Any]] = resources.listing(
        server, resources.kind_named("events"), metadata.get("namespace"), selection
    )["items"]
    return found
