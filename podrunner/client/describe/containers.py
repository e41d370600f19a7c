"""Containers of a pod. Pure; performs no I/O."""

from collections.abc import Iterator, Sequence
from typing import Any

from podrunner.client.describe.writer import NONE, Writer, moment, truth

_PROBES = (("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe"))

Data = dict[str, Any]


def tell(writer: Writer, container: Data, status: Data | None, pod: Data) -> None:
    writer.heading(1, container["name"])
    _tell_identity(writer, container, status)
    for title, name in (("Command", "command"), ("Args", "args")):
        if container.get(name):
            writer.heading(2, title)
            for line in (line for text in container[name] for line in text.split("\n")):
                writer.line(3, line)
    if status is not None:
        _tell_status(writer, status)
    _tell_resources(writer, container.get("resources") or {})
    for title, name in _PROBES:
        if probe := container.get(name):
            writer.field(2, title, _probe(probe))
    _tell_sources(writer, container.get("envFrom") or ())
    _tell_environment(writer, container.get("env") or (), pod, container)
    _tell_mounts(writer, container)


def tell_seccomp(writer: Writer, level: int, context: Data | None) -> None:
    profile = (context or {}).get("seccompProfile")
    if profile:
        writer.field(level, "SeccompProfile", profile["type"])
        if profile["type"] == "Localhost":
            writer.field(level, "LocalhostProfile", profile.get("localhostProfile", ""))


def _tell_identity(writer: Writer, container: Data, status: Data | None) -> None:
    if status is not None:
        writer.field(2, "Container ID", status.get("containerID", ""))
    writer.field(2, "Image", container.get("image", ""))
    if status is not None:
        writer.field(2, "Image ID", status.get("imageID", ""))
    ports = container.get("ports") or ()
    for title, name in (("Port", "containerPort"), ("Host Port", "hostPort")):
        told = [_port(port, port.get(name, 0)) for port in ports]
        writer.field(2, f"{title}s" if len(told) > 1 else title, ", ".join(told) or NONE)
    tell_seccomp(writer, 2, container.get("securityContext"))


def _port(port: Data, number: int) -> str:
    name = f" ({port['name']})" if port.get("name") else ""
    return f"{number}/{port.get('protocol', 'TCP')}{name}"


def _tell_status(writer: Writer, status: Data) -> None:
    _tell_state(writer, "State", status.get("state") or {})
    last = status.get("lastState") or {}
    if "terminated" in last:
        _tell_state(writer, "Last State", last)
    writer.field(2, "Ready", str(bool(status.get("ready"))))
    writer.field(2, "Restart Count", status.get("restartCount", 0))


def _tell_state(writer: Writer, title: str, state: Data) -> None:
    if "running" in state:
        writer.field(2, title, "Running")
        writer.field(3, "Started", moment(state["running"].get("startedAt")))
        return
    told = state.get("terminated")
    writer.field(2, title, "Waiting" if told is None else "Terminated")
    about = (state.get("waiting") or {}) if told is None else told
    if about.get("reason"):
        writer.field(3, "Reason", about["reason"])
    if told is None:
        return
    if told.get("message"):
        writer.field(3, "Message", told["message"])
    writer.field(3, "Exit Code", told.get("exitCode", 0))
    if told.get("signal"):
        writer.field(3, "Signal", told["signal"])
    writer.field(3, "Started", moment(told.get("startedAt")))
    writer.field(3, "Finished", moment(told.get("finishedAt")))


def _tell_resources(writer: Writer, resources: Data) -> None:
    for title, name in (("Limits", "limits"), ("Requests", "requests")):
        if amounts := resources.get(name):
            writer.heading(2, title)
            for resource, amount in sorted(amounts.items()):
                writer.field(3, resource, amount)


def _probe(probe: Data) -> str:
    """Source: `DescribeProbe`."""
    times = (
        f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 0)}s"
        f" period={probe.get('periodSeconds', 0)}s successThreshold={probe.get('successThreshold', 0)}"
        f" failureThreshold={probe.get('failureThreshold', 0)}"
    )
    if "exec" in probe:
        return f"exec [{' '.join(probe['exec'].get('command') or ())}] {times}"
    if get := probe.get("httpGet"):
        url = f"{get.get('scheme', '').lower()}://{get.get('host', '')}:{get['port']}{get.get('path', '')}"
        return f"http-get {url} {times}"
    if tcp := probe.get("tcpSocket"):
        return f"tcp-socket {tcp.get('host', '')}:{tcp['port']} {times}"
    if grpc := probe.get("grpc"):
        return f"grpc <pod>:{grpc['port']} {grpc.get('service') or ''} {times}"
    return f"unknown {times}"


def _tell_sources(writer: Writer, sources: Sequence[Data]) -> None:
    """Where whole sets of variables come from; their values are not told."""
    if sources:
        writer.heading(2, "Environment Variables from")
    for source in sources:
        kind, about = (
            ("ConfigMap", source["configMapRef"]) if "configMapRef" in source else ("Secret", source["secretRef"])
        )
        prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
        writer.line(3, about.get("name", ""), f"{kind}{prefix}", f"Optional: {truth(about.get('optional'))}")


def _tell_environment(writer: Writer, variables: Sequence[Data], pod: Data, container: Data) -> None:
    if not variables:
        writer.field(2, "Environment", NONE)
        return
    writer.heading(2, "Environment")
    for variable in variables:
        if "valueFrom" in variable:
            writer.line(3, f"{variable['name']}:", *_origin(variable["valueFrom"], pod, container))
            continue
        first, *rest = variable.get("value", "").split("\n")
        writer.line(3, f"{variable['name']}:", first)
        for line in rest:
            writer.line(3, "", line)


def _origin(source: Data, pod: Data, container: Data) -> tuple[str, ...]:
    """Where a variable's value comes from; of Secrets and ConfigMaps no value is told."""
    if field := source.get("fieldRef"):
        return (f"{_field(field['fieldPath'], pod)} ({field.get('apiVersion', '')}:{field['fieldPath']})",)
    if resource := source.get("resourceFieldRef"):
        return (f"{_amount(resource['resource'], container)} ({resource['resource']})",)
    if secret := source.get("secretKeyRef"):
        text = f"<set to the key '{secret['key']}' in secret '{secret.get('name', '')}'>"
        return text, f"Optional: {truth(secret.get('optional'))}"
    chosen = source.get("configMapKeyRef") or {"key": ""}
    text = f"<set to the key '{chosen['key']}' of config map '{chosen.get('name', '')}'>"
    return text, f"Optional: {truth(chosen.get('optional'))}"


def _field(path: str, pod: Data) -> str:
    """What is known beforehand; the rest is for the node to fill in."""
    known = ("metadata.name", "metadata.namespace", "metadata.uid")
    return str(pod["metadata"].get(path.removeprefix("metadata."), "")) if path in known else ""


def _amount(resource: str, container: Data) -> str:
    kind, _, name = resource.partition(".")
    amounts = (container.get("resources") or {}).get(kind) or {}
    unset = "node allocatable" if kind == "limits" and name in ("cpu", "memory") else "0"
    return str(amounts.get(name, unset))


def _tell_mounts(writer: Writer, container: Data) -> None:
    mounts = sorted(container.get("volumeMounts") or (), key=lambda mount: str(mount["mountPath"]))
    if not mounts:
        writer.field(2, "Mounts", NONE)
    else:
        writer.heading(2, "Mounts")
        for mount in mounts:
            writer.line(3, f"{mount['mountPath']} from {mount['name']} ({','.join(_flags(mount))})")
    if devices := container.get("volumeDevices"):
        writer.heading(2, "Devices")
        for device in devices:
            writer.line(3, f"{device['devicePath']} from {device['name']}")


def _flags(mount: Data) -> Iterator[str]:
    yield "ro" if mount.get("readOnly") else "rw"
    if mount.get("subPath"):
        yield f'path="{mount["subPath"]}"'
