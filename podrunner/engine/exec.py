"""Running a command in a running container, with its input and output."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from podrunner import errors
from podrunner.engine import client as engine, hijack, session

NO_DETACH_KEYS = "ctrl-^,ctrl-_,ctrl-@,ctrl-^,ctrl-_,ctrl-@"
"""By default the engine keeps every ^P to itself until the next key: it might be the first half of its "detach"."""

KILLED = 137

_FIRST_DELAY, _LONGEST_DELAY = 0.005, 1.0


class Exec(session.Session):
    """A command under way."""

    def __init__(self, client: engine.Client, exec_id: str, connection: hijack.Connection, *, tty: bool) -> None:
        super().__init__(connection, tty=tty)
        self._client = client
        self._id = exec_id

    async def resize(self, width: int, height: int) -> None:
        """Gives the command's terminal another size. One that has ended is no error."""
        with contextlib.suppress(errors.EngineRefused):
            await self._client.call(self._client.api.exec_resize, self._id, height=height, width=width)

    async def exit_code(self) -> int | None:
        """The command's exit code, 128+n if signal n ended it; waits for it. Raises EngineError."""
        await self._read_to_its_end()
        delay = _FIRST_DELAY
        while (code := await self._ended_with()) is None:
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)
        # The engine takes its time (seconds, on 20.10) to refuse input that nobody will read.
        await self._connection.close()
        return code

    async def _is_over(self) -> bool:
        return await self._ended_with() is not None

    async def _ended_with(self) -> int | None:
        try:
            facts: dict[str, Any] = await self._client.call(self._client.api.exec_inspect, self._id)
        except (errors.EngineNotFound, errors.EngineConflict):
            return KILLED  # the container has ended, and all its processes with it
        code: int | None = facts["ExitCode"]
        return None if facts["Running"] else code


async def start(
    client: engine.Client,
    container_id: str,
    command: Sequence[str],
    *,
    stdin: bool = False,
    stdout: bool = True,
    stderr: bool = True,
    tty: bool = False,
    user: str = "",
) -> Exec:
    """Starts `command` (a terminal has no stderr of its own), as the container's user unless one is given.

    Raises EngineNotFound or EngineConflict if the container is gone or does not run, EngineError. That the command
    can't be found is no error here: the engine says so in the output, with exit code 126 or 127.
    """
    created: dict[str, Any] = await client.call(
        client.api.exec_create,
        container_id,
        list(command),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr and not tty,
        tty=tty,
        user=user,
        detach_keys=NO_DETACH_KEYS,
    )
    exec_id = str(created["Id"])
    connection = await hijack.open(client, f"/exec/{exec_id}/start", {"Detach": False, "Tty": tty})
    return Exec(client, exec_id, connection, tty=tty)
