"""What the commands that kubectl has, too, are about: the namespace, a pod and its container, and the server to ask."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from podrunner import errors, paths
from podrunner.cli import completion, verbs
from podrunner.client import http, resources
from podrunner.objects import kinds

F = TypeVar("F", bound=Callable[..., Any])

Verb = verbs.Verb
"""`@click.command(cls=targets.Verb)`: the server's refusals are told as kubectl does, with exit status 1."""


def namespace(function: F) -> F:
    """`--namespace`, as `namespace: str`."""
    return click.option(
        "-n",
        "--namespace",
        default=resources.NAMESPACE,
        show_default=True,
        metavar="NAME",
        shell_complete=completion.namespaces,
        help="The namespace.",
    )(function)


def namespace_is_given() -> bool:
    """Whether the command line names the namespace itself, so that nothing may be in another."""
    context = click.get_current_context()
    return context.get_parameter_source("namespace") is click.core.ParameterSource.COMMANDLINE


def labels(function: F) -> F:
    """`--selector`, as `labels: str`, "" if it is not given."""
    return click.option(
        "-l",
        "--selector",
        "labels",
        default="",
        metavar="LABELS",
        help="Only those with these labels: app=web,tier!=db.",
    )(function)


def fields(function: F) -> F:
    """`--field-selector`, as `fields: str`, "" if it is not given."""
    return click.option(
        "--field-selector",
        "fields",
        default="",
        metavar="FIELDS",
        help="Only those with such fields: status.phase=Running.",
    )(function)


def files(function: F) -> F:
    """`--filename` and `--recursive`, as `files: tuple[str, ...]` and `recursive: bool`."""
    recursive = click.option("-R", "--recursive", is_flag=True, help="Read the directories below, too.")(function)
    return click.option(
        "-f",
        "--filename",
        "files",
        multiple=True,
        type=click.Path(allow_dash=True),
        metavar="FILE",
        help="The objects of a file, a directory or standard input (-); repeatable.",
    )(recursive)


def everywhere(function: F) -> F:
    """`--all-namespaces`, as `everywhere: bool`."""
    return click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="In all namespaces.")(function)


def container(function: F) -> F:
    """`--container`, as `container: str`, "" if it is not given."""
    return click.option(
        "-c",
        "--container",
        default="",
        metavar="NAME",
        shell_complete=completion.containers,
        help="The container.",
    )(function)


def pod_name(text: str) -> str:
    """The name of the pod that NAME, pod/NAME, pods/NAME or po/NAME means. Raises UsageError for other kinds."""
    kind, name = split(text)
    if kind is not None and kind.name != "Pod":
        raise errors.UsageError(f"{kind.plural} have no containers, only pods do: {text}")
    return name


def split(text: str) -> tuple[kinds.Kind | None, str]:
    """KIND/NAME in its parts; None for a NAME alone. Raises UsageError for a kind there is not and an empty name."""
    kind, slash, name = text.rpartition("/")
    if not name or (slash and not kind) or "/" in kind:
        raise errors.UsageError(f'arguments in resource/name form must have a single resource and name: "{text}"')
    return (resources.kind_named(kind) if slash else None), name


def server() -> http.Server:
    """The server that runs. Raises ServerError if none does: reading starts none, for there is nothing to read."""
    files = paths.Files(paths.state_dir(os.environ))
    found = http.Server(files.socket)
    if not found.answers():
        raise errors.ServerError(
            f"no podrunner server is running for {files.directory}; `podrunner serve` starts one, so do `podrunner run`"
            " and `podrunner apply`"
        )
    return found
