"""`podrunner run`: creates pods, shows what becomes of them, and ends as they end."""

import os
import sys
import time
import uuid
from collections.abc import Sequence

import click

from podrunner import paths
from podrunner.cli import background, builds, manifests, output, parameters
from podrunner.cli.jsonlines import JsonPrinter
from podrunner.cli.plain import PlainPrinter
from podrunner.client import building, http, runner
from podrunner.client.creation import Creation
from podrunner.client.link import Lease, Link
from podrunner.client.runner import Printer
from podrunner.client.session import Options
from podrunner.objects.pod import Pod
from podrunner.pods import spec

EPILOG = """\b
Examples:
  podrunner run pod.yaml                     until the pod ends, or Ctrl-C
  podrunner run -q --timeout 5m test.yaml    in CI: exits as the container did
  podrunner run --publish 8080:80 web.yaml   the pod's port 80 is our 8080
  podrunner run --build kubia=. pod.yaml     with the image kubia built from this directory
  generate-pod | podrunner run -o json -     a manifest from a pipe

\b
Exit status:
  0       the pods succeeded
  1-255   a container's: that of the one that failed first; 128+n when signal n ended it
  1       a pod failed without one, or somebody deleted it
  2       the command line or a manifest is wrong, or a pod of that name exists
  124     --timeout elapsed
  125     the engine or podrunner's server failed, or standard output can't be written
  130     interrupted
  141     nobody reads standard output any more
"""


@click.command("run", short_help="Run pods until they end.", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-n", "--namespace", help="The namespace of pods that name none.  [default: default]")
@click.option("--replace", is_flag=True, help="Remove pods of the same names first.")
@click.option(
    "--network",
    envvar="PODRUNNER_NETWORK",
    metavar="NAME",
    help="Put the pods on this network of the engine; so does $PODRUNNER_NETWORK.",
)
@click.option(
    "--publish", multiple=True, metavar="[HOST:]PORT", help="Publish a port of the pod on this machine (repeatable)."
)
@click.option("--keep", is_flag=True, help="Leave the pods when the run ends, running or not.")
@click.option(
    "--fail-fast/--no-fail-fast",
    default=True,
    help="End at once when an init container fails or an image can't be had, or go on as Kubernetes would."
    "  [default: --fail-fast]",
)
@click.option(
    "--prefetch/--no-prefetch",
    default=True,
    help="Pull the main containers' images while init containers run, or when their turn comes.  [default: --prefetch]",
)
@click.option(
    "--build",
    multiple=True,
    metavar="NAME=DIR",
    help="Build an image of that name from a directory with a Dockerfile first (repeatable).",
)
@click.option(
    "--backoff-scale",
    envvar="PODRUNNER_BACKOFF_SCALE",
    type=parameters.BACKOFF_SCALE,
    metavar="FACTOR",
    help="Wait for so much of Kubernetes' back-off before restarts and pulls; so does $PODRUNNER_BACKOFF_SCALE.",
)
@click.option(
    "--timeout",
    callback=parameters.duration,
    metavar="DURATION",
    help="Stop the pods after so long: 90s, 1h30m.  [default: 0, never]",
)
@click.option("-q", "--quiet", is_flag=True, help="No events and no status, only what containers write.")
@click.option("--no-color", is_flag=True, help="No colours; so does the environment variable NO_COLOR.")
@click.option(
    "-o", "--output", "form", type=click.Choice(["json"]), metavar="json", help="Status, events and logs as JSON lines."
)
def command(
    files: Sequence[str],
    namespace: str | None,
    replace: bool,
    network: str | None,
    publish: Sequence[str],
    keep: bool,
    fail_fast: bool,
    prefetch: bool,
    build: Sequence[str],
    backoff_scale: float | None,
    timeout: float | None,
    quiet: bool,
    no_color: bool,
    form: str | None,
) -> int:
    """Run the pods of manifest files, directories or standard input (-) until they end.

    What containers write goes to standard output, a line at a time after their name; status and events go to standard
    error. Ctrl-C stops the pods, a second Ctrl-C kills them, and nothing of them is left.
    """
    deadline = time.monotonic() + timeout if timeout else None
    messages = output.Messages(sys.stderr)
    run_id = str(uuid.uuid4())
    warn = _say_nothing if quiet else messages.warning
    tell = _say_nothing if quiet else messages.notice
    wanted = builds.parse(build)
    loaded = manifests.load(files, namespace, network, warn)
    pods = manifests.annotated(
        builds.used(loaded.pods, wanted, tell, warn),
        run_id=None if keep else run_id,
        fail_fast=fail_fast,
        network=network,
        publish=publish,
        backoff_scale=backoff_scale,
        prefetch=prefetch,
    )
    state_dir = paths.state_dir(os.environ)
    background.ensure(state_dir)
    link = Link(http.Server(paths.socket_path(state_dir)), background.ensure_from_thread)
    colour = not (no_color or os.environ.get("NO_COLOR"))
    building.build_all(link, wanted, builds.display(messages, quiet=quiet, plain=bool(form), colour=colour), deadline)
    own_network = any(spec.NETWORK not in pod.metadata.annotations for pod in pods)
    lease = Lease(link, run_id, owns_pods=not keep, network=own_network)
    return runner.run(
        link,
        lease,
        Creation(
            link.server,
            pods,
            manifests.owned(loaded.objects, None if keep else run_id),
            replace=replace,
            deadline=deadline,
            tell=tell,
        ),
        Options(fail_fast=fail_fast, keep=keep, deadline=deadline),
        lambda created: _printer(messages, created, form=form, quiet=quiet, colour=colour),
    )


def _say_nothing(text: str) -> None:
    """For --quiet."""


def _printer(messages: output.Messages, pods: Sequence[Pod], *, form: str | None, quiet: bool, colour: bool) -> Printer:
    standard_output = output.standard_output()
    if form == "json":
        return JsonPrinter(standard_output, messages, pods, quiet=quiet)
    if quiet or not output.is_terminal(sys.stderr):
        return PlainPrinter(standard_output, messages, pods, quiet=quiet)
    # Imported here: rich takes longer to import than all the rest of the command.
    from podrunner.cli.terminal import TerminalPrinter

    to_terminal = output.is_terminal(sys.stdout)
    return TerminalPrinter(standard_output, messages, pods, colour=colour, output_is_terminal=to_terminal)
