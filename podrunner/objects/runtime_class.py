"""RuntimeClass of node.k8s.io. Pure; performs no I/O."""

from podrunner.objects import base, meta, scheduling


class Overhead(base.Struct):
    pod_fixed: dict[str, base.Quantity] = {}


class Scheduling(base.Struct):
    node_selector: dict[str, str] = {}
    tolerations: tuple[scheduling.Toleration, ...] = ()


class RuntimeClass(meta.Object):
    api_version: str = base.always("node.k8s.io/v1")
    kind: str = base.always("RuntimeClass")
    handler: str = base.always("")
    overhead: Overhead | None = None
    scheduling: Scheduling | None = None
