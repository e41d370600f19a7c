"""Nodes as rows. Pure; performs no I/O.

Source: `printNode`, kubernetes pkg/printers/internalversion/printers.go.
"""

from datetime import datetime

from podrunner.api.tables import layout
from podrunner.api.tables.layout import AGE, NAME, NONE, UNKNOWN, Cell, Column, Layout, wide
from podrunner.objects.node import Node

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE = "kubernetes.io/role"


def _node(node: Node, now: datetime) -> list[Cell]:
    info = node.status.node_info
    return [
        node.metadata.name,
        _status(node),
        ",".join(sorted(_roles(node))) or NONE,
        layout.age_of(node, now),
        info.kubelet_version,
        _address(node, "InternalIP"),
        _address(node, "ExternalIP"),
        info.os_image or UNKNOWN,
        info.kernel_version or UNKNOWN,
        info.container_runtime_version or UNKNOWN,
    ]


def _status(node: Node) -> str:
    ready = {condition.status for condition in node.status.conditions if condition.type == "Ready"}
    word = "Unknown" if not ready else "Ready" if "True" in ready else "NotReady"
    return f"{word},SchedulingDisabled" if node.spec.unschedulable else word


def _roles(node: Node) -> set[str]:
    found = {label.removeprefix(_ROLE_PREFIX) for label in node.metadata.labels if label.startswith(_ROLE_PREFIX)}
    return {role for role in (*found, node.metadata.labels.get(_ROLE, "")) if role}


def _address(node: Node, kind: str) -> str:
    return layout.first(address.address for address in node.status.addresses if address.type == kind)


NODE = Layout(
    (
        NAME,
        Column("Status", "Whether the node is ready for pods."),
        Column("Roles", "The roles that the node's labels give it."),
        AGE,
        Column("Version", "The version of what runs the node's pods."),
        wide("Internal-IP", "The node's address inside."),
        wide("External-IP", "The node's address outside."),
        wide("OS-Image", "The node's operating system."),
        wide("Kernel-Version", "The node's kernel."),
        wide("Container-Runtime", "The engine that runs the node's containers."),
    ),
    _node,
)
