"""`podrunner get`: shows objects as kubectl does, as rows or in one of the forms for programs."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from podrunner import errors
from podrunner.cli import completion, formats, selecting, targets, verbs
from podrunner.client import forms, http, resources, tableprint
from podrunner.objects import kinds

EPILOG = """\b
Examples:
  podrunner get pods                       the pods of the namespace
  podrunner get pods -w                    and then every change
  podrunner get all,events -A              of all namespaces
  podrunner get pod/web -o yaml            all there is to know of one
  podrunner get pods -l app=web -o name
  podrunner get pod web -o jsonpath='{.status.podIP}'
  podrunner get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image
"""


class _Options(NamedTuple):
    """How to show it; a `form` of None is rows."""

    form: forms.Form | None
    table: tableprint.Options
    sort_by: str
    selection: resources.Selection
    ignore_not_found: bool
    managed_fields: bool


@click.command("get", cls=targets.Verb, short_help="Show pods, events and other objects.", epilog=EPILOG)
@click.argument(
    "objects", nargs=-1, metavar="[KIND[,KIND]... [NAME]... | KIND/NAME...]", shell_complete=completion.objects
)
@targets.namespace
@targets.everywhere
@targets.labels
@targets.fields
@targets.files
@click.option("-w", "--watch", is_flag=True, help="Go on with every change.")
@click.option("--watch-only", is_flag=True, help="Show changes only.")
@click.option(
    "-o",
    "--output",
    default="",
    metavar="FORM",
    shell_complete=completion.choices(*forms.NAMES),
    help="wide, json, yaml, name, jsonpath=..., jsonpath-file=..., custom-columns=... or custom-columns-file=...",
)
@click.option("--no-headers", is_flag=True, help="Rows without their header.")
@click.option("--show-labels", is_flag=True, help="A last column with all labels.")
@click.option("-L", "--label-columns", multiple=True, metavar="LABEL", help="A column for a label (repeatable).")
@click.option("--show-kind", is_flag=True, help="The kind before each name.")
@click.option("--show-managed-fields", is_flag=True, help="metadata.managedFields, too, in JSON and YAML.")
@click.option("--sort-by", default="", metavar="PATH", help="In the order of a field: .metadata.creationTimestamp.")
@click.option("--ignore-not-found", is_flag=True, help="A name that is not there is no error.")
def command(
    objects: Sequence[str],
    namespace: str,
    everywhere: bool,
    labels: str,
    fields: str,
    files: Sequence[str],
    recursive: bool,
    watch: bool,
    watch_only: bool,
    output: str,
    no_headers: bool,
    show_labels: bool,
    label_columns: Sequence[str],
    show_kind: bool,
    show_managed_fields: bool,
    sort_by: str,
    ignore_not_found: bool,
) -> int:
    """Show objects: pods, events, configmaps and all other kinds, by their names, labels or fields.

    KIND may be singular, plural or short (po, cm, ...); all stands for pods and services.
    """
    selection = resources.Selection(labels, fields)
    asked = selecting.asked(
        objects, files, namespace=None if everywhere else namespace, selection=selection, recursive=recursive
    )
    several = len({each.kind for each in asked}) > 1 or selecting.ALL in objects[:1]
    options = _Options(
        form=formats.of(output, headers=not no_headers),
        table=tableprint.Options(
            wide=output == "wide",
            headers=not no_headers,
            namespace=everywhere,
            kind=show_kind or several,
            label_columns=[label for given in label_columns for label in given.split(",")],
            all_labels=show_labels,
        ),
        sort_by=sort_by,
        selection=selection,
        ignore_not_found=ignore_not_found,
        managed_fields=show_managed_fields,
    )
    server = targets.server()
    if watch or watch_only:
        if len(asked) > 1:
            raise errors.UsageError("you may only specify a single resource type or name to watch")
        _Watching(server, asked[0], options, shown_first=not watch_only).run()
        return 0
    failures = _Failures(ignore_not_found=ignore_not_found)
    if options.form is None:
        _show_rows(server, asked, options, failures)
    else:
        _show_form(server, asked, options, options.form, failures)
    return failures.told()


class _Failures:
    """What could not be shown, told when everything else is."""

    def __init__(self, *, ignore_not_found: bool) -> None:
        self._ignored: tuple[type[errors.ObjectError], ...] = (errors.NotFound,) if ignore_not_found else ()
        self._errors: list[errors.ObjectError] = []

    def __bool__(self) -> bool:
        return bool(self._errors)

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Whatever the server refuses within is told later."""
        try:
            yield
        except self._ignored:
            return
        except errors.ObjectError as error:
            self._errors.append(error)

    def told(self) -> int:
        """Tells them all; the exit status."""
        for error in self._errors:
            verbs.tell(error)
        return verbs.REFUSED if self._errors else 0


def _show_rows(server: http.Server, asked: Sequence[selecting.Asked], options: _Options, failures: _Failures) -> None:
    tables: dict[kinds.Kind, list[dict[str, Any]]] = {}
    for each in asked:
        with failures.collected():
            tables.setdefault(each.kind, []).append(_table(server, each, options))
    texts = [tableprint.TablePrinter(kind, options.table).text(found) for kind, found in tables.items()]
    shown = [text for text in texts if text]
    # Without headers there is nothing to keep the kinds apart for.
    click.echo(("\n" if options.table.headers else "").join(shown), nl=False)
    if not shown and not failures and not options.ignore_not_found:
        click.echo(_nothing(asked), err=True)


def _table(server: http.Server, asked: selecting.Asked, options: _Options) -> dict[str, Any]:
    if asked.name:
        return resources.get(server, asked.kind, asked.namespace, asked.name, accept=resources.TABLE)
    query = {"includeObject": "Object"} if options.sort_by else {}
    table = resources.listing(
        server, asked.kind, asked.namespace, options.selection, accept=resources.TABLE, query=query
    )
    if options.sort_by:
        from podrunner.client import sorting

        table["rows"] = sorting.by(options.sort_by, table["rows"], lambda row: row["object"])
    return table


def _nothing(asked: Sequence[selecting.Asked]) -> str:
    namespace = asked[0].namespace
    if namespace is None or not all(each.kind.namespaced for each in asked):
        return "No resources found"
    return f"No resources found in {namespace} namespace."


def _show_form(
    server: http.Server, asked: Sequence[selecting.Asked], options: _Options, form: forms.Form, failures: _Failures
) -> None:
    found: list[dict[str, Any]] = []
    for each in asked:
        with failures.collected():
            found += _objects(server, each, options)
    if options.sort_by:
        from podrunner.client import sorting

        found = sorting.by(options.sort_by, found, lambda obj: obj)
    single = len(asked) == 1 and asked[0].name
    if (single or options.ignore_not_found or failures) and not found:
        return
    of_all = {"apiVersion": "v1", "items": found, "kind": "List", "metadata": {"resourceVersion": ""}}
    click.echo(form.text(found[0] if single else of_all), nl=False)


def _objects(server: http.Server, asked: selecting.Asked, options: _Options) -> list[dict[str, Any]]:
    if asked.name:
        found = [resources.get(server, asked.kind, asked.namespace, asked.name)]
    else:
        found = resources.listing(server, asked.kind, asked.namespace, options.selection)["items"]
    return [_presentable(obj, options) for obj in found]


def _presentable(obj: dict[str, Any], options: _Options) -> dict[str, Any]:
    """Without what only the API server needs, unless it is asked for."""
    if not options.managed_fields:
        obj["metadata"].pop("managedFields", None)
    return obj


class _Watching:
    """Shows one kind, or one object, and then its changes, until somebody ends it."""

    def __init__(self, server: http.Server, asked: selecting.Asked, options: _Options, *, shown_first: bool) -> None:
        self._server = server
        self._asked = asked
        self._options = options
        self._shown_first = shown_first
        self._printer = tableprint.TablePrinter(asked.kind, options.table)
        self._accept = resources.TABLE if options.form is None else http.JSON

    def run(self) -> None:
        asked = self._asked
        if asked.name:
            # That it is not there is an error, not something to wait for.
            resources.get(self._server, asked.kind, asked.namespace, asked.name, accept=self._accept)
            selection = resources.Selection(fields=f"metadata.name={asked.name}")
        else:
            selection = self._options.selection
        listed = resources.listing(self._server, asked.kind, asked.namespace, selection, accept=self._accept)
        if self._shown_first:
            for obj in [listed] if self._options.form is None else listed["items"]:
                self._show(obj)
        since = listed["metadata"]["resourceVersion"]
        stream = resources.watch(self._server, asked.kind, asked.namespace, selection, since=since, accept=self._accept)
        with contextlib.closing(stream):
            for change in resources.changes(stream):
                if change.type != "BOOKMARK":
                    self._show(change.object)

    def _show(self, obj: dict[str, Any]) -> None:
        """Writes it at once: somebody is looking."""
        form = self._options.form
        text = self._printer.text([obj]) if form is None else form.text(_presentable(obj, self._options))
        click.echo(text, nl=False)
