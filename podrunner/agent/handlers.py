"""What probes and hooks do to a container: run a command in it, or ask a port of its pod.

Sources: `runProbe`, kubernetes pkg/kubelet/prober/prober.go; `execInContainer` beside it; pkg/probe/exec/exec.go.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from podrunner import errors
from podrunner.agent import checks, grpc_health, http_get, tcp_socket
from podrunner.engine import client, exec as engine_exec, frames
from podrunner.objects.container import Container, Probe
from podrunner.objects.pod import Pod
from podrunner.pods import observed

LONGEST_OUTPUT = 10 * 1024
"""Bytes of a command's output that are kept (kubelet: maxReadLength)."""


class Target(NamedTuple):
    """A container of a pod, the engine's id of its instance, and the sandbox through which its ports are reached."""

    pod: Pod
    container: Container
    instance_id: str
    sandbox: observed.Sandbox | None


class Ended(NamedTuple):
    """How a command ended, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str


async def check(engine: client.Client, target: Target, probe: Probe) -> checks.Result:
    """The outcome of one probe. Raises PodrunnerError if it could not be made."""
    seconds = max(probe.timeout_seconds, 1)
    if probe.exec is not None:
        return await _check_by_command(engine, target, probe.exec.command, seconds)
    if probe.http_get is not None:
        port = port_number(target.container, probe.http_get.port)
        return await http_get.check(engine, sandbox(target), probe.http_get, port, seconds)
    if probe.tcp_socket is not None:
        port = port_number(target.container, probe.tcp_socket.port)
        return await tcp_socket.check(engine, sandbox(target), probe.tcp_socket, port, seconds)
    if probe.grpc is not None:
        return await grpc_health.check(engine, sandbox(target), probe.grpc, seconds)
    raise errors.ObjectError(f"missing probe handler for {target.pod.metadata.name}:{target.container.name}")


async def run(engine: client.Client, target: Target, command: Sequence[str]) -> Ended:
    """Runs a command in the container to its end. Raises EngineError."""
    session = await engine_exec.start(engine, target.instance_id, command)
    written = {frames.STDOUT: b"", frames.STDERR: b""}
    try:
        while (chunk := await session.read()) is not None:
            stream, data = chunk
            written[stream] = (written[stream] + data)[:LONGEST_OUTPUT]
        code = await session.exit_code()
    finally:
        await session.close()
    texts = [written[stream].decode(errors="replace") for stream in (frames.STDOUT, frames.STDERR)]
    return Ended(engine_exec.KILLED if code is None else code, *texts)


def port_number(container: Container, port: int | str) -> int:
    """The port that a handler names by number, or by the name that the container's spec gives it.

    Raises ObjectError. Source: `ResolveContainerPort`, kubernetes pkg/probe/util.go.
    """
    named = {declared.name: declared.container_port for declared in container.ports if declared.name}
    number = port if isinstance(port, int) else named.get(port, int(port) if port.isdecimal() else 0)
    if not 0 < number < 65536:
        raise errors.ObjectError(f"invalid port number: {number}" if number else f"couldn't find port: {port}")
    return number


async def _check_by_command(
    engine: client.Client, target: Target, command: Sequence[str], seconds: float
) -> checks.Result:
    """A command that takes too long has failed; it goes on in the container, as the engine can't end it."""
    try:
        async with asyncio.timeout(seconds):
            ended = await run(engine, target, command)
    except TimeoutError:
        return checks.Result(checks.Verdict.FAILURE, "")
    output = (ended.stdout + ended.stderr)[:LONGEST_OUTPUT]
    return checks.Result(checks.Verdict.FAILURE if ended.exit_code else checks.Verdict.SUCCESS, output)


def sandbox(target: Target) -> observed.Sandbox:
    if target.sandbox is None:
        raise errors.ObjectError(f"pod {target.pod.metadata.name} has no running sandbox")
    return target.sandbox
