"""`podrunner exec`: runs a command in a container."""

import click

from podrunner import errors
from podrunner.cli import completion, remote, targets
from podrunner.client import console, podcontainers, resources

EPILOG = """\b
Examples:
  podrunner exec web -- date                in the pod's first container
  podrunner exec -it web -c main -- sh      a shell
  podrunner exec -i web -- tar xf - < files.tar
"""


@click.command("exec", cls=remote.WithCommand, short_help="Run a command in a container.", epilog=EPILOG)
@click.argument("pod", metavar="POD | pod/NAME [-- COMMAND...]", shell_complete=completion.pods)
@targets.namespace
@targets.container
@remote.streams
def command(pod: str, namespace: str, container: str, stdin: bool, tty: bool, quiet: bool) -> int:
    """Run a command in a container; the exit status is the command's.

    Without -c it is the pod's default or first container.
    """
    words = remote.command_words()
    if not words:
        raise errors.UsageError("you must specify at least one command for the container")
    server = targets.server()
    found = resources.get(server, podcontainers.POD, namespace, targets.pod_name(pod))
    podcontainers.require_unfinished(found, "exec into a container")
    name = remote.chosen(found, container, quiet=quiet)["name"]
    terminal = remote.may_use_terminal(stdin=stdin, tty=tty, quiet=quiet)
    target = console.Target(namespace, found["metadata"]["name"], name)
    with remote.joined(stdin=stdin, terminal=terminal, tty=terminal) as streams:
        status = console.execute(server, target, words, streams)
    return remote.exit_status(status)
