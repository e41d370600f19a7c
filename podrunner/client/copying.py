"""Files to and from a container, as archives that `tar` in the container reads and writes.

What comes from a container is not trusted: nothing of it lands outside the place that it was asked for.
Source: kubernetes kubectl/pkg/cmd/cp/cp.go.
"""

import contextlib
import os
import posixpath
import tarfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from podrunner import errors
from podrunner.client import console, http

Tell = Callable[[str], None]

_NOT_FOUND = (126, 127)
"""Exit statuses of a command that could not be run."""


def upload(
    server: http.Server, target: console.Target, local: Path, remote: str, *, preserve: bool, stderr: console.Write
) -> int:
    """Copies a file or directory into the container, into the directory `remote` if that is one, else by that name.

    The exit status of tar, which has told on `stderr` what is wrong. Raises PodrunnerError where there is no tar.
    """
    name = local.resolve().name
    if _is_directory(server, target, remote):
        remote = posixpath.join(remote, name)
    directory, name = posixpath.split(remote.rstrip("/"))
    flags = [] if preserve else ["--no-same-permissions", "--no-same-owner"]
    command = ["tar", *flags, "-xmf", "-", "-C", directory or "."]
    reading, writing = os.pipe()
    session = _Session(server, target, command, console.Streams({console.STDERR: stderr}, stdin=reading), reading)
    # A tar that has ended reads no more; its status tells why.
    with (
        contextlib.suppress(BrokenPipeError),
        os.fdopen(writing, "wb") as pipe,
        tarfile.open(fileobj=pipe, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        archive.add(local, name)
    return session.status()


def download(
    server: http.Server, target: console.Target, remote: str, local: Path, *, tell: Tell, stderr: console.Write
) -> int:
    """Copies a file or directory of the container to `local`: a directory's content into it; a file by that name, or
    into it where it is a directory. `tell` is told of what is left out.

    The exit status of tar, as `upload`'s.
    """
    directory, name = posixpath.split(posixpath.normpath(remote))
    command = ["tar", "cf", "-", "-C", directory or ".", f"./{name}"]
    reading, writing = os.pipe()
    outputs = {console.STDOUT: _Pipe(writing).write, console.STDERR: stderr}
    session = _Session(server, target, command, console.Streams(outputs), writing)
    with os.fdopen(reading, "rb") as pipe:
        try:
            with tarfile.open(fileobj=pipe, mode="r|") as archive:
                unpack(archive, f"./{name}", local, tell)
            # What tar pads an archive with is nobody's, but tar waits until it is read.
            while pipe.read(tarfile.RECORDSIZE):
                pass
        except tarfile.ReadError as error:
            if not (status := session.status()):
                raise errors.PodrunnerError(f"what the container sent is no archive: {error}") from error
            return status
    return session.status()


def unpack(archive: tarfile.TarFile, prefix: str, local: Path, tell: Tell) -> None:
    """Writes the members, whose names all begin with `prefix`, to `local`, see `download`.

    `tell` is told of those that would be, or lead, outside of it, and of what is neither file, directory nor link.
    """
    base, name = local, ""
    for number, member in enumerate(archive):
        if number == 0 and not member.isdir():
            base, name = (local, posixpath.basename(prefix)) if local.is_dir() else (local.parent, local.name)
        if number == 0:
            base.mkdir(parents=True, exist_ok=True)
        placed = _placed(member, prefix, name)
        try:
            archive.extract(placed, base, filter=tarfile.data_filter)
        except tarfile.FilterError as error:
            tell(f"warning: skipping {error}")


class _Session(threading.Thread):
    """A command in the container, with one end of a pipe, in a thread of its own."""

    def __init__(
        self, server: http.Server, target: console.Target, command: Sequence[str], streams: console.Streams, end: int
    ) -> None:
        super().__init__(daemon=True)
        self._execute: Callable[[], int] = lambda: console.execute(server, target, command, streams)
        self._end = end
        self._container = target.container
        self._status = 0
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._status = self._execute()
        except Exception as error:  # noqa: BLE001 (it is raised in the thread that waits for the status)
            self._error = error
        finally:
            os.close(self._end)

    def status(self) -> int:
        """How the command ended. Raises what went wrong with it."""
        self.join()
        if self._error is not None:
            raise self._error
        if self._status in _NOT_FOUND:
            raise errors.PodrunnerError(
                f'container "{self._container}" has no tar, with which files are copied to and from containers'
            )
        return self._status


class _Pipe:
    """The end of a pipe that is written to."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def _is_directory(server: http.Server, target: console.Target, path: str) -> bool:
    return console.execute(server, target, ["test", "-d", path], console.Streams({console.STDOUT: bytes})) == 0


def _placed(member: tarfile.TarInfo, prefix: str, name: str) -> tarfile.TarInfo:
    """The member by its name below the target. Raises PodrunnerError where it was not asked for."""

    def below(path: str) -> str:
        if path != prefix and not path.startswith(f"{prefix.rstrip('/')}/"):
            raise errors.PodrunnerError("tar contents corrupted")
        return posixpath.join(name, path[len(prefix) :].lstrip("/")) or "."

    linked = below(member.linkname) if member.islnk() else member.linkname
    return member.replace(name=below(member.name), linkname=linked, deep=False)
