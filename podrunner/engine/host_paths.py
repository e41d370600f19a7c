"""Paths of the engine's host that pods mount, looked at and made through the engine: it may be elsewhere.

Source of rules and words: kubernetes pkg/volume/hostpath/host_path.go (`checkTypeInternal`, `makeFile`).
"""

import posixpath
import stat

from podrunner import errors
from podrunner.engine import archives, client as engine, passing
from podrunner.objects.pod import Pod
from podrunner.pods import volumes

_WANTED = {
    "DirectoryOrCreate": (stat.S_IFDIR, "a directory"),
    "Directory": (stat.S_IFDIR, "a directory"),
    "FileOrCreate": (stat.S_IFREG, "a file"),
    "File": (stat.S_IFREG, "a file"),
    "Socket": (stat.S_IFSOCK, "a socket file"),
    "CharDevice": (stat.S_IFCHR, "a character device"),
    "BlockDevice": (stat.S_IFBLK, "a block device"),
}
_PARENT = "/podrunner/parent"


async def make_files(client: engine.Client, pod: Pod, instance: str, image: str) -> None:
    """Makes the empty files that the pod's volumes of the type FileOrCreate miss; `image` is any that is there.

    Raises MountError where their directory is missing, EngineError.
    """
    for each in pod.spec.volumes:
        if each.host_path is not None and each.host_path.type == "FileOrCreate":
            try:
                await _make_file(client, each.host_path.path, instance, image)
            except errors.EngineNotFound:
                raise
            except errors.EngineRefused as refusal:
                raise errors.MountError(str(refusal), volume=each.name) from refusal


async def _make_file(client: engine.Client, path: str, instance: str, image: str) -> None:
    directory, name = posixpath.split(path)
    mount = {"Type": "bind", "Source": directory, "Target": _PARENT}
    async with passing.container(client, image, instance, mount) as helper:
        if await archives.look(client, helper, posixpath.join(_PARENT, name)) is None:
            await client.call(client.api.put_archive, helper, _PARENT, archives.pack({name: b""}))


def refused(pod: Pod, refusal: errors.EngineRefused) -> errors.MountError | None:
    """What it means that the engine could not make the sandbox, if it is about a path that is not there."""
    for each in pod.spec.volumes:
        source = each.host_path
        if source is not None and source.type in _WANTED and f"path does not exist: {source.path}" in str(refusal):
            return _mismatch(each.name, source.path, source.type)
    return None


async def check(client: engine.Client, pod: Pod, sandbox_id: str) -> None:
    """Looks whether the paths that the sandbox has mounted are what the pod says. Raises MountError, EngineError."""
    for each in pod.spec.volumes:
        source = each.host_path
        if source is None or source.type not in _WANTED:
            continue
        found = await archives.look(client, sandbox_id, volumes.place(each.name))
        if found is None or found.type != _WANTED[source.type][0]:
            raise _mismatch(each.name, source.path, source.type)


def _mismatch(volume: str, path: str, type_: str) -> errors.MountError:
    return errors.MountError(f"hostPath type check failed: {path} is not {_WANTED[type_][1]}", volume=volume)
