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
        help="The namespace to look in.",
    )(function)


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
