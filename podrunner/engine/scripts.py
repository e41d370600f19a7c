"""Shell scripts in podrunner's own containers, as root: what the engine has no call for."""

from typing import NamedTuple

from podrunner import errors
from podrunner.engine import client as engine, exec


class Done(NamedTuple):
    """How a script ended, and what it wrote."""

    exit_code: int
    output: str


async def run(
    client: engine.Client, container_id: str, script: str, *args: str, stdin: bytes = b"", may_fail: bool = False
) -> Done:
    """Runs the script with `set -e`, the arguments and the input; in a sandbox it may do what root may do with files.

    Raises EngineError, also if the script fails and may not.
    """
    command = ["sh", "-ec", script, "podrunner", *args]
    running = await exec.start(client, container_id, command, stdin=bool(stdin), user="0:0")
    output = b""
    try:
        if stdin:
            await running.write(stdin)
            await running.close_stdin()
        while (chunk := await running.read()) is not None:
            output += chunk[1]
        code = await running.exit_code()
    finally:
        await running.close()
    done = Done(exec.KILLED if code is None else code, output.decode(errors="replace"))
    if done.exit_code and not may_fail:
        raise errors.EngineRefused(f"a script of podrunner's exited {done.exit_code}: {done.output.strip()}")
    return done
