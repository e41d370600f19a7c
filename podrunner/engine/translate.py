"""A pod's sandbox and containers as bodies of `POST /containers/create`. Pure; performs no I/O.

The rules come from Kubernetes' own Docker integration (dockershim, later Mirantis/cri-dockerd:
`core/sandbox_helpers.go`, `core/container_create.go`). A container that joins a sandbox may set neither host name nor
ports nor DNS: those belong to the sandbox.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podrunner.engine import confinement, labels, limits, mounts, ports, sandbox_files
from podrunner.objects import container as containers, pod as pods
from podrunner.pods import expansion, hostnames, identity
from podrunner.pods.configuration import Configuration

# Every option is named, because the engine adds its own defaults where its default driver is json-file too. Following a
# rotating log loses lines; a file that never reaches max-size is not rotated, and the driver takes no "unlimited".
_LOGGING = {
    "Type": "json-file",
    "Config": {"max-size": "1000000g", "max-file": "1", "compress": "false", "mode": "blocking"},
}
_NO_HEALTHCHECK = {"Test": ["NONE"]}
_NEVER_RESTARTED = {"Name": "no"}
_UNPRIVILEGED = "65535:65535"
_NO_VARIABLES: Mapping[str, str] = {}
_NOTHING = Configuration()


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is not in a pod and still decides on how a container is made.

    `runtime` is the engine's runtime ("": its default), `machine_memory` in bytes. Of a container: `image_user` is the
    image's, where that matters, and `seccomp` the text of the profile that it names, if any.
    """

    runtime: str = ""
    machine_memory: int = 0
    image_user: str = ""
    seccomp: str = ""


_ORDINARY = Surroundings()


def sandbox_config(
    pod: pods.Pod,
    *,
    instance: str,
    attempt: int,
    network: str,
    pause_image: str,
    publish: Sequence[ports.Published] = (),
    messages_of: Sequence[str] = (),
    runtime: str = "",
    has: Configuration = _NOTHING,
) -> dict[str, Any]:
    """The pause container that holds the pod's namespaces, on the engine's network `network`.

    It has all volumes of the pod, those of claims from what the pod `has` beyond itself. It runs without any privilege:
    under a shared process namespace its file system is within the others' reach. Raises SandboxRefused.
    """
    # On the host's network there is nothing to publish, and the name is the host's.
    on_host = pod.spec.host_network or network == confinement.HOST
    published = () if on_host else (*ports.of_spec(pod), *publish)
    own_labels = labels.of_sandbox(pod, instance, attempt, messages_of)
    variables = sandbox_files.variables(pod, host_network=on_host)
    return {
        "Image": pause_image,
        # On the host's network its name is the host's too (kubelet: `generatePodSandboxConfig`).
        "Hostname": "" if on_host else hostnames.of_kernel(pod),
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "User": _UNPRIVILEGED,
        "Labels": own_labels,
        "ExposedPorts": ports.exposed(published),
        "Healthcheck": _NO_HEALTHCHECK,
        "HostConfig": {
            **confinement.of_sandbox(pod, network),
            **_runtime(runtime),
            "PortBindings": ports.bindings(published),
            # Without a name it is the sandbox's own, and is removed with it.
            "Mounts": [
                {"Type": "volume", "Target": sandbox_files.DIRECTORY, "VolumeOptions": {"Labels": own_labels}},
                *mounts.of_sandbox(pod, instance, has),
            ],
            "Binds": mounts.binds_of_sandbox(pod),
            "LogConfig": _LOGGING,
            "RestartPolicy": _NEVER_RESTARTED,
        },
    }


def container_config(
    pod: pods.Pod,
    container: containers.Container,
    *,
    instance: str,
    attempt: int,
    sandbox_id: str,
    environment: Mapping[str, str] = _NO_VARIABLES,
    joins: str = "",
    sandbox_mounts: Sequence[dict[str, Any]] = (),
    volume_mounts: Sequence[dict[str, Any]] = (),
    surroundings: Surroundings = _ORDINARY,
) -> dict[str, Any]:
    """A container of the pod, in the namespaces of the sandbox `sandbox_id`, and the processes of `joins`, if any.

    Its command and arguments may refer to the variables of its `environment`. `volume_mounts` are its mounts of the
    pod's volumes (`mounts.of_container`), `sandbox_mounts` those of the sandbox's files (`sandbox_files.mounts`).
    """
    config: dict[str, Any] = {
        "Image": container.image,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": labels.of_container(pod, container.name, instance, attempt, sandbox_id),
        "Healthcheck": _NO_HEALTHCHECK,
        "OpenStdin": container.stdin,
        "StdinOnce": container.stdin_once,
        "Tty": container.tty,
        "HostConfig": {
            **confinement.of_container(pod, container, sandbox_id, joins, surroundings.seccomp),
            **limits.of_container(pod, container, surroundings.machine_memory),
            **_runtime(surroundings.runtime),
            "LogConfig": _LOGGING,
            "RestartPolicy": _NEVER_RESTARTED,
        },
    }
    if container.command:
        config["Entrypoint"] = [expansion.expand(word, environment) for word in container.command]
    if container.args:
        config["Cmd"] = [expansion.expand(word, environment) for word in container.args]
    if user := identity.user(pod, container, surroundings.image_user):
        config["User"] = user
    if container.working_dir:
        config["WorkingDir"] = container.working_dir
    if container.lifecycle is not None and container.lifecycle.stop_signal:
        config["StopSignal"] = container.lifecycle.stop_signal
    config["HostConfig"]["Mounts"] = [*volume_mounts, *sandbox_mounts]
    return config


def _runtime(name: str) -> dict[str, str]:
    return {"Runtime": name} if name else {}
