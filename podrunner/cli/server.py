"""`podrunner server`: looks after the background server."""

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from podrunner import errors, paths
from podrunner.cli import background, parameters
from podrunner.client import api, http

_NOT_RUNNING = 1


@click.group("server", short_help="See, start and stop the background server.")
def command() -> None:
    """See, start and stop the background server.

    `podrunner run` starts it when it is needed, and it leaves by itself when it has had no pods for a while.
    """


@command.command("start")
@parameters.idle_timeout(default="10m")
@parameters.port
@parameters.network
@parameters.backoff_scale
def start(idle_timeout: float | None, port: int | None, network: str | None, backoff_scale: float | None) -> None:
    """Start the server if none runs.

    One that runs already is an error if it was started in another way than the options say.
    """
    state_dir = paths.state_dir(os.environ)
    background.ensure(state_dir, background.Options(idle_timeout, port, network, backoff_scale))
    info = api.server_info(http.Server(paths.socket_path(state_dir)))
    differences = [
        name
        for name, asked, found in (
            ("--idle-timeout", idle_timeout, info.idle_timeout_seconds),
            ("--port", port, info.https.port),
            ("--network", network, info.network),
            ("--backoff-scale", backoff_scale, info.backoff_scale),
        )
        if asked is not None and asked != found
    ]
    if differences:
        raise errors.ServerRunning(
            f"a server runs already, without this {' and '.join(differences)}; `podrunner server stop` ends it"
        )


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
    for title, text in _described(info, files.directory):
        click.echo(f"{title:9}{text}")
    return 0


def _described(info: api.ServerInfo, state_dir: Path) -> Iterator[tuple[str, str]]:
    engine, https = info.engine, info.https
    yield "server", f"{info.version}, process {info.pid}, since {info.started_at.astimezone():%Y-%m-%d %H:%M:%S}"
    yield "engine", f"{engine.version} at {engine.address}, API {engine.api_version}"
    if info.network:
        yield "network", f"{info.network}, for pods that name none"
    if info.backoff_scale != 1:
        yield "back-off", f"{info.backoff_scale:g} of Kubernetes'"
    yield "kubectl", https.problem or f"{https.address}; `podrunner kubeconfig` tells kubectl"
    idle = info.idle_timeout_seconds
    yield (
        "pods",
        f"{info.pods}; " + (f"without any it leaves after {idle:.0f} s" if idle else "it never leaves by itself"),
    )
    yield "state", str(state_dir)


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
    with contextlib.suppress(FileNotFoundError), files.lock.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)


@command.command("logs")
def logs() -> None:
    """Show what the server has logged."""
    log = paths.Files(paths.state_dir(os.environ)).log
    if log.exists():
        sys.stdout.write(log.read_text(errors="replace"))
    else:
        click.echo(f"no server has logged anything to {log}", err=True)
