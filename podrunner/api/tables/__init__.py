"""Objects as a Table of meta.k8s.io, which is what `kubectl get` prints. Pure; performs no I/O.

Source: k8s.io/apimachinery `pkg/apis/meta/v1/types.go` (Table), k8s.io/apiserver `pkg/endpoints/handlers/response.go`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from podrunner.api.tables import claims, events, nodes, pods, services, small, usage
from podrunner.api.tables.layout import Layout
from podrunner.objects import meta

_LAYOUTS: dict[tuple[str, str], Layout] = {
    ("ConfigMap", "v1"): small.CONFIG_MAP,
    ("Endpoints", "v1"): services.ENDPOINTS,
    ("EndpointSlice", "discovery.k8s.io/v1"): services.ENDPOINT_SLICE,
    ("Event", "events.k8s.io/v1"): events.EVENT_V1,
    ("Event", "v1"): events.EVENT,
    ("Lease", "coordination.k8s.io/v1"): small.LEASE,
    ("Namespace", "v1"): small.NAMESPACE,
    ("Node", "v1"): nodes.NODE,
    ("NodeMetrics", "metrics.k8s.io/v1beta1"): usage.NODE_METRICS,
    ("PersistentVolumeClaim", "v1"): claims.CLAIM,
    ("Pod", "v1"): pods.POD,
    ("PodMetrics", "metrics.k8s.io/v1beta1"): usage.POD_METRICS,
    ("PodTemplate", "v1"): pods.POD_TEMPLATE,
    ("ResourceQuota", "v1"): small.RESOURCE_QUOTA,
    ("RuntimeClass", "node.k8s.io/v1"): small.RUNTIME_CLASS,
    ("Secret", "v1"): small.SECRET,
    ("Service", "v1"): services.SERVICE,
    ("ServiceAccount", "v1"): small.SERVICE_ACCOUNT,
}


def table(
    kind_name: str,
    api_version: str,
    objects: Sequence[meta.Object],
    now: datetime,
    *,
    resource_version: str = "",
    continue_: str = "",
    remaining: int | None = None,
    include_object: str = "Metadata",
    headers: bool = True,
    table_version: str = "v1",
) -> dict[str, Any]:
    """The objects, all of that kind, as rows: JSON data but for the objects' own parts, which are still typed.

    `include_object` is "Metadata", "Object" or "None": what each row has of its object. Without `headers` the
    column definitions are null, as in all events of a watch but the first.
    """
    layout = _LAYOUTS.get((kind_name, api_version), small.DEFAULT)
    version = f"meta.k8s.io/{table_version}"
    metadata: dict[str, Any] = {"resourceVersion": resource_version}
    if continue_:
        metadata["continue"] = continue_
    if remaining is not None:
        metadata["remainingItemCount"] = remaining
    return {
        "kind": "Table",
        "apiVersion": version,
        "metadata": metadata,
        "columnDefinitions": [column._asdict() for column in layout.columns] if headers else None,
        "rows": [_row(layout, obj, now, include_object, version) for obj in objects],
    }


def _row(layout: Layout, obj: meta.Object, now: datetime, include_object: str, version: str) -> dict[str, Any]:
    row: dict[str, Any] = {"cells": layout.cells(obj, now)}
    if conditions := layout.conditions(obj):
        row["conditions"] = conditions
    if include_object == "Object":
        row["object"] = obj
    elif include_object != "None":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": version, "metadata": obj.metadata}
    return row
