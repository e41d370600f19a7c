"""`podrunner server`: looks after the background server."""

import fcntl
import os
import sys

import click
import msgspec

from podrunner import paths
from podrunner.cli import background, parameters
from podrunner.client import api, http

_NOT_RUNNING = 1


@click.group("server", short_help="See, start and stop the background server.")
def command() -> None:
    """See, start and stop the background server.

    `podrunner run` starts it when it is needed, and it leaves by itself when it has had no pods for a while.
    """


@command.command("start")
@click.option(
    "--idle-timeout", callback=parameters.duration, metavar="DURATION", help="Leave after so long without pods."
)
def start(idle_timeout: float | None) -> None:
    """Start the server if none runs."""
    background.ensure(paths.state_dir(os.environ), idle_timeout_seconds=idle_timeout)


@command.command("status")
@click.option(
    "-o", "--output", "form", type=click.Choice(["json"]), metavar="json", help="All there is to know, as JSON."
)
def status(form: str | None) -> int:
    """Show the server that runs; the exit status is 1 if none does."""
    files = paths.Files(paths.state_dir(os.environ))
    try:
        info = api.server_info(http.Server(files.socket))
    except http.Disconnected:
        click.echo(f"no server runs for {files.directory}", err=True)
        return _NOT_RUNNING
    if form == "json":
        click.echo(msgspec.json.encode(info).decode())
        return 0
    engine = info.engine
    click.echo(f"server   {info.version}, process {info.pid}, since {info.started_at.astimezone():%Y-%m-%d %H:%M:%S}")
    click.echo(f"engine   {engine.version} at {engine.address}, API {engine.api_version}")
    click.echo(f"pods     {info.pods}; without any it leaves after {info.idle_timeout_seconds:.0f} s")
    click.echo(f"state    {files.directory}")
    return 0


@command.command("stop")
def stop() -> None:
    """Stop the server. Pods that belong to a `podrunner run` are removed, kept ones go on running."""
    files = paths.Files(paths.state_dir(os.environ))
    try:
        api.stop_server(http.Server(files.socket))
    except http.Disconnected:
        click.echo(f"no server runs for {files.directory}", err=True)
        return
    # The server holds this lock as long as it lives.
    with files.lock.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)


@command.command("logs")
def logs() -> None:
    """Show what the server has logged."""
    log = paths.Files(paths.state_dir(os.environ)).log
    if log.exists():
        sys.stdout.write(log.read_text(errors="replace"))
    else:
        click.echo(f"no server has logged anything to {log}", err=True)
