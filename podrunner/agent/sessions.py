"""Commands in a pod's containers, attaching to them, and connections to the pod's ports.

Wording of the refusals: `GetExec`, `GetAttach` and `GetPortForward`, kubernetes pkg/kubelet/kubelet_pods.go.
"""

from collections.abc import Sequence

from podrunner import errors
from podrunner.agent import targets
from podrunner.engine import attach as engine_attach, client, exec as engine_exec, tunnels
from podrunner.engine.session import Session
from podrunner.engine.tunnels import Tunnel
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.pods import observed


async def exec(
    engine: client.Client,
    pod: Pod,
    has: observed.Observed,
    container: str,
    command: Sequence[str],
    *,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
) -> Session:
    """Starts `command` in a container that runs among those that the engine `has` of the pod, be it an init container
    or one whose postStart hook has not ended yet; an empty name means the only main one.

    Raises BadRequest, ObjectError if the container does not run, EngineError.
    """
    name = _target(pod, container).name
    try:
        return await engine_exec.start(
            engine, _running(has, name), command, stdin=stdin, stdout=stdout, stderr=stderr, tty=tty
        )
    except (errors.EngineNotFound, errors.EngineConflict) as ended:
        raise errors.ObjectError(f'container not found ("{name}")') from ended


async def attach(
    engine: client.Client,
    pod: Pod,
    has: observed.Observed,
    container: str,
    *,
    stdin: bool,
    stdout: bool,
    stderr: bool,
) -> Session:
    """Attaches to a running container, to its terminal if its spec asks for one. Raises as `exec` does."""
    target = _target(pod, container)
    try:
        engine_id = _running(has, target.name)
        return await engine_attach.attach(engine, engine_id, stdin=stdin, stdout=stdout, stderr=stderr, tty=target.tty)
    except (errors.EngineNotFound, errors.EngineConflict) as ended:
        raise errors.ObjectError(f"container {target.name} not found in pod {_full_name(pod)}") from ended


async def forward(engine: client.Client, pod: Pod, sandbox: observed.Sandbox | None, port: int) -> Tunnel:
    """Connects to `port` at localhost in the pod. That nothing listens there shows when the tunnel is read.

    Raises BadRequest, ObjectError if the pod does not run, EngineError.
    """
    _require_node(pod)
    try:
        if sandbox is None:
            raise errors.EngineNotFound("the pod has no running sandbox")
        return await tunnels.open(engine, sandbox.id, port)
    except (errors.EngineNotFound, errors.EngineConflict) as ended:
        raise errors.ObjectError(f'pod not found ("{_full_name(pod)}")') from ended


def _target(pod: Pod, container: str) -> Container:
    found = targets.container(pod, container)
    _require_node(pod)
    return found


def _require_node(pod: Pod) -> None:
    if not pod.spec.node_name:
        raise errors.BadRequest(f"pod {pod.metadata.name} does not have a host assigned")


def _running(has: observed.Observed, name: str) -> str:
    """The engine's id of the running instance. Raises EngineNotFound."""
    newest = has.latest(name)
    if newest is None or newest.state is not observed.State.RUNNING:
        raise errors.EngineNotFound(f"no instance of {name} runs")
    return newest.id


def _full_name(pod: Pod) -> str:
    return f"{pod.metadata.name}_{pod.metadata.namespace}"
