"""The pods a `run` is given: read from files, and annotated with what the command line asks for."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from podrunner import errors
from podrunner.engine import ports
from podrunner.objects import kinds, loading, support
from podrunner.objects.pod import Pod
from podrunner.pods import spec

_OWN = "podrunner.dev/"


def load_pods(
    files: Sequence[str], namespace: str | None, network: str | None, warn: Callable[[str], None] | None
) -> list[Pod]:
    """The pods of the files, those without a namespace in the given one; `warn` is told of fields without effect.

    Raises ManifestError for other kinds, for a pod that is there twice, for one of another namespace or network than is
    given, and for what can't be created.
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
    return [item.object for item in loaded if isinstance(item.object, Pod)]


def uncreatable(item: loading.Loaded) -> Iterator[str]:
    """What is right in an object that exists, but not in one that is to be created."""
    version = item.object.metadata.resource_version
    if version:
        yield _problem(
            item,
            "metadata.resourceVersion",
            f'Invalid value: "{version}": resourceVersion should not be set on objects to be created',
        )


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


def _annotated(pod: Pod, added: Mapping[str, str]) -> Pod:
    metadata = msgspec.structs.replace(pod.metadata, annotations={**pod.metadata.annotations, **added})
    return msgspec.structs.replace(pod, metadata=metadata)


def _other_kinds(loaded: Sequence[loading.Loaded]) -> list[str]:
    return [
        f"{item.source}: kind {item.object.kind} is not run by podrunner yet, only Pod is"
        for item in loaded
        if not isinstance(item.object, Pod)
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
    first: dict[tuple[str, str], loading.Source] = {}
    problems = []
    for item in loaded:
        metadata = item.object.metadata
        key = (metadata.namespace, metadata.name)
        if metadata.name and key in first:
            problems.append(
                f'{item.source}: metadata.name: Duplicate value: "{metadata.name}": it is in {first[key]} too'
            )
        first.setdefault(key, item.source)
    return problems
