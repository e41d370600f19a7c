"""Files for volumes as an archive that the engine unpacks in the sandbox. Pure; performs no I/O.

A volume is laid out as the kubelet does it (kubernetes pkg/volume/util/atomic_writer.go): the files are in a directory
of their own, `..data` is a symbolic link to it, and what the user sees are links through that. So a new content takes
the place of the old one in a single step.
"""

import io
import tarfile
from collections.abc import Iterator
from datetime import datetime

import msgspec

from podrunner.pods.payload import File, Payload

DATA = "..data"
NEW_DATA = "..data_tmp"

_DIRECTORY_MODE = 0o755


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """What one volume gets.

    `files` None: nothing but its own directory's mode and group. `root_mode` None: the directory stays as it is.
    `in_place`: there is a content already, which the new one is not to replace yet.
    """

    volume: str
    files: Payload | None = None
    root_mode: int | None = None
    group: int | None = None
    in_place: bool = False


def directory_name(moment: datetime) -> str:
    """The directory of a content written at that moment."""
    return f"..{moment:%Y_%m_%d_%H_%M_%S.%f}"


def visible_names(files: Payload) -> list[str]:
    """What the user sees in the volume's own directory."""
    return sorted({path.partition("/")[0] for path in files})


def build(fillings: list[Filling], moment: datetime) -> bytes:
    """The archive, with paths below `volumes.ROOT`."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as writer:
        for filling in fillings:
            for entry, data in _entries(filling, directory_name(moment)):
                entry.mtime = int(moment.timestamp())
                writer.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


def _entries(filling: Filling, directory: str) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    if filling.root_mode is not None:
        yield _directory(filling.volume, filling.root_mode, filling.group), b""
    if filling.files is None:
        return
    mode = _DIRECTORY_MODE if filling.group is None else _DIRECTORY_MODE | 0o2550
    base = f"{filling.volume}/{directory}"
    yield _directory(base, mode, filling.group), b""
    made: set[str] = set()
    for path, file in filling.files.items():
        for parent in _parents(path):
            if parent not in made:
                made.add(parent)
                yield _directory(f"{base}/{parent}", mode, filling.group), b""
        yield _file(f"{base}/{path}", file), file.data
    yield _link(f"{filling.volume}/{NEW_DATA if filling.in_place else DATA}", directory), b""
    if not filling.in_place:
        for name in visible_names(filling.files):
            yield _link(f"{filling.volume}/{name}", f"{DATA}/{name}"), b""


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    return ("/".join(parts[: index + 1]) for index in range(len(parts)))


def _directory(name: str, mode: int, group: int | None) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.gid = tarfile.DIRTYPE, mode, group or 0
    return entry


def _file(name: str, file: File) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.uid, entry.gid = len(file.data), file.mode, file.user or 0, file.group or 0
    return entry


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    return entry
