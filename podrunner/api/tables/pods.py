"""Pods and pod templates as rows. Pure; performs no I/O.

Source: `printPod`, `printPodTemplate`, kubernetes pkg/printers/internalversion/printers.go.
"""

from datetime import datetime

from podrunner.api.tables import layout
from podrunner.api.tables.layout import AGE, NAME, NONE, Cell, Column, Layout, wide
from podrunner.objects.pod import Pod
from podrunner.objects.template import PodTemplate
from podrunner.pods import columns

_ENDED = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def _pod(pod: Pod, now: datetime) -> list[Cell]:
    return [
        pod.metadata.name,
        columns.ready(pod),
        columns.status(pod),
        columns.restarts_and_last(pod, now),
        layout.age_of(pod, now),
        columns.ip(pod),
        pod.spec.node_name or NONE,
        pod.status.nominated_node_name or NONE,
        columns.readiness_gates(pod),
    ]


def _pod_conditions(pod: Pod) -> list[dict[str, str]]:
    """A row of a pod that has ended says so, which old clients hid."""
    message = _ENDED.get(pod.status.phase)
    if message is None:
        return []
    return [{"type": "Completed", "status": "True", "reason": pod.status.phase, "message": message}]


def _template(obj: PodTemplate, _: datetime) -> list[Cell]:
    containers = obj.template.spec.containers
    return [
        obj.metadata.name,
        ",".join(container.name for container in containers),
        ",".join(container.image for container in containers),
        layout.labels(obj.template.metadata.labels),
    ]


POD = Layout(
    (
        NAME,
        Column("Ready", "How many of the pod's containers are ready to serve."),
        Column("Status", "What the pod's containers do, in a word."),
        Column("Restarts", "How often the pod's containers were started again, and when that was last."),
        AGE,
        wide("IP", "The pod's address on its network."),
        wide("Node", "The node the pod runs on."),
        wide("Nominated Node", "The node where room is being made for the pod."),
        wide("Readiness Gates", "How many of the further conditions of the pod's readiness are true."),
    ),
    _pod,
    _pod_conditions,
)

POD_TEMPLATE = Layout(
    (
        NAME,
        Column("Containers", "The names of the template's containers."),
        Column("Images", "The images of the template's containers."),
        Column("Pod Labels", "The labels of pods made from the template."),
    ),
    _template,
)
