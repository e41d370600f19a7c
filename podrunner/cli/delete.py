"""`podrunner delete`: removes objects, and waits until they are gone."""

import functools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec

from podrunner import errors
from podrunner.cli import completion, parameters, selecting, targets, verbs
from podrunner.client import awaiting, forms, http, resources

EPILOG = """\b
Examples:
  podrunner delete pod web
  podrunner delete -f pod.yaml
  podrunner delete pods -l app=web --now
  podrunner delete pods --all -n tests
"""

_NOT_ASKED = -1
_AT_ONCE = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated."
    " The resource may continue to run on the cluster indefinitely."
)


class _Options(msgspec.Struct, frozen=True):
    """How to delete: what the request says, what is told, and how long it is waited (None: not at all)."""

    request: dict[str, Any]
    told: str
    names_only: bool
    ignore_not_found: bool
    wait_seconds: float | None


@click.command("delete", cls=targets.Verb, short_help="Remove objects.", epilog=EPILOG)
@click.argument(
    "objects", nargs=-1, metavar="[KIND[,KIND]... [NAME]... | KIND/NAME...]", shell_complete=completion.objects
)
@targets.files
@targets.namespace
@targets.everywhere
@targets.labels
@targets.fields
@click.option("--all", "all_of_them", is_flag=True, help="All of the kind in the namespace.")
@click.option("--now", is_flag=True, help="Within a second.")
@click.option("--force", is_flag=True, help="At once, without waiting for the containers' end.")
@click.option(
    "--grace-period",
    type=int,
    default=_NOT_ASKED,
    metavar="SECONDS",
    help="Within so many seconds.  [default: the pod's own grace period]",
)
@click.option("--wait/--no-wait", default=True, help="Wait until it is gone, or don't.")
@click.option(
    "--timeout",
    callback=parameters.duration,
    metavar="DURATION",
    help="Wait for so long at most.  [default: 0, for ever]",
)
@click.option("--ignore-not-found", is_flag=True, help="A name that is not there is no error.")
@click.option(
    "--cascade",
    default="background",
    type=click.Choice(["background", "foreground", "orphan"]),
    help="What happens to objects that this one owns.",
)
@click.option(
    "--dry-run",
    default="none",
    type=click.Choice(["none", "server", "client"]),
    help="Only say what would be deleted.",
)
@click.option("-o", "--output", type=click.Choice(["name"]), metavar="name", help="Names only.")
def command(
    objects: Sequence[str],
    files: Sequence[str],
    recursive: bool,
    namespace: str,
    everywhere: bool,
    labels: str,
    fields: str,
    all_of_them: bool,
    now: bool,
    force: bool,
    grace_period: int,
    wait: bool,
    timeout: float | None,
    ignore_not_found: bool,
    cascade: str,
    dry_run: str,
    output: str | None,
) -> int:
    """Remove objects by their names, labels or files.

    Pods are given their grace period to end. Ctrl-C ends the waiting, not the removal.
    """
    selection = resources.Selection(labels, fields)
    if all_of_them and selection != resources.EVERYTHING:
        raise errors.UsageError("cannot set --all and a selector at the same time")
    asked = selecting.asked(
        objects, files, namespace=None if everywhere else namespace, selection=selection, recursive=recursive
    )
    if not all_of_them and selection == resources.EVERYTHING and not all(each.name for each in asked):
        raise errors.UsageError("resource(s) were provided, but no name was specified")
    grace_seconds = _grace_seconds(grace_period, now=now, force=force)
    options = _Options(
        request=_request(grace_seconds, cascade, dry_run),
        told=f"{'force ' if force else ''}deleted",
        names_only=output == "name",
        ignore_not_found=ignore_not_found or all_of_them or bool(labels or fields),
        wait_seconds=(timeout or 0.0) if wait and dry_run == "none" else None,
    )
    if force and grace_seconds == 0:
        click.echo(_AT_ONCE, err=True)
    return _Deletion(targets.server(), options, dry_run).delete(asked, selection)


def _grace_seconds(asked: int, *, now: bool, force: bool) -> int:
    """Within how many seconds, negative where nothing says so.

    Source: `DeleteOptions.Complete`, kubernetes kubectl/pkg/cmd/delete/delete.go.
    """
    if now:
        if asked >= 0:
            raise errors.UsageError("--now and --grace-period cannot be specified together")
        return 1
    if force:
        if asked > 0:
            raise errors.UsageError("--force and --grace-period greater than 0 cannot be specified together")
        return 0
    # Nothing is deleted without confirmation by accident: that takes --force.
    return 1 if asked == 0 else asked


def _request(grace_seconds: int, cascade: str, dry_run: str) -> dict[str, Any]:
    request: dict[str, Any] = {"propagationPolicy": cascade.capitalize()}
    if grace_seconds >= 0:
        request["gracePeriodSeconds"] = grace_seconds
    if dry_run == "server":
        request["dryRun"] = ["All"]
    return request


class _Deletion:
    """Deletes one object after the other, and then waits for all."""

    def __init__(self, server: http.Server, options: _Options, dry_run: str) -> None:
        self._server = server
        self._options = options
        self._dry_run = dry_run
        self._refused = False
        self._going: list[tuple[selecting.Asked, str]] = []

    def delete(self, asked: Sequence[selecting.Asked], selection: resources.Selection) -> int:
        """Does it; the exit status."""
        found = [each for one in asked for each in self._found(one, selection)]
        for each in found:
            self._delete(each)
        if not found and not self._refused:
            click.echo("No resources found")
        if not self._wait():
            return verbs.REFUSED
        return verbs.REFUSED if self._refused else 0

    def _found(self, asked: selecting.Asked, selection: resources.Selection) -> Iterator[selecting.Asked]:
        """The objects themselves, each with the namespace it is in."""
        if asked.name:
            yield asked
            return
        for item in resources.listing(self._server, asked.kind, asked.namespace, selection)["items"]:
            metadata = item["metadata"]
            yield selecting.Asked(asked.kind, metadata.get("namespace"), metadata["name"])

    def _delete(self, asked: selecting.Asked) -> None:
        try:
            uid = self._request(asked)
        except errors.NotFound as error:
            if not self._options.ignore_not_found:
                self._refuse(error)
        except errors.ObjectError as error:
            self._refuse(error)
        else:
            self._going.append((asked, uid))
            click.echo(self._line(asked))

    def _request(self, asked: selecting.Asked) -> str:
        """Has the server delete it; the uid of what is going."""
        if self._dry_run == "client":
            return str(resources.get(self._server, asked.kind, asked.namespace, asked.name)["metadata"]["uid"])
        gone = resources.delete(self._server, asked.kind, asked.namespace, asked.name, self._options.request)
        # A Status tells the uid in its details, the object in its metadata.
        about = gone["details"] if gone["kind"] == "Status" else gone["metadata"]
        return str(about["uid"])

    def _refuse(self, error: errors.ObjectError) -> None:
        self._refused = True
        verbs.tell(error)

    def _line(self, asked: selecting.Asked) -> str:
        kind = asked.kind
        reference = forms.reference(
            {"kind": kind.name, "apiVersion": kind.api_version, "metadata": {"name": asked.name}}
        )
        if self._options.names_only:
            return reference
        dry_run = {"server": " (server dry run)", "client": " (dry run)"}.get(self._dry_run, "")
        place = f" from {asked.namespace} namespace" if kind.namespaced else ""
        return f'{reference.rpartition("/")[0]} "{asked.name}" {self._options.told}{place}{dry_run}'

    def _wait(self) -> bool:
        """Whether all of it is gone, or need not be waited for."""
        seconds = self._options.wait_seconds
        if seconds is None:
            return True
        deadline = time.monotonic() + seconds if seconds else None
        for asked, uid in self._going:
            gone = functools.partial(_is_gone, uid)
            if not awaiting.until(self._server, asked.kind, asked.namespace, asked.name, gone, deadline):
                click.echo(
                    f"error: timed out waiting for the condition on {asked.kind.resource}/{asked.name}", err=True
                )
                return False
        return True


def _is_gone(uid: str, found: dict[str, Any] | None) -> bool:
    """Another object of that name is not the one that was deleted."""
    return found is None or found["metadata"]["uid"] != uid
