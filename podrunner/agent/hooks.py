"""Lifecycle hooks: what a container asks for right after its start and before its end.

Source of rules and wording: kubernetes pkg/kubelet/lifecycle/handlers.go, `RunInContainer` in pkg/kubelet/kuberuntime.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from podrunner import errors
from podrunner.agent import checks, handlers, http_get
from podrunner.engine import client
from podrunner.objects.container import HTTPGetAction, LifecycleHandler
from podrunner.pods import wording


class Failure(NamedTuple):
    """Why a hook failed: the error alone, and the whole message of its event."""

    error: str
    message: str


async def run(engine: client.Client, target: handlers.Target, hook: LifecycleHandler) -> Failure | None:
    """Runs the hook to its end, however long that takes; None if it succeeded."""
    if hook.exec is not None:
        return await _run_command(engine, target, hook.exec.command)
    if hook.http_get is not None:
        return await _get(engine, target, hook.http_get)
    if hook.sleep is not None:
        await asyncio.sleep(hook.sleep.seconds)
        return None
    # tcpSocket is still accepted, and fails.
    error = "invalid handler: it has neither exec nor httpGet nor sleep"
    return Failure(error, f"Cannot run handler: {error}")


async def _run_command(engine: client.Client, target: handlers.Target, command: Sequence[str]) -> Failure | None:
    output = ""
    try:
        ended = await handlers.run(engine, target, command)
    except errors.EngineError as refusal:
        error = str(refusal)
    else:
        if not ended.exit_code:
            return None
        error = f"command '{' '.join(command)}' exited with {ended.exit_code}: {ended.stderr}"
        output = ended.stdout + ended.stderr
    about = f"Exec lifecycle hook ([{' '.join(command)}]) {_of(target)} failed"
    return Failure(error, f"{about} - error: {error}, message: {wording.quoted(output)}")


async def _get(engine: client.Client, target: handlers.Target, action: HTTPGetAction) -> Failure | None:
    try:
        port = handlers.port_number(target.container, action.port)
        result = await http_get.run_hook(engine, handlers.sandbox(target), action, port)
    except errors.PodrunnerError as refusal:
        result = checks.Result(checks.Verdict.FAILURE, str(refusal))
    if result.verdict is checks.Verdict.SUCCESS:
        return None
    return Failure(result.output, f"HTTP lifecycle hook ({action.path}) {_of(target)} failed - error: {result.output}")


def _of(target: handlers.Target) -> str:
    about = target.pod.metadata
    return f'for Container "{target.container.name}" in Pod "{about.name}_{about.namespace}({about.uid})"'
