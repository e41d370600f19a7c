"""Completion in the shell: `podrunner completion`, which prints the shell's part of it, and the names to choose from.

Names are asked of the server that runs; where none does there are none, and none is started.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

import click

from podrunner import errors, paths
from podrunner.client import http, resources
from podrunner.objects import kinds

VARIABLE = "_PODRUNNER_COMPLETE"
"""By this variable the shell's part asks the command what there is to choose from."""

EPILOG = """\b
To have it in every shell:
  bash   podrunner completion bash > ~/.local/share/bash-completion/completions/podrunner
  zsh    podrunner completion zsh > "${fpath[1]}/_podrunner"
  fish   podrunner completion fish > ~/.config/fish/completions/podrunner.fish
"""


@click.command("completion", short_help="Print a script that completes commands and names.", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script by which bash (4.4 or newer), zsh or fish complete commands, options, and the names of objects.

    For the shell at hand: source <(podrunner completion bash)
    """
    answer(ctx.find_root().command, f"{shell}_source")


def answer(root: click.Command, instruction: str) -> int:
    """Does what the shell's part asks for (`bash_complete`); the exit status."""
    from click import shell_completion

    return shell_completion.shell_complete(root, {}, "podrunner", VARIABLE, instruction)


def namespaces(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return _beginning(incomplete, _names("namespaces", None))


def pods(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The pods of the namespace that the command line names, as NAME or as pod/NAME, as one begins."""
    prefix, slash, _ = incomplete.rpartition("/")
    return _beginning(incomplete, (f"{prefix}{slash}{name}" for name in _names("pods", _namespace(ctx))))


def containers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The containers of the pods that the command line names, of all in the namespace if it names none."""
    named = {text.rpartition("/")[2] for text in _arguments(ctx)}
    found = [pod for pod in _objects("pods", _namespace(ctx)) if not named or pod["metadata"]["name"] in named]
    return _beginning(incomplete, (name for pod in found for name in _container_names(pod["spec"])))


def objects(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Kinds first, KIND[,KIND…]; then the names of that kind's objects; KIND/NAME anywhere."""
    kind, slash, _ = incomplete.rpartition("/")
    if slash:
        return _beginning(incomplete, (f"{kind}/{name}" for name in _names(kind, _namespace(ctx))))
    given = _arguments(ctx)
    if given and "/" not in given[0]:
        return _beginning(incomplete, (name for name in _names(given[0], _namespace(ctx)) if name not in given))
    before, comma, _ = incomplete.rpartition(",")
    return _beginning(incomplete, (f"{before}{comma}{each.plural}" for each in kinds.KINDS))


def choices(*known: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Words that an option takes, among others."""
    return lambda ctx, param, incomplete: _beginning(incomplete, known)


def _container_names(spec: dict[str, Any]) -> Iterable[str]:
    groups = ("containers", "initContainers", "ephemeralContainers")
    return (container["name"] for group in groups for container in spec.get(group, ()))


def _arguments(ctx: click.Context) -> list[str]:
    """The command line's arguments so far, whatever the command calls them."""
    names = [param.name for param in ctx.command.params if isinstance(param, click.Argument)]
    values = [ctx.params.get(name) for name in names if name]
    return [text for value in values for text in ([value] if isinstance(value, str) else value or ())]


def _namespace(ctx: click.Context) -> str:
    return ctx.params.get("namespace") or resources.NAMESPACE


def _names(kind: str, namespace: str | None) -> list[str]:
    return [obj["metadata"]["name"] for obj in _objects(kind, namespace)]


def _objects(name: str, namespace: str | None) -> list[dict[str, Any]]:
    kind = kinds.by_any_name(name)
    if kind is None:
        return []
    try:
        server = http.Server(paths.socket_path(paths.state_dir(os.environ)))
        found: list[dict[str, Any]] = resources.listing(server, kind, namespace)["items"]
    except errors.PodrunnerError:
        # Completion has nobody to tell; the command itself will say what is wrong.
        return []
    return found


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
