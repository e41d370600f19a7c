"""PodMetrics and NodeMetrics of metrics.k8s.io/v1beta1: what `kubectl top` reads. Pure; performs no I/O."""

from podrunner.objects import base, meta

API_VERSION = "metrics.k8s.io/v1beta1"


class ContainerMetrics(base.Struct):
    name: str = base.always("")
    usage: dict[str, base.Quantity] = base.always({})


class PodMetrics(meta.Object):
    """`window` is how long the measurement took, as Go writes a duration: "30s"."""

    api_version: str = base.always(API_VERSION)
    kind: str = base.always("PodMetrics")
    containers: tuple[ContainerMetrics, ...] = base.always(())
    timestamp: base.Time | None = base.always(None)
    window: str = base.always("0s")


class NodeMetrics(meta.Object):
    api_version: str = base.always(API_VERSION)
    kind: str = base.always("NodeMetrics")
    timestamp: base.Time | None = base.always(None)
    usage: dict[str, base.Quantity] = base.always({})
    window: str = base.always("0s")
