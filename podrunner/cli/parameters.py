"""Values of command line options."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from podrunner.cli import durations

F = TypeVar("F", bound=Callable[..., Any])


def duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """An option's callback: a span of time as Go writes it, in seconds."""
    try:
        return None if value is None else durations.seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def idle_timeout(default: str) -> Callable[[F], F]:
    """`--idle-timeout` of a server, in seconds; 0 is never. `default` is only shown."""
    return click.option(
        "--idle-timeout",
        callback=duration,
        metavar="DURATION",
        help=f"Leave after so long without pods, runs and requests; 0: never.  [default: {default}]",
    )


def port(function: F) -> F:
    """`--port` of a server, for Kubernetes clients."""
    return click.option(
        "--port",
        type=click.IntRange(1, 65535),
        metavar="NUMBER",
        help="Listen for kubectl there, and from now on.  [default: the port of last time]",
    )(function)


BACKOFF_SCALE = click.FloatRange(0.001, 1)
"""How much of Kubernetes' back-off is waited for."""


def backoff_scale(function: F) -> F:
    """`--backoff-scale` of a server."""
    return click.option(
        "--backoff-scale",
        type=BACKOFF_SCALE,
        metavar="FACTOR",
        help="Wait for so much of Kubernetes' back-off before restarts and pulls, as $PODRUNNER_BACKOFF_SCALE does."
        "  [default: 1]",
    )(function)


def network(function: F) -> F:
    """`--network` of a server."""
    return click.option(
        "--network",
        metavar="NAME",
        help="Put pods that name no network on this one of the engine, as $PODRUNNER_NETWORK does.",
    )(function)
