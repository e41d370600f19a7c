"""The output of containers as `podrunner logs` shows it: one after the other, or several at once, line by line."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from podrunner import errors
from podrunner.client import http, podcontainers, resources

_CHUNKS_AHEAD = 64
"""Read and not shown yet, of all that are followed together: who reads slowly is not sent more."""


class Source(NamedTuple):
    """A container's output. `prefix` comes before each line."""

    namespace: str
    pod: str
    container: str
    prefix: bytes = b""


class Request(NamedTuple):
    """How to read: the options of Kubernetes' PodLogOptions, and whether what can't be read is only told."""

    options: Mapping[str, str]
    ignore_errors: bool = False


def in_turn(server: http.Server, sources: Sequence[Source], request: Request, write: Callable[[bytes], None]) -> None:
    """Writes one container's output after the other's. Raises what the server refuses, unless that is ignored."""
    for source in sources:
        for chunk in _chunks(server, source, request):
            write(chunk)


def together(server: http.Server, sources: Sequence[Source], request: Request, write: Callable[[bytes], None]) -> None:
    """Writes the output of all as it comes, whole lines at a time, until all have ended."""
    read: queue.Queue[bytes | Exception | None] = queue.Queue(_CHUNKS_AHEAD)

    def follow(source: Source) -> None:
        try:
            for chunk in _chunks(server, source, request):
                read.put(chunk)
        except Exception as error:  # noqa: BLE001 (it is raised in the thread that writes)
            read.put(error)
        read.put(None)

    for source in sources:
        threading.Thread(target=follow, args=(source,), daemon=True).start()
    following = len(sources)
    while following:
        chunk = read.get()
        if isinstance(chunk, Exception):
            raise chunk
        if chunk is None:
            following -= 1
        else:
            write(chunk)


def _chunks(server: http.Server, source: Source, request: Request) -> Iterator[bytes]:
    """Bytes as they come; whole lines, where they get a prefix."""
    path = resources.path(podcontainers.POD, source.namespace, source.pod, "log")
    try:
        blocks = server.stream("GET", path, query={**request.options, "container": source.container})
        yield from _lines(blocks, source.prefix) if source.prefix else blocks
    except errors.PodrunnerError as error:
        if not request.ignore_errors:
            raise
        yield f"error: {error}\n".encode()


def _lines(blocks: http.Stream, prefix: bytes) -> Iterator[bytes]:
    """Each with its prefix; several at once where they come so. A last line without an end gets one."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if lines:
            yield b"".join(prefix + line + b"\n" for line in lines)
    if rest:
        yield prefix + rest + b"\n"
