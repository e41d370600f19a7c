"""Probes that only connect to a port. Source: kubernetes pkg/probe/tcp/tcp.go."""

import asyncio

from podrunner import errors
from podrunner.agent import checks
from podrunner.engine import client, reaching
from podrunner.objects.container import TCPSocketAction
from podrunner.pods import observed


async def check(
    engine: client.Client, sandbox: observed.Sandbox, action: TCPSocketAction, port: int, seconds: float
) -> checks.Result:
    """Whether something accepts connections there within so many seconds. Raises EngineError."""
    host = action.host or reaching.first_address(sandbox)
    try:
        async with asyncio.timeout(seconds):
            await reaching.dial(engine, sandbox, host, port)
    except TimeoutError:
        return checks.failure(f"dial tcp {reaching.address(host, port)}: i/o timeout")
    except errors.Unreachable as problem:
        return checks.failure(str(problem))
    return checks.success()
