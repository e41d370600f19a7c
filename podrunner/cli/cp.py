"""`podrunner cp`: copies files to and from containers."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from podrunner import errors
from podrunner.cli import output, remote, standard_streams, targets
from podrunner.client import console, copying, http, podcontainers, resources

EPILOG = """\b
Examples:
  podrunner cp web:/var/log/app.log app.log
  podrunner cp settings/ web:/etc/app -c main
  podrunner cp tests/web:/tmp/results results    of the pod web in the namespace tests
"""


class _Place(NamedTuple):
    """PATH, POD:PATH or NAMESPACE/POD:PATH; `pod` is "" for a path here."""

    path: str
    pod: str = ""
    namespace: str = ""


@click.command("cp", cls=targets.Verb, short_help="Copy files to and from containers.", epilog=EPILOG)
@click.argument("source", metavar="[[NAMESPACE/]POD:]PATH")
@click.argument("destination", metavar="[[NAMESPACE/]POD:]PATH")
@targets.namespace
@targets.container
@click.option("--no-preserve", is_flag=True, help="Leave owners and modes to the container.")
@click.option(
    "--retries", type=int, default=0, metavar="N", help="Begin again so often where the connection breaks; -1: always."
)
def command(source: str, destination: str, namespace: str, container: str, no_preserve: bool, retries: int) -> int:
    """Copy a file or a directory to or from a container, which needs the command tar.

    A directory that is copied here has its content land in the destination; links that lead out of it are left out.
    """
    from_, to = _place(source, namespace), _place(destination, namespace)
    if from_.pod and to.pod:
        raise errors.UsageError("one of src or dest must be a local file specification")
    if not from_.pod and not to.pod:
        raise errors.UsageError("one of src or dest must be a remote file specification")
    if not from_.path or not to.path:
        raise errors.UsageError("filepath can not be empty")
    if to.pod and not Path(from_.path).exists():
        raise errors.UsageError(f"{from_.path} doesn't exist in local filesystem")
    server = targets.server()
    target = _target(server, from_ if from_.pod else to, container)
    stderr = output.Output(standard_streams.Patient(2)).write

    def copy() -> int:
        if from_.pod:
            return copying.download(server, target, from_.path, Path(to.path), tell=_tell, stderr=stderr)
        return copying.upload(server, target, Path(from_.path), to.path, preserve=not no_preserve, stderr=stderr)

    return remote.exit_status(_again(copy, retries))


def _place(text: str, namespace: str) -> _Place:
    """What a word means. Raises UsageError."""
    pod, colon, path = text.partition(":")
    if not colon:
        return _Place(text)
    within, slash, name = pod.rpartition("/")
    if not name or (slash and not within) or "/" in within:
        raise errors.UsageError("filespec must match the canonical format: [[namespace/]pod:]file/path")
    return _Place(path, name, within or namespace)


def _target(server: http.Server, place: _Place, container: str) -> console.Target:
    pod = resources.get(server, podcontainers.POD, place.namespace, place.pod)
    podcontainers.require_unfinished(pod, "exec into a container")
    return console.Target(place.namespace, place.pod, remote.chosen(pod, container)["name"])


def _again(copy: Callable[[], int], retries: int) -> int:
    for attempt in itertools.count():
        try:
            return copy()
        except http.Disconnected:
            if attempt == retries:
                raise
    raise AssertionError


def _tell(text: str) -> None:
    click.echo(text, err=True)
