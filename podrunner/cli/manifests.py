"""What a `run` is given: pods and the objects with them, read from files, annotated with what the command line says."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from podrunner import errors
from podrunner.engine import ports
from podrunner.objects import kinds, loading, meta, refusals, support
from podrunner.objects.cluster import ServiceAccount
from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.endpoint_slice import EndpointSlice
from podrunner.objects.endpoints import Endpoints
from podrunner.objects.pod import Pod
from podrunner.objects.service import Service
from podrunner.objects.storage import PersistentVolumeClaim
from podrunner.pods import spec

_OWN = "podrunner.dev/"

Obj = TypeVar("Obj", bound=meta.Object)


_WITH_PODS = (ConfigMap, Endpoints, EndpointSlice, PersistentVolumeClaim, Secret, Service, ServiceAccount)
"""What pods need around them, and what comes and goes with them; but claims stay."""


class Wanted(NamedTuple):
    """The pods of a run, and the other objects that are made before them."""

    pods: list[Pod]
    objects: list[meta.Object]


def load(
    files: Sequence[str], namespace: str | None, network: str | None, warn: Callable[[str], None] | None
) -> Wanted:
    """What is in the files, in the given namespace where it names none; `warn` is told of fields without effect.

    Raises ManifestError for other kinds, for an object that is there twice, for one of another namespace or network
    than is given, for what can't be created, and if there is no pod.
    """
    loaded = loading.load(files, sys.stdin.buffer, namespace or "default")
    problems = [
        *_other_kinds(loaded),
        *other_namespaces(loaded, namespace),
        *_other_networks(loaded, network),
        *_duplicates(loaded),
        *(problem for item in loaded for problem in [*uncreatable(item), *_reserved_annotations(item)]),
    ]
    if problems:
        raise errors.ManifestError(problems)
    if warn is not None:
        for warning in (each for item in loaded for each in warnings(item)):
            warn(warning)
    pods = [item.object for item in loaded if isinstance(item.object, Pod)]
    if not pods:
        raise errors.ManifestError([f"{', '.join(files)}: there is no Pod to run"])
    return Wanted(pods, [item.object for item in loaded if not isinstance(item.object, Pod)])


def uncreatable(item: loading.Loaded) -> Iterator[str]:
    """What is right in an object that exists, but not in one that is to be created."""
    version = item.object.metadata.resource_version
    if version:
        yield _problem(
            item,
            "metadata.resourceVersion",
            f'Invalid value: "{version}": resourceVersion should not be set on objects to be created',
        )
    if isinstance(item.object, Pod):
        for path, why in refusals.of_pod(item.object.spec):
            yield _problem(item, path, f"Forbidden: {why}")


def warnings(item: loading.Loaded) -> Iterator[str]:
    """What of the object podrunner does not act on, as `FILE:LINE: field path: message`."""
    for path, message in support.warnings(item.object):
        yield _problem(item, path, message)


def annotated(
    pods: Sequence[Pod],
    *,
    run_id: str | None,
    fail_fast: bool,
    network: str | None,
    publish: Sequence[str],
    backoff_scale: float | None = None,
    prefetch: bool = False,
) -> list[Pod]:
    """The pods, with what the server reads of a run in their annotations. Raises UsageError for ports that can't be."""
    published = ",".join(publish)
    ports.parse(published)
    if published and len(pods) > 1:
        raise errors.UsageError(
            f"--publish is for a single pod, and these are {len(pods)}; set hostPort in the manifests"
        )
    given = {
        spec.RUN: run_id,
        spec.FAIL_FAST: "true" if fail_fast else None,
        spec.PREFETCH: "true" if prefetch else None,
        spec.NETWORK: network,
        spec.PUBLISH: published,
        spec.BACKOFF_SCALE: None if backoff_scale is None else f"{backoff_scale:g}",
    }
    return [_annotated(pod, {name: value for name, value in given.items() if value}) for pod in pods]


def owned(objects: Sequence[meta.Object], run_id: str | None) -> list[meta.Object]:
    """The objects that come with pods, as those of a run that takes them along; claims stay, and all without a run."""
    if run_id is None:
        return list(objects)
    return [
        each if isinstance(each, PersistentVolumeClaim) else _annotated(each, {spec.RUN: run_id}) for each in objects
    ]


def _annotated(obj: Obj, added: Mapping[str, str]) -> Obj:
    metadata = msgspec.structs.replace(obj.metadata, annotations={**obj.metadata.annotations, **added})
    return msgspec.structs.replace(obj, metadata=metadata)


def _other_kinds(loaded: Sequence[loading.Loaded]) -> list[str]:
    return [
        f"{item.source}: kind {item.object.kind} does not come and go with a run; `podrunner apply` creates it"
        for item in loaded
        if not isinstance(item.object, (Pod, *_WITH_PODS))
    ]


def other_namespaces(loaded: Sequence[loading.Loaded], namespace: str | None) -> list[str]:
    """What names another namespace than the one --namespace gives, if it gives one."""
    if namespace is None:
        return []
    return [
        f'{item.source}: metadata.namespace: is "{found}", which is not the "{namespace}" of --namespace'
        for item in loaded
        if kinds.of(item.object).namespaced and (found := item.object.metadata.namespace) != namespace
    ]


def _other_networks(loaded: Sequence[loading.Loaded], network: str | None) -> list[str]:
    if network is None:
        return []
    return [
        _problem(
            item, f"metadata.annotations[{spec.NETWORK}]", f'is "{found}", which is not the "{network}" of --network'
        )
        for item in loaded
        if (found := item.object.metadata.annotations.get(spec.NETWORK, network)) != network
    ]


def _reserved_annotations(item: loading.Loaded) -> list[str]:
    """Those by which a run tells the server what it was asked for; a manifest's would be overwritten or believed."""
    return [
        _problem(
            item,
            f"metadata.annotations[{name}]",
            f"Forbidden: `podrunner run` sets what begins with {_OWN}; a manifest may only have {spec.NETWORK}",
        )
        for name in item.object.metadata.annotations
        if name.startswith(_OWN) and name != spec.NETWORK
    ]


def _problem(item: loading.Loaded, path: str, message: str) -> str:
    return f"{item.source.file}:{item.lines.at(path)}: {path}: {message}"


def _duplicates(loaded: Sequence[loading.Loaded]) -> list[str]:
    first: dict[tuple[str, str, str], loading.Source] = {}
    problems = []
    for item in loaded:
        metadata = item.object.metadata
        key = (item.object.kind, metadata.namespace, metadata.name)
        if metadata.name and key in first:
            problems.append(
                f'{item.source}: metadata.name: Duplicate value: "{metadata.name}": it is in {first[key]} too'
            )
        first.setdefault(key, item.source)
    return problems
