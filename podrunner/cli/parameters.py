"""Values of command line options."""

import click

from podrunner.cli import durations


def duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """An option's callback: a span of time as Go writes it, in seconds."""
    try:
        return None if value is None else durations.seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
