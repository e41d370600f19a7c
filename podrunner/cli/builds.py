"""`--build` of `podrunner run`: which images are built, which containers use them, and how that is shown."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from podrunner import errors
from podrunner.cli import output
from podrunner.cli.output import Messages
from podrunner.client import api
from podrunner.client.building import Build, Display
from podrunner.engine import references
from podrunner.objects import defaults
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod


def parse(given: Sequence[str]) -> list[Build]:
    """`NAME=DIR` each. Raises UsageError; what is wrong with the directory the server says."""
    builds: dict[references.Reference, Build] = {}
    for text in given:
        name, _, directory = text.partition("=")
        if not name or not directory:
            raise errors.UsageError(f"--build {text}: must be NAME=DIR")
        try:
            reference = references.parse(name)
        except references.InvalidReference as error:
            raise errors.UsageError(f"--build {text}: {error}") from error
        if reference in builds:
            raise errors.UsageError(f"--build {text}: {name} is built from {builds[reference].directory} already")
        builds[reference] = Build(name, Path(directory).absolute())
    return list(builds.values())


def used(
    pods: Sequence[Pod], builds: Sequence[Build], tell: Callable[[str], None], warn: Callable[[str], None]
) -> list[Pod]:
    """The pods, so that they use what is built: an image that was just built is not pulled.

    Where a container's imagePullPolicy is Always (as it is by default for the tag latest), it is IfNotPresent in this
    run, and `tell` says so. `warn` is told of images that no container has.
    """
    built = {references.parse(build.reference): build.reference for build in builds}
    named = {_reference(container) for pod in pods for container in (*pod.spec.init_containers, *pod.spec.containers)}
    for reference, name in built.items():
        if reference not in named:
            warn(f"--build {name}: no container has this image")
    return [_used(pod, frozenset(built), tell) for pod in pods]


def _used(pod: Pod, built: frozenset[references.Reference], tell: Callable[[str], None]) -> Pod:
    complete = defaults.apply(pod).spec

    def local(containers: Sequence[Container], applied: Sequence[Container]) -> Iterator[Container]:
        for container, effective in zip(containers, applied, strict=True):
            if _reference(container) not in built or effective.image_pull_policy != "Always":
                yield container
                continue
            tell(f'container "{container.name}": imagePullPolicy is IfNotPresent, for its image was just built')
            yield msgspec.structs.replace(container, image_pull_policy="IfNotPresent")

    spec = msgspec.structs.replace(
        pod.spec,
        init_containers=tuple(local(pod.spec.init_containers, complete.init_containers)),
        containers=tuple(local(pod.spec.containers, complete.containers)),
    )
    return msgspec.structs.replace(pod, spec=spec)


def _reference(container: Container) -> references.Reference | None:
    try:
        return references.parse(container.image)
    except references.InvalidReference:
        return None


class PlainDisplay:
    """A line when a build begins and one when it ends; `quiet`: neither. What a build that failed wrote is shown."""

    def __init__(self, messages: Messages, *, quiet: bool = False) -> None:
        self._messages = messages
        self._quiet = quiet

    def began(self, build: Build) -> None:
        self._say(f"building {build.reference} from {build.directory}")

    def pull(self, message: api.RunMessage) -> None:
        """Nothing: it may be many lines."""

    def output(self, line: str) -> None:
        """Nothing, unless the build fails."""

    def ended(self, build: Build, seconds: float) -> None:
        self._say(f"built {build.reference} in {seconds:.1f}s")

    def failed(self, build: Build, lines: Sequence[str]) -> None:
        self._messages.write("".join(f"    {line}\n" for line in lines))

    def close(self) -> None:
        """Nothing is open."""

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._messages.notice(text)


def display(messages: Messages, *, quiet: bool, plain: bool, colour: bool) -> Display:
    """What fits where standard error leads to."""
    if quiet or plain or not output.is_terminal(sys.stderr):
        return PlainDisplay(messages, quiet=quiet)
    # Imported here: rich takes longer to import than all the rest of the command.
    from podrunner.cli.building import TerminalDisplay

    return TerminalDisplay(messages, colour=colour)
