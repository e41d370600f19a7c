"""The downward API: what a pod's variables and files tell of the pod itself. Pure; performs no I/O.

Sources: `podFieldSelectorRuntimeValue`, kubernetes pkg/kubelet/kubelet_pods.go; pkg/fieldpath/fieldpath.go;
`ExtractContainerResourceValue` and `MergeContainerResourceLimits`, pkg/api/v1/resource/helpers.go.
"""

from collections.abc import Mapping, Sequence

from podrunner.objects import quantity
from podrunner.objects.container import Container
from podrunner.objects.meta import ResourceFieldSelector
from podrunner.objects.pod import Pod
from podrunner.pods import wording
from podrunner.pods.configuration import Configuration

POD_ADDRESSES = frozenset({"status.podIP", "status.podIPs"})
"""The fields that only a running sandbox has."""

_DEFAULTED = ("cpu", "memory", "ephemeral-storage")
"""Limits that are the pod's or the node's where the container has none."""


def field(pod: Pod, path: str, configuration: Configuration, pod_ips: Sequence[str]) -> str:
    """The value of a fieldPath that validation lets pass; "" for a label or annotation that the pod does not have."""
    subject, bracket, key = path.partition("['")
    about = pod.metadata
    maps = {"metadata.labels": about.labels, "metadata.annotations": about.annotations}
    if bracket:
        key = key.removesuffix("']")
        return maps[subject].get(key, "")
    if subject in maps:
        return _lines(maps[subject])
    host_ips = configuration.host_ips
    values = {
        "metadata.name": about.name,
        "metadata.namespace": about.namespace,
        "metadata.uid": about.uid,
        "spec.nodeName": pod.spec.node_name,
        "spec.serviceAccountName": pod.spec.service_account_name,
        "status.hostIP": host_ips[0] if host_ips else "",
        "status.hostIPs": ",".join(host_ips),
        "status.podIP": pod_ips[0] if pod_ips else "",
        "status.podIPs": ",".join(pod_ips),
    }
    return values[subject]


def _lines(entries: Mapping[str, str]) -> str:
    return "\n".join(f"{key}={wording.quoted(entries[key])}" for key in sorted(entries))


def resource(pod: Pod, container: Container, ref: ResourceFieldSelector, allocatable: Mapping[str, str]) -> str:
    """The container's limit or request, in units of the divisor and rounded up.

    A limit that neither it nor the pod has is what the node can give.
    """
    kind, _, name = ref.resource.partition(".")
    own = container.resources
    given = (own.limits if kind == "limits" else own.requests).get(name, "")
    amount = quantity.parse(given) if given else None
    if kind == "limits" and name in _DEFAULTED and (amount is None or not amount.amount):
        of_pod = pod.spec.resources.limits.get(name, "") if pod.spec.resources is not None else ""
        amount = quantity.parse(of_pod or allocatable.get(name, "0"))
    if amount is None:
        return "0"
    divisor = quantity.parse(ref.divisor or "0").amount or 1
    return str(-(-amount.amount // divisor))
