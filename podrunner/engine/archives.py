"""Files on their way to and from containers, be they running or not."""

import base64
import io
import json
import stat
import tarfile
import time
from collections.abc import Mapping
from typing import NamedTuple

import requests

from podrunner import errors
from podrunner.engine import client as engine

# The engine tells modes as Go has them: the type is in the highest bits, not where Unix has it.
_TYPES = {1 << 31: stat.S_IFDIR, 1 << 27: stat.S_IFLNK, 1 << 25: stat.S_IFIFO, 1 << 24: stat.S_IFSOCK}
_DEVICE, _CHARACTER_DEVICE = 1 << 26, 1 << 21


class Stat(NamedTuple):
    """A path's size in bytes, its type (`stat.S_IFDIR`, …), and who may do what with it (`stat.S_IROTH`, …)."""

    size: int
    type: int
    permissions: int


async def look(client: engine.Client, container_id: str, path: str) -> Stat | None:
    """What is at the path; None if nothing is. Raises EngineError."""
    try:
        return await client.call(look_blocking, client, container_id, path)
    except errors.EngineNotFound:
        return None


def look_blocking(client: engine.Client, container_id: str, path: str) -> Stat:
    """The same, for use in a thread. It takes the engine 2 ms, where to pack a file takes 50 to 70 (20.10)."""
    with open_archive(client, "HEAD", container_id, path) as answer:
        told = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
    mode = int(told["mode"])
    return Stat(int(told["size"]), _type(mode), mode & 0o777)


def open_archive(client: engine.Client, method: str, container_id: str, path: str) -> requests.Response:
    """The answer with the path's archive, or only its head; blocking."""
    return client.open_stream(method, f"/containers/{container_id}/archive", params={"path": path})


def pack(files: Mapping[str, bytes], mode: int = 0o644) -> bytes:
    """An archive of these files, by name, all of them new and with that mode."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as packed:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size, entry.mtime = mode, len(content), int(time.time())
            packed.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def _type(mode: int) -> int:
    if mode & _DEVICE:
        return stat.S_IFCHR if mode & _CHARACTER_DEVICE else stat.S_IFBLK
    return next((type_ for bit, type_ in _TYPES.items() if mode & bit), stat.S_IFREG)
