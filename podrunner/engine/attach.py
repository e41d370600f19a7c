"""The input and output of a container's own process, from now on.

The engine lets go of those who are attached when the container ends, but not of those who come while it ends or after
(20.10): they would wait for ever. So it is asked, once at the start and once more when the start is surely over.
"""

import asyncio
import contextlib
import urllib.parse
from typing import Any

from podrunner import errors
from podrunner.engine import client as engine, exec, hijack, session

SETTLED_SECONDS = 1.0
TOO_SLOW = "the client took none of the container's output for too long, and was holding up the container"


class Attached(session.Session):
    """A container's streams. Whoever does not take the output is cut off: it would block the container's writes."""

    def __init__(self, client: engine.Client, container_id: str, connection: hijack.Connection, *, tty: bool) -> None:
        super().__init__(connection, tty=tty)
        self._client = client
        self._id = container_id
        self._looking = asyncio.create_task(self._look_once_more())

    async def resize(self, width: int, height: int) -> None:
        """Gives the container's terminal another size. One that has ended is no error."""
        with contextlib.suppress(errors.EngineRefused):
            await self._client.call(self._client.api.resize, self._id, height=height, width=width)

    async def exit_code(self) -> int | None:
        """None: the pod's status tells how the container ended."""
        return None

    async def close(self) -> None:
        self._looking.cancel()
        await super().close()

    async def _look_once_more(self) -> None:
        await asyncio.sleep(SETTLED_SECONDS)
        with contextlib.suppress(errors.EngineError):
            if not await _runs(self._client, self._id):
                while await self._taken():
                    pass
                await self._connection.close()

    async def _is_over(self) -> bool:
        raise errors.TooManyRequests(TOO_SLOW)


async def attach(
    client: engine.Client, container_id: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool
) -> Attached:
    """Attaches to a running container; `tty` is what it was created with.

    Raises EngineNotFound or EngineConflict if it is gone or does not run, EngineError.
    """
    wanted = {"stream": True, "stdin": stdin, "stdout": stdout, "stderr": stderr and not tty}
    query = {name: "1" for name, is_wanted in wanted.items() if is_wanted} | {"detachKeys": exec.NO_DETACH_KEYS}
    path = f"/containers/{container_id}/attach?{urllib.parse.urlencode(query)}"
    attached = Attached(client, container_id, await hijack.open(client, path), tty=tty)  # it reads: see session
    try:
        if not await _runs(client, container_id):
            raise errors.EngineConflict("the container has ended")
    except BaseException:
        await attached.close()
        raise
    return attached


async def _runs(client: engine.Client, container_id: str) -> bool:
    facts: dict[str, Any] = await client.call(client.api.inspect_container, container_id)
    return bool(facts["State"]["Running"])
