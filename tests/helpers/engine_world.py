"""Helpers of the tests on a real engine: waiting, pods to try things on, and ways to come between client and engine."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from podrunner.engine import address, client, containers, logs, ports, session
from podrunner.objects import container, meta, pod

T = TypeVar("T")

BUSYBOX = "busybox:1.36"


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 10.0) -> T:
    """The first true answer of `look`; fails with its last one after `within` seconds."""
    deadline = time.monotonic() + within
    while not (answer := await look()):
        assert time.monotonic() < deadline, f"not within {within} s; last seen: {answer!r}"
        await asyncio.sleep(0.02)
    return answer


async def shown(by: session.Session, text: bytes) -> bytes:
    """What a session read up to `text`; fails if that does not come."""
    read = b""
    while text not in read:
        chunk = await by.read()
        assert chunk is not None, read
        read += chunk[1]
    return read


def shell(script: str, name: str = "main") -> container.Container:
    """A busybox container that runs `script`."""
    return container.Container(name=name, image=BUSYBOX, command=("sh", "-c", script))


def a_pod(*members: container.Container, name: str = "web", share_process_namespace: bool | None = None) -> pod.Pod:
    """A pod with a uid of its own."""
    return pod.Pod(
        metadata=meta.ObjectMeta(name=name, namespace="default", uid=str(uuid4())),
        spec=pod.PodSpec(containers=members, share_process_namespace=share_process_namespace),
    )


class World:
    """An engine and an instance id, for tests that need containers more than the rules of pods."""

    def __init__(self, engine: client.Client, instance: str) -> None:
        self.engine = engine
        self.instance = instance

    async def sandbox(self, subject: pod.Pod, *publish: ports.Published, network: str = "bridge") -> str:
        """A running sandbox; on the engine's own bridge unless said otherwise."""
        sandbox_id = await containers.create_sandbox(
            self.engine, subject, instance=self.instance, attempt=0, network=network, publish=publish
        )
        await containers.start(self.engine, sandbox_id)
        return sandbox_id

    async def create(
        self,
        subject: pod.Pod,
        member: container.Container,
        sandbox_id: str,
        attempt: int = 0,
        *,
        variables: Mapping[str, str] = {},
    ) -> str:
        return await containers.create_container(
            self.engine,
            subject,
            member,
            instance=self.instance,
            attempt=attempt,
            sandbox_id=sandbox_id,
            environment=variables,
        )

    async def start(
        self,
        subject: pod.Pod,
        member: container.Container,
        sandbox_id: str,
        attempt: int = 0,
        *,
        variables: Mapping[str, str] = {},
    ) -> str:
        container_id = await self.create(subject, member, sandbox_id, attempt, variables=variables)
        await containers.start(self.engine, container_id)
        return container_id

    async def run(
        self, script: str, *, tty: bool = False, network: str = "none", sysctls: dict[str, str] | None = None
    ) -> str:
        """A started container that runs `script`; for what has nothing to do with sandboxes."""
        body = {
            "Image": BUSYBOX,
            "Cmd": ["sh", "-c", script],
            "Tty": tty,
            "Labels": {"podrunner.dev/instance": self.instance},
            "HostConfig": {
                "NetworkMode": network,
                "Sysctls": sysctls or {},
                "LogConfig": {"Type": "json-file", "Config": {}},
            },
        }
        container_id = str((await self.engine.call(self.engine.api.create_container_from_config, body))["Id"])
        await containers.start(self.engine, container_id)
        return container_id

    async def output(self, container_id: str) -> list[str]:
        """All lines of a container, waiting for its end."""
        batches = logs.read(self.engine, container_id, follow=True)
        return [line.text.decode() async for batch in batches for line in batch]


class Relay:
    """A Unix socket that leads to the engine's own, until told otherwise."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._target = address.resolve(os.environ).url.removeprefix("unix://")
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": f"unix://{self.path}"}

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def close(self) -> None:
        """Nothing listens any more, and every connection is cut."""
        if self._server:
            self._server.close()
            self.path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine_reader, engine_writer = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, engine_writer}
        await asyncio.gather(_copy(reader, engine_writer), _copy(engine_reader, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    sink.close()


@contextlib.asynccontextmanager
async def relayed(folder: Path) -> AsyncIterator[Relay]:
    """An open relay below `folder`."""
    relay = Relay(folder / "engine.sock")
    await relay.open()
    try:
        yield relay
    finally:
        await relay.close()
