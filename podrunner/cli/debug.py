"""`podrunner debug`: a container to look into a pod with, or the one that failed, with a shell."""

import secrets
from collections.abc import Sequence
from typing import Any

import click

from podrunner import errors
from podrunner.cli import attach, completion, output, remote, targets
from podrunner.client import awaiting, debugging, http, logreading, podcontainers, resources

EPILOG = """\b
Examples:
  podrunner debug web -it --image=busybox --target=main
  podrunner debug web -it --copy-to=web-copy -c main -- sh
  podrunner debug web -it --rm              web has failed: its failed container, with a shell
"""

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Of random names, as Kubernetes has them: they form no words."""

_TARGETING = (
    'Targeting container "{}". If you don\'t see processes from this container it may be because the container'
    " runtime doesn't support this feature."
)


@click.command("debug", cls=remote.WithCommand, short_help="Look into a pod, or into why it failed.", epilog=EPILOG)
@click.argument("pod", metavar="POD | pod/NAME [-- COMMAND...]", shell_complete=completion.pods)
@targets.namespace
@targets.container
@click.option("--image", default="", metavar="IMAGE", help="The debugging container's image.")
@click.option("--image-pull-policy", default="", metavar="POLICY", help="Always, IfNotPresent or Never.")
@click.option(
    "--target",
    default="",
    metavar="NAME",
    shell_complete=completion.containers,
    help="See the processes of this container.",
)
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable for the container (repeatable).")
@click.option("--arguments-only", is_flag=True, help="COMMAND is the arguments of the image's own command.")
@click.option("--copy-to", default="", metavar="NAME", help="Make a copy of the pod, and debug that.")
@click.option("--replace", is_flag=True, help="With --copy-to: delete the pod itself.")
@click.option(
    "--share-processes/--no-share-processes", default=True, help="With --copy-to: containers see all processes."
)
@click.option("--attach/--no-attach", "attaches", default=None, help="Join the container.  [default: with -i]")
@click.option("--rm", "removes", is_flag=True, help="Of a copy: delete it when the session has ended.")
@remote.streams
def command(
    pod: str,
    namespace: str,
    container: str,
    image: str,
    image_pull_policy: str,
    target: str,
    env: Sequence[str],
    arguments_only: bool,
    copy_to: str,
    replace: bool,
    share_processes: bool,
    attaches: bool | None,
    removes: bool,
    stdin: bool,
    tty: bool,
    quiet: bool,
) -> int:
    """Add a container to a pod that runs, to look into it, and join that container.

    With --copy-to it is added to a copy of the pod, or a container of the copy is changed. Of a pod with a container
    that failed, and without --image, that container is started again in a pod POD-debug of its own: its image,
    environment and mounts, and a shell (or COMMAND) in place of what failed.
    """
    server = targets.server()
    found = resources.get(server, podcontainers.POD, namespace, targets.pod_name(pod))
    wish = debugging.Wish(
        container,
        image,
        image_pull_policy,
        remote.command_words(),
        arguments_only,
        _environment(env),
        stdin,
        tty,
    )
    debugger = _Debugger(server, found, quiet=quiet)
    if copy_to and (image or container):
        debugger.copy(copy_to, wish, share_processes=share_processes, replaces=replace)
    elif image:
        if removes:
            raise errors.UsageError("--rm may only be used with a copy: containers can't be removed from a pod")
        debugger.add(wish, target)
    else:
        debugger.restart(copy_to, wish)
    try:
        if stdin if attaches is None else attaches:
            debugger.join(stdin=stdin, tty=tty)
    finally:
        if removes:
            debugger.remove()
    return 0


def _environment(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if wrong := next((name for name, equals, _ in pairs if not (name and equals)), None):
        raise errors.UsageError(f'--env needs NAME=VALUE, not "{wrong}"')
    return {name: value for name, _, value in pairs}


def _random_name(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(5))


class _Debugger:
    """A pod, and the container of it, or of the pod made from it, that is for debugging."""

    def __init__(self, server: http.Server, pod: dict[str, Any], *, quiet: bool) -> None:
        self._server = server
        self._pod = pod
        self._namespace = pod["metadata"]["namespace"]
        self._quiet = quiet
        self._container = ""

    def add(self, wish: debugging.Wish, target: str) -> None:
        """Adds an ephemeral container."""
        name = self._pod["metadata"]["name"]
        podcontainers.require_unfinished(self._pod, "add an ephemeral container")
        if target:
            self._tell(_TARGETING.format(target))
        wish = self._named(wish)
        change = {"spec": {"ephemeralContainers": [debugging.ephemeral(wish, target)]}}
        written = resources.patch(
            self._server, podcontainers.POD, self._namespace, name, change, subresource="ephemeralcontainers"
        )
        for warning in written.warnings:
            self._tell(f"Warning: {warning}")
        self._container = wish.name

    def copy(self, name: str, wish: debugging.Wish, *, share_processes: bool, replaces: bool) -> None:
        """Makes a copy of the pod."""
        wish = self._named(wish)
        copied = debugging.copied(self._pod, name, wish, share_processes=share_processes)
        if replaces:
            original = self._pod["metadata"]["name"]
            resources.delete(self._server, podcontainers.POD, self._namespace, original)
        self._create(copied, wish.name)

    def restart(self, name: str, wish: debugging.Wish) -> None:
        """Starts the failed container anew, in a pod of its own."""
        original = self._pod["metadata"]["name"]
        container = debugging.failed(self._pod, wish.name)
        if container is None:
            raise podcontainers.Unsuitable(
                f"no container of pod {original} has failed: you must specify --image, or --copy-to and a container"
            )
        name = name or f"{original}-debug"
        self._tell(f'Starting container "{container["name"]}" of pod "{original}" anew in pod "{name}".')
        self._create(debugging.restarted(self._pod, name, container, wish), container["name"])

    def join(self, *, stdin: bool, tty: bool) -> None:
        """Joins the container once it runs; shows what it writes if it has ended before, or meanwhile.

        Source: `handleAttachPod`, kubernetes kubectl/pkg/cmd/debug/debug.go.
        """
        self._await()
        if "terminated" in podcontainers.state(self._pod, self._container):
            self._show_log()
            return
        container = podcontainers.choose(self._pod, self._container).container
        try:
            attach.join(self._server, self._pod, container, stdin=stdin, tty=tty, quiet=self._quiet)
        except (errors.ObjectError, errors.ServerError) as refusal:
            name = self._pod["metadata"]["name"]
            self._tell(f"warning: couldn't attach to pod/{name}, falling back to streaming logs: {refusal}")
            self._show_log()

    def _show_log(self) -> None:
        source = logreading.Source(self._namespace, self._pod["metadata"]["name"], self._container)
        logreading.in_turn(
            self._server, [source], logreading.Request({"follow": "true"}), output.standard_output().write
        )

    def remove(self) -> None:
        """Deletes the pod that was made."""
        name = self._pod["metadata"]["name"]
        resources.delete(self._server, podcontainers.POD, self._namespace, name, {"gracePeriodSeconds": 1})
        self._tell(f'pod "{name}" deleted from {self._namespace} namespace')

    def _named(self, wish: debugging.Wish) -> debugging.Wish:
        if wish.name:
            return wish
        name = _random_name("debugger-")
        self._tell(f"Defaulting debug container name to {name}.")
        return wish._replace(name=name)

    def _create(self, pod: dict[str, Any], container: str) -> None:
        self._pod = resources.create(self._server, podcontainers.POD, self._namespace, pod)
        self._container = container

    def _await(self) -> None:
        """Until the container has started; tells what it waits for."""
        told = ""
        name = self._pod["metadata"]["name"]

        def has_started(pod: dict[str, Any] | None) -> bool:
            nonlocal told
            if pod is None:
                raise errors.NotFound(f'pods "{name}" not found')
            self._pod = pod
            state = podcontainers.state(pod, self._container)
            message = state.get("waiting", {}).get("message", "")
            if message and message != told:
                self._tell(f"Warning: container {self._container}: {message}")
                told = message
            return "running" in state or "terminated" in state

        awaiting.until(self._server, podcontainers.POD, self._namespace, name, has_started, None)

    def _tell(self, text: str) -> None:
        if not self._quiet:
            click.echo(text, err=True)
