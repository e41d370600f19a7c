"""How a command that kubectl has, too, tells what the server refuses: in kubectl's words, with exit status 1."""

import contextlib
from typing import Any

import click

from podrunner import errors

REFUSED = 1


class Verb(click.Command):
    """A command whose `ObjectError`s are the server's refusals."""

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
