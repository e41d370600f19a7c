"""`podrunner apply`: makes the server's objects as files say, by server-side apply."""

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from podrunner import errors, paths
from podrunner.cli import background, manifests, output, targets, verbs
from podrunner.client import api, forms, http, resources
from podrunner.objects import kinds, loading

EPILOG = """\b
Examples:
  podrunner apply -f pod.yaml
  podrunner apply -f manifests/ -R
  generate-pod | podrunner apply -f -
  podrunner apply -f pod.yaml --dry-run=server
"""


@click.command("apply", cls=targets.Verb, short_help="Make objects as manifests say.", epilog=EPILOG)
@targets.files
@targets.namespace
@click.option("--force-conflicts", is_flag=True, help="Take fields over that others have set.")
@click.option(
    "--dry-run",
    default="none",
    type=click.Choice(["none", "server"]),
    help="server: have everything checked, change nothing.",
)
@click.option("--server-side", is_flag=True, hidden=True, help="As kubectl's; there is no other way here.")
def command(
    files: Sequence[str], recursive: bool, namespace: str, force_conflicts: bool, dry_run: str, server_side: bool
) -> int:
    """Make the objects of manifest files, directories or standard input (-) as they are written there.

    What an object has now and the manifest does not say stays; a field that an earlier apply has set and this one does
    not is removed. Pods run on in the background server, which is started if none runs; a namespace that does not
    exist is created. Nothing is changed if a file is not right.
    """
    if not files:
        raise errors.UsageError("must specify -f")
    loaded = loading.load(files, sys.stdin.buffer, namespace, recursive=recursive)
    given = namespace if targets.namespace_is_given() else None
    problems = [*manifests.other_namespaces(loaded, given), *(text for each in loaded for text in _inapplicable(each))]
    if problems:
        raise errors.ManifestError(problems)
    messages = output.Messages(sys.stderr)
    for warning in (text for each in loaded for text in manifests.warnings(each)):
        messages.warning(warning)
    state_dir = paths.state_dir(os.environ)
    background.ensure(state_dir)
    applying = _Applying(
        http.Server(paths.socket_path(state_dir)), messages, force=force_conflicts, dry_run=dry_run == "server"
    )
    refused = [each for each in loaded if not applying.apply(each)]
    return verbs.REFUSED if refused else 0


def _inapplicable(item: loading.Loaded) -> Sequence[str]:
    where = f"{item.source.file}:{item.lines.at('metadata.generateName')}"
    metadata = item.object.metadata
    if not metadata.name and metadata.generate_name:
        return [f"{where}: metadata.generateName: cannot be applied, metadata.name is what an object is found by"]
    return []


class _Applying:
    """Applies one object after the other; what the server refuses of one does not keep it from the next."""

    def __init__(self, server: http.Server, messages: output.Messages, *, force: bool, dry_run: bool) -> None:
        self._server = server
        self._messages = messages
        self._force = force
        self._dry_run = dry_run

    def apply(self, item: loading.Loaded) -> bool:
        """Whether the object is as it is written now; tells what became of it."""
        try:
            before = self._found(item)
            written = self._write(item)
        except errors.ObjectError as error:
            self._messages.write(f"{item.source}: {_refusal(error)}\n")
            return False
        told = [warning.partition(": ")[2] for warning in manifests.warnings(item)]
        for warning in written.warnings:
            if warning not in told:
                self._messages.warning(f"{item.source}: {warning}")
        done = "created" if written.created else "configured" if _differ(before, written.object) else "unchanged"
        click.echo(f"{forms.reference(written.object)} {done}{' (server dry run)' if self._dry_run else ''}")
        return True

    def _found(self, item: loading.Loaded) -> dict[str, Any]:
        """The object as it is, empty where there is none yet."""
        metadata = item.object.metadata
        with contextlib.suppress(errors.NotFound):
            return resources.get(self._server, kinds.of(item.object), metadata.namespace, metadata.name)
        return {}

    def _write(self, item: loading.Loaded) -> resources.Written:
        try:
            return self._patch(item)
        except errors.NotFound as error:
            if error.details.get("kind") != "namespaces" or self._dry_run:
                raise
            self._create_namespace(item.object.metadata.namespace)
            return self._patch(item)

    def _patch(self, item: loading.Loaded) -> resources.Written:
        kind, namespace = kinds.of(item.object), item.object.metadata.namespace
        obj = item.given | {"metadata": item.given["metadata"] | ({"namespace": namespace} if namespace else {})}
        return resources.apply(self._server, kind, namespace, obj, force=self._force, dry_run=self._dry_run)

    def _create_namespace(self, name: str) -> None:
        with contextlib.suppress(errors.AlreadyExists):
            api.create_namespace(self._server, name)
            self._messages.notice(f'namespace "{name}" did not exist and was created')


def _differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a write changed what the object says. Its resourceVersion does not tell: a dry run gives no new one."""
    return _said(before) != _said(after)


def _said(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the server and the node keep."""
    kept = ("generation", "managedFields", "resourceVersion")
    metadata = {name: value for name, value in obj.get("metadata", {}).items() if name not in kept}
    return {**obj, "metadata": metadata, "status": None}


def _refusal(error: errors.ObjectError) -> str:
    text = verbs.refusal(error)
    if isinstance(error, errors.Conflict) and error.details.get("causes"):
        return f"{text}\n--force-conflicts takes these fields over"
    return text
