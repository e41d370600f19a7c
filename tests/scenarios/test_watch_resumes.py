"""Watches that are closed and resumed, as client-go's reflectors do, see every change exactly once."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import kubectl_session

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

CHANGES = 10_000
WATCHERS = 20
WRITERS = 4
PATH = "/api/v1/namespaces/default/configmaps"
SELECTOR = "labelSelector=watched%3Dyes"

Seen = tuple[int, str, str]
"""A change: its resourceVersion, its type, and what the object says of itself."""


class Connection:
    """An HTTP connection to the server's socket, used for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, socket: Path) -> "Connection":
        return cls(*await asyncio.open_unix_connection(str(socket), limit=2**22))

    async def ask(self, method: str, path: str, body: object = None, media_type: str = "application/json") -> bytes:
        """A whole answer, which has to be a success."""
        await self._send(method, path, b"" if body is None else json.dumps(body).encode(), media_type)
        headers = await self._head()
        return await self._reader.readexactly(int(headers[b"content-length"]))

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """The lines of an answer that goes on, chunk by chunk."""
        await self._send("GET", path, b"", "application/json")
        await self._head()
        rest = b""
        while size := int(await self._reader.readline(), 16):
            *complete, rest = (rest + await self._reader.readexactly(size)).split(b"\n")
            await self._reader.readexactly(2)
            for line in complete:
                yield line

    def close(self) -> None:
        self._writer.close()

    async def _send(self, method: str, path: str, body: bytes, media_type: str) -> None:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: podrunner\r\nContent-Type: {media_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        await self._writer.drain()

    async def _head(self) -> dict[bytes, bytes]:
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        assert status.split()[1] in (b"200", b"201"), status
        pairs = (line.partition(b":") for line in lines if line)
        return {name.lower(): value.strip() for name, _, value in pairs}


async def write(socket: Path, writer: int, numbers: range) -> list[Seen]:
    """Changes an object of this writer's once for each of the numbers; the first time it is created."""
    connection, name, written = await Connection.open(socket), f"counter-{writer}", []
    metadata = {"name": name, "labels": {"watched": "yes"}}
    for number in numbers:
        body = {"metadata": metadata, "data": {"count": str(number)}}
        if number == numbers[0]:
            answer = await connection.ask("POST", PATH, body)
        else:
            answer = await connection.ask("PATCH", f"{PATH}/{name}", body, "application/merge-patch+json")
        version = int(json.loads(answer)["metadata"]["resourceVersion"])
        written.append((version, "ADDED" if number == numbers[0] else "MODIFIED", f"{name} {number}"))
    connection.close()
    return written


async def watch(socket: Path, since: int, changes: int, seed: int) -> list[Seen]:
    """What one watcher sees, who breaks off now and then and goes on from the last change it saw."""
    chance, seen = random.Random(seed), list[Seen]()
    while len(seen) < changes:
        patience = chance.randint(1, 2000)
        connection = await Connection.open(socket)
        async for line in connection.lines(f"{PATH}?watch=1&{SELECTOR}&resourceVersion={since}"):
            change = json.loads(line)
            about = change["object"]
            since = int(about["metadata"]["resourceVersion"])
            seen.append((since, change["type"], f"{about['metadata']['name']} {about['data']['count']}"))
            patience -= 1
            if not patience or len(seen) == changes:
                break
        connection.close()
    return seen


async def test_watchers_that_resume_see_every_change_exactly_once(tmp_path: Path) -> None:
    with kubectl_session.opened(tmp_path) as world:
        socket = world.files.socket
        listing = await (await Connection.open(socket)).ask("GET", PATH)
        since = int(json.loads(listing)["metadata"]["resourceVersion"])
        share = CHANGES // WRITERS
        async with asyncio.TaskGroup() as tasks:
            watchers = [tasks.create_task(watch(socket, since, CHANGES, seed)) for seed in range(WATCHERS)]
            writers = [tasks.create_task(write(socket, number, range(share))) for number in range(WRITERS)]
    written = sorted(change for writer in writers for change in writer.result())
    assert len(written) == CHANGES
    for watcher in watchers:
        assert watcher.result() == written
