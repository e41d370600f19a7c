"""What an update may change of a stored object. Pure; performs no I/O.

Rules are the Validate…Update functions of Kubernetes' pkg/apis/core/validation and pkg/apis/node/validation, and
apimachinery's `ValidateObjectMetaUpdate`. Both objects have their defaults, and the new one has what a client can't
change from the old one (`store.updates`).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from msgspec import structs

from podrunner.objects import (
    cluster,
    config,
    differences,
    endpoint_slice,
    limits,
    meta,
    node,
    pod,
    quantity,
    runtime_class,
    service,
    storage,
)
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import metadata, pod_updates

_WHEN_IMMUTABLE = "field is immutable when `immutable` is set"


def check(new: meta.Object, old: meta.Object, subresource: str, found: Errors) -> None:
    """`subresource` is the part that is updated: "" (the object but its status), "status", "ephemeralcontainers" …"""
    metadata.check_update(new.metadata, old.metadata, found)
    rule = _RULES.get((type(new), subresource))
    if rule is not None:
        rule(new, old, found)


def _pod(new: pod.Pod, old: pod.Pod, found: Errors) -> None:
    pod_updates.check(new.spec, old.spec, found)


def _pod_ephemeral(new: pod.Pod, old: pod.Pod, found: Errors) -> None:
    pod_updates.check_ephemeral(new.spec, old.spec, found)


def _pod_resize(_new: pod.Pod, _old: pod.Pod, found: Errors) -> None:
    pod_updates.check_resize(found)


def _config_map(new: config.ConfigMap, old: config.ConfigMap, found: Errors) -> None:
    if old.immutable:
        _check_frozen(new, old, ("data", "binary_data"), found)


def _secret(new: config.Secret, old: config.Secret, found: Errors) -> None:
    metadata.check_immutable(new.type, old.type, "type", found)
    if old.immutable:
        _check_frozen(new, old, ("data",), found)


def _check_frozen(new: Any, old: Any, fields: tuple[str, ...], found: Errors) -> None:
    """No value is shown: it may be secret."""
    if not new.immutable:
        found.forbidden("immutable", _WHEN_IMMUTABLE)
    for field in fields:
        if getattr(new, field) != getattr(old, field):
            found.forbidden("binaryData" if field == "binary_data" else field, _WHEN_IMMUTABLE)


def _claim(new: storage.PersistentVolumeClaim, old: storage.PersistentVolumeClaim, found: Errors) -> None:
    """A claim is what it was; its volume may be named once, and the size of a bound one changed."""
    mine, theirs = new.spec, old.spec
    resources = mine.resources
    if old.status.phase == "Bound" and "storage" in theirs.resources.requests:
        requests = {**resources.requests, "storage": theirs.resources.requests["storage"]}
        resources = structs.replace(resources, requests=requests)
    left = structs.replace(
        mine,
        volume_name=mine.volume_name if theirs.volume_name else "",
        resources=resources,
        volume_attributes_class_name=theirs.volume_attributes_class_name,
    )
    if left != theirs:
        allowed = "resources.requests and volumeAttributesClassName for bound claims"
        detail = f"spec is immutable after creation except {allowed}"
        found.forbidden("spec", f"{detail}\n{differences.text(theirs, left, 'spec')}")
    size = _size(mine.resources.requests)
    if size < _size(theirs.resources.requests) and size <= _size(old.status.capacity):
        found.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def _size(amounts: dict[str, str]) -> Fraction:
    try:
        return quantity.parse(amounts.get("storage", "0")).amount
    except ValueError:  # which validation reports
        return Fraction(0)


def _service(new: service.Service, old: service.Service, found: Errors) -> None:
    mine, theirs = new.spec, old.spec
    if "ExternalName" not in (mine.type, theirs.type):
        _check_addresses(mine.cluster_ips, theirs.cluster_ips, found)
    if mine.type == theirs.type == "LoadBalancer" and mine.load_balancer_class != theirs.load_balancer_class:
        found.invalid("spec.loadBalancerClass", mine.load_balancer_class, "may not change once set")


def _check_addresses(new: tuple[str, ...], old: tuple[str, ...], found: Errors) -> None:
    """The first address stays."""
    path = "spec.clusterIPs[0]"
    if old and not new:
        found.invalid(path, new, "primary clusterIP can not be unset")
    elif old and new[0] != old[0]:
        found.invalid(path, new, "may not change once set")


def _node(new: node.Node, old: node.Node, found: Errors) -> None:
    if old.spec.pod_cidrs and new.spec.pod_cidrs != old.spec.pod_cidrs:
        found.forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid')
    if old.spec.provider_id and new.spec.provider_id != old.spec.provider_id:
        found.forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid')
    if new.spec.external_id != old.spec.external_id:
        found.forbidden("spec.externalID", "may not be updated")


def _namespace_status(new: cluster.Namespace, _old: cluster.Namespace, found: Errors) -> None:
    deleted = new.metadata.deletion_timestamp is not None
    needed, is_empty = ("Terminating", "is not empty") if deleted else ("Active", "is empty")
    if new.status.phase != needed:
        detail = f"may only be '{needed}' if `deletionTimestamp` {is_empty}"
        found.invalid("status.Phase", new.status.phase, detail)


def _namespace_finalize(new: cluster.Namespace, _old: cluster.Namespace, found: Errors) -> None:
    metadata.check_finalizers(new.spec.finalizers, "spec.finalizers", found)


def _quota(new: limits.ResourceQuota, old: limits.ResourceQuota, found: Errors) -> None:
    if set(new.spec.scopes) != set(old.spec.scopes):
        found.invalid("spec.scopes", new.spec.scopes, "field is immutable")


def _endpoint_slice(new: endpoint_slice.EndpointSlice, old: endpoint_slice.EndpointSlice, found: Errors) -> None:
    metadata.check_immutable(new.address_type, old.address_type, "addressType", found)


def _runtime_class(new: runtime_class.RuntimeClass, old: runtime_class.RuntimeClass, found: Errors) -> None:
    metadata.check_immutable(new.handler, old.handler, "handler", found)


_RULES: dict[tuple[type[meta.Object], str], Callable[[Any, Any, Errors], None]] = {
    (pod.Pod, ""): _pod,
    (pod.Pod, "status"): pod_updates.check_status,
    (pod.Pod, "ephemeralcontainers"): _pod_ephemeral,
    (pod.Pod, "resize"): _pod_resize,
    (config.ConfigMap, ""): _config_map,
    (config.Secret, ""): _secret,
    (storage.PersistentVolumeClaim, ""): _claim,
    (service.Service, ""): _service,
    (node.Node, ""): _node,
    (cluster.Namespace, "status"): _namespace_status,
    (cluster.Namespace, "finalize"): _namespace_finalize,
    (limits.ResourceQuota, ""): _quota,
    (endpoint_slice.EndpointSlice, ""): _endpoint_slice,
    (runtime_class.RuntimeClass, ""): _runtime_class,
}
