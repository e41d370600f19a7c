"""The node. Pure; performs no I/O."""

from typing import Any

from podrunner.client.describe.writer import NONE, Writer, annotations, moment, pairs, truth

_ROLE = "node-role.kubernetes.io/"
_INFO = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)
_COLUMNS = ("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")


def tell(writer: Writer, node: dict[str, Any]) -> None:
    metadata, spec, status = node["metadata"], node.get("spec") or {}, node.get("status") or {}
    labels = metadata.get("labels") or {}
    writer.field(0, "Name", metadata["name"])
    writer.field(
        0, "Roles", ",".join(label.removeprefix(_ROLE) for label in sorted(labels) if label.startswith(_ROLE)) or NONE
    )
    writer.fields(0, "Labels", pairs(labels))
    annotations(writer, metadata.get("annotations"))
    writer.field(0, "CreationTimestamp", moment(metadata.get("creationTimestamp")))
    writer.fields(0, "Taints", map(_taint, spec.get("taints") or ()))
    writer.field(0, "Unschedulable", truth(spec.get("unschedulable")))
    _tell_conditions(writer, status.get("conditions") or ())
    writer.heading(0, "Addresses")
    for address in status.get("addresses") or ():
        writer.field(1, address["type"], address["address"])
    for title in ("Capacity", "Allocatable"):
        writer.heading(0, title)
        for resource, amount in sorted((status.get(title.lower()) or {}).items()):
            writer.field(1, resource, amount)
    writer.heading(0, "System Info")
    info = status.get("nodeInfo") or {}
    for title, name in _INFO:
        writer.field(1, title, info.get(name, ""))


def _taint(taint: dict[str, Any]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _tell_conditions(writer: Writer, conditions: Any) -> None:
    if not conditions:
        return
    writer.heading(0, "Conditions")
    writer.line(1, *_COLUMNS)
    writer.line(1, *("-" * len(column) for column in _COLUMNS))
    for each in conditions:
        times = (moment(each.get(name)) for name in ("lastHeartbeatTime", "lastTransitionTime"))
        told = (each["type"], each["status"], *times, each.get("reason", ""))
        writer.line(1, *(f"{cell} " for cell in told), each.get("message", ""))
