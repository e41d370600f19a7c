"""`podrunner attach`: joins a container's main process."""

import click

from podrunner.cli import completion, remote, targets
from podrunner.client import console, http, podcontainers, resources

EPILOG = """\b
Examples:
  podrunner attach web                      what the first container writes from now on
  podrunner attach -it web -c shell         and its terminal, if it has one
"""

_RECORDED = (
    "All commands and output from this session will be recorded in container logs, including credentials and"
    " sensitive information passed through the command prompt."
)


@click.command("attach", cls=targets.Verb, short_help="Join a container's main process.", epilog=EPILOG)
@click.argument("pod", metavar="POD | pod/NAME", shell_complete=completion.pods)
@targets.namespace
@targets.container
@remote.streams
def command(pod: str, namespace: str, container: str, stdin: bool, tty: bool, quiet: bool) -> int:
    """Show what a container's main process writes from now on, and have it read what is typed.

    Ctrl-C ends the session, and not the process, unless it has the terminal.
    """
    server = targets.server()
    found = resources.get(server, podcontainers.POD, namespace, targets.pod_name(pod))
    podcontainers.require_unfinished(found, "attach a container")
    chosen = remote.chosen(found, container, quiet=quiet)
    join(server, found, chosen, stdin=stdin, tty=tty, quiet=quiet)
    return 0


def join(
    server: http.Server,
    pod: podcontainers.Object,
    container: podcontainers.Object,
    *,
    stdin: bool,
    tty: bool,
    quiet: bool = False,
) -> None:
    """The session, until the process ends.

    Source: `AttachOptions.Run`, kubernetes kubectl/pkg/cmd/attach/attach.go.
    """
    name, has_terminal = container["name"], container.get("tty", False)
    if tty and not has_terminal and not quiet:
        click.echo(f"error: Unable to use a TTY - container {name} did not allocate one", err=True)
    terminal = remote.may_use_terminal(stdin=stdin, tty=has_terminal, quiet=quiet)
    if stdin and not quiet:
        click.echo(_RECORDED, err=True)
    if not quiet:
        click.echo("If you don't see a command prompt, try pressing enter.", err=True)
    target = console.Target(pod["metadata"]["namespace"], pod["metadata"]["name"], name)
    with remote.joined(stdin=stdin, terminal=terminal, tty=has_terminal, redrawn=True) as streams:
        console.attach(server, target, streams)
    if terminal and not quiet and pod["spec"].get("restartPolicy") == "Always":
        click.echo(_resumption(pod, name))


def _resumption(pod: podcontainers.Object, container: str) -> str:
    metadata = pod["metadata"]
    command = f"podrunner attach {metadata['name']} -c {container} -n {metadata['namespace']} -i -t"
    if podcontainers.is_ephemeral(pod, container):
        return (
            "Session ended, the ephemeral container will not be restarted but may be reattached using"
            f" '{command}' if it is still running"
        )
    return f"Session ended, resume using '{command}' command"
