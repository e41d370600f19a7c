"""Commands that kubectl has, too: flags as it takes them, refusals in its words, and exit status 1 for them."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import click

from podrunner import errors

REFUSED = 1


class Verb(click.Command):
    """A command whose `ObjectError`s are the server's refusals, and whose flags may be given as `--flag=false`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(self._plain(args)))

    def _plain(self, arguments: Sequence[str]) -> Iterator[str]:
        """The arguments with click's flags for Go's: `--wait=false` is `--no-wait`, `--watch=true` is `--watch`."""
        flags = {
            name: param.secondary_opts
            for param in self.params
            if isinstance(param, click.Option) and param.is_flag
            for name in param.opts
        }
        values = iter(arguments)
        for argument in values:
            name, _, value = argument.partition("=")
            if argument == "--":
                yield argument
                yield from values
            elif name not in flags or value not in ("true", "false"):
                yield argument
            elif value == "true":
                yield name
            else:
                yield from flags[name]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.ObjectError as error:
            tell(error)
            return REFUSED


def tell(error: errors.ObjectError) -> None:
    """Writes the refusal to standard error."""
    with contextlib.suppress(OSError):
        click.echo(refusal(error), err=True)


def refusal(error: errors.ObjectError) -> str:
    """A refusal as kubectl words it. Source: `checkErr`, kubernetes kubectl/pkg/cmd/util/helpers.go."""
    if isinstance(error, errors.Invalid) and (causes := error.details.get("causes")):
        about = f'The {error.details.get("kind", "")} "{error.details.get("name", "")}" is invalid: '
        told = [f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in causes]
        return about + (told[0] if len(told) == 1 else "".join(f"\n* {each}" for each in told))
    return f"Error from server ({error.reason}): {error}"
