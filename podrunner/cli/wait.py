"""`podrunner wait`: returns when objects are as they should be."""

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import click

from podrunner import errors
from podrunner.cli import completion, durations, selecting, targets, verbs
from podrunner.client import awaiting, forms, jsonpath, resources

EPILOG = """\b
Examples:
  podrunner wait --for=condition=Ready pod/web
  podrunner wait --for=delete pod -l app=web --timeout=2m
  podrunner wait --for=jsonpath='{.status.phase}'=Succeeded pod/job
"""

Condition = Callable[[dict[str, Any] | None], bool]


class _NotThere(errors.NotFound):
    """What is to become something does not exist."""


@click.command("wait", cls=targets.Verb, short_help="Wait until objects are as they should be.", epilog=EPILOG)
@click.argument("objects", nargs=-1, metavar="[KIND [NAME]... | KIND/NAME...]", shell_complete=completion.objects)
@click.option(
    "--for",
    "goal",
    required=True,
    metavar="GOAL",
    shell_complete=completion.choices("condition=Ready", "condition=Initialized", "delete", "create", "jsonpath="),
    help="condition=NAME[=VALUE], delete, create or jsonpath=PATH[=VALUE].",
)
@targets.namespace
@targets.everywhere
@targets.labels
@targets.fields
@targets.files
@click.option("--all", "all_of_them", is_flag=True, help="All of the kind in the namespace.")
@click.option(
    "--timeout",
    default="30s",
    show_default=True,
    metavar="DURATION",
    help="For so long at most; 0: only look, negative: for ever.",
)
@click.option("-o", "--output", type=click.Choice(["name"]), metavar="name", help="Names only.")
def command(
    objects: Sequence[str],
    goal: str,
    namespace: str,
    everywhere: bool,
    labels: str,
    fields: str,
    files: Sequence[str],
    recursive: bool,
    all_of_them: bool,
    timeout: str,
    output: str | None,
) -> int:
    """Wait until objects are as they should be.

    The exit status is 1 if one is not within --timeout, or is not there.
    """
    selection = resources.Selection(labels, fields)
    waiting = _Waiting(goal, _deadline(timeout), names_only=output == "name")
    asked = selecting.asked(
        objects, files, namespace=None if everywhere else namespace, selection=selection, recursive=recursive
    )
    if not all_of_them and selection == resources.EVERYTHING and not all(each.name for each in asked):
        raise errors.UsageError("resource(s) were provided, but no name was specified")
    return waiting.wait(asked, selection)


class _Deadline(NamedTuple):
    """The end of the waiting on the monotonic clock, None for never. `looks_once`: it is not waited at all."""

    at: float | None
    looks_once: bool = False


def _deadline(text: str) -> _Deadline:
    if text.startswith("-"):
        return _Deadline(None)
    try:
        seconds = durations.seconds(text)
    except ValueError as error:
        raise errors.UsageError(str(error)) from error
    return _Deadline(time.monotonic() + seconds, looks_once=not seconds)


class _Waiting:
    """Waits for one object after the other, with one deadline for all."""

    def __init__(self, goal: str, deadline: _Deadline, *, names_only: bool) -> None:
        self._goal = goal
        self._condition = _condition(goal)
        self._deadline = deadline
        self._names_only = names_only
        self._seen: set[selecting.Asked] = set()
        self._server = targets.server()

    def wait(self, asked: Sequence[selecting.Asked], selection: resources.Selection) -> int:
        """Does it; the exit status."""
        found = [each for one in asked for each in self._found(one, selection)]
        if not found and self._goal != "delete":
            click.echo("error: no matching resources found", err=True)
            return verbs.REFUSED
        reached = [self._reach(each) for each in found]
        return 0 if all(reached) else verbs.REFUSED

    def _found(self, asked: selecting.Asked, selection: resources.Selection) -> list[selecting.Asked]:
        if asked.name:
            return [asked]
        items = resources.listing(self._server, asked.kind, asked.namespace, selection)["items"]
        return [
            selecting.Asked(asked.kind, item["metadata"].get("namespace"), item["metadata"]["name"]) for item in items
        ]

    def _reach(self, asked: selecting.Asked) -> bool:
        """Whether the object is as it should be in time; tells what became of it."""
        holds = functools.partial(self._holds, asked)
        try:
            met = awaiting.until(self._server, asked.kind, asked.namespace, asked.name, holds, self._deadline.at)
        except _NotThere as error:
            verbs.tell(errors.NotFound(str(error)))
            return False
        if met:
            # What never was there is no news.
            if asked in self._seen:
                self._tell(asked)
            return True
        what = "condition not met for" if self._deadline.looks_once else "timed out waiting for the condition on"
        click.echo(f"error: {what} {asked.kind.resource}/{asked.name}", err=True)
        return False

    def _holds(self, asked: selecting.Asked, found: dict[str, Any] | None) -> bool:
        if found is None and self._goal not in ("delete", "create"):
            raise _NotThere(f'{asked.kind.resource} "{asked.name}" not found')
        if found is not None:
            self._seen.add(asked)
        return self._condition(found)

    def _tell(self, asked: selecting.Asked) -> None:
        about = {"kind": asked.kind.name, "apiVersion": asked.kind.api_version, "metadata": {"name": asked.name}}
        click.echo(forms.reference(about) + ("" if self._names_only else " condition met"))


def _condition(goal: str) -> Condition:
    """What --for asks for. Raises UsageError.

    Source: `conditionFuncFor`, kubernetes kubectl/pkg/cmd/wait/wait.go.
    """
    kind, _, rest = goal.partition("=")
    if goal.lower() == "delete":
        return lambda found: found is None
    if goal.lower() == "create":
        return lambda found: found is not None
    if kind.lower() == "condition" and rest:
        name, _, value = rest.partition("=")
        return functools.partial(_has_condition, name.lower(), (value or "true").lower())
    if kind.lower() == "jsonpath" and rest:
        return _path_condition(rest)
    raise errors.UsageError(f'unrecognized condition: "{goal}"')


def _has_condition(name: str, value: str, found: dict[str, Any] | None) -> bool:
    conditions = ((found or {}).get("status") or {}).get("conditions") or ()
    return any(each["type"].lower() == name and each["status"].lower() == value for each in conditions)


def _path_condition(text: str) -> Condition:
    """PATH or PATH=VALUE; an = within brackets is a part of the path."""
    end = text.rfind("}") + 1 if text.startswith("{") else text.find("=") if "=" in text else len(text)
    path, equals, value = text[:end], text[end : end + 1], text[end + 1 :].strip("'\"")
    if equals and not value:
        raise errors.UsageError("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.x}'=3")
    try:
        return functools.partial(_has_value, jsonpath.relaxed(path), value if equals else None)
    except jsonpath.Problem as problem:
        raise errors.UsageError(str(problem)) from problem


def _has_value(path: jsonpath.Template, value: str | None, found: dict[str, Any] | None) -> bool:
    values = [each for results in path.results(found) for each in results]
    if value is None:
        return bool(values)
    if len(values) > 1:
        raise errors.UsageError("given jsonpath expression matches more than one value")
    if values and isinstance(values[0], dict | list):
        raise errors.UsageError("jsonpath leads to a nested object or list which is not supported")
    return [jsonpath.shown(each) for each in values] == [value]
