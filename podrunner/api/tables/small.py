"""The kinds whose rows have little to tell, and those that have no columns of their own. Pure; performs no I/O.

Source: kubernetes pkg/printers/internalversion/printers.go; the default is k8s.io/apiserver's
`pkg/registry/rest/table.go`, which limit ranges have too.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from podrunner.api.tables import layout
from podrunner.api.tables.layout import AGE, NAME, Cell, Column, Layout
from podrunner.objects import meta, quantity
from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.limits import ResourceQuota

_GO_ZERO_TIME = "0001-01-01T00:00:00Z"


def _default(obj: meta.Object, _: datetime) -> list[Cell]:
    created = obj.metadata.creation_timestamp
    return [obj.metadata.name, created.strftime("%Y-%m-%dT%H:%M:%SZ") if created else _GO_ZERO_TIME]


DEFAULT = Layout((NAME, Column("Created At", "When the object was created.", type="date")), _default)


def _between(*columns: Column, cells: Callable[[Any], list[Cell]]) -> Layout:
    """A layout with these columns between name and age."""
    return Layout((NAME, *columns, AGE), lambda obj, now: [obj.metadata.name, *cells(obj), layout.age_of(obj, now)])


def _secret(secret: Secret) -> list[Cell]:
    return [secret.type, len(secret.data)]


def _config_map(config: ConfigMap) -> list[Cell]:
    return [len(config.data) + len(config.binary_data)]


def _quota(quota: ResourceQuota) -> list[Cell]:
    """What is used of what may be, limits apart from the rest."""
    requests: list[str] = []
    limits: list[str] = []
    for resource, hard in sorted(quota.status.hard.items()):
        used = quantity.canonical(quota.status.used.get(resource, "0"))
        column = limits if resource.startswith("limits.") else requests
        column.append(f"{resource}: {used}/{quantity.canonical(hard)}")
    return [", ".join(requests), ", ".join(limits)]


NAMESPACE = _between(
    Column("Status", "Whether the namespace is active, or goes with all that is in it."),
    cells=lambda namespace: [namespace.status.phase],
)
SECRET = _between(
    Column("Type", "What the data is for."),
    Column("Data", "How many keys the secret has."),
    cells=_secret,
)
CONFIG_MAP = _between(Column("Data", "How many keys the config map has."), cells=_config_map)
SERVICE_ACCOUNT = _between(cells=lambda _: [])
LEASE = _between(
    Column("Holder", "Who holds the lease."),
    cells=lambda lease: [lease.spec.holder_identity or ""],
)
RUNTIME_CLASS = _between(
    Column("Handler", "The engine's runtime that runs the containers."),
    cells=lambda runtime_class: [runtime_class.handler],
)
RESOURCE_QUOTA = _between(
    Column("Request", "What is used, and what may be, of each resource."),
    Column("Limit", "The sum of limits, and what it may be, of each resource."),
    cells=_quota,
)
