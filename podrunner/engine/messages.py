"""Termination messages: the files in which containers leave them, and what stands in for one that was not left.

Sources: `getTerminationMessage` and `readLastStringFromContainerLogs`, kubernetes
pkg/kubelet/kuberuntime/kuberuntime_container.go; the limits are those of pkg/kubelet/container/runtime.go.
"""

import contextlib
import functools
import io
import posixpath
import tarfile

from podrunner.engine import archives, client as engine, exec, frames, logs, sandbox_files
from podrunner.pods import messages, observed

LONGEST = 4096
"""Bytes of a file that make the message: the last ones."""

LONGEST_OF_LOG = 2048
LINES_OF_LOG = 80

_READ_WHOLE = 1 << 20
"""Bytes of a file that is read whole for its end; a container may have filled it with more than fits in memory."""

_ROOM_FOR_OVERHEAD = 1 << 14


async def ensure_file(client: engine.Client, sandbox_id: str, files: observed.MessageFiles, owner: str) -> None:
    """Makes the file of the instance `owner`, if the sandbox's volume did not come with it. Raises EngineError."""
    if not messages.is_ready_made(files, owner):
        content = archives.pack({messages.file_name(files, owner): b""}, mode=0o666)
        await client.call(client.api.put_archive, sandbox_id, sandbox_files.DIRECTORY, content)


async def read(client: engine.Client, sandbox_id: str, name: str) -> str:
    """What a container left in its file: LONGEST bytes at most. The sandbox may have ended. Raises EngineError."""
    path = posixpath.join(sandbox_files.DIRECTORY, name)
    content = await client.call(functools.partial(_fetch, client, sandbox_id, path))
    if content is None:
        content = await _end_of(client, sandbox_id, path)
    return content[-LONGEST:].decode(errors="replace")


async def tail_of_log(client: engine.Client, container_id: str) -> str:
    """The end of a container's output: LINES_OF_LOG lines and LONGEST_OF_LOG bytes at most. Raises EngineError."""
    end = b""
    async with contextlib.aclosing(logs.read(client, container_id, tail=LINES_OF_LOG)) as batches:
        async for batch in batches:
            for line in batch:
                end = (end + line.text + (b"\n" if line.complete else b""))[-LONGEST_OF_LOG:]
    return end.decode(errors="replace")


def _fetch(client: engine.Client, sandbox_id: str, path: str) -> bytes | None:
    """The file's content; None of one that is too large. Blocking.

    Most are empty. That is asked first: it takes the engine 2 ms, to pack a file 50 to 70 (20.10).
    """
    size = archives.look_blocking(client, sandbox_id, path).size
    if not size or size > _READ_WHOLE:
        return None if size else b""
    with archives.open_archive(client, "GET", sandbox_id, path) as answer:
        archive = io.BytesIO(answer.raw.read(size + _ROOM_FOR_OVERHEAD))
    with tarfile.open(fileobj=archive) as files:
        (entry,) = files
        file = files.extractfile(entry)
        return file.read() if file else b""


async def _end_of(client: engine.Client, sandbox_id: str, path: str) -> bytes:
    """The last bytes of a file in the running sandbox."""
    reading = await exec.start(client, sandbox_id, ["tail", "-c", str(LONGEST), path], stderr=False)
    content = b""
    try:
        while (chunk := await reading.read()) is not None:
            content += chunk[1] if chunk[0] == frames.STDOUT else b""
    finally:
        await reading.close()
    return content
