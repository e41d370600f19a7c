"""`podrunner serve`: the server in the foreground."""

import os
import sys

import click

from podrunner import paths
from podrunner.cli import output, parameters


@click.command("serve", short_help="Serve pods and Kubernetes' API in the foreground.")
@parameters.port
@parameters.network
@parameters.backoff_scale
@parameters.idle_timeout(default="0")
def command(port: int | None, network: str | None, backoff_scale: float | None, idle_timeout: float | None) -> None:
    """Serve pods and Kubernetes' API in the foreground, until Ctrl-C.

    It is the same server that `podrunner run` starts in the background, on the same files; there can be only one of
    them. `podrunner kubeconfig` tells kubectl where it is.
    """
    # Imported here, as only this command pays for it.
    from podrunner import server

    state_dir = paths.state_dir(os.environ)
    settings = server.Settings(
        state_dir=state_dir,
        environ=dict(os.environ),
        idle_timeout_seconds=idle_timeout or 0,
        port=port or 0,
        network=network or "",
        backoff_scale=backoff_scale,
    )
    messages = output.Messages(sys.stderr)
    server.serve(settings, on_ready=lambda: messages.notice(f"serving the pods of {state_dir} until Ctrl-C"))
