"""Pods. Pure; performs no I/O."""

from datetime import datetime
from typing import Any

from podrunner.client.describe import containers, volumes
from podrunner.client.describe.writer import NONE, Writer, annotations, moment, pairs, time
from podrunner.pods import age

_ENDED = ("Failed", "Succeeded")


def tell(writer: Writer, pod: dict[str, Any], now: datetime) -> None:
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    _tell_place(writer, metadata, spec, status)
    writer.fields(0, "Labels", pairs(metadata.get("labels")))
    annotations(writer, metadata.get("annotations"))
    _tell_phase(writer, metadata, status, now)
    containers.tell_seccomp(writer, 0, spec.get("securityContext"))
    writer.field(0, "IP", status.get("podIP", ""))
    _tell_addresses(writer, status)
    if owner := next((each for each in metadata.get("ownerReferences", ()) if each.get("controller")), None):
        writer.field(0, "Controlled By", f"{owner['kind']}/{owner['name']}")
    _tell_containers(writer, pod)
    _tell_conditions(writer, spec, status)
    volumes.tell(writer, spec.get("volumes") or ())
    writer.field(0, "QoS Class", status.get("qosClass", ""))
    writer.fields(0, "Node-Selectors", pairs(spec.get("nodeSelector")))
    writer.fields(0, "Tolerations", map(_toleration, spec.get("tolerations") or ()))


def _tell_place(writer: Writer, metadata: dict[str, Any], spec: dict[str, Any], status: dict[str, Any]) -> None:
    writer.field(0, "Name", metadata["name"])
    writer.field(0, "Namespace", metadata["namespace"])
    if spec.get("priority") is not None:
        writer.field(0, "Priority", spec["priority"])
    for title, name in (
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ):
        if spec.get(name):
            writer.field(0, title, spec[name])
    node = spec.get("nodeName")
    writer.field(0, "Node", f"{node}/{status.get('hostIP', '')}" if node else NONE)
    if status.get("startTime"):
        writer.field(0, "Start Time", moment(status["startTime"]))


def _tell_phase(writer: Writer, metadata: dict[str, Any], status: dict[str, Any], now: datetime) -> None:
    phase = status.get("phase", "")
    deleted = metadata.get("deletionTimestamp")
    if deleted and phase not in _ENDED:
        writer.field(0, "Status", f"Terminating (lasts {age.since(time(deleted), now)})")
        writer.field(0, "Termination Grace Period", f"{metadata.get('deletionGracePeriodSeconds', 0)}s")
    else:
        writer.field(0, "Status", phase)
    for title in ("Reason", "Message"):
        if status.get(title.lower()):
            writer.field(0, title, status[title.lower()])


def _tell_addresses(writer: Writer, status: dict[str, Any]) -> None:
    addresses = status.get("podIPs") or ()
    if not addresses:
        writer.field(0, "IPs", NONE)
        return
    writer.heading(0, "IPs")
    for each in addresses:
        writer.field(1, "IP", each.get("ip", ""))


def _tell_containers(writer: Writer, pod: dict[str, Any]) -> None:
    spec, status = pod["spec"], pod.get("status") or {}
    for title, name, statuses in (
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
    ):
        if spec.get(name):
            writer.heading(0, title)
            by_name = {each["name"]: each for each in status.get(statuses) or ()}
            for container in spec[name]:
                containers.tell(writer, container, by_name.get(container["name"]), pod)


def _tell_conditions(writer: Writer, spec: dict[str, Any], status: dict[str, Any]) -> None:
    conditions = status.get("conditions") or ()
    if gates := spec.get("readinessGates"):
        found = {each["type"]: each["status"] for each in conditions}
        _tell_states(
            writer, "Readiness Gates", {each["conditionType"]: found.get(each["conditionType"], NONE) for each in gates}
        )
    if conditions:
        _tell_states(writer, "Conditions", {each["type"]: each["status"] for each in conditions})


def _tell_states(writer: Writer, title: str, states: dict[str, str]) -> None:
    writer.heading(0, title)
    writer.line(1, "Type", "Status")
    for name, state in states.items():
        writer.line(1, f"{name} ", f"{state} ")


def _toleration(toleration: dict[str, Any]) -> str:
    text = str(toleration.get("key", ""))
    if toleration.get("value"):
        text += f"={toleration['value']}"
    if toleration.get("effect"):
        text += f":{toleration['effect']}"
    if toleration.get("operator") == "Exists" and not toleration.get("value"):
        text += " op=Exists" if text else "op=Exists"
    if (seconds := toleration.get("tolerationSeconds")) is not None:
        text += f" for {seconds}s"
    return text
