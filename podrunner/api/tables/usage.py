"""Measured use as rows: PodMetrics and NodeMetrics. Pure; performs no I/O.

Source: kubernetes-sigs/metrics-server `pkg/api/table.go`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from podrunner.api.tables.layout import Cell, Column, Layout
from podrunner.objects import quantity
from podrunner.objects.metrics import NodeMetrics, PodMetrics

_RESOURCES = ("cpu", "memory")


def _pod(metrics: PodMetrics, _: datetime) -> list[Cell]:
    return _cells(metrics.metadata.name, [container.usage for container in metrics.containers], metrics.window)


def _node(metrics: NodeMetrics, _: datetime) -> list[Cell]:
    return _cells(metrics.metadata.name, [metrics.usage], metrics.window)


def _cells(name: str, usages: Sequence[Mapping[str, str]], window: str) -> list[Cell]:
    return [name, *(_sum([usage[each] for usage in usages if each in usage]) for each in _RESOURCES), window]


def _sum(texts: Sequence[str]) -> str:
    """The sum, written as the first of them is."""
    if not texts:
        return "0"
    parts = [quantity.parse(text) for text in texts]
    return str(parts[0]._replace(amount=sum((part.amount for part in parts[1:]), parts[0].amount)))


_COLUMNS = (
    Column("Name", "The name of what was measured.", format="name"),
    *(Column(resource, f"How much {resource} was used.", format="quantity") for resource in _RESOURCES),
    Column("Window", "How long the measurement took.", format="duration"),
)

POD_METRICS = Layout(_COLUMNS, _pod)
NODE_METRICS = Layout(_COLUMNS, _node)
