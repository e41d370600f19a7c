"""metrics.k8s.io: what the pods and the node use, for `kubectl top`. Measured when asked for, never stored."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import answers, context, presenting, query
from podrunner.objects import kinds, meta, transient
from podrunner.objects.metrics import ContainerMetrics, NodeMetrics, PodMetrics
from podrunner.objects.node import Node
from podrunner.objects.pod import Pod
from podrunner.store import pods, problems
from podrunner.store.registry import Listing

_NODE = kinds.of(Node())


async def list_pods(request: Request) -> Response:
    """The use of the pods that the selectors name, in a namespace or in all."""
    presenter = _presenter(request, transient.POD_METRICS)
    listing = context.of(request).registry.list(
        pods.POD, request.path_params.get("namespace"), labels=query.labels(request), fields=query.fields(request)
    )
    return _listed(presenter, await _of_pods(request, listing.items))


async def get_pods(request: Request) -> Response:
    """The use of one pod. Raises errors.NotFound while nothing of it runs."""
    presenter, path = _presenter(request, transient.POD_METRICS), request.path_params
    pod: Pod = context.of(request).registry.get(pods.POD, path["namespace"], path["name"])
    for measured in await _of_pods(request, [pod]):
        return answers.json(presenter.single(measured), media_type=presenter.media_type)
    raise problems.not_found(transient.POD_METRICS, f"{path['namespace']}/{path['name']}")


async def list_nodes(request: Request) -> Response:
    """The use of the node."""
    presenter = _presenter(request, transient.NODE_METRICS)
    listing = context.of(request).registry.list(_NODE, labels=query.labels(request), fields=query.fields(request))
    return _listed(presenter, [await _of_node(request, node) for node in listing.items])


async def get_nodes(request: Request) -> Response:
    presenter = _presenter(request, transient.NODE_METRICS)
    node: Node = context.of(request).registry.get(_NODE, "", request.path_params["name"])
    return answers.json(presenter.single(await _of_node(request, node)), media_type=presenter.media_type)


async def _of_pods(request: Request, listed: Iterable[Pod]) -> list[PodMetrics]:
    return [_pod_metrics(usage) for usage in await context.of(request).node.usage(listed)]


async def _of_node(request: Request, node: Node) -> NodeMetrics:
    """What all pods use together: the engine does not tell what else its machine does."""
    parts = context.of(request)
    usages = await parts.node.usage(parts.registry.list(pods.POD).items)
    used = [container for usage in usages for container in usage.containers]
    return NodeMetrics(
        metadata=_metadata(node, node.metadata.creation_timestamp),
        timestamp=meta.at_second(max((usage.at for usage in usages), default=parts.registry.clock.now())),
        window=_duration(max((usage.window_seconds for usage in usages), default=0.0)),
        usage=_usage(sum(each.cpu_nanocores for each in used), sum(each.memory_bytes for each in used)),
    )


def _pod_metrics(usage: context.PodUsage) -> PodMetrics:
    return PodMetrics(
        metadata=_metadata(usage.pod, usage.at),
        timestamp=meta.at_second(usage.at),
        window=_duration(usage.window_seconds),
        containers=tuple(
            ContainerMetrics(name=each.name, usage=_usage(each.cpu_nanocores, each.memory_bytes))
            for each in usage.containers
        ),
    )


def _metadata(obj: meta.Object, at: datetime | None) -> meta.ObjectMeta:
    about = obj.metadata
    return meta.ObjectMeta(
        name=about.name,
        namespace=about.namespace,
        labels=about.labels,
        creation_timestamp=at and meta.at_second(at),
    )


def _usage(cpu_nanocores: int, memory_bytes: int) -> dict[str, str]:
    return {"cpu": f"{cpu_nanocores}n", "memory": f"{memory_bytes // 1024}Ki"}


def _duration(seconds: float) -> str:
    """As Go writes a duration."""
    return f"{seconds:.3f}s"


def _listed(presenter: presenting.Presenter, items: Sequence[Any]) -> Response:
    return answers.json(presenter.listing(Listing(tuple(items), "")), media_type=presenter.media_type)


def _presenter(request: Request, kind: kinds.Kind) -> presenting.Presenter:
    if query.flag(request, "watch"):
        raise errors.MethodNotAllowed("the server does not allow this method on the requested resource")
    return presenting.of(request, presenting.View(kind, kind))
